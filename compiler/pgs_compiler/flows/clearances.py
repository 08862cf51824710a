"""Clearances that no labelled data needs: a store, event, operation, exit or egress admits what never comes to it.

Whoever reads the declaration would look for the data there; and what comes later would pass unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from pgs_compiler.declarations import Egress, Entity, Event, ExitNodeSyntax, SideEffect, Store, Word, Workflow
from pgs_compiler.findings import Finding, Place
from pgs_compiler.flows.arrivals import Arrival, Sink
from pgs_compiler.program import Program
from pgs_compiler.schemas.labels import labels_in

_Clearing: TypeAlias = tuple[str, Place, tuple[Word, ...], frozenset[str]]
"""What clears labels: how messages call it, where it is declared, the labels, and those that it declares itself."""


def idle(program: Program, sinks: Iterable[Sink], arrived: Iterable[Arrival]) -> Iterator[Finding]:
    """A finding for each label that is cleared and never comes.

    What no workflow or contract uses is left alone, and what gets another label than it clears: that is told.
    """
    arrived = tuple(arrived)
    refusing = {arrival.sink.declared for arrival in arrived if arrival.verdict == "refused"}
    used = {sink.declared for sink in sinks} - refusing
    needed = {(arrival.sink.declared, arrival.mark.word) for arrival in arrived if arrival.verdict == "cleared"}
    for name, place, words, own in _clearing(program):
        for word in words if place in used else ():
            if word.text not in own and (place, word.text) not in needed:
                message = f"`{name}` clears `{word.text}`, and nothing that is labelled so comes to it."
                yield Finding("A809", message, word.place, "idle", hint=f"Remove `{word.text}`.")


def _clearing(program: Program) -> Iterator[_Clearing]:
    for store in program.of(Store):
        own = labels_in(program.schema(program.get(store.entity, Entity).schema))
        yield store.header.name, store.header.place, store.clears, own
    for event in program.of(Event):
        yield event.header.name, event.header.place, event.clears, labels_in(program.fields(event.fields))
    for side_effect in program.of(SideEffect):
        for operation in side_effect.operations:
            yield operation.name.text, operation.name.place, operation.clears, frozenset()
    for workflow in program.of(Workflow):
        for node in workflow.nodes:
            if isinstance(node, ExitNodeSyntax):
                yield node.id.text, node.id.place, node.clears, frozenset()
    for egress in program.of(Egress):
        yield egress.header.name, egress.header.place, egress.clears, frozenset()
