"""Behind a point of no return, what a FAILED exit cannot take back is undone by what its author says."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgs_compiler.declarations import UndoneSyntax, Workflow
from pgs_compiler.elaborate.behaviour import Behaviour, behaviours
from pgs_compiler.elaborate.surfaces import Surfaces
from pgs_compiler.findings import Finding, Place, Related
from pgs_compiler.program import Program
from pgs_compiler.ways import spoken
from pgs_snapshot.model import ExitNode, Graph, Node


@dataclass(frozen=True, slots=True)
class _State:
    """A node on the way from an effect, and whether that has been committed by then."""

    node: str
    committed: bool


def check(program: Program, surfaces: Surfaces, workflow: Workflow, graph: Graph) -> Iterator[Finding]:
    """Every node whose effects can be committed before a FAILED exit has an `undo`, and none that cannot need it."""
    found = behaviours(program, surfaces, workflow)
    if not all(behaviour.sound for behaviour in found.values()):
        return
    places = {node.id.text: node.id.place for node in workflow.nodes}
    nodes = {node.id: node for node in graph.nodes}
    for node in workflow.nodes:
        own = found.get(node.id.text)
        if own is None or node.id.text not in nodes:
            continue
        way = _way(nodes, found, node.id.text, own)
        undo = node.undo if isinstance(node, UndoneSyntax) else None
        if way and undo is None:
            yield _left(node, way, places)
        elif undo is not None and not way and not _stands_behind(nodes, found, node.id.text, own):
            yield Finding(
                "F558",
                f"`{node.id.text}` is never undone: {_why(own)}.",
                undo.place,
                "idle",
            )


def _why(own: Behaviour) -> str:
    if not own.leaving:
        return "it has no effect"
    return "no FAILED exit lies behind a point of no return that commits it, and the run cannot be cancelled behind it"


def _left(node: object, way: Sequence[str], places: dict[str, Place]) -> Finding:
    id = way[0]
    can = isinstance(node, UndoneSyntax)
    return Finding(
        "F557",
        f"What `{id}` has done stays done when the run ends FAILED: {spoken(way)}.",
        places[id],
        "no `undo`" if can else "an `each` has no `undo`: put it into a workflow, and call that",
        (Related(places[way[-1]], "FAILED, behind a point of no return"),),
    )


def _way(nodes: dict[str, Node], found: dict[str, Behaviour], start: str, own: Behaviour) -> Sequence[str]:
    """A shortest way from a node whose effects stand, by where they are committed, to a FAILED exit."""
    came: dict[_State, _State | None] = {}
    waiting: deque[_State] = deque()

    def go(node: Node, before: _State | None, committed: bool, outcomes: frozenset[str]) -> None:
        if isinstance(node, ExitNode):
            return
        for outcome, edge in sorted(node.next.items()):
            traits = found[node.id].traits.get(outcome)
            if outcome in outcomes and traits is not None:
                state = _State(edge.to, committed or traits.commits)
                if state not in came:
                    came[state] = before
                    waiting.append(state)

    go(nodes[start], None, False, own.leaving)
    while waiting:
        here = waiting.popleft()
        node = nodes[here.node]
        if isinstance(node, ExitNode):
            if node.exit == "FAILED" and here.committed:
                return [start, *_trail(here, came)]
            continue
        go(node, here, here.committed, frozenset(node.next))
    return ()


def _stands_behind(nodes: dict[str, Node], found: dict[str, Behaviour], start: str, own: Behaviour) -> bool:
    """Whether a point of no return lies behind the effects of a node, where the run can be cancelled."""
    first = nodes[start]
    waiting = [] if isinstance(first, ExitNode) else [first.next[name].to for name in own.leaving if name in first.next]
    seen: set[str] = set()
    while waiting:
        node = nodes[waiting.pop()]
        if isinstance(node, ExitNode) or node.id in seen:
            continue
        if found[node.id].commits:
            return True
        seen.add(node.id)
        waiting += [edge.to for edge in node.next.values()]
    return False


def _trail(end: _State, came: dict[_State, _State | None]) -> list[str]:
    way: list[str] = []
    here: _State | None = end
    while here is not None:
        way.append(here.node)
        here = came[here]
    return way[::-1]
