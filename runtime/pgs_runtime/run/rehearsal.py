"""A rehearsal: what a run would do, as far as that can be known without doing it."""

from __future__ import annotations

import orjson

from pgs_runtime.faults import ExitCode
from pgs_runtime.run.attempt import Ended, Paused
from pgs_runtime.run.outcomes import exit_code_of, message_of, pending_of
from pgs_runtime.run.tally import Effects
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Value


@frozen
class Rehearsal:
    """What a run would do up to its end, or up to its first point of no return.

    Attributes:
        exit, kind, result, effects, message: as those of an outcome; the kinds "WAITING" and "RUNNING" say that it
            would wait for a signal, or ask the outside.
        asks: what it would ask or wait for there; of an effect with its `inputs` as a trace shows them, and without a
            key, for the run that would have it is not made.
        lines: its trace, as far as it goes. Nobody keeps it.
    """

    exit: str
    kind: str
    result: dict[str, Value]
    effects: Effects
    message: str
    asks: tuple[dict[str, Value], ...]
    lines: tuple[bytes, ...]
    exit_code: ExitCode


def rehearsed(result: Ended | Paused) -> Rehearsal:
    """What is told of an attempt that nobody commits."""
    lines = result.stretch.lines
    if isinstance(result, Ended):
        told = message_of(result)
        return Rehearsal(result.name, result.kind, result.result, result.effects, told, (), lines, exit_code_of(result))
    asks = tuple(map(_asked, pending_of(result), (orjson.loads(lines[pending.line]) for pending in result.pending)))
    kind = "RUNNING" if any("operation" in ask for ask in asks) else "WAITING"
    return Rehearsal("", kind, {}, result.stretch.effects, "", asks, lines, ExitCode.DONE)


def _asked(told: dict[str, Value], line: dict[str, Value]) -> dict[str, Value]:
    """What is told of something that a run would ask for, with what its line would show."""
    shown = {name: line[name] for name in ("inputs", "delivery") if name in line}
    return {name: value for name, value in told.items() if name != "key"} | shown
