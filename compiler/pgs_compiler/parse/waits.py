"""Nodes at which a run is suspended until a signal comes."""

from __future__ import annotations

from pgs_compiler.declarations import NodeSyntax, SignalSyntax, ValueSyntax, WaitNodeSyntax, Word
from pgs_compiler.findings import Place
from pgs_compiler.names import NODE, OUTCOME
from pgs_compiler.parse.conditions import condition
from pgs_compiler.parse.edges import edges
from pgs_compiler.parse.values import bindings, value
from pgs_compiler.shape import Fields
from pgs_compiler.source import Entry

EXPIRED = "EXPIRED"


def wait(id: Word, fields: Fields) -> NodeSyntax | None:
    """`wait: {within: …, signals: {…}}`, or with `until`."""
    entry = fields.entry("wait")
    if entry is None:
        return None
    inner = Fields(entry.value, "`wait`", fields.report)
    deadline = _deadline(inner, entry.key.place)
    signals = tuple(found for item in inner.entries("signals") if (found := _signal(item, inner)))
    inner.done()
    out, place = edges(id, fields)
    summary = fields.text("summary", required=False)
    if deadline is None:
        return None
    which, until = deadline
    return WaitNodeSyntax(id, which, until, signals, out, place, entry.key.place, summary)


def _deadline(fields: Fields, place: Place) -> tuple[Word, ValueSyntax] | None:
    """`within` or `until`, and its value."""
    within, until = fields.entry("within", required=False), fields.entry("until", required=False)
    entry = within or until
    if entry is None or (within and until):
        how = "neither" if entry is None else "both"
        if fields.meant(("within", "until")) is None:
            message = f"A wait has one end, `within` or `until`, and this one has {how}."
            fields.report.add("D216", message, place)
        return None
    found = value(entry.value, fields)
    return (Word(entry.name, entry.key.place), found) if found else None


def _signal(entry: Entry, fields: Fields) -> SignalSyntax | None:
    name = fields.as_word(entry.key, "the name of a signal", OUTCOME)
    inner = Fields(entry.value, f"the signal `{entry.name}`", fields.report)
    event = inner.name("event", "event")
    senders = inner.names("from", "actor")
    not_actor_of = inner.words("not_actor_of", required=False, grammar=NODE)
    match = bindings(inner.tree("match", required=False), inner, entry.key.place)
    tree = inner.tree("where", required=False)
    where = condition(tree, inner) if tree is not None else None
    inner.done()
    return SignalSyntax(name, event, senders, not_actor_of, match, where) if name and event else None
