"""Exits of one name are of one kind and give the same result; a FAILED exit emits nothing."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import ExitNodeSyntax, Workflow
from pgs_compiler.findings import Finding, Related
from pgs_compiler.program import Program
from pgs_compiler.schemas.anatomy import properties_of
from pgs_snapshot.model import ExitNode, Graph


def check(_program: Program, _contracts: object, workflow: Workflow) -> Iterator[Finding]:
    for node in workflow.nodes:
        if isinstance(node, ExitNodeSyntax) and node.exit in ("FAILED", "REJECTED") and node.emit:
            undone = "undoes what the run did" if node.exit == "FAILED" else "stands before anything was done"
            yield Finding(
                "F541",
                f"`{node.id.text}` emits, and a {node.exit} exit {undone}.",
                node.emit[0].event.place,
                hint="Remove `emit`.",
            )


def names(workflow: Workflow, graph: Graph) -> Iterator[Finding]:
    """Compare the exits of one name; a reason out of an enumeration gives an exit several."""
    places = {node.id.text: node.id.place for node in workflow.nodes}
    seen: dict[str, ExitNode] = {}
    for node in sorted(graph.nodes, key=lambda node: places[node.id]):
        if not isinstance(node, ExitNode):
            continue
        for name in node.names:
            first = seen.setdefault(name, node)
            if _surface(first) != _surface(node):
                apart = "are of different kinds" if first.exit != node.exit else "do not give the same"
                yield Finding(
                    "F540",
                    f"Two exits are called `{name}`, and they {apart}.",
                    places[node.id],
                    _spoken(node),
                    (Related(places[first.id], _spoken(first)),),
                    "Give one of them a `reason` of its own." if first.exit != node.exit else "",
                )
                break


def _surface(node: ExitNode) -> tuple[str, frozenset[str]]:
    return node.exit, frozenset(properties_of(node.result_schema))


def _spoken(node: ExitNode) -> str:
    members = ", ".join(sorted(properties_of(node.result_schema)))
    return f"{node.exit}, {f'result {members}' if members else 'no result'}"
