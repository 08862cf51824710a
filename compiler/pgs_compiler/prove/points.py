"""A workflow unfolded: the points that a run can come by, nodes × outcomes refined by steps and by what is called.

Before: `register` is a contract of the steps `insert`, `audit`. After: `register`, `register/insert=SUCCESS`,
`register/audit=SUCCESS`, `register=SUCCESS`, joined as a run can go from one to the next.

* A step that decides by how an earlier step ended can end only as fits that: such outcomes stay part of the points
  behind them (`register/insert=ALREADY_EXISTS/audit=SUCCESS`).
* What is called is written out where it is called: `pack(shop::WF_PACK_V0) > admit=ACK`. The items of an `each` come
  one after the other, any number of them (`items(shop::WF_PACK_V0)! > admit`: behind one that did not complete).
* What a FAILED exit undoes follows on its way: `failed~reserve/release=SUCCESS`. Which nodes changed something, and
  whether that was committed, stays part of the points behind them until then (`pay=DECLINED {reserve yes*}`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import networkx as nx

from pgs_snapshot.model import (
    Contract,
    ContractNode,
    EffectStep,
    ExitNode,
    Graph,
    Intent,
    Node,
    OperationStep,
    Process,
    ProcessNode,
    Step,
    Undoable,
    WaitNode,
)

Wrote: TypeAlias = str
"""`no`, `yes`, or `maybe` where a call within it failed."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A call within which a point lies. `behind`: the item comes behind one that did not complete."""

    node: str
    workflow: str
    behind: bool = False

    def __str__(self) -> str:
        return f"{self.node}({self.workflow}){'!' * self.behind} > "


@dataclass(frozen=True, slots=True)
class Doing:
    """A node that can be undone, so many calls deep: whether it changed something, and that was committed."""

    depth: int
    node: str
    wrote: Wrote = "no"
    committed: bool = False

    def __str__(self) -> str:
        return f"{'>' * self.depth}{self.node} {self.wrote}{'*' * self.committed}"


@dataclass(frozen=True, slots=True)
class Point:
    """A node (`step` and `outcome` are ""), the end of a step, or the end of a node (`step` is "").

    Attributes:
        memory: the outcomes of earlier steps on which later ones depend.
        frames: the calls within which the node lies, outermost first.
        phase: of an `each` behind an item: `ok` if all have completed, else `some`.
        undo: at an exit, the node that is being undone.
        doings: the nodes that may have to be undone, in the order of the run.
    """

    node: str
    memory: tuple[tuple[str, str], ...] = ()
    step: str = ""
    outcome: str = ""
    frames: tuple[Frame, ...] = ()
    phase: str = ""
    undo: str = ""
    doings: tuple[Doing, ...] = ()

    @property
    def depth(self) -> int:
        return len(self.frames)

    @property
    def entered(self) -> bool:
        """Whether a node is entered here, or the undo of one."""
        return not self.step and not self.outcome and not self.phase

    def __str__(self) -> str:
        within = "".join(map(str, self.frames))
        here = f"({self.phase})" if self.phase else f"~{self.undo}" if self.undo else ""
        before = "".join(f"/{step}={outcome}" for step, outcome in self.memory)
        end = f"{f'/{self.step}' if self.step else ''}{f'={self.outcome}' if self.outcome else ''}"
        doings = f" {{{', '.join(map(str, self.doings))}}}" if self.doings else ""
        return f"{within}{self.node}{here}{before}{end}{doings}"


Points: TypeAlias = "nx.DiGraph[Point]"


@dataclass(frozen=True)
class Linked:
    """Everything that workflows are made of, by name.

    Attributes:
        of_store: the side effect of each store.
        processes: with their gates.
        writing: operations that write, as the name of a store or of an external side effect, and the operation.
    """

    graphs: Mapping[str, Graph]
    contracts: Mapping[str, Contract]
    intents: Mapping[str, Intent]
    of_store: Mapping[str, str]
    writing: frozenset[tuple[str, str]]
    processes: Mapping[str, Process]

    def writes(self, step: Step | None) -> bool:
        """Whether a step changes something, in a store or outside."""
        match step:
            case OperationStep(store=place, operation=operation) | EffectStep(side_effect=place, operation=operation):
                return (place, operation) in self.writing
        return False

    @cached_property
    def nodes(self) -> Mapping[str, Mapping[str, Node]]:
        """The nodes of each workflow."""
        return {name: {node.id: node for node in graph.nodes} for name, graph in self.graphs.items()}


@dataclass(frozen=True, slots=True)
class Unfolded:
    """A workflow with its points; edges lead to what can come next, in the author's order."""

    linked: Linked
    graph: Graph
    points: Points

    @property
    def start(self) -> Point:
        return Point(self.graph.start)

    def workflow_at(self, frames: tuple[Frame, ...]) -> str:
        """The workflow within some calls."""
        return frames[-1].workflow if frames else self.graph.workflow

    def node(self, frames: tuple[Frame, ...], id: str) -> Node:
        return self.linked.nodes[self.workflow_at(frames)][id]

    def node_at(self, point: Point) -> Node:
        return self.node(point.frames, point.node)

    def contract_of(self, frames: tuple[Frame, ...], id: str, undo: str) -> Contract | None:
        """The contract of a node, or the one that undoes a node."""
        node = self.node(frames, undo or id)
        if undo and isinstance(node, Undoable) and node.undo:
            return self.linked.contracts[node.undo.contract]
        return self.linked.contracts[node.contract] if isinstance(node, ContractNode) else None

    def contract_at(self, point: Point) -> Contract | None:
        """The contract of the point's node."""
        return self.contract_of(point.frames, point.node, point.undo)

    def step_at(self, point: Point) -> Step | None:
        """The step that has ended at the point."""
        contract = self.contract_at(point) if point.step else None
        return next((step for step in contract.steps if step.name == point.step), None) if contract else None

    def process_at(self, point: Point) -> Process | None:
        """The process that has ended at the point."""
        node = self.node_at(point)
        ended = isinstance(node, ProcessNode) and point.outcome and not point.undo
        return self.linked.processes[node.process] if ended and isinstance(node, ProcessNode) else None

    def failing(self, point: Point) -> bool:
        """Whether a FAILED exit is entered here, of the run or of a call, which drops what was done since a commit."""
        node = self.node_at(point)
        return point.entered and not point.undo and isinstance(node, ExitNode) and node.exit == "FAILED"

    def ended(self, point: Point) -> bool:
        """Whether the run has ended here."""
        return not point.frames and self.returns(point)

    def returns(self, point: Point) -> bool:
        """Whether the run or a call has ended here."""
        return bool(point.outcome) and not point.undo and isinstance(self.node_at(point), ExitNode)

    def commits(self, point: Point) -> bool:
        """Whether everything before is committed here: a wait is entered, or an external effect was tried."""
        waits = point.entered and isinstance(self.node_at(point), WaitNode)
        return waits or isinstance(self.step_at(point), EffectStep)
