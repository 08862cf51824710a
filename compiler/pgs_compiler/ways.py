"""A workflow as a graph, and the ways through it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import networkx as nx

from pgs_compiler.declarations import ExitNodeSyntax, Workflow
from pgs_compiler.program import Program
from pgs_compiler.uses import workflows_of

Multigraph: TypeAlias = "nx.MultiDiGraph[str]"
DiGraph: TypeAlias = "nx.DiGraph[str]"
_SHOWN = 8  # nodes of a way


def graph_of(workflow: Workflow) -> Multigraph:
    """The graph with one edge an outcome; edges to missing nodes are left out (`routing` reports them)."""
    graph: Multigraph = nx.MultiDiGraph()
    graph.add_nodes_from(node.id.text for node in workflow.nodes)
    for node in workflow.nodes:
        if isinstance(node, ExitNodeSyntax):
            continue
        for edge in node.next:
            if edge.to.text in graph:
                graph.add_edge(node.id.text, edge.to.text, key=edge.outcome.text, edge=edge)
    return graph


def call_graph(program: Program) -> DiGraph:
    """Which workflow calls which."""
    graph: DiGraph = nx.DiGraph()
    for workflow in program.of(Workflow):
        graph.add_node(workflow.header.name)
        graph.add_edges_from((workflow.header.name, name) for name in workflows_of(workflow))
    return graph


def called_first(program: Program) -> Sequence[frozenset[str]]:
    """All workflows, each behind those that it calls; those that call each other stand together."""
    # Tarjan's algorithm gives the components in reverse topological order.
    return [frozenset(part) for part in nx.strongly_connected_components(call_graph(program))]


def shortest_cycle(graph: DiGraph, first: str) -> Sequence[str]:
    """A shortest way from a node back to it, both ends included; there has to be one."""
    if graph.has_edge(first, first):
        return [first, first]
    ways: Iterator[Sequence[str]] = (nx.shortest_path(graph, after, first) for after in sorted(graph.successors(first)))
    return [first, *min(ways, key=len)]


def topological(workflow: Workflow) -> Sequence[str]:
    """The reachable nodes in topological order, ties by the author's order; the graph has to be acyclic."""
    graph = graph_of(workflow)
    place = {node.id.text: index for index, node in enumerate(workflow.nodes)}
    reached = {workflow.start.text, *nx.descendants(graph, workflow.start.text)}
    return list(nx.lexicographical_topological_sort(graph.subgraph(reached), key=place.__getitem__))


def way_around(workflow: Workflow, avoided: str, to: str) -> Sequence[str]:
    """A shortest way from the start to a node that does not pass another; there has to be one."""
    graph = graph_of(workflow)
    graph.remove_node(avoided)
    found: Sequence[str] = nx.shortest_path(graph, workflow.start.text, to)
    return found


def spoken(way: Sequence[str]) -> str:
    """A way as a message shows it, cut in its middle where it is long."""
    names = [f"`{id}`" for id in way]
    if len(names) > _SHOWN:
        names[_SHOWN // 2 : -(_SHOWN // 2)] = ["…"]
    return " → ".join(names)
