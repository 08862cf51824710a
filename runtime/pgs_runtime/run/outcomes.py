"""How a run ended, as its caller is told, now or when the request is repeated."""

from __future__ import annotations

from typing import NotRequired, TypedDict, cast

import orjson

from pgs_runtime.core.requests import Effect, Waiting
from pgs_runtime.faults import ExitCode
from pgs_runtime.ports import timestamp
from pgs_runtime.run.attempt import Ended, Paused, Pending
from pgs_runtime.run.tally import Effects
from pgs_runtime.stores.port import Run
from pgs_runtime.stores.sealing import is_sealed
from pgs_runtime.trace.record import spotted
from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Value

ERASED = "ERASED: what it was asked, and what it answered, can be read by nobody any more."
_EXIT_CODES: dict[str, ExitCode] = {
    "COMPLETED": ExitCode.DONE,
    "FAILED": ExitCode.FAILED,
    "DENIED": ExitCode.DENIED,
    "REJECTED": ExitCode.REJECTED,
    "CANCELLED": ExitCode.INTERRUPTED,
    "WAITING": ExitCode.WAITING,
    "IN_DOUBT": ExitCode.IN_DOUBT,
    "RUNNING": ExitCode.BUSY,
}


@frozen
class Outcome:
    """How a run ended.

    Attributes:
        exit: the name of the exit reached, or a fault's code; "" while the run goes on.
        kind: COMPLETED, DENIED, REJECTED, FAILED, FAULTED or CANCELLED; WAITING or IN_DOUBT while it stands still, and
            RUNNING while another process moves it.
        result: the exit's result, in clear.
        trace_id: the run's id.
        effects: operations that changed something, by store and name.
        exit_code: how a program that did only this ends.
        repeated: an earlier run of the same request id answered.
        message: of a fault, what happened; of a rejection, why; else "".
        waits: what a run waits for: each with its `node`, `due` and `signals`.
        doubts: effects that are left to a person: each with its `node`, `step`, `operation` and `key`.
    """

    exit: str
    kind: str
    result: dict[str, Value]
    trace_id: str
    effects: dict[str, dict[str, int]]
    exit_code: ExitCode
    repeated: bool = False
    message: str = ""
    waits: tuple[dict[str, Value], ...] = ()
    doubts: tuple[dict[str, Value], ...] = ()


class _Answer(TypedDict):
    """What the store keeps of an outcome beside the run itself.

    `emitted_within`: what workflows that were called emitted, in order, each an `event` with its `fields`.
    """

    effects: Effects
    emitted: dict[str, Value]
    emitted_within: NotRequired[list[Value]]
    exit_code: int
    message: str
    result: dict[str, Value]
    waits: NotRequired[list[dict[str, Value]]]
    doubts: NotRequired[list[dict[str, Value]]]


def outcome_of(run: str, ended: Ended) -> Outcome:
    """What the caller of a new run is told."""
    return Outcome(
        exit=ended.name,
        kind=ended.kind,
        result=ended.result,
        trace_id=run,
        effects=ended.effects,
        exit_code=exit_code_of(ended),
        message=message_of(ended),
    )


def answer_of(ended: Ended) -> bytes:
    """What is kept, so that a repeated request gets the same answer."""
    answer: _Answer = {
        "effects": ended.effects,
        "emitted": ended.emitted,
        "exit_code": int(exit_code_of(ended)),
        "message": message_of(ended),
        "result": ended.result,
    }
    if ended.within:
        answer["emitted_within"] = [{"event": event, "fields": fields} for event, fields in ended.within]
    return canonical(cast(Value, answer))


def pending_of(paused: Paused) -> tuple[dict[str, Value], ...]:
    """What a run waits for or asks of the outside, in order; an effect has a `key`."""
    return tuple(_doubt(each) if isinstance(each.ask, Effect) else _wait(each) for each in paused.pending)


def answer_of_paused(status: str, paused: Paused) -> bytes:
    """What is told of a live run."""
    answer: _Answer = {
        "doubts": [_doubt(each) for each in paused.pending if isinstance(each.ask, Effect) and status == "IN_DOUBT"],
        "effects": paused.stretch.effects,
        "emitted": {},
        "exit_code": int(_EXIT_CODES[status]),
        "message": "",
        "result": {},
        "waits": [_wait(each) for each in paused.pending if isinstance(each.ask, Waiting)],
    }
    return canonical(cast(Value, answer))


def answer_of_abandoned(effects: Effects) -> bytes:
    """What is told of a run that was left as it stands. `effects`: what had been done by then."""
    answer: _Answer = {
        "effects": effects,
        "emitted": {},
        "exit_code": int(_EXIT_CODES["CANCELLED"]),
        "message": "",
        "result": {},
    }
    return canonical(cast(Value, answer))


def cannot_be_read(run: Run) -> bool:
    """Whether a run, as a vault gives it, belongs to somebody who was erased."""
    return any(map(is_sealed, (run.request.payload, run.request.actor, run.answer or b"")))


def standing(run: Run, repeated: bool = False) -> Outcome:
    """What is told of a run as it stands in the store.

    Args:
        repeated: it was there before it was asked for.
    """
    if run.answer is None:
        return Outcome("", run.status, {}, run.id, {}, _EXIT_CODES[run.status], repeated)
    if is_sealed(run.answer):
        return Outcome(run.exit or "", run.status, {}, run.id, {}, _EXIT_CODES[run.status], repeated, ERASED)
    answer: _Answer = orjson.loads(run.answer)
    return Outcome(
        exit=run.exit or "",
        kind=run.status,
        result=answer["result"],
        trace_id=run.id,
        effects=answer["effects"],
        exit_code=ExitCode(answer["exit_code"]),
        repeated=repeated,
        message=answer["message"],
        waits=tuple(answer.get("waits", ())),
        doubts=tuple(answer.get("doubts", ())),
    )


def any_due(run: Run, time: str) -> bool:
    """Whether a wait of a run is over at a time, as its answer tells; nothing has to be done again to see it."""
    return any(str(wait["due"]) <= time for wait in standing(run).waits)


def _wait(pending: Pending) -> dict[str, Value]:
    node = cast(Waiting, pending.ask).node
    signals: list[Value] = [{"event": signal.event, "name": signal.name} for signal in node.signals]
    return {"due": timestamp(pending.due), "signals": signals, **spotted(pending.ask.spot)}


def _doubt(pending: Pending) -> dict[str, Value]:
    step = cast(Effect, pending.ask).step
    asked: dict[str, Value] = {"key": pending.key, "operation": step.operation, "side_effect": step.side_effect}
    return asked | spotted(pending.ask.spot)


def message_of(ended: Ended) -> str:
    """What happened, of a fault; why, of a rejection; else ""."""
    if ended.fault is not None:
        return ended.fault.message
    return "; ".join(_unheld(problem) if "rule" in problem else _misfit(problem) for problem in ended.refused)


def _unheld(problem: dict[str, Value]) -> str:
    name = f"`{problem['name']}` " if "name" in problem else ""
    return f"the rule {name}at `{problem['rule']}` does not hold"


def _misfit(problem: dict[str, Value]) -> str:
    return f"{_what(problem)} {problem['why']}"


def _what(problem: dict[str, Value]) -> str:
    return f"`{problem['at']}`" if problem["at"] else "the payload"


def exit_code_of(ended: Ended) -> ExitCode:
    """How a program ends that did only this run."""
    if ended.fault is not None:
        return ended.fault.exit_code
    return _EXIT_CODES[ended.kind]
