"""Entries of machines end at once: what lasts is a state, so that the events that come meanwhile find it."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx

from pgs_compiler.declarations import Machine, WaitNodeSyntax, Workflow
from pgs_compiler.findings import Finding, Related
from pgs_compiler.program import Program
from pgs_compiler.ways import call_graph


def check(program: Program) -> Iterator[Finding]:
    calls = call_graph(program)
    for machine in program.of(Machine):
        for state in machine.states:
            for entry in state.entry:
                if entry.kind != "workflow":
                    continue
                called = sorted({entry.runs.text, *nx.descendants(calls, entry.runs.text)})
                wait = next((found for name in called if (found := _wait(program, name))), None)
                if wait is not None:
                    message = f"`{entry.runs.text}` waits, and an instance of a machine waits in its states."
                    related = (Related(wait.place, "waits here"),)
                    yield Finding("P791", message, entry.runs.place, "", related)


def _wait(program: Program, workflow: str) -> WaitNodeSyntax | None:
    nodes = program.declarations[workflow]
    if not isinstance(nodes, Workflow):
        raise TypeError(f"{workflow} is no workflow")  # the graph of calls has no others
    return next((node for node in nodes.nodes if isinstance(node, WaitNodeSyntax)), None)
