"""Machines and what they name: entries end at once, for what lasts is a state; signals are those of the context."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx

from pgs_compiler.declarations import Context, Machine, WaitNodeSyntax, Workflow
from pgs_compiler.elaborate.processes import zone_of
from pgs_compiler.findings import Finding, Related
from pgs_compiler.program import Program
from pgs_compiler.ways import call_graph
from pgs_process.zones import Zone
from pgs_snapshot.suggest import nearest


def check(program: Program) -> Iterator[Finding]:
    calls = call_graph(program)
    for machine in program.of(Machine):
        yield from _signals(program, machine)
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


def _signals(program: Program, machine: Machine) -> Iterator[Finding]:
    if machine.context is None:
        return
    context = program.get(machine.context, Context)
    known = [field.name for field in context.domain.fields if zone_of(f"domain.{field.name}") is Zone.SIGNAL]
    for signal in machine.signals:
        name = signal.field.text.removeprefix("domain.")
        if name not in known:
            near = nearest(name, known)
            message = f"`{context.header.name}` has no signal `{signal.field.text}`."
            label = "" if near else f"known: {', '.join(f'domain.{each}' for each in known) or 'none'}"
            hint = f"Write `domain.{near}`." if near else ""
            yield Finding("P790", message, signal.field.place, label, hint=hint)
