"""A workflow's graph has no cycle."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import networkx as nx

from pgs_compiler.declarations import EdgeSyntax, Workflow
from pgs_compiler.findings import Finding, Related
from pgs_compiler.program import Program
from pgs_compiler.ways import Multigraph, graph_of, shortest_cycle, spoken


def check(_program: Program, _contracts: object, workflow: Workflow) -> Iterator[Finding]:
    yield from _cycles(workflow, graph_of(workflow))


def _cycles(workflow: Workflow, graph: Multigraph) -> Iterator[Finding]:
    """One finding for each strongly connected part, with a shortest cycle of it as the way."""
    order = {node.id.text: index for index, node in enumerate(workflow.nodes)}
    for part in sorted(nx.strongly_connected_components(graph), key=lambda nodes: min(order[id] for id in nodes)):
        inside = graph.subgraph(part)
        if inside.number_of_edges() == 0:
            continue
        first = min(part, key=order.__getitem__)
        trail = shortest_cycle(inside, first)
        edges: list[EdgeSyntax] = [
            min((data["edge"] for data in inside[a][b].values()), key=lambda edge: edge.to.place)
            for a, b in pairwise(trail)
        ]
        yield Finding(
            "F520",
            f"A run could go round for ever: {spoken(trail)}.",
            edges[-1].to.place,
            "back again",
            tuple(Related(edge.to.place, f"`{edge.outcome.text}`") for edge in edges[:-1][:8]),
        )
