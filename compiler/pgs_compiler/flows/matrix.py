"""The flows of one workflow as a matrix: labelled sources by sinks, with what becomes of the data in each cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pgs_compiler.flows.arrivals import Arrival, Sink, Verdict
from pgs_compiler.flows.graphs import FlowsOf
from pgs_snapshot.values import Value

Row = tuple[str, str]
"""A source and its label."""
VERDICTS: Mapping[Verdict, str] = {
    "refused": "!",
    "cleared": "c",
    "declassified": "d",
    "implicit": "i",
    "hidden": "h",
    "asked": "a",
}
"""What becomes of labelled data at a sink, each with its letter; the gravest first."""
_KINDS = ("store", "key", "session", "context", "effect", "event", "result", "response", "reason", "trace", "decision")


@dataclass(frozen=True, slots=True)
class Matrix:
    """Sources and sinks in the order of their names, and what arrives of each at each."""

    workflow: str
    rows: tuple[Row, ...]
    sinks: tuple[Sink, ...]
    cells: Mapping[tuple[Row, str], tuple[Arrival, ...]]

    def arrivals(self) -> Iterator[Arrival]:
        """Everything that arrives, by source, then by sink."""
        for row in self.rows:
            for sink in self.sinks:
                yield from self.cells.get((row, sink.name), ())

    def sources(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(source for source, _ in self.rows))

    def takers(self) -> tuple[str, ...]:
        """The names of the sinks."""
        return tuple(sink.name for sink in self.sinks)

    def chosen(self, source: str, sink: str) -> Matrix:
        """The part of sources and sinks that begin so, at the end of a word; "" is all of them."""
        sinks = tuple(item for item in self.sinks if _begins(item.name.replace("`", ""), sink.replace("`", ""), " "))
        named = {item.name for item in sinks}
        cells = {
            (row, name): found
            for (row, name), found in self.cells.items()
            if name in named and _begins(row[0], source, ".[ ")
        }
        rows = {row for row, _ in cells}
        reached = {name for _, name in cells}
        return Matrix(
            self.workflow,
            tuple(row for row in self.rows if row in rows),
            tuple(item for item in sinks if item.name in reached or not source),
            cells,
        )


def matrix(workflow: str, flows: FlowsOf) -> Matrix:
    """The matrix of a workflow."""
    sinks = {item.name: item for item in (*flows.sinks, *(arrival.sink for arrival in flows.arrivals))}
    cells: dict[tuple[Row, str], dict[tuple[str, str, str], Arrival]] = {}
    for item in flows.arrivals:
        cell = cells.setdefault(((item.mark.source, item.mark.word), item.sink.name), {})
        cell.setdefault((item.verdict, item.by, item.node), item)
    order = {verdict: number for number, verdict in enumerate(VERDICTS)}
    return Matrix(
        workflow,
        tuple(sorted({row for row, _ in cells})),
        tuple(sorted(sinks.values(), key=lambda found: (_KINDS.index(found.kind), found.name))),
        {
            key: tuple(sorted(cell.values(), key=lambda item: (order[item.verdict], item.by, item.node)))
            for key, cell in cells.items()
        },
    )


def _begins(name: str, start: str, ends: str) -> bool:
    return name.startswith(start) and (not start or len(name) == len(start) or name[len(start)] in ends)


def document(found: Matrix) -> Value:
    """The matrix as JSON, with the way of each cell."""
    return {
        "workflow": found.workflow,
        "sources": [{"source": source, "label": label} for source, label in found.rows],
        "sinks": [
            {"kind": sink.kind, "sink": sink.name, "clears": list[Value](sorted(sink.clears))} for sink in found.sinks
        ],
        "cells": [_cell(item) for item in found.arrivals()],
    }


def _cell(item: Arrival) -> Value:
    cell: dict[str, Value] = {
        "source": item.mark.source,
        "label": item.mark.word,
        "sink": item.sink.name,
        "node": item.node,
        "verdict": item.verdict,
        "way": [{"at": str(hop.place), "hop": hop.words} for hop in item.trail.hops()],
    }
    return {**cell, "by": item.by} if item.by else cell
