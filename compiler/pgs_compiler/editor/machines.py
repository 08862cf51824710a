"""The form of machines."""

from __future__ import annotations

from pgs_compiler.editor.parts import (
    BINDINGS,
    FIELDS,
    FLAG,
    Form,
    by_key,
    each,
    listing,
    mapping,
    name,
    word,
    words,
)
from pgs_compiler.names import OUTCOME, PERIOD
from pgs_compiler.parse.contracts import CONTINUE
from pgs_compiler.parse.machines import KINDS, SIGNAL, STATE

_NEXT = each(OUTCOME, {"anyOf": [{"const": CONTINUE}, word(STATE)]})
_ENTRY: Form = by_key(
    {kind: mapping({kind: name(kind), "inputs": BINDINGS, "next": _NEXT}) for kind in KINDS},
)
_STATE = mapping(
    {},
    {
        "entry": listing(_ENTRY),
        "events": each(STATE, word(STATE)),
        "ignore": words(word(STATE)),
        "after": each(PERIOD, word(STATE)),
        "final": FLAG,
    },
)
MACHINE = mapping(
    {"initial": word(STATE), "actors": words(name("actor")), "states": each(STATE, _STATE)},
    {
        "context": name("context"),
        "events": each(STATE, mapping({}, {"fields": FIELDS["plain"], "actors": words(name("actor"))})),
        "signals": each(SIGNAL, word(STATE)),
    },
)
