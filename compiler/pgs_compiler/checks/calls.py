"""Calls of workflows: no cycle among them, no caller that is not admitted, no exit that the callee lacks."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import (
    EachNodeSyntax,
    Intent,
    WaitNodeSyntax,
    Workflow,
)
from pgs_compiler.elaborate.intents import admitted
from pgs_compiler.elaborate.surfaces import Surfaces
from pgs_compiler.findings import Finding, Related
from pgs_compiler.names import Name
from pgs_compiler.parse.waits import EXPIRED
from pgs_compiler.program import Program
from pgs_compiler.uses import workflows_of
from pgs_compiler.ways import call_graph, called_first, shortest_cycle, spoken
from pgs_snapshot.suggest import nearest


def check(program: Program) -> Iterator[Finding]:
    yield from _cycles(program)
    for workflow in program.of(Workflow):
        caller = admitted(program, workflow)
        for name in workflows_of(workflow).values() if caller else ():
            callee = admitted(program, program.get(name, Workflow))
            if caller is not None and callee is not None:
                yield from _admitted(caller, callee, name)


def _cycles(program: Program) -> Iterator[Finding]:
    """One finding for each group of workflows that call each other, with a shortest way round."""
    graph = call_graph(program)
    for part in called_first(program):
        first = min(part)
        if len(part) == 1 and not graph.has_edge(first, first):
            continue
        way = shortest_cycle(graph.subgraph(part), first)
        caller = program.declarations[way[-2]]
        if not isinstance(caller, Workflow):
            raise TypeError(f"{way[-2]} calls nothing")  # only workflows do
        yield Finding(
            "F550",
            f"These workflows would call each other for ever: {spoken([name.partition('::')[2] for name in way])}.",
            workflows_of(caller)[first].place,
            "called again",
        )


def _admitted(caller: Intent, callee: Intent, name: Name) -> Iterator[Finding]:
    """The actor goes along, so whoever may start the caller has to be admitted by the callee."""
    allowed = {actor.text for actor in callee.actors}
    lacking = sorted({actor.text for actor in caller.actors} - allowed)
    if lacking:
        listed = ", ".join(f"`{actor}`" for actor in lacking)
        yield Finding(
            "F551",
            f"`{callee.header.name}` does not admit {listed}, who may start this workflow.",
            name.place,
            "the actor goes along",
            (Related(callee.header.place, "admits others"),),
            f"Add {listed} to its `actors`.",
        )


def outcomes(_program: Program, surfaces: Surfaces, workflow: Workflow) -> Iterator[Finding]:
    """What an `each` says of its callee's exits, and a wait of its signals."""
    for node in workflow.nodes:
        if isinstance(node, EachNodeSyntax):
            yield from _on_item(surfaces, node)
        elif isinstance(node, WaitNodeSyntax):
            for signal in node.signals:
                if signal.name.text == EXPIRED:
                    message = f"`{EXPIRED}` is how a wait ends without a signal, so no signal is called so."
                    yield Finding("F561", message, signal.name.place)


def _on_item(surfaces: Surfaces, node: EachNodeSyntax) -> Iterator[Finding]:
    called = surfaces.of(node.callee)
    for name, stops in node.on_item:
        if called is not None and name.text not in called.endings:
            near = nearest(name.text, called.endings)
            yield Finding(
                "F554",
                f"What `{node.id.text}` calls has no exit `{name.text}`.",
                name.place,
                f"known: {', '.join(sorted(called.endings))}" if not near else "",
                hint=f"Write `{near}`." if near else "",
            )
        if stops and node.concurrent is not None:
            yield Finding(
                "F555",
                f"`{node.id.text}` is concurrent, so `{name.text}` cannot stop what has begun.",
                name.place,
                hint="Leave out `order: concurrent`, or this exit.",
            )
