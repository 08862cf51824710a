"""The lines of workflows that were called, put within the nodes that called them.

They stand before the line of that node, in the order in which they were written; each says within which nodes it
is (`parent`), and at which items (`iteration`). What does not follow from the line before it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pgs_runtime.trace_lines import NotALine
from pgs_runtime.traced import Inner, Passed, Returned

Spot: TypeAlias = tuple[str, int | None]
"""A node that called, and the number of its item, None without one."""

_CALLING = ("call", "each")


@dataclass(slots=True)
class _Frame:
    """A workflow under way: what it passed, and what its node under way has called that ended."""

    spot: Spot | None = None
    passed: list[Passed] = field(default_factory=list)
    ended: list[Inner] = field(default_factory=list)


class Nest:
    """The nodes that were passed so far, each with what ran within it."""

    def __init__(self) -> None:
        self._frames = [_Frame()]

    def take(self, passed: Passed, place: Sequence[Spot]) -> None:
        """A node's line."""
        self._go(place, opens=passed.kind == "intent")
        frame = self._frames[-1]
        if passed.kind in _CALLING:
            if frame.ended and frame.ended[-1].node != passed.node:
                raise NotALine("does not end the node that called before it")
            passed = passed._replace(inside=tuple(frame.ended))
            frame.ended.clear()
        elif frame.ended:
            raise NotALine("stands where the node that called has not ended")
        frame.passed.append(passed)

    def close(self, returned: Returned, workflow: str, place: Sequence[Spot]) -> None:
        """The line that ends a workflow which was called."""
        self._go(place)
        frame = self._frames.pop()
        if frame.spot is None:
            raise NotALine("ends a workflow that nothing called")
        node, iteration = frame.spot
        self._frames[-1].ended.append(Inner(node, workflow, iteration, tuple(frame.passed), returned))

    def end(self, place: Sequence[Spot], fault: bool) -> None:
        """The last line: an exit stands outside of every node, a fault where it struck."""
        if not fault and (place or len(self._frames) > 1 or self._frames[0].ended):
            raise NotALine("ends the run within a node")
        if fault:
            self._go(place, opens=True)

    def done(self) -> tuple[Passed, ...]:
        """Everything that was passed; a node within which the trace stops has the outcome ""."""
        inner: Inner | None = None
        while self._frames:
            frame = self._frames.pop()
            ended = [*frame.ended, *((inner,) if inner else ())]
            passed = [*frame.passed, *((_unended(ended),) if ended else ())]
            if frame.spot is None:
                return tuple(passed)
            inner = Inner(frame.spot[0], "", frame.spot[1], tuple(passed), None)
        return ()

    def _go(self, place: Sequence[Spot], opens: bool = False) -> None:
        here = [frame.spot for frame in self._frames[1:]]
        if here == list(place):
            return
        if not opens or here != list(place[:-1]):
            raise NotALine("stands at another place than the line before it")
        node, iteration = place[-1]
        before = self._frames[-1].ended
        follows = iteration == len(before) if iteration is not None else not before
        if (before and before[-1].node != node) or not follows:
            raise NotALine("stands at another item than the one that follows")
        self._frames.append(_Frame((node, iteration)))


def _unended(inside: Sequence[Inner]) -> Passed:
    first = inside[0]
    kind = "call" if first.iteration is None else "each"
    return Passed(0, kind, first.node, "", "", (), (), None, None, tuple(inside))
