"""The forms of contexts, processes and audits."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from pgs_compiler.editor.parts import ANY, FIELDS, FLAG, Form, by_key, choice, each, listing, mapping, name, word, words
from pgs_compiler.names import OUTCOME
from pgs_compiler.parse.processes import MAX_THRESHOLD
from pgs_compiler.processes import Target
from pgs_process.audit.conditions import CONDITIONS
from pgs_process.audit.recipe import LEVELS, MODES

_LIMITS: dict[str, Form] = dict.fromkeys(CONDITIONS, ANY)
INVARIANTS: Mapping[str, Form] = MappingProxyType(
    {
        "conserved": mapping({"conserved": word()}),
        "monotonic": mapping({"monotonic": word()}),
        "unchanged_unless": mapping(
            {"unchanged_unless": mapping({"path": word(), "by": words(name("process"))})},
        ),
        "field": mapping({"field": word()}, _LIMITS),
    }
)
CONTEXT = mapping({}, {"global": FIELDS["plain"], "domain": FIELDS["plain"], "invariants": listing(by_key(INVARIANTS))})
PROCESS = mapping(
    {"context": name("context"), "outcomes": each(OUTCOME, FIELDS["plain"]), "implementation": word()},
    {
        "reads": words(word()),
        "writes": words(word()),
        "signals": words(word()),
        "inputs": FIELDS["plain"],
        "errors": {"type": "object", "additionalProperties": word(OUTCOME)},
    },
)
_RULE = mapping(
    {"field": word()},
    {
        "level": choice(LEVELS),
        "threshold": {"type": "integer", "minimum": 1, "maximum": MAX_THRESHOLD},
        "reset_on_success": FLAG,
        "under_threshold": choice(("commit", "reject")),
        "mode": choice(MODES),
        "message": word(),
        **_LIMITS,
    },
)


def _audit(target: str) -> Form:
    return mapping({target: name(target)}, {"inputs": listing(_RULE), "outputs": listing(_RULE)})


AUDIT: Form = by_key({target: _audit(target) for target in get_args(Target)})
