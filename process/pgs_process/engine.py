"""The engine: keeps processes, runs them one at a time over one context, each under its contract and as one
transaction."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import get_ident
from types import TracebackType
from typing import TYPE_CHECKING

from pgs_process.contexts import put_lock
from pgs_process.contract import Contract, contract_of
from pgs_process.detach import detached
from pgs_process.discovery import processes_in
from pgs_process.ending import finish, plain_result, told_failure
from pgs_process.faults import (
    ConfigError,
    ContractViolationError,
    LockViolationError,
    UnknownProcess,
)
from pgs_process.frame import Frame
from pgs_process.free import FreeRuns
from pgs_process.kinds import ATOMS
from pgs_process.layers import attribute_of_layer
from pgs_process.locks import IN_TASK, PATIENCE, Turn
from pgs_process.outside import ContextLock, log, turn_of
from pgs_process.paths import NAMES_OF
from pgs_process.registered import Registered, forbidden_inputs, register
from pgs_process.rules import Rules
from pgs_process.transaction.journal import Delta

if TYPE_CHECKING:
    from pgs_process.audit.ledger import Ledger
    from pgs_process.audit.recipe import AuditRecipe
    from pgs_process.flow.signals import SignalBus
    from pgs_process.schema import ContextSchema


@dataclass(frozen=True, slots=True)
class Done:
    """How a run of a process ended: what it returned, as plain data, and what it changed.

    `guarded`: False of a run without strict mode, whose changes nobody has seen.
    """

    value: object
    delta: Delta
    guarded: bool = True


class ProcessEngine:
    """Runs processes over one context.

    `system_ctx` holds the layers, as attributes. `strict_mode` False is for loops in which every microsecond counts, as
    training has them: bodies work on the state itself, without guard and transaction, and writes from outside are
    logged; where it is not given, THEUS_STRICT_MODE or POP_STRICT_MODE decides, and without them it is True.
    `audit_recipe` is a recipe or the path of one. `schema` holds types of fields, `invariants` what holds of the whole
    state. `ledger` keeps counters and the interlock beyond this process. Signals that a run sets are emitted on `bus`
    once it is committed. A run waits at most `patience` seconds for another one.
    """

    def __init__(
        self,
        system_ctx: object,
        strict_mode: bool | None = None,
        audit_recipe: AuditRecipe | str | Path | None = None,
        *,
        schema: ContextSchema | None = None,
        invariants: Iterable[object] = (),
        ledger: Ledger | None = None,
        bus: SignalBus | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self.system = system_ctx
        self.strict = _strict_by_environment() if strict_mode is None else strict_mode
        self.bus = bus
        self.version = 0
        self._entries: dict[str, Registered] = {}
        self._turn = turn_of(system_ctx) or Turn(patience)
        self._frame: Frame | None = None
        self._thread = 0
        self._rules = Rules.of(system_ctx, audit_recipe, schema, invariants, ledger)
        if not self.strict and self._rules.watches:
            raise ConfigError("Without strict mode nothing holds a schema or invariants; leave them out, or be strict.")
        self._ready = False
        self._free: FreeRuns | None = None
        self._lock_context()
        self._edit: Registered | None = None

    # --- registering ----------------------------------------------------------------------------------------------

    def register_process(self, name: str, function: Callable[..., object], contract: Contract | None = None) -> None:
        """Keep a process under a name, with its contract as it is now; `contract` stands for the one that it carries.

        Raises:
            ConfigError: it has no contract, the name is taken, or a path leads nowhere.
            ContractViolationError: in strict mode, a signal or meta field is among its inputs.
        """
        contract = contract or contract_of(function)
        if contract is None:
            raise ConfigError(
                f"`{name}` has no contract; decorate it with `@process(inputs=…, outputs=…)`.", process=name
            )
        if name in self._entries:
            raise ConfigError(f"There already is a process `{name}`.", process=name)
        for path in forbidden_inputs(contract):
            message = (
                f"`{name}` lists `{path}` among its inputs; a signal goes under `signals`, and meta is never read."
            )
            if self.strict:
                raise ContractViolationError(message, path=path, process=name, declared=contract.declared)
            log.warning("%s", message)
        self._entries[name] = register(name, function, contract, self.system)
        self._ready = False

    def scan_and_register(self, folder: str | Path) -> list[str]:
        """Register every process of every module in a folder and below, under its own name; what was registered.

        Modules whose name begins with `__` are left out.

        Raises:
            ConfigError: there is no such folder, a module cannot be imported, or a name is taken.
        """
        found = processes_in(Path(folder))
        for name, function in found:
            self.register_process(name, function)
        return [name for name, _ in found]

    def contract(self, name: str) -> Contract:
        """The contract under which a process runs."""
        return self._entry(name).contract

    @property
    def processes(self) -> tuple[str, ...]:
        """The names of what is registered."""
        return tuple(self._entries)

    def start(self) -> None:
        """See to it that the recipe fits what is registered. The first run does so too.

        Raises:
            ConfigError: a rule guards a process that is not registered.
        """
        self._rules.attach(self._entries)
        self._ready = True

    # --- running --------------------------------------------------------------------------------------------------

    def run_process(self, name: str, /, **arguments: object) -> object:
        """Run a process; what it returned, as plain data. Of an `async` one: what is to be awaited for that.

        Raises:
            UnknownProcess: no such process.
            ArgumentsError: it takes other arguments.
            ContractViolationError: it broke its contract, or raised what it does not declare.
            AuditBlockError, AuditInterlockError: a rule acted.
            InvariantError, SchemaError: the state would no longer be as declared.
            LockViolationError: the state was written from outside meanwhile.
            Exception: what the process declares.
        """
        entry = self._entries.get(name)
        if entry is None:
            entry = self._entry(name)
        if entry.is_async:
            return self._perform_async(entry, arguments, None)
        return self._perform(entry, arguments, None)

    execute_process = run_process

    def perform(self, name: str, /, **arguments: object) -> Done:
        """As `run_process`, with what the run changed."""
        kept: list[Delta] = []
        value = self._perform(self._entry(name), arguments, kept)
        return Done(value, kept[0] if kept else Delta(), self.strict)

    def _perform(self, entry: Registered, arguments: dict[str, object], kept: list[Delta] | None) -> object:
        if not self.strict:
            return self._freely().perform(entry, arguments)
        turn, token, outer = self._turn, arguments, None
        held = turn.held
        try:
            if turn.take(0, token) is not token:
                outer = self._wait(token, entry.name)
            self._frame = frame = Frame(entry, self.system, outer)
            self._thread = get_ident()
            try:
                context = frame.open()
                if not self._ready or outer is not None or entry.gate is not None or self._rules.halted:
                    arguments = self._check_before(frame, arguments)
                value = entry.body(context, **arguments)
                if frame.violation is not None:
                    raise frame.violation
                if type(value) not in ATOMS:
                    value = plain_result(frame, value)
                if frame.drafts or entry.gate is not None:
                    finish(self, frame, self._rules, kept)
                elif frame.tracked:
                    frame.settle()
            except BaseException as error:
                if outer is not None:
                    frame.end_within(outer, stands=False)
                failure = told_failure(frame, error)
                if failure is not error:
                    raise failure from error
                raise
            finally:
                self._frame = outer
                try:
                    frame.close()
                except BaseException:
                    frame.close()  # an interrupt came meanwhile; nothing that was handed out may stay alive
                    raise
        finally:
            # Nothing is called before the turn is given on, so no interrupt arrives before either.
            if outer is None and 0 in held and held[0] is token:
                del held[0]
                if turn.waiting:
                    turn.tell()
        return value

    async def _perform_async(self, entry: Registered, arguments: dict[str, object], kept: list[Delta] | None) -> object:
        token, outer = arguments, None
        if not self.strict:
            return await self._freely().perform_async(entry, arguments)
        try:
            outer = await self._wait_in_task(token, entry.name)
            frame = self._begin(entry, outer)
            mine = IN_TASK.set(frame)
            try:
                arguments = self._check_before(frame, arguments)
                awaited = entry.body(frame.open(), **arguments)
                assert isinstance(awaited, Coroutine)  # noqa: S101  # `is_async` says that it is
                value: object = await awaited
                if frame.violation is not None:
                    raise frame.violation
                value = plain_result(frame, value)
                finish(self, frame, self._rules, kept)
            except BaseException as error:
                if outer is not None:
                    frame.end_within(outer, stands=False)
                failure = told_failure(frame, error)
                if failure is not error:
                    raise failure from error
                raise
            finally:
                IN_TASK.reset(mine)
                self._end(frame, outer)
        finally:
            self._turn.give(token)
        return value

    def _freely(self) -> FreeRuns:
        """What runs bodies without strict mode."""
        if not self._ready:
            self.start()
        if self._free is None:
            self._free = FreeRuns(self.system, self._rules, self._lock, self.bus)
        return self._free

    def _end(self, frame: Frame, outer: Frame | None) -> None:
        self._frame = outer
        try:
            frame.close()
        except BaseException:
            frame.close()  # an interrupt came meanwhile; nothing that was handed out may stay alive
            raise

    def _begin(self, entry: Registered, outer: Frame | None) -> Frame:
        self._frame = frame = Frame(entry, self.system, outer)
        self._thread = get_ident()
        return frame

    def _check_before(self, frame: Frame, arguments: dict[str, object]) -> dict[str, object]:
        """What comes before the body, where there is anything: interlock, recipe, rules for inputs, an outer run's
        values."""
        if not self._ready:
            self.start()
        self._rules.refuse_if_halted(frame.entry.name)
        if frame.outer is not None:
            arguments = {name: detached(value) for name, value in arguments.items()}
        if frame.entry.gate is not None:
            frame.entry.gate.check_inputs(frame, arguments)
        return arguments

    def _wait(self, token: object, name: str) -> Frame | None:
        """The run within which this call was made, or None once it is this call's turn."""
        holder = self._frame
        if holder is not None and self._thread == get_ident():
            if not holder.entry.is_async or IN_TASK.get() is holder:
                return holder
            raise LockViolationError(
                f"`{name}` was called while `{holder.entry.name}` is under way in another task of this thread; make it"
                " `async` and await it.",
                process=name,
            )
        self._turn.wait(token, name)
        return None

    async def _wait_in_task(self, token: object, name: str) -> Frame | None:
        holder, mine = self._frame, IN_TASK.get()
        if holder is not None and self._thread == get_ident():
            if mine is holder or not holder.entry.is_async:
                return holder
            if isinstance(mine, Frame) and mine in _around(holder):
                raise LockViolationError(
                    f"`{name}` was called while `{holder.entry.name}` is under way in another task of the same process;"
                    " within a process, one follows the other.",
                    process=name,
                )
        await self._turn.wait_in_task(token, name)
        return None

    # --- outside of processes -------------------------------------------------------------------------------------

    def edit(self) -> Editing:
        """`with engine.edit() as context:` writes to the context without a contract, as one transaction."""
        if self._edit is None:
            layers = [layer for layer in ("domain", "global") if attribute_of_layer(self.system, layer)]
            self._edit = register("edit", _nothing, Contract((), tuple(layers)), self.system)
        return Editing(self, self._edit)

    def begin_edit(self, entry: Registered) -> Frame:
        """Take the turn for an edit, or join the run that is under way in this thread."""
        token = object()
        outer = None if self._turn.take(0, token) is token else self._wait(token, "edit")
        frame = self._begin(entry, outer)
        frame.token = token
        return frame

    def end_edit(self, frame: Frame, stands: bool) -> None:
        """Commit an edit, or drop it, and give the turn on."""
        outer = frame.outer
        try:
            if frame.violation is not None and stands:
                raise frame.violation
            if stands:
                finish(self, frame, self._rules, None)
            elif outer is not None:
                frame.end_within(outer, stands=False)
        except BaseException:
            if outer is not None:
                frame.end_within(outer, stands=False)
            raise
        finally:
            self._end(frame, outer)
            self._turn.give(frame.token)

    def take_signals(self) -> dict[str, object]:
        """The signals that are set, by path; each is delivered once: reading resets them."""
        return self._rules.take_signals(self)

    @property
    def ctx(self) -> object:
        """The context, under the name that it has in the predecessors."""
        return self.system

    @property
    def interlock(self) -> str | None:
        """Why nothing runs, if a rule of level S has stopped everything."""
        return self._rules.halted

    def reset_interlock(self, *, by: str, reason: str) -> None:
        """Let processes run again after a rule of level S stopped them. Who does so, and why, is recorded."""
        self._rules.reset(by, reason)

    def _entry(self, name: str) -> Registered:
        entry = self._entries.get(name)
        if entry is None:
            raise UnknownProcess(f"There is no process `{name}`.", process=name)
        return entry

    def _lock_context(self) -> None:
        self._lock = lock = ContextLock(self.strict, self._turn)
        for layer in NAMES_OF:
            attribute = None if layer == "local" else attribute_of_layer(self.system, layer)
            if attribute is not None:
                held = object.__getattribute__(self.system, attribute)
                lock.names[id(held)] = layer
                put_lock(held, lock)
        put_lock(self.system, lock)


class Editing:
    """What `edit()` gives: within it the context can be written, and all of it stands or nothing."""

    def __init__(self, engine: ProcessEngine, entry: Registered) -> None:
        self._engine = engine
        self._entry = entry
        self._frames: list[Frame] = []

    def __enter__(self) -> object:
        frame = self._engine.begin_edit(self._entry)
        self._frames.append(frame)
        return frame.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._engine.end_edit(self._frames.pop(), stands=error is None)


def _nothing(ctx: object) -> None:
    """The body of an edit, which is written where the edit is."""


def _around(frame: Frame) -> list[Frame]:
    frames = [frame]
    while frames[-1].outer is not None:
        frames.append(frames[-1].outer)
    return frames


def _strict_by_environment() -> bool:
    for name in ("THEUS_STRICT_MODE", "POP_STRICT_MODE"):
        if name in os.environ:
            return os.environ[name].strip().lower() in {"1", "true", "yes", "on"}
    return True
