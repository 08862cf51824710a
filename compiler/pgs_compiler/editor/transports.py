"""The forms of transports: an ingress for each kind of request, and the egress that answers."""

from __future__ import annotations

from typing import get_args

from pgs_compiler.editor.parts import (
    BINDINGS,
    FIELDS,
    REFERENCE_TO,
    Form,
    by_key,
    choice,
    each,
    mapping,
    name,
    word,
    words,
)
from pgs_compiler.names import NODE, OUTCOME, ROUTE, TOOL
from pgs_compiler.parse.transports import LEAST_STATUS, MOST_STATUS, PARTS
from pgs_snapshot.transports import Method

_DOORS: dict[str, Form] = {
    "http": mapping({"method": choice(get_args(Method)), "path": word(ROUTE)}),
    "mcp": mapping({"tool": word(TOOL), "description": word()}),
}


def _ingress(door: str) -> Form:
    names = {kind: name(kind) for kind in ("workflow", "egress", "actor")}
    request = mapping({}, dict.fromkeys(PARTS[door], FIELDS["plain"]))
    return mapping({**names, door: _DOORS[door], "payload": BINDINGS}, {"request": request, "request_id": REFERENCE_TO})


INGRESS: Form = by_key({door: _ingress(door) for door in _DOORS})
_RESPONSE = mapping(
    {}, {"status": {"type": "integer", "minimum": LEAST_STATUS, "maximum": MOST_STATUS}, "body": BINDINGS}
)
EGRESS: Form = mapping(
    {"workflow": name("workflow"), "responses": each(OUTCOME, _RESPONSE)}, {"clears": words(word(NODE))}
)
