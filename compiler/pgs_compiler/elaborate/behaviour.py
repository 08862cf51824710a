"""How a node can end: its outcomes, what each gives, what has happened by then, and the most that it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pgs_compiler.declarations import (
    CallNodeSyntax,
    ContractNodeSyntax,
    EachNodeSyntax,
    ExitNodeSyntax,
    IntentNodeSyntax,
    Process,
    ProcessNodeSyntax,
    RoutedSyntax,
    UndoSyntax,
    WaitNodeSyntax,
    Workflow,
)
from pgs_compiler.elaborate import waits
from pgs_compiler.elaborate.configuration import EMPTY
from pgs_compiler.elaborate.processes import outcomes_of, process_traits, written_fields
from pgs_compiler.elaborate.surfaces import Surfaces, loop_of, wider
from pgs_compiler.elaborate.traits import NONE, WAITED, Traits
from pgs_compiler.program import Program
from pgs_snapshot import model
from pgs_snapshot.model import Bounds, ExitNode, Node, Schema

ADMISSION = ("ACK", "NACK")
_NOTHING = Bounds(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a node can end.

    Attributes:
        outputs: the schema of what each outcome gives.
        traits: what has happened under each outcome.
        bounds: the most that it does besides being a node.
        depth: how many calls are within each other there.
        sound: false where a finding leaves open how it ends.
    """

    outputs: Mapping[str, Schema]
    traits: Mapping[str, Traits]
    bounds: Bounds = _NOTHING
    depth: int = 0
    sound: bool = True

    @property
    def commits(self) -> bool:
        """Whether it is a point of no return, or holds one."""
        return any(found.commits for found in self.traits.values())

    @property
    def leaving(self) -> frozenset[str]:
        """The outcomes under which effects stand."""
        return frozenset(outcome for outcome, found in self.traits.items() if found.leaves)


_UNKNOWN = Behaviour({}, {}, sound=False)


def behaviours(program: Program, surfaces: Surfaces, workflow: Workflow) -> dict[str, Behaviour]:
    """How each node of a workflow can end, exits aside."""
    return {
        node.id.text: behaviour_of(program, surfaces, node)
        for node in workflow.nodes
        if not isinstance(node, ExitNodeSyntax)
    }


def behaviour_of(program: Program, surfaces: Surfaces, node: RoutedSyntax) -> Behaviour:
    """How a node can end; of an `each`, as if its list could be of any length."""
    match node:
        case IntentNodeSyntax():
            return Behaviour(dict.fromkeys(ADMISSION, EMPTY), dict.fromkeys(ADMISSION, NONE))
        case ContractNodeSyntax():
            typed = surfaces.contracts[node.contract.text]
            bounds = _and(_of_contract(typed.contract), _of_undo(surfaces, node.undo))
            return Behaviour(typed.outputs, typed.traits, bounds, sound=typed.sound)
        case ProcessNodeSyntax():
            process = program.get(node.process, Process)
            own = Bounds(0, 1, len(written_fields(process)))
            return Behaviour(
                outcomes_of(program, process), process_traits(process), _and(own, _of_undo(surfaces, node.undo))
            )
        case WaitNodeSyntax():
            outputs = waits.outputs_of(program, node)
            return Behaviour(outputs, dict.fromkeys(outputs, WAITED))
        case CallNodeSyntax():
            called = surfaces.of(node.callee)
            if called is None:
                return _UNKNOWN
            return Behaviour(
                {name: ending.result for name, ending in called.endings.items()},
                {name: ending.traits for name, ending in called.endings.items()},
                _and(called.bounds, _of_undo(surfaces, node.undo)),
                called.depth + 1,
            )
        case EachNodeSyntax():
            called = surfaces.of(node.callee)
            if called is None:
                return _UNKNOWN
            loop = loop_of(called, frozenset(word.text for word, stops in node.on_item if stops), node.most)
            return Behaviour(loop.outputs, loop.traits, _times(called.bounds, node.most), called.depth + 1)


def _of_contract(contract: model.Contract) -> Bounds:
    effects = sum(isinstance(step, model.OperationStep | model.EffectStep) for step in contract.steps)
    return Bounds(0, len(contract.steps), effects)


def _of_undo(surfaces: Surfaces, undo: UndoSyntax | None) -> Bounds:
    if undo is None:
        return _NOTHING
    return _and(Bounds(1, 0, 0), _of_contract(surfaces.contracts[undo.contract.text].contract))


def _and(first: Bounds, second: Bounds) -> Bounds:
    return Bounds(first.nodes + second.nodes, first.steps + second.steps, first.effects + second.effects)


def bounds_of(nodes: Sequence[Node], behaviour: Mapping[str, Behaviour]) -> Bounds | None:
    """The longest way through a graph, in nodes, steps and operations, with what it calls."""
    if any(not behaviour[node.id].sound for node in nodes if not isinstance(node, ExitNode)):
        return None
    after: dict[str, Bounds] = {}
    for node in reversed(nodes):
        following = _NOTHING
        if not isinstance(node, ExitNode):
            for edge in node.next.values():
                following = wider(following, after[edge.to])
        own = _NOTHING if isinstance(node, ExitNode) else behaviour[node.id].bounds
        after[node.id] = _and(Bounds(1 + own.nodes, own.steps, own.effects), following)
    return after[nodes[0].id]


def _times(bounds: Bounds, count: int) -> Bounds:
    return Bounds(count * bounds.nodes, count * bounds.steps, count * bounds.effects)
