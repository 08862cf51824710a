"""A workflow unfolded: the points that a run can come by, nodes × outcomes refined by the steps of contracts.

Before: `register` is a contract of the steps `insert`, `audit`. After: `register`, `register/insert=SUCCESS`,
`register/audit=SUCCESS`, `register=SUCCESS`, joined as a run can go from one to the next.

A step that decides by how an earlier step ended can end only as fits that: such outcomes stay part of the points
behind them (`register/insert=ALREADY_EXISTS/audit=SUCCESS`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import networkx as nx

from pgs_compiler.prove.deciding import decided_by, possible
from pgs_snapshot.model import Contract, ContractNode, DecideStep, ExitNode, Graph, Node, Step

MAX_REMEMBERED = 256
"""Ways to end that are told apart behind the steps of one contract; beyond, ways that cannot be taken count as well."""


@dataclass(frozen=True, slots=True)
class Point:
    """A node (`step` and `outcome` are ""), the end of a step, or the end of a node (`step` is "").

    `memory` has the outcomes of earlier steps on which later ones depend.
    """

    node: str
    memory: tuple[tuple[str, str], ...] = ()
    step: str = ""
    outcome: str = ""

    def __str__(self) -> str:
        before = "".join(f"/{step}={outcome}" for step, outcome in self.memory)
        here = f"/{self.step}" if self.step else ""
        return f"{self.node}{before}{here}{f'={self.outcome}' if self.outcome else ''}"


Points: TypeAlias = "nx.DiGraph[Point]"


@dataclass(frozen=True, slots=True)
class Unfolded:
    """A workflow with its points; edges lead to what can come next, in the author's order."""

    graph: Graph
    contracts: Mapping[str, Contract]
    nodes: Mapping[str, Node]
    points: Points

    @property
    def start(self) -> Point:
        return Point(self.graph.start)

    def contract_at(self, point: Point) -> Contract | None:
        """The contract of the point's node."""
        node = self.nodes[point.node]
        return self.contracts[node.contract] if isinstance(node, ContractNode) else None

    def step_at(self, point: Point) -> Step | None:
        """The step that has ended at the point."""
        contract = self.contract_at(point)
        steps = contract.steps if contract and point.step else ()
        return next((step for step in steps if step.name == point.step), None)

    def failed(self, point: Point) -> bool:
        """Whether the run has ended FAILED at the point, and everything since the last commit is undone."""
        node = self.nodes[point.node]
        return isinstance(node, ExitNode) and node.exit == "FAILED" and bool(point.outcome)

    def ended(self, point: Point) -> bool:
        return isinstance(self.nodes[point.node], ExitNode) and bool(point.outcome)


def unfold(graph: Graph, contracts: Mapping[str, Contract]) -> Unfolded:
    """Every point that can be come by from the start."""
    nodes = {node.id: node for node in graph.nodes}
    used = {node.contract for node in graph.nodes if isinstance(node, ContractNode)}
    insides = {name: _Inside(contracts[name]) for name in used}
    points: Points = nx.DiGraph()
    start = Point(graph.start)
    points.add_node(start)
    open_ = [start]
    while open_:
        point = open_.pop()
        for following in _after(point, nodes[point.node], insides):
            if following not in points:
                open_.append(following)
            points.add_edge(point, following)
    return Unfolded(graph, contracts, nodes, points)


def _after(point: Point, node: Node, insides: Mapping[str, _Inside]) -> Iterator[Point]:
    if isinstance(node, ExitNode):
        return iter(() if point.outcome else [Point(node.id, outcome=name) for name in node.names])
    if point.outcome and not point.step:
        return iter((Point(node.next[point.outcome].to),))
    if isinstance(node, ContractNode):
        return insides[node.contract].after(point, bool(node.unproven))
    return (Point(node.id, outcome=outcome) for outcome in node.next)


class _Inside:
    """What follows what within the node of one contract."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._index = {step.name: index for index, step in enumerate(contract.steps)}
        self._remembered = remembered(contract)

    def after(self, point: Point, unproven: bool) -> Iterator[Point]:
        """What follows the entry of the node, or the end of a step; `unproven`: its inputs only may fit."""
        failed = Point(point.node, outcome=self._contract.on_input_failure or "")
        if not point.step and unproven:
            yield failed
        steps = self._contract.steps
        index = 0
        if point.step:
            index = self._index[point.step] + 1
            to = steps[index - 1].next[point.outcome]
            if to is not None:
                yield Point(point.node, outcome=to)
                return
        kept = ((point.step, point.outcome),) if point.step in self._remembered else ()
        memory, step = (*point.memory, *kept), steps[index]
        if isinstance(step, DecideStep):
            ends = possible(step, self._contract.slots, dict(memory))
        else:
            ends = tuple(step.next)
            if step.unproven:
                yield failed
        for outcome in ends:
            yield Point(point.node, memory, step.name, outcome)


def remembered(contract: Contract) -> tuple[str, ...]:
    """The steps by whose outcomes later ones decide, from the first on as far as there is room for."""
    asked = {slot for step in contract.steps if isinstance(step, DecideStep) for slot in decided_by(step)}
    ways, found = 1, []
    for step in contract.steps:
        if contract.slots.index(f"steps.{step.name}.outcome") in asked:
            ways *= max(1, sum(to is None for to in step.next.values()))
            if ways > MAX_REMEMBERED:
                break
            found.append(step.name)
    return tuple(found)
