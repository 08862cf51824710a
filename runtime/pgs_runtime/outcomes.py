"""How a run ended, as its caller is told, now or when the request is repeated."""

from __future__ import annotations

from typing import NotRequired, TypedDict, cast

import orjson

from pgs_runtime.attempt import Effects, Ended
from pgs_runtime.faults import ExitCode
from pgs_runtime.stores.port import Run
from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen
from pgs_snapshot.model import ExitKind
from pgs_snapshot.values import Value

_EXIT_CODES: dict[ExitKind, ExitCode] = {
    "COMPLETED": ExitCode.DONE,
    "FAILED": ExitCode.FAILED,
    "DENIED": ExitCode.DENIED,
    "REJECTED": ExitCode.REJECTED,
}


@frozen
class Outcome:
    """How a run ended.

    Attributes:
        exit: the name of the exit reached, or a fault's code.
        kind: COMPLETED, DENIED, REJECTED, FAILED or FAULTED.
        result: the exit's result, in clear.
        trace_id: the run's id.
        effects: operations that changed something, by store and name.
        exit_code: how a program that did only this ends.
        repeated: an earlier run of the same request id answered.
        message: of a fault, what happened; of a rejection, why; else "".
    """

    exit: str
    kind: str
    result: dict[str, Value]
    trace_id: str
    effects: dict[str, dict[str, int]]
    exit_code: ExitCode
    repeated: bool = False
    message: str = ""


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


def outcome_of(run: str, ended: Ended) -> Outcome:
    """What the caller of a new run is told."""
    return Outcome(
        exit=ended.name,
        kind=ended.kind,
        result=ended.result,
        trace_id=run,
        effects=ended.effects,
        exit_code=_exit_code(ended),
        message=_message(ended),
    )


def answer_of(ended: Ended) -> bytes:
    """What is kept, so that a repeated request gets the same answer."""
    answer: _Answer = {
        "effects": ended.effects,
        "emitted": ended.emitted,
        "exit_code": int(_exit_code(ended)),
        "message": _message(ended),
        "result": ended.result,
    }
    if ended.within:
        answer["emitted_within"] = [{"event": event, "fields": fields} for event, fields in ended.within]
    return canonical(cast(Value, answer))


def repeated(run: Run) -> Outcome:
    """What the caller of an earlier run was told."""
    if run.answer is None or run.exit is None:
        raise AssertionError("a run is written once it has ended, with its answer")
    answer: _Answer = orjson.loads(run.answer)
    return Outcome(
        exit=run.exit,
        kind=run.status,
        result=answer["result"],
        trace_id=run.id,
        effects=answer["effects"],
        exit_code=ExitCode(answer["exit_code"]),
        repeated=True,
        message=answer["message"],
    )


def _message(ended: Ended) -> str:
    if ended.fault is not None:
        return ended.fault.message
    told = (
        f"the rule at `{problem['rule']}` does not hold" if "rule" in problem else f"{_what(problem)} {problem['why']}"
        for problem in ended.refused
    )
    return "; ".join(told)


def _what(problem: dict[str, Value]) -> str:
    return f"`{problem['at']}`" if problem["at"] else "the payload"


def _exit_code(ended: Ended) -> ExitCode:
    if ended.fault is not None:
        return ended.fault.exit_code
    return _EXIT_CODES[cast(ExitKind, ended.kind)]
