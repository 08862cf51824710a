"""The demands on paths as automata: what is still open at a point, and when it is broken.

Laws:
* a state has one letter for each savepoint in which a point lies, the run's own and that of every call around it,
  and one at its end: how the demand would stand if all effects since the savepoint were undone, then how it stands;
* DONE means that nothing can break the demand any more, BROKEN that it is broken at the point;
* a FAILED exit takes what would stand for what stands; a commit makes all letters those of what stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pgs_compiler.prove.points import Point

DONE = ""
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
        undone: those whose effect is surely undone by a FAILED exit around them without a commit between.
        maybe_undone: those where a part of the effect may be.
        failing: where a FAILED exit is entered.
        ended: where the run has ended.
        commits: where all effects before become durable.
    """

    first: frozenset[Point]
    second: frozenset[Point]
    undone: frozenset[Point] = frozenset()
    maybe_undone: frozenset[Point] = frozenset()
    failing: frozenset[Point] = frozenset()
    ended: frozenset[Point] = frozenset()
    commits: frozenset[Point] = frozenset()


def _moved(state: str, point: Point, marks: Marks) -> str:
    """The letters for the savepoints of a point, from those of the point before."""
    letters = point.depth + 2
    state = state[: letters - 1] + state[-1] * max(1, letters - len(state))
    return state[:-1] + state[-2] if point in marks.failing else state


def _with(state: str, letter: str, undone: bool) -> str:
    return state[:-1] + letter if undone else letter * len(state)


class EveryPathTo:
    """`o` until `second` is passed, `p` behind it."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        drops = {point.node for point in marks.failing if not point.frames}
        at_risk = any(not point.frames and point.node in drops for point in marks.first)
        self.start = "oo" if at_risk else "po"

    def enter(self, state: str, point: Point) -> str:
        marks = self._marks
        if state == DONE:
            return DONE
        state = _moved(state, point, marks)
        if state[-1] == "o" and point in marks.first:
            return BROKEN
        if point in marks.second:
            state = _with(state, "p", point in marks.maybe_undone)
        if point in marks.commits:
            state = state[-1] * len(state)
        return state if "o" in state else DONE


class After:
    """`i` until `second` has to follow, `w` as long as that is awaited."""

    start = "ii"

    def __init__(self, marks: Marks) -> None:
        self._marks = marks

    def enter(self, state: str, point: Point) -> str:
        marks = self._marks
        state = _moved(state, point, marks)
        if point in marks.second:
            state = _with(state, "i", point in marks.maybe_undone)
        if point in marks.first:
            state = _with(state, "w", point in marks.undone)
        if point in marks.commits:
            state = state[-1] * len(state)
        return BROKEN if point in marks.ended and state[-1] == "w" else state


class Never:
    """`i`, and `m` from the first point behind `first` on; what is undone has been all the same."""

    start = "i"

    def __init__(self, marks: Marks) -> None:
        self._marks = marks

    def enter(self, state: str, point: Point) -> str:
        if state == "m" and point in self._marks.second:
            return BROKEN
        return "m" if point in self._marks.first else state
