"""The form of each kind of declaration, of each kind of node and of each kind of step.

A new kind is a line in `KINDS_`, a new node one in `NODES`: `test_editor.py` says which are missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pgs_compiler.editor.laws import ASSERTION, CONSTITUTION
from pgs_compiler.editor.machines import MACHINE
from pgs_compiler.editor.parts import (
    ANY,
    BINDINGS,
    CONDITION,
    FIELDS,
    FLAG,
    NEXT,
    REFERENCE_TO,
    VALUE,
    Form,
    by_key,
    by_word,
    choice,
    constant,
    each,
    full_name,
    listing,
    mapping,
    name,
    one_of_keys,
    whole,
    word,
    words,
)
from pgs_compiler.editor.processes import AUDIT, CONTEXT, PROCESS
from pgs_compiler.editor.transports import EGRESS, INGRESS
from pgs_compiler.names import DURATION, NODE, OUTCOME, PERIOD
from pgs_compiler.parse.artifacts import MAX_ATTEMPTS, SEMANTICS
from pgs_compiler.parse.calls import MAX_ITEMS
from pgs_compiler.parse.contracts import CONTINUE, OTHERWISE
from pgs_compiler.parse.workflows import EXIT_KINDS

HEADER: Mapping[str, Form] = MappingProxyType(
    {
        "summary": word(),
        "description": word(),
        "subdomain": word(),
        "owner": word(),
        "tags": words(word()),
    }
)
"""What every document may carry."""

# --- nodes and steps -----------------------------------------------------------------------------

_UNDO = mapping({"contract": name("contract")}, {"inputs": BINDINGS})
_CHOICE = mapping(
    {"choose": REFERENCE_TO, "of": {**each({}, name("workflow")), "minProperties": 1}},
    {"otherwise": name("workflow")},
)
_CALLEE: Form = {"if": {"type": "string"}, "then": name("workflow"), "else": _CHOICE}
_SIGNAL = mapping(
    {"event": name("event"), "from": words(name("actor"))},
    {"not_actor_of": words(word(NODE)), "match": BINDINGS, "where": CONDITION},
)
_WAIT = one_of_keys(mapping({"signals": each(OUTCOME, _SIGNAL)}, {"within": VALUE, "until": VALUE}), "within", "until")
NODES: Mapping[str, Form] = MappingProxyType(
    {
        "intent": mapping({"intent": name("intent"), "next": NEXT}, {"summary": word()}),
        "contract": mapping(
            {"contract": name("contract"), "next": NEXT}, {"inputs": BINDINGS, "undo": _UNDO, "summary": word()}
        ),
        "process": mapping(
            {"process": name("process"), "session": VALUE, "next": NEXT},
            {"inputs": BINDINGS, "undo": _UNDO, "summary": word()},
        ),
        "each": mapping(
            {"each": VALUE, "call": _CALLEE, "inputs": BINDINGS, "max": whole(MAX_ITEMS), "next": NEXT},
            {
                "order": choice(("sequential", "concurrent")),
                "on_item": each(OUTCOME, choice(("stop", "continue"))),
                "summary": word(),
            },
        ),
        "call": mapping({"call": _CALLEE, "inputs": BINDINGS, "next": NEXT}, {"undo": _UNDO, "summary": word()}),
        "wait": mapping({"wait": _WAIT, "next": NEXT}, {"summary": word()}),
        "exit": mapping(
            {"exit": choice(EXIT_KINDS)},
            {
                "reason": {"anyOf": [word(OUTCOME), REFERENCE_TO]},
                "result": BINDINGS,
                "clears": words(word(NODE)),
                "emit": each(name("event"), BINDINGS),
                "summary": word(),
            },
        ),
    }
)

_STEP_NEXT = {"next": each(OUTCOME, {"anyOf": [constant(CONTINUE), word(OUTCOME)]})}
_CASE: Form = {
    "type": "object",
    "properties": {"outputs": BINDINGS},
    "propertyNames": {"anyOf": [{"pattern": f"^{OUTCOME.pattern.pattern}$"}, constant("outputs")]},
    "additionalProperties": {"if": {"type": "object"}, "then": CONDITION, "else": constant(OTHERWISE)},
    "if": {"required": ["outputs"]},
    "then": {"minProperties": 2, "maxProperties": 2},
    "else": {"minProperties": 1, "maxProperties": 1},
}
STEPS: Mapping[str, Form] = MappingProxyType(
    {
        "transform": mapping({"step": word(NODE), "transform": name("transform"), "inputs": BINDINGS}, _STEP_NEXT),
        "op": one_of_keys(
            mapping(
                {"step": word(NODE), "op": word(OUTCOME), "inputs": BINDINGS},
                {"store": name("store"), "side_effect": name("side_effect"), **_STEP_NEXT},
            ),
            "store",
            "side_effect",
        ),
        "decide": mapping({"step": word(NODE), "decide": listing(_CASE, 1)}, _STEP_NEXT),
    }
)

# --- declarations --------------------------------------------------------------------------------

_EXAMPLE = mapping({"inputs": {"type": "object"}, "outcome": word(OUTCOME)}, {"outputs": {"type": "object"}})
_CLEARS = {"clears": words(word(NODE))}
_OPERATION = mapping(
    {
        "mode": choice(("read", "write")),
        "inputs": FIELDS["operation"],
        "outcomes": each(OUTCOME, FIELDS["operation"]),
    },
    {**_CLEARS, "keyed": FLAG},
)
_POLICY = by_word(
    "unknown",
    {
        "retry": mapping({"unknown": constant("retry"), "attempts": whole(MAX_ATTEMPTS)}, {"at_least_once": FLAG}),
        "lookup": mapping({"unknown": constant("lookup"), "lookup": word(OUTCOME)}),
    },
    mapping({}, {"unknown": constant("suspend")}),
)
_RULE: Form = {
    "type": "object",
    "if": {"propertyNames": {"pattern": "^[A-Z]"}},
    "then": {**each(OUTCOME, CONDITION), "minProperties": 1, "maxProperties": 1},
    "else": CONDITION,
}

KINDS_: Mapping[str, Form] = MappingProxyType(
    {
        "workflow": mapping(
            {"start": word(NODE), "nodes": each(NODE, by_key(NODES))},
            {"binding": name("binding")},
        ),
        "intent": mapping(
            {"payload": FIELDS["plain"], "actors": words(name("actor"))},
            {
                "requires": listing(_RULE),
                "subjects": listing(REFERENCE_TO),
                "break_glass": each(OUTCOME, mapping({"by": words(name("actor")), "within": word(PERIOD)})),
            },
        ),
        "actor": mapping({}, {"attributes": FIELDS["plain"]}),
        "contract": mapping(
            {"steps": listing(by_key(STEPS), 1), "outcomes": each(OUTCOME, BINDINGS)},
            {"inputs": FIELDS["plain"], "on_input_failure": word(OUTCOME)},
        ),
        "transform": mapping(
            {
                "inputs": FIELDS["generic"],
                "outcomes": each(OUTCOME, FIELDS["generic"]),
                "implementation": word(),
            },
            {
                "examples": listing(_EXAMPLE),
                "declassifies": {"anyOf": [words(word(NODE)), each(NODE, words(word()))]},
            },
        ),
        "side_effect": mapping(
            {
                "semantics": choice(SEMANTICS),
                "operations": each(OUTCOME, _OPERATION),
                "implementation": word(),
            },
            {"entity": name("entity")},
        ),
        "store": mapping(
            {
                "side_effect": name("side_effect"),
                "entity": name("entity"),
                "operations": words(word(OUTCOME)),
            },
            {**_CLEARS, "writers": words(word(NODE))},
        ),
        "binding": mapping(
            {},
            {
                "stores": each(name("store"), mapping({}, {"retention": word(DURATION)})),
                "config": FIELDS["plain"],
                "effects": each(name("side_effect"), _POLICY),
            },
        ),
        "entity": by_key({"enum": mapping({"enum": listing(ANY, 1)}), "fields": mapping({"fields": FIELDS["plain"]})}),
        "event": mapping({"fields": FIELDS["plain"]}, _CLEARS),
        "assertion": ASSERTION,
        "constitution": CONSTITUTION,
        "ingress": INGRESS,
        "egress": EGRESS,
        "context": CONTEXT,
        "process": PROCESS,
        "audit": AUDIT,
        "machine": MACHINE,
    }
)
"""The form of each kind that compiles, without its first key and the header."""


def document(kind: str) -> Form:
    """The form of a whole document of a kind."""
    return _with_header(kind, KINDS_[kind])


def _with_header(kind: str, form: Form) -> Form:
    """A form with the first key and the header; of a choice, each of its mappings."""
    found = dict(form)
    properties = form.get("properties")
    required = form.get("required")
    if isinstance(properties, dict) and isinstance(required, list):
        found["properties"] = {kind: full_name(kind), **HEADER, **properties}
        found["required"] = [kind, *required]
    for part in ("then", "else"):
        inner = form.get(part)
        if isinstance(inner, dict):
            found[part] = _with_header(kind, inner)
    chosen = form.get("allOf")
    if isinstance(chosen, list):
        found["allOf"] = [_with_header(kind, inner) for inner in chosen if isinstance(inner, dict)]
    return found
