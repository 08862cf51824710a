"""Undo: what a walk did that was committed before it failed is taken back, the last first.

What was done in the segment in which the walk fails was dropped with it. A node that spans a commit, because it
asked the outside, has done something that cannot be dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pgs_runtime.core.expressions import ABSENT, Frame
from pgs_runtime.core.linked import Build, Contract, Edge, Exit, Node
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Value


@frozen
class Doing:
    """A node that changed something: the contract that takes it back, with its inputs, and the segment it began in."""

    undo: Contract
    inputs: dict[str, Value]
    began: int


def unwinding(
    doings: Sequence[Doing], exit: Exit, frame: Frame, segment: int
) -> Sequence[tuple[Mapping[str, Node], Edge]]:
    """For each node that undoes what was committed, the last first: the way through it to the exit.

    Each gets a slot of its own at the end of the frame.

    Args:
        segment: the number of the one in which the walk fails.
    """
    ways: list[tuple[Mapping[str, Node], Edge]] = []
    out = Edge(exit.id, None)
    for doing in reversed(doings):
        if doing.began < segment:
            undo = doing.undo
            node = replace(undo, inputs=_given(doing.inputs), next=dict.fromkeys(undo.outcomes, out), slot=len(frame))
            frame.append(ABSENT)
            ways.append(({exit.id: exit, undo.id: node}, Edge(undo.id, None)))
    return ways


def _given(inputs: dict[str, Value]) -> Build:
    return lambda frame: inputs
