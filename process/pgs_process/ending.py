"""How a run ends: what it returns becomes plain data, what it did is judged and committed, errors get their names."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from pgs_process.detach import attributes_of, detached
from pgs_process.faults import (
    ArgumentsError,
    ContractViolationError,
    DetachedError,
    LockViolationError,
    ProcessError,
    UndeclaredError,
)
from pgs_process.frame import Frame
from pgs_process.guard.live import is_shell
from pgs_process.kinds import ATOMS, Kind, kind_of
from pgs_process.outside import log
from pgs_process.transaction.commit import commit
from pgs_process.transaction.journal import Delta, delta_of
from pgs_process.zones import Zone, resolve_zone

if TYPE_CHECKING:
    from pgs_process.engine import ProcessEngine
    from pgs_process.flow.signals import SignalBus
    from pgs_process.rules import Rules


def finish(engine: ProcessEngine, frame: Frame, rules: Rules, kept: list[Delta] | None) -> None:
    """Judge what a run would change, and commit it, or hand it on to the run that it is within.

    Raises:
        ProcessError: it does not stand.
    """
    frame.settle()
    if frame.entry.gate is not None:
        frame.entry.gate.check_outputs(frame)
    if rules.watches:
        rules.check_commit(frame)
    outer = frame.outer
    if outer is not None:
        if kept is not None:
            kept.append(delta_of(entry for entry in frame.journal[frame.mark :] if entry[0][0] != "local"))
        frame.end_within(outer, stands=True)
        return
    drafts = frame.drafts.values()
    for draft in drafts:
        if draft.conflict():
            _conflict(engine, frame)
    if kept is not None:
        kept.append(delta_of(entry for entry in frame.journal if entry[0][0] != "local"))
    commit(drafts)
    engine.version += 1
    if engine.bus is not None:
        _emit(engine, frame)


def _conflict(engine: ProcessEngine, frame: Frame) -> None:
    message = f"The state was written from outside while `{frame.entry.name}` was under way."
    if engine.strict:
        raise LockViolationError(message, process=frame.entry.name)
    log.warning("%s", message)


def _emit(engine: ProcessEngine, frame: Frame) -> None:
    raised = {
        key: new
        for path, op, key, _, new in frame.journal
        if op == "SET" and len(path) == 1 and isinstance(key, str) and resolve_zone(key) is Zone.SIGNAL
    }
    if engine.bus is not None:
        emit(engine.bus, raised)


def emit(bus: SignalBus, raised: Mapping[str, object]) -> None:
    """Tell of signals that were set, by name; one that holds a text says that."""
    for name, value in raised.items():
        if value:
            bus.emit(value if isinstance(value, str) else name)


def plain_result(frame: Frame, value: object) -> object:
    """What a body returned, without a guarded value in it.

    Raises:
        ContractViolationError: it is a layer, or something of which only parts are declared.
    """
    return detached(value) if _holds_shell(value, set()) else value


def _holds_shell(value: object, seen: set[int]) -> bool:
    cls = type(value)
    if cls in ATOMS:
        return False
    if is_shell(value) or cls.__module__ == "pgs_process.guard.dicts":
        return True
    kind = kind_of(cls)
    if kind is Kind.ATOM or id(value) in seen:
        return False
    seen.add(id(value))
    if kind is Kind.OBJECT:
        return any(_holds_shell(item, seen) for item in attributes_of(value).values())
    if isinstance(value, dict):
        return any(_holds_shell(key, seen) or _holds_shell(item, seen) for key, item in value.items())
    if isinstance(value, list | tuple | set | frozenset | deque):
        return any(_holds_shell(item, seen) for item in value)
    return False


def _make_plain(error: BaseException) -> None:
    """Let an error, and those that led to it, carry plain data: who gets it prints it when the run is over."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        if any(_holds_shell(value, set()) for value in following.args):
            following.args = tuple(detached(value) for value in following.args)
        for name, value in list(vars(following).items()):
            if _holds_shell(value, set()):
                setattr(following, name, detached(value))
        following = following.__cause__ or following.__context__


def told_failure(frame: Frame, error: BaseException) -> BaseException:
    """What the caller is told of a run that ended with this error."""
    if not isinstance(error, Exception):
        return error
    entry = frame.entry
    with suppress(ContractViolationError, DetachedError):  # noted as the violation of this run; or dead already
        _make_plain(error)
    if frame.violation is not None:
        return frame.violation
    if isinstance(error, ProcessError) or entry.contract.lists(error):
        return error
    trace = error.__traceback__
    if isinstance(error, TypeError) and trace is not None and trace.tb_next is None:
        return ArgumentsError(str(error), process=entry.name)
    return UndeclaredError(
        f"`{entry.name}` raised `{type(error).__name__}`, which is not among its errors: {error}",
        process=entry.name,
        declared=entry.contract.errors,
    )
