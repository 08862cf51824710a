"""The workflow manager: takes signals from the bus, asks the machine what follows, and has that run."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

from pgs_process.faults import AuditBlockError, AuditInterlockError
from pgs_process.flow.machines import StateMachine, load_machine
from pgs_process.flow.signals import SignalBus

log = logging.getLogger("pgs_process")

CHAIN_DONE = "EVT_CHAIN_DONE"
CHAIN_FAIL = "EVT_CHAIN_FAIL"
BY_LEVEL = {"S": "EVT_CHAIN_STOPPED", "A": "EVT_CHAIN_ABORTED", "B": "EVT_CHAIN_BLOCKED"}
"""What a chain's end is called when a rule acted. A state that does not handle that gets EVT_CHAIN_FAIL."""


class Engine(Protocol):
    """What runs processes."""

    def run_process(self, name: str, /) -> object:
        """Run one."""


class Scheduler(Protocol):
    """What runs functions elsewhere."""

    def submit(self, function: Callable[[], None], /) -> Future[None]:
        """Begin one."""

    def shutdown(self, wait: bool = True) -> None:
        """Take nothing more."""


class ChainEvent(str):
    """How a chain ended, by the name of the event; with the run of the chain that caused it, and its error."""

    __slots__ = ("error", "run")

    def __new__(cls, name: str, run: int, error: Exception | None = None) -> ChainEvent:
        event = super().__new__(cls, name)
        event.run, event.error = run, error
        return event

    run: int
    error: Exception | None


class WorkflowManager:
    """Signals → machine → chain of processes, each in its turn, in a thread of the scheduler."""

    def __init__(self, engine: Engine, scheduler: Scheduler, bus: SignalBus) -> None:
        self.engine = engine
        self.scheduler = scheduler
        self.bus = bus
        self.fsm: StateMachine | None = None
        self._running = False
        self._run = 0

    def load_workflow(self, workflow: Mapping[str, object] | str | Path) -> None:
        """Take a machine, as a definition or as the path of one.

        Raises:
            ConfigError: it is not sound.
        """
        self.fsm = load_machine(workflow) if isinstance(workflow, str | Path) else StateMachine(workflow)

    def run_workflow(self, workflow_name: str = "", context: object = None) -> None:
        """Process signals until `stop` is called. The parameters are those of the predecessors and are not needed."""
        self._running = True
        try:
            while self._running:
                signal = self.bus.get(timeout=0.1)
                if signal is not None:
                    self.process_signal(signal)
        finally:
            self._running = False

    def process_signals(self) -> int:
        """Process the signals that are there, without waiting; how many there were."""
        count = 0
        while (signal := self.bus.get(block=False)) is not None:
            self.process_signal(signal)
            count += 1
        return count

    def process_signal(self, signal: object) -> None:
        """Follow a signal, and begin what follows. The end of a chain counts only for the state that began it."""
        if self.fsm is None:
            log.warning("`%s` came and no workflow is loaded.", signal)
            return
        event = str(signal)
        if isinstance(signal, ChainEvent):
            if signal.run != self._run:
                log.info("`%s` of an earlier chain is not followed: the machine has moved on.", signal)
                return
            if not self.fsm.handles(event) and event != CHAIN_DONE:
                event = CHAIN_FAIL
        if not self.fsm.handles(event):
            return
        chain = self.fsm.trigger(event)
        self._run += 1
        if chain:
            run = self._run
            self.scheduler.submit(lambda: self._run_chain(chain, run))

    def stop(self) -> None:
        """Let `run_workflow` come back, and take no more chains."""
        self._running = False
        self.scheduler.shutdown(wait=False)

    def _run_chain(self, chain: list[str], run: int) -> None:
        try:
            for name in chain:
                result = self.engine.run_process(name)
                if inspect.iscoroutine(result):
                    asyncio.run(result)
        except (AuditInterlockError, AuditBlockError) as error:
            log.warning("The chain ended: %s", error)
            self.bus.emit(ChainEvent(BY_LEVEL[error.level], run, error))
        except Exception as error:  # noqa: BLE001 (an author's code runs here; its error is told by the event)
            log.warning("The chain ended: %s", error)
            self.bus.emit(ChainEvent(CHAIN_FAIL, run, error))
        else:
            self.bus.emit(ChainEvent(CHAIN_DONE, run))
