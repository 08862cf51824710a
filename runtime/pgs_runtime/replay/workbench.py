"""A workbench: one snapshot, linked so that its runs can be done again, by nobody's leave and without an effect.

Laws:
* no implementation of a store or of something outside is loaded, let alone called: both answer what was recorded;
* what only a machine decides, how long something took and how much memory there was, is taken as it was recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import cast

from pgs_runtime.core.linked import Graph, Place, Reached, Visit
from pgs_runtime.core.requests import Effect
from pgs_runtime.faults import ExitCode, Fault
from pgs_runtime.link.boundary import Boundary
from pgs_runtime.link.capability import Capability, loader
from pgs_runtime.link.graphs import Linker
from pgs_runtime.link.transforms import Transforms
from pgs_runtime.ports import Ports
from pgs_runtime.run.grounds import Ground
from pgs_runtime.run.intake import Ask, Intake
from pgs_runtime.run.journal import Recording
from pgs_runtime.run.workshop import Workshop
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Store
from pgs_runtime.trace.record import Chain, Narrator
from pgs_runtime.vault.belonging import Belonging
from pgs_runtime.vault.vault import vault_over
from pgs_runtime.workspace.settings import Section
from pgs_snapshot import model
from pgs_snapshot.canonical import canonical
from pgs_snapshot.sealed_code.modules import SealedModules
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value

_TOO_LONG = "R033"
_UNHIDDEN = "R134"
_OF_A_PROCESS = ("R031", "R035", "R064", "R065", "R066")
"""Faults of a transform that come from the process it was called in: its stack, its memory, its time."""
OF_THE_MACHINE = (_TOO_LONG, _UNHIDDEN, *_OF_A_PROCESS)
"""Faults that nobody can compute."""
_FAR = 1 << 62  # µs: beyond every deadline


class Machine:
    """What the machine did to a run: nothing, or what ended it, at the line where it did."""

    def __init__(self) -> None:
        self._fault: Fault | None = None
        self._line = 0
        self._ground: Ground | None = None

    def stands_on(self, ground: Ground, fault: Fault | None = None, line: int = 0) -> None:
        """From here on. `fault`: what ended the run, if that was a fault, and how many lines it had then."""
        self._ground, self._fault, self._line = ground, fault, line

    def elapsed(self) -> int:
        """µs: none, until the run has taken too long."""
        return _FAR if self._strikes(_TOO_LONG) else 0

    def calls(self, transform: str) -> None:
        """A transform is called.

        Raises:
            Fault: that is where its process ended the run.
        """
        if self._strikes(*_OF_A_PROCESS) and self._fault and self._fault.message.startswith(f"{transform} "):
            raise self._fault

    def tells(self) -> None:
        """A line is made that may have something to hide.

        Raises:
            Fault: that broke there.
        """
        if self._strikes(_UNHIDDEN) and self._fault:
            raise self._fault

    def _strikes(self, *codes: str) -> bool:
        fault, ground = self._fault, self._ground
        return fault is not None and ground is not None and ground.line == self._line and fault.code in codes


class _Telling(Narrator):
    """Tells what was told, as far as the machine let it."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self._machine = machine

    def tell(self, visit: Visit, chain: Chain) -> None:
        self._machine.tells()
        super().tell(visit, chain)

    def returned(self, workflow: str, reached: Reached, place: Place, secret: bytes) -> dict[str, Value]:
        self._machine.tells()
        return super().returned(workflow, reached, place, secret)

    def exited(self, reached: Reached, secret: bytes) -> dict[str, Value]:
        self._machine.tells()
        return super().exited(reached, secret)

    def intended(self, ask: Effect, key: str, secret: bytes) -> dict[str, Value]:
        self._machine.tells()
        return super().intended(ask, key, secret)


class Workbench:
    """One snapshot, and what is known of the store whose runs are done again."""

    def __init__(
        self,
        snapshot: Snapshot,
        store: Store | None = None,
        load: Callable[[str], Capability] | None = None,
    ) -> None:
        """Args:
        store: only asked for its id and secret; without it nothing hidden and no effect can be told again.
        load: gives the implementations of stores, where what they do is to be tried on a shadow.
        """
        self.snapshot = snapshot
        self.machine = Machine()
        secret, vault = _fact(store, "secret"), vault_over(store or MemoryStore())
        self._transforms = Transforms(snapshot)
        self._linker = Linker(
            snapshot, Boundary(snapshot, load or _unloaded, self._transform, _unsettled, self._transforms.function)
        )
        own = _fact(store, "store").decode()
        machine, limits = self.machine, snapshot.limits()
        self.shop = Workshop(_Telling(machine), limits, lambda: 0, machine.elapsed, secret, vault.keys, own)
        ports = Ports(fingerprint={})
        self._intake = Intake(snapshot, ports, Belonging(vault, secret, ports.entropy), own.encode())
        self._graphs: dict[str, Graph] = {}
        self.idle: dict[str, frozenset[tuple[str, str, str]]] = {}  # by workflow, once somebody has looked

    def __enter__(self) -> Workbench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._transforms.close()

    def graph(self, workflow: str) -> Graph | None:
        """A workflow, linked; None: the snapshot has none of this name."""
        if workflow not in self._graphs:
            if workflow not in self.snapshot.workflows():
                return None
            self._graphs[workflow] = self._linker.graph(workflow)
        return self._graphs[workflow]

    def header(self, graph: Graph, recording: Recording) -> dict[str, Value]:
        """What the first line of a recorded run would tell of its request."""
        given = recording.given
        told = cast("dict[str, Value]", given.header["header"])
        request = cast("str | None", told.get("request_id"))
        by = str(told["authenticated_by"])
        ask = Ask(given.payload, canonical(given.payload), given.actor, by, request, {})
        header = self._intake.header(graph, ask, given.configs, self.shop.keys_of(told).secret)
        if "subjects" in told:
            header["subjects"] = told["subjects"]
        return {**header, "fingerprint": told["fingerprint"], "started": recording.parts[0].time}

    def who(self, actor: dict[str, Value], secret: bytes) -> dict[str, Value]:
        """An actor as the trace of a run with this secret shows it."""
        return cast("dict[str, Value]", self._intake.who(actor, secret))

    def _transform(self, transform: model.Transform) -> Capability:
        call = self._transforms.get(transform)

        def called(**inputs: Value) -> object:
            self.machine.calls(transform.name)
            return call(**inputs)

        return called


def trying(snapshot: Snapshot, store: Store | None = None) -> Workbench:
    """A workbench whose stores' implementations work, for what they do on a shadow."""
    return Workbench(snapshot, store, loader(SealedModules.of(snapshot.sealed).load))


def fault_of(told: dict[str, Value]) -> Fault:
    """A fault as a last line tells it."""
    return Fault(str(told["code"]), str(told["why"]), ExitCode(cast(int, told["exit_code"])))


def _fact(store: Store | None, key: str) -> bytes:
    return (store.meta(key) if store is not None else None) or b""


def _unloaded(reference: str) -> Capability:
    def implementation(*given: object, **named: object) -> object:
        raise AssertionError(f"{reference} is called where only its record answers")

    return implementation


def _unsettled(side_effect: str) -> Section:
    raise AssertionError(f"{side_effect} is asked for where only its record answers")
