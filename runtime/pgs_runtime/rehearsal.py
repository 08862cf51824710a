"""A rehearsal: what a run would do, as far as that can be known without doing it."""

from __future__ import annotations

from pgs_runtime.attempt import Effects, Ended, Paused
from pgs_runtime.faults import ExitCode
from pgs_runtime.outcomes import exit_code_of, pending_of
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Value


@frozen
class Rehearsal:
    """What a run would do up to its end, or up to its first point of no return.

    Attributes:
        exit, kind, result, effects, message: as those of an outcome; the kinds "WAITING" and "RUNNING" say that it
            would wait for a signal, or ask the outside.
        asks: what it would ask or wait for there.
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
        message = result.fault.message if result.fault else ""
        return Rehearsal(
            result.name, result.kind, result.result, result.effects, message, (), lines, exit_code_of(result)
        )
    asks = pending_of(result)
    kind = "RUNNING" if any("key" in ask for ask in asks) else "WAITING"
    return Rehearsal("", kind, {}, result.stretch.effects, "", asks, lines, ExitCode.DONE)
