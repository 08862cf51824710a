"""What is answered: the result of an exit goes on into bodies, as far as their egress clears it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pgs_compiler.checks import Checked
from pgs_compiler.declarations import Egress
from pgs_compiler.flows.arrivals import Arrival, Sink, arrivals
from pgs_compiler.flows.graphs import FlowsOf
from pgs_compiler.flows.lattice import CLEAN, record
from pgs_compiler.flows.values import bound


def answered(checked: Checked, found: Mapping[str, FlowsOf]) -> dict[str, FlowsOf]:
    """The flows of every workflow, with those into the responses to its exits."""
    answering = dict(found)
    for egress in checked.program.of(Egress):
        name = egress.workflow.text
        answering[name] = _answered(checked, egress, answering[name])
    return answering


def _answered(checked: Checked, egress: Egress, flows: FlowsOf) -> FlowsOf:
    code = egress.header.name.partition("::")[2]
    clears = frozenset(word.text for word in egress.clears)
    sinks: list[Sink] = []
    arrived: list[Arrival] = []
    for response in egress.responses:
        exit = response.exit.text
        lowered = checked.egresses[egress.header.name].responses[exit]
        if not lowered.body:
            continue
        frame = (flows.results.get(exit, CLEAN),)  # an exit's name and the run carry nothing
        words = f"the response to `{exit}` tells it as `{{}}`"
        body = record(bound(lowered.body, response.body, frame, words))
        sinks.append(Sink("response", f"`{exit}` of `{code}`", clears, f"`{code}`", egress.header.place))
        arrived += (replace(arrival, node=exit) for arrival in arrivals(body, sinks[-1]))
    return replace(flows, sinks=(*flows.sinks, *sinks), arrivals=(*flows.arrivals, *arrived))
