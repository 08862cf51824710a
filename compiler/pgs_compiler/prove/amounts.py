"""The most that a run can still take from each point of a workflow on, with everything that it calls and undoes."""

from __future__ import annotations

from collections.abc import Mapping

import networkx as nx

from pgs_compiler.prove.points import Linked, Point, Unfolded
from pgs_compiler.prove.unfolding import unfold
from pgs_snapshot.model import (
    CallNode,
    Contract,
    EachNode,
    EffectStep,
    OperationStep,
    ProcessNode,
    Step,
    Undoable,
)


def most_from(flat: Unfolded, amount: str, known: dict[str, int] | None = None) -> Mapping[Point, int]:
    """By point; `flat` is unfolded without what it calls. `known` keeps what workflows take that are called."""
    known = {} if known is None else known
    most: dict[Point, int] = {}
    for point in reversed(list(nx.topological_sort(flat.points))):
        following = (most[after] for after in flat.points.successors(point))
        own = _cost(flat, point, amount)
        node = flat.node_at(point)
        if point.entered and isinstance(node, CallNode | EachNode):
            times = node.max if isinstance(node, EachNode) else 1
            own += times * max(_of_workflow(flat.linked, name, amount, known) for name in node.call.workflows)
        most[point] = own + max(following, default=0)
    return most


def _of_workflow(linked: Linked, workflow: str, amount: str, known: dict[str, int]) -> int:
    if workflow not in known:
        flat = unfold(linked, linked.graphs[workflow], flat=True)
        if flat is None:
            raise AssertionError(f"{workflow} is larger alone than with all that is around it")
        known[workflow] = most_from(flat, amount, known)[flat.start]
    return known[workflow]


def _cost(flat: Unfolded, point: Point, amount: str) -> int:
    """What a point takes by itself. A node that can be undone takes that as well, whether or not it comes to it."""
    node, step = flat.node_at(point), flat.step_at(point)
    other = 0
    if point.entered and isinstance(node, Undoable) and node.undo is not None:
        other = 1 if amount == "nodes" else _steps(flat.linked.contracts[node.undo.contract], amount)
    if point.entered and isinstance(node, ProcessNode):
        other += {"nodes": 0, "steps": 1}.get(amount, len(flat.linked.processes[node.process].written))
    return other + (int(point.entered) if amount == "nodes" else int(_counts(step, amount)))


def _steps(contract: Contract, amount: str) -> int:
    return sum(_counts(step, amount) for step in contract.steps)


def _counts(step: Step | None, amount: str) -> bool:
    return step is not None and (amount == "steps" or isinstance(step, OperationStep | EffectStep))


def longest(flat: Unfolded, most: Mapping[Point, int]) -> list[Point]:
    """A way that takes the most."""
    way = [flat.start]
    while following := list(flat.points.successors(way[-1])):
        way.append(max(following, key=most.__getitem__))
    return way
