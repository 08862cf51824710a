"""Who looks at what is given: the members of a step's and of a node's outputs that are referred to behind it.

What ends a contract under an outcome is looked at by that outcome alone, and what a node gives under an outcome by the
nodes that an edge of this outcome leads to, however far.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from typing import TypeAlias

from pgs_compiler.declarations import (
    Contract,
    EachNodeSyntax,
    ExitNodeSyntax,
    NodeSyntax,
    Reference,
    UndoneSyntax,
    Workflow,
)
from pgs_compiler.elaborate.steps import step_next
from pgs_compiler.program import Program
from pgs_compiler.schemas.paths import Step
from pgs_compiler.uses import references_in
from pgs_snapshot import model

WHOLE = ""
"""Stands for all members: somebody takes the outputs as they are."""

Used: TypeAlias = Mapping[str, set[str]]
"""By outcome, the members that are looked at."""

_Looks: TypeAlias = defaultdict[str, list[tuple[str, Reference]]]
"""References by the node that they are to, each with the node that it stands in."""


def used_of_step(program: Program, contract: Contract, index: int) -> Used:
    """What is looked at of what a step gives."""
    name = contract.steps[index].name.text
    later = _members(references_in((contract.steps[index + 1 :], contract.outcomes), "steps"), name)
    ending = {each.name.text: _members(references_in(each, "steps"), name) for each in contract.outcomes}
    goes_on = step_next(program, contract, index)
    return {outcome: later if to is None else ending.get(to, {WHOLE}) for outcome, to in goes_on.items()}


def used_of_nodes(workflow: Workflow, graph: model.Graph) -> Mapping[str, Used]:
    """What is looked at of what each contract and call of a workflow gives, by node."""
    looks: _Looks = defaultdict(list)
    for reader in workflow.nodes:
        for reference in references_in(reader, "results"):
            looks[str(reference.path.steps[0])].append((reader.id.text, reference))
    written = {node.id.text: node for node in workflow.nodes}
    place = {node.id: 1 << number for number, node in enumerate(graph.nodes)}
    behind: dict[str, int] = {}
    found: dict[str, Used] = {}
    for node in reversed(graph.nodes):
        ahead = {outcome: behind[edge.to] for outcome, edge in _edges(node).items()}
        behind[node.id] = reduce(or_, ahead.values(), place[node.id])
        seen = {outcome: [ref for id, ref in looks[node.id] if place[id] & nodes] for outcome, nodes in ahead.items()}
        found[node.id] = _used_of_node(written.get(node.id), node, seen)
    return found


def _used_of_node(syntax: NodeSyntax | None, node: model.Node, seen: Mapping[str, list[Reference]]) -> Used:
    """`seen`: the references to the node from further down, by the outcome of the node."""
    if syntax is None or isinstance(syntax, ExitNodeSyntax):
        return {}
    read = _items if isinstance(syntax, EachNodeSyntax) else _members
    undo = syntax.undo if isinstance(syntax, UndoneSyntax) else None
    written = {edge.outcome.text: edge.arguments for edge in syntax.next}
    return {
        outcome: read((*seen[outcome], *references_in((undo, written[outcome]), "results")), node.id)
        for outcome in _edges(node)
    }


def _edges(node: model.Node) -> Mapping[str, model.Edge]:
    return {} if isinstance(node, model.ExitNode) else node.next


def _members(references: Iterable[Reference], name: str) -> set[str]:
    """The members of what is called `name` that references take, or lead through."""
    return {_member(reference.path.steps[1:]) for reference in references if reference.path.steps[:1] == (name,)}


def _member(path: tuple[Step, ...]) -> str:
    return str(path[0]) if path else WHOLE


def _items(references: Iterable[Reference], name: str) -> set[str]:
    """The same of the result of each item of a loop: `items[*].result.address`."""
    found: set[str] = set()
    for path in (reference.path.steps[1:] for reference in references if reference.path.steps[:1] == (name,)):
        if path[:1] in ((), ("items",)) and path[2:3] in ((), ("result",)):
            found.add(_member(path[3:]))
    return found
