"""Workflows and contracts stay within a size that people review and that bounds how long a check takes."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import Contract, ExitNodeSyntax, Workflow
from pgs_compiler.findings import Finding, Place
from pgs_compiler.program import Program

MAX_NODES = 5000
MAX_OUTCOMES = 64
MAX_STEPS = 200


def check(program: Program) -> Iterator[Finding]:
    for workflow in program.of(Workflow):
        yield from _limit(workflow.header.name, len(workflow.nodes), "nodes", MAX_NODES, workflow.nodes_place)
        for node in workflow.nodes:
            if not isinstance(node, ExitNodeSyntax):
                yield from _limit(node.id.text, len(node.next), "edges", MAX_OUTCOMES, node.next_place)
    for contract in program.of(Contract):
        name = contract.header.name
        yield from _limit(name, len(contract.steps), "steps", MAX_STEPS, contract.header.place)
        yield from _limit(name, len(contract.outcomes), "outcomes", MAX_OUTCOMES, contract.outcomes_place)


def _limit(name: str, size: int, what: str, most: int, place: Place) -> Iterator[Finding]:
    if size > most:
        yield Finding("F523", f"`{name}` has {size} {what}; the limit is {most}.", place)
