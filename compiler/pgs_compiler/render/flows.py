"""The matrix of flows as text: letters first, then each sink in words, and on request every way."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator

from pgs_compiler.flows.arrivals import Arrival, Sink
from pgs_compiler.flows.graphs import FlowsOf
from pgs_compiler.flows.matrix import VERDICTS, Matrix, Row, document, matrix

_MEANINGS = {
    "refused": "refused",
    "cleared": "cleared",
    "declassified": "declassified",
    "implicit": "implicit",
    "hidden": "hidden in the trace",
    "asked": "asked for, and not kept",
}
_LONGEST = 44  # columns of a source


class NothingFlows(Exception):
    """Nothing labelled goes from the source that was asked for to the sink; the text says what does."""


def answer(workflow: str, flows: FlowsOf, chosen: tuple[str, str], width: int, ways: bool) -> str:
    """What `pgs_compiler flows` says; `chosen` is the source and the sink that are asked for, "" being any.

    A width of 0 asks for JSON.

    Raises:
        NothingFlows: there is no such flow.
    """
    source, sink = chosen
    everything = matrix(workflow, flows)
    found = everything.chosen(source, sink)
    if (source or sink) and not found.rows:
        known = ", ".join(f"`{name}`" for name in (*everything.sources(), *everything.takers())) or "none"
        where = f"from `{source or 'anywhere'}` to `{sink or 'anywhere'}`"
        raise NothingFlows(f"Nothing labelled goes {where}. Known: {known}.")
    if not width:
        return json.dumps(document(found), indent=2) + "\n"
    return told(found, width, ways or bool(source or sink))


def told(found: Matrix, width: int, ways: bool) -> str:
    """The matrix within `width` columns, as far as names allow; with `ways`, how each came there."""
    lines = [found.workflow, ""]
    if not found.rows:
        return "\n".join([found.workflow, "", "Nothing that is labelled reaches anything.", ""])
    lines += _letters(found, width)
    lines += ["", "  ".join(f"{VERDICTS[verdict]} {verdict}" for verdict in VERDICTS if _has(found, verdict)), ""]
    for number, sink in enumerate(found.sinks, start=1):
        lines.append(
            f"{number:>2}  {sink.kind} {sink.name}" if sink.kind not in sink.name else f"{number:>2}  {sink.name}"
        )
        lines += _cells(found, sink.name, width)
    if ways:
        for item in found.arrivals():
            lines += ["", *_way(item, width)]
    return "\n".join([*lines, ""])


def _titled(sink: Sink) -> str:
    return sink.name if sink.name.startswith(sink.kind) else f"{sink.kind} {sink.name}"


def _has(found: Matrix, verdict: str) -> bool:
    return any(item.verdict == verdict for item in found.arrivals())


def _letters(found: Matrix, width: int) -> Iterator[str]:
    """One row a source; as many columns at a time as fit."""
    cells = {
        (row, sink.name): "".join(
            dict.fromkeys(VERDICTS[item.verdict] for item in found.cells.get((row, sink.name), ()))
        )
        for row in found.rows
        for sink in found.sinks
    }
    names = [_shortened(row[0]) for row in found.rows]
    first = max(map(len, names))
    second = max(len(label) for _, label in found.rows)
    column = max(3, *(len(text) + 1 for text in cells.values()), len(str(len(found.sinks))) + 1)
    fitting = max(1, (width - first - second - 2) // column)
    for start in range(0, len(found.sinks), fitting):
        shown = found.sinks[start : start + fitting]
        if start:
            yield ""
        heads = "".join(f"{number:>{column}}" for number in range(start + 1, start + 1 + len(shown)))
        yield f"{'':{first + second + 2}}{heads}".rstrip()
        for name, row in zip(names, found.rows, strict=True):
            marks = "".join(f"{cells[row, sink.name] or '.':>{column}}" for sink in shown)
            yield f"{name:<{first}}  {row[1]:<{second}}{marks}"


def _marks(cell: Iterable[Arrival]) -> str:
    return "".join(dict.fromkeys(VERDICTS[item.verdict] for item in cell))


def _shortened(source: str) -> str:
    return source if len(source) <= _LONGEST else f"…{source[-_LONGEST + 1 :]}"


def _cells(found: Matrix, sink: str, width: int) -> Iterator[str]:
    """What becomes of each source at a sink, those alike together."""
    alike: dict[str, list[str]] = {}
    for row in found.rows:
        for item in found.cells.get((row, sink), ()):
            sources = alike.setdefault(_verdict(item), [])
            if _named(row) not in sources:
                sources.append(_named(row))
    if not alike:
        yield "    nothing that is labelled"
    for verdict, sources in alike.items():
        yield from _wrapped(f"{verdict}: {', '.join(sources)}", width, 4)


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    first = " " * indent
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=f"{first}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _verdict(item: Arrival) -> str:
    return f"{item.verdict} by {item.by}" if item.by else _MEANINGS[item.verdict]


def _named(row: Row) -> str:
    return f"{row[0]} ({row[1]})"


def _way(item: Arrival, width: int) -> Iterator[str]:
    where = f" at `{item.node}`" if item.node else ""
    source = _named((item.mark.source, item.mark.word))
    yield from _wrapped(f"{source} to {_titled(item.sink)}{where}, {_verdict(item)}", width, 0)
    for hop in item.trail.hops():
        yield from _wrapped(hop.words, width, 4)
        yield f"      {hop.place}"
