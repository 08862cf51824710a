"""follow: a checked program in, where its labelled data goes out, and a finding for each place where it may not go.

What clears a label that never comes to it is told as well.
Every workflow is followed node by node, every contract anew for what each node gives it. The answer says for each
node what its record hides; the runtime only does what it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pgs_compiler.checks import Checked
from pgs_compiler.findings import Result
from pgs_compiler.flows.arrivals import leaks
from pgs_compiler.flows.clearances import idle
from pgs_compiler.flows.contracts import follow_contract
from pgs_compiler.flows.graphs import FlowsOf, Scene
from pgs_compiler.flows.lattice import CLEAN
from pgs_compiler.flows.responses import answered
from pgs_compiler.flows.stores import Stores
from pgs_snapshot import model


@dataclass(frozen=True, slots=True)
class Flows:
    """Where labelled data goes, by workflow."""

    workflows: Mapping[str, FlowsOf]


def follow(checked: Checked) -> Result[Flows]:
    """Follow every label through every workflow. The value is there even where a leak forbids a snapshot."""
    stores = Stores(checked.program)
    while True:
        stores.news = False
        scene = Scene(checked, stores)
        found = answered(checked, {name: scene.workflow(name) for name in checked.graphs})
        arrivals = [arrival for flows in found.values() for arrival in flows.arrivals]
        sinks = [sink for flows in found.values() for sink in flows.sinks]
        for name in sorted(scene.contracts.keys() - _used(checked)):
            alone = follow_contract(checked.program, stores, scene.contracts[name], CLEAN, CLEAN)
            arrivals += alone.arrivals
            sinks += alone.sinks
        if not stores.news:
            sealed = {name: replace(flows, hidden=scene.sealed(name)) for name, flows in found.items()}
            return Result(Flows(sealed), (*leaks(arrivals), *idle(checked.program, sinks, arrivals)))


def hiding(checked: Checked, flows: Flows) -> Checked:
    """The same program, with what each node of its graphs hides."""
    graphs = {name: replace(graph, hidden=flows.workflows[name].hidden) for name, graph in checked.graphs.items()}
    return replace(checked, graphs=graphs)


def _used(checked: Checked) -> set[str]:
    used: set[str] = set()
    for node in (node for graph in checked.graphs.values() for node in graph.nodes):
        if isinstance(node, model.ContractNode):
            used.add(node.contract)
        if isinstance(node, model.Undoable) and node.undo:
            used.add(node.undo.contract)
    return used
