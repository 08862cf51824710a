"""The intent is the only way in: one a workflow, at its start; NACK, and nothing else, leads to REJECTED."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pgs_compiler.declarations import EdgeSyntax, ExitNodeSyntax, IntentNodeSyntax, Workflow
from pgs_compiler.findings import Finding, Related
from pgs_compiler.program import Program
from pgs_snapshot.suggest import nearest


def check(_program: Program, _contracts: object, workflow: Workflow) -> Iterator[Finding]:
    yield from _start(workflow)
    yield from _rejection(workflow)


def _start(workflow: Workflow) -> Iterator[Finding]:
    intents = [node.id for node in workflow.nodes if isinstance(node, IntentNodeSyntax)]
    start = workflow.node(workflow.start.text)
    if start is None:
        near = nearest(workflow.start.text, (node.id.text for node in workflow.nodes))
        yield Finding(
            "F503",
            f"The start is `{workflow.start.text}`, and there is no such node.",
            workflow.start.place,
            hint=f"Write `{near}`." if near else "",
        )
    elif not isinstance(start, IntentNodeSyntax):
        yield Finding(
            "F510",
            f"The start is `{workflow.start.text}`, which is no intent: nothing would admit the payload.",
            workflow.start.place,
            hint=f"Write `{intents[0].text}`." if intents else "",
        )
    else:
        for id in intents:
            if id.text != workflow.start.text:
                yield Finding(
                    "F510",
                    f"`{id.text}` is a second way in; a workflow has one intent, its start.",
                    id.place,
                    "not the start",
                    (Related(workflow.start.place, "the start"),),
                )


def _rejection(workflow: Workflow) -> Iterator[Finding]:
    exits = {node.id.text: node.exit for node in workflow.nodes if isinstance(node, ExitNodeSyntax)}
    nodes = {node.id.text for node in workflow.nodes}
    for node in workflow.nodes:
        if isinstance(node, ExitNodeSyntax):
            continue
        admits = isinstance(node, IntentNodeSyntax)
        for edge in node.next:
            refused = admits and edge.outcome.text == "NACK"
            rejects = exits.get(edge.to.text) == "REJECTED"
            if refused and edge.to.text in nodes and not rejects:
                yield _nack(edge, exits)
            elif rejects and not refused and (not admits or edge.outcome.text == "ACK"):
                others = [f"`{id}`" for id, kind in exits.items() if kind in ("DENIED", "FAILED")]
                yield Finding(
                    "F511",
                    f"`{edge.outcome.text}` of `{node.id.text}` leads to a REJECTED exit; only a NACK does.",
                    edge.to.place,
                    "decided after admission",
                    hint=f"Lead it to {' or '.join(others)}." if others else "",
                )


def _nack(edge: EdgeSyntax, exits: Mapping[str, str]) -> Finding:
    target = next((id for id, kind in exits.items() if kind == "REJECTED"), None)
    return Finding(
        "F511",
        f"NACK leads to `{edge.to.text}`; what was not admitted ends at once, REJECTED.",
        edge.to.place,
        "not a REJECTED exit",
        hint=f"Write `{target}`." if target else "Add a node `rejected: {exit: REJECTED}`.",
    )
