"""Every node can be reached. Asked where all edges are right: a wrong one leaves others unreached."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx

from pgs_compiler.declarations import Workflow
from pgs_compiler.findings import Finding
from pgs_compiler.ways import graph_of


def check(workflow: Workflow) -> Iterator[Finding]:
    """One finding for each unreached part, at the node with which it begins."""
    graph = graph_of(workflow)
    reached = {workflow.start.text, *nx.descendants(graph, workflow.start.text)}
    for node in workflow.nodes:
        id = node.id.text
        if id not in reached and not any(graph.predecessors(id)):
            yield Finding("F521", f"No way leads to `{id}`.", node.id.place, "never reached")
