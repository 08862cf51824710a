"""The form of `pgs.yaml`."""

from __future__ import annotations

from pgs_compiler.editor.parts import Form, choice, constant, listing, mapping, name, word, words
from pgs_compiler.names import NODE
from pgs_compiler.project import FOLDER, FORMAT, MOST, NAME
from pgs_compiler.rules import RULES
from pgs_compiler.waivers import DAY
from pgs_snapshot.limits import LIMIT_NAMES

_COUNT: Form = {"type": "integer", "minimum": 1}
_UP_TO: dict[str, Form] = {name: _COUNT | {"maximum": most} for name, most in MOST.items()}
_PACKAGE: Form = {
    "if": {"type": "string"},
    "then": word(NODE),
    "else": {"type": "object", "propertyNames": word(NODE), "additionalProperties": word(FOLDER)},
}
_WAIVABLE = choice(code for code, rule in RULES.items() if rule.waivable)
_WAIVER = mapping({"rule": _WAIVABLE, "at": word(), "owner": word(), "reason": word(), "until": word(DAY)})

PROJECT: Form = mapping(
    {"format": constant(FORMAT), "name": word(NAME), "version": {"type": "integer", "minimum": 0}},
    {
        "sources": words(word(FOLDER)),
        "packages": words(_PACKAGE),
        "labels": words(word(NODE)),
        "limits": mapping({}, dict.fromkeys(LIMIT_NAMES, _COUNT) | _UP_TO),
        "actor": name("actor"),
        "waivers": listing(_WAIVER),
        "baseline": word(FOLDER),
        "trust": word(FOLDER),
    },
)
