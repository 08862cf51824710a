"""Every intent starts one workflow, and lets somebody in."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import Intent, IntentNodeSyntax, Workflow
from pgs_compiler.findings import Finding, Related
from pgs_compiler.program import Program


def check(program: Program) -> Iterator[Finding]:
    starts: dict[str, Workflow] = {}
    for workflow in program.of(Workflow):
        for node in workflow.nodes:
            if not isinstance(node, IntentNodeSyntax):
                continue
            first = starts.setdefault(node.intent.text, workflow)
            if first is not workflow:
                yield Finding(
                    "F512",
                    f"`{node.intent.text}` already starts `{first.header.name}`.",
                    node.intent.place,
                    "an intent starts one workflow",
                    (Related(first.header.place, "started here"),),
                )
    for intent in program.of(Intent):
        if not intent.actors:
            yield Finding(
                "F513",
                f"`{intent.header.name}` lists no actor, so that it admits nobody.",
                intent.header.place,
                "nobody",
            )
