"""Machines: states, the events that they handle, what is run on the way in, and how long they last."""

from __future__ import annotations

import re

from pgs_compiler.declarations import Header, Word
from pgs_compiler.machines import (
    EntryEdge,
    EntrySyntax,
    Machine,
    MachineEvent,
    MachineSignal,
    StateSyntax,
    TimerSyntax,
    Transition,
)
from pgs_compiler.names import OUTCOME, PERIOD, Grammar
from pgs_compiler.parse.contracts import CONTINUE
from pgs_compiler.parse.values import bindings
from pgs_compiler.schemas.shape import parse_fields
from pgs_compiler.shape import Fields
from pgs_compiler.source import Entry, Mapping, Tree

MAX_STATES = 60
"""Each state is an outcome of a contract that is made, which has at most 64."""
MAX_EVENTS = 200
MAX_ENTRIES = 20

STATE = Grammar(re.compile(r"[A-Z][A-Z0-9_]{0,39}"), "up to 40 capitals, digits and `_`")
SIGNAL = Grammar(re.compile(r"domain\.[a-z][a-z0-9_]{0,63}"), "a field of the context, as `domain.sig_fraud`")
KINDS = ("workflow", "process")
STATE_KEYS = ("entry", "events", "ignore", "after", "final")


def machine(header: Header, fields: Fields) -> Machine | None:
    context = fields.name("context", "context", required=False)
    initial = fields.word("initial", grammar=STATE)
    actors = fields.names("actors", "actor")
    events = tuple(event for entry in fields.entries("events", False) if (event := _event(entry, header, fields)))
    signals = tuple(signal for entry in fields.entries("signals", False) if (signal := _signal(entry, fields)))
    states = tuple(state for entry in fields.entries("states") if (state := _state(entry, fields)))
    for size, what, most in ((len(states), "states", MAX_STATES), (len(events), "events", MAX_EVENTS)):
        if size > most:
            message = f"`{header.name}` has {size} {what}; the limit is {most}."
            fields.report.add("F523", message, header.place)
    if initial is None or fields.place is None:
        return None
    return Machine(header, context, initial, actors, events, signals, states, fields.place)


def _event(entry: Entry, header: Header, fields: Fields) -> MachineEvent | None:
    name = fields.as_word(entry.key, "the name of an event", STATE)
    inner = Fields(entry.value, f"the event `{entry.name}`", fields.report)
    carried = parse_fields(inner.tree("fields", required=False), header.place, fields.report)
    stated = "actors" in inner
    actors = inner.names("actors", "actor", required=False)
    inner.done()
    return MachineEvent(name, carried, actors if stated else None) if name else None


def _signal(entry: Entry, fields: Fields) -> MachineSignal | None:
    field = fields.as_word(entry.key, "a signal of the context", SIGNAL)
    event = fields.as_word(entry.value, "the name of an event", STATE)
    return MachineSignal(field, event) if field and event else None


def _state(entry: Entry, fields: Fields) -> StateSyntax | None:
    if entry.name in STATE_KEYS:
        message = f"`{entry.name}` is a key of a state, and it stands where the states are."
        fields.report.add("D204", message, entry.key.place, "indent it below its state")
        return None
    name = fields.as_word(entry.key, "the name of a state", STATE)
    inner = Fields(entry.value, f"the state `{entry.name}`", fields.report)
    sequence = inner.sequence("entry", required=False)
    chain = tuple(found for tree in sequence or () if (found := _entry(tree, entry.name, inner)))
    if name is not None and len(chain) > MAX_ENTRIES:
        message = f"`{name.text}` has {len(chain)} entries; the limit is {MAX_ENTRIES}."
        fields.report.add("F523", message, name.place)
    events = []
    for item in inner.entries("events", required=False):
        event = inner.as_word(item.key, "the name of an event", STATE)
        to = inner.as_word(item.value, "the name of a state", STATE)
        events += [Transition(event, to)] if event and to else []
    ignored = inner.words("ignore", required=False, grammar=STATE)
    after = []
    for item in inner.entries("after", required=False):
        period = inner.as_word(item.key, "how long a state lasts", PERIOD)
        to = inner.as_word(item.value, "the name of a state or an event", STATE)
        after += [TimerSyntax(period, to)] if period and to else []
    final = inner.flag("final")
    inner.done()
    return StateSyntax(name, chain, tuple(events), ignored, tuple(after), final) if name else None


def _entry(tree: Tree, state: str, fields: Fields) -> EntrySyntax | None:
    inner = Fields(tree, f"this entry of `{state}`", fields.report)
    if not isinstance(tree, Mapping):
        return None
    kinds = [kind for kind in KINDS if kind in inner]
    if len(kinds) != 1:
        how = "neither" if not kinds else "both"
        message = f"An entry runs a `workflow` or a `process`, and this one has {how}."
        fields.report.add("D216", message, tree.place)
        return None
    runs = inner.name(kinds[0], kinds[0])
    inputs = bindings(inner.tree("inputs"), inner, tree.place)
    written = inner.entry("next")
    mapping = inner.shape(written.value, Mapping, "`next`") if written else None
    out = tuple(edge for item in mapping or () if (edge := _edge(item, inner)))
    inner.done()
    if runs is None or written is None:
        return None
    return EntrySyntax("workflow" if kinds[0] == "workflow" else "process", runs, inputs, out, written.key.place)


def _edge(entry: Entry, fields: Fields) -> EntryEdge | None:
    outcome = fields.as_word(entry.key, "an outcome", OUTCOME)
    word = fields.as_word(entry.value, "an event, or `continue`")
    if outcome is None or word is None:
        return None
    if word.text == CONTINUE:
        return EntryEdge(outcome, None)
    event: Word | None = fields.as_word(entry.value, "the name of an event", STATE)
    return EntryEdge(outcome, event) if event else None
