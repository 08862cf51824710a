"""Undo: what a walk did that was committed before it failed is taken back, the last first.

What was done in the segment in which the walk fails was dropped with it. A node that spans a commit, because it
asked the outside, has done something that cannot be dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pgs_runtime.expressions import ABSENT, Frame
from pgs_runtime.linked import Build, Contract, Edge, Exit, Node
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
) -> tuple[Mapping[str, Node], Edge] | None:
    """The nodes that undo what was committed, on one way to the exit, and the edge to the first of them.

    None: there is nothing to undo. Each gets a slot of its own at the end of the frame.

    Args:
        segment: the number of the one in which the walk fails.
    """
    nodes: dict[str, Node] = {exit.id: exit}
    edge = Edge(exit.id, None)
    for doing in doings:
        if doing.began < segment:
            undo = doing.undo
            next = dict.fromkeys(undo.outcomes, edge)
            nodes[undo.id] = replace(undo, inputs=_given(doing.inputs), next=next, slot=len(frame))
            frame.append(ABSENT)
            edge = Edge(undo.id, None)
    return (nodes, edge) if len(nodes) > 1 else None


def _given(inputs: dict[str, Value]) -> Build:
    return lambda frame: inputs
