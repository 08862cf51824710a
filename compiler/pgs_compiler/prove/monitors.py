"""The demands on paths as automata: what is still open at a point, and when it is broken.

Laws:
* a state is a word; DONE means that nothing can break the demand any more, BROKEN that it is broken at the point;
* an effect that a FAILED exit undoes has not happened for that exit, unless a commit lies between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pgs_compiler.prove.points import Point

DONE = ""
IDLE = "idle"
BROKEN = "broken"


class Monitor(Protocol):
    """Follows one demand along a path."""

    start: str

    def enter(self, state: str, point: Point) -> str:
        """The state at a point that is come to in `state`."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The points that matter to a demand.

    Attributes:
        first, second: what is meant by its two sides.
        undone: those among them whose effect a FAILED exit undoes.
        ended: where the run has ended; `failed`: those where it has ended FAILED.
        commits: where all effects before become durable.
    """

    first: frozenset[Point]
    second: frozenset[Point]
    undone: frozenset[Point]
    ended: frozenset[Point]
    failed: frozenset[Point]
    commits: frozenset[Point] = frozenset()


class EveryPathTo:
    """`open` until `second` is passed; `held` behind it while a FAILED exit would undo it."""

    start = "open"

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._holding = bool(marks.first & marks.failed)

    def enter(self, state: str, point: Point) -> str:
        marks = self._marks
        if point in marks.first and (state == "open" or (state == "held" and point in marks.failed)):
            return BROKEN
        if state == "open" and point in marks.second:
            state = "held" if self._holding and point in marks.undone else DONE
        return DONE if state == "held" and point in marks.commits else state


_BROKEN_BY = {True: ("owed", "kept"), False: ("due", "owed")}
"""The states of `After` that an exit breaks: one that is FAILED, and any other."""


class After:
    """`idle` until `second` has to follow.

    `due`: behind `first`, which a FAILED exit would undo; `owed`: behind `first`, which stands; `kept`: behind
    `second`, which a FAILED exit would undo, while `first` stands.
    """

    start = IDLE

    def __init__(self, marks: Marks) -> None:
        self._marks = marks

    def enter(self, state: str, point: Point) -> str:
        marks = self._marks
        if point in marks.second:
            state = "kept" if state in ("owed", "kept") and point in marks.undone else IDLE
        if point in marks.first:
            state = "due" if point in marks.undone and state in (IDLE, "due") else "owed"
        if point in marks.commits:
            state = {"due": "owed", "kept": IDLE}.get(state, state)
        return BROKEN if point in marks.ended and state in _BROKEN_BY[point in marks.failed] else state


class Never:
    """`idle`, and `met` from the first point behind `first` on."""

    start = IDLE

    def __init__(self, marks: Marks) -> None:
        self._marks = marks

    def enter(self, state: str, point: Point) -> str:
        if state == "met" and point in self._marks.second:
            return BROKEN
        return "met" if point in self._marks.first else state
