"""The forms that recur in declarations, as JSON Schema.

Laws: every form is readable as draft-07 and as 2020-12 (no `$defs` siblings of `$ref`, no tuples); every mapping of
a form is closed; a choice between mappings is made by the key that tells them apart, so that a mistake is reported
in the form that was meant and not in all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from pgs_compiler.names import DOMAIN, KINDS, MAX_NAME, NODE, OUTCOME, Grammar
from pgs_compiler.parse.conditions import ARITY, OPERATORS
from pgs_compiler.parse.values import FORMS
from pgs_compiler.schemas.anatomy import TYPES
from pgs_compiler.schemas.generic import ASPECTS, ENTITY
from pgs_compiler.schemas.keywords import KEYWORDS, SHAPES
from pgs_compiler.schemas.paths import MAX_PATH, REFERENCE
from pgs_compiler.schemas.syntax import Scope
from pgs_snapshot.formats import FORMATS
from pgs_snapshot.values import Value

Form: TypeAlias = dict[str, Value]

_LAST_NAME = r"(\.[A-Za-z0-9_]+|'\])$"
_FIELD = "^[A-Za-z_][A-Za-z0-9_]*$"
_VERSION = "_[A-Z][A-Z0-9_]*_V(0|[1-9][0-9]{0,5})"

# --- words and names -----------------------------------------------------------------------------


def word(grammar: Grammar | None = None) -> Form:
    """A string that says something, in the form of a grammar."""
    return {"type": "string", "pattern": _whole(grammar)} if grammar else {"type": "string", "minLength": 1}


def choice(words: Iterable[str]) -> Form:
    return {"enum": [*words]}


def constant(text: str) -> Form:
    return {"const": text}


def name(kind: str) -> Form:
    """A reference to an artifact, with or without its domain."""
    domain = f"({DOMAIN.pattern}::)?"
    return {"type": "string", "pattern": f"^{domain}{KINDS[kind]}{_VERSION}$", "maxLength": 64 + 2 + MAX_NAME}


def full_name(kind: str) -> Form:
    """The name under which a document declares something."""
    pattern = f"^{DOMAIN.pattern}::{KINDS[kind]}{_VERSION}$"
    return {"type": "string", "pattern": pattern, "maxLength": 64 + 2 + MAX_NAME}


def _whole(grammar: Grammar) -> str:
    return f"^(?:{grammar.pattern.pattern})$"


# --- lists and mappings --------------------------------------------------------------------------


def listing(item: Form, least: int = 0) -> Form:
    return {"type": "array", "items": item, **({"minItems": least} if least else {})}


def words(item: Form) -> Form:
    """A list that names each thing once."""
    return {"type": "array", "items": item, "uniqueItems": True}


def mapping(required: Mapping[str, Form], optional: Mapping[str, Form] | None = None) -> Form:
    """A mapping with these keys and no other."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": [*required],
        "additionalProperties": False,
    }


def each(keys: Grammar | Form, value: Form) -> Form:
    """A mapping from names of the author's own to values of one form."""
    named: Value = {"pattern": _whole(keys)} if isinstance(keys, Grammar) else {**keys}
    return {"type": "object", "propertyNames": named, "additionalProperties": value}


def by_key(forms: Mapping[str, Form]) -> Form:
    """One of several mappings: the first whose key is there."""
    keys = [*forms]
    chosen: Form = {"type": "object", "anyOf": [{"required": [key]} for key in keys]}
    for key in reversed(keys):
        chosen = {"if": {"required": [key]}, "then": forms[key], "else": chosen}
    return {"type": "object", "allOf": [chosen]}


def by_word(key: str, forms: Mapping[str, Form], otherwise: Form) -> Form:
    """One of several mappings, by the word under a key."""
    chosen = otherwise
    for text in reversed([*forms]):
        there: Form = {"properties": {key: constant(text)}, "required": [key]}
        chosen = {"if": there, "then": forms[text], "else": chosen}
    return {"type": "object", "allOf": [chosen]}


def one_of_keys(form: Form, *keys: str) -> Form:
    """A mapping that has exactly one of several keys."""
    return {**form, "oneOf": [{"required": [key]} for key in keys]}


def whole(most: int) -> Form:
    """A whole number from 1."""
    return {"type": "integer", "minimum": 1, "maximum": most}


def ref(part: str) -> Form:
    return {"$ref": f"#/$defs/{part}"}


FIELDS: Mapping[Scope, Form] = {scope: ref(f"fields-{scope}") for scope in ("plain", "generic", "operation")}
FLAG: Form = {"type": "boolean"}
VALUE, REFERENCE_TO, BINDINGS, CONDITION, ANY = (
    ref("value"),
    ref("reference"),
    ref("bindings"),
    ref("condition"),
    Form(),
)

# --- values, conditions --------------------------------------------------------------------------


def _value() -> dict[str, Value]:
    special: Form = {"anyOf": [{"required": [form]} for form in FORMS]}
    forms: dict[str, Form] = {
        "$literal": mapping({"$literal": ANY}),
        "$default": mapping({"$default": {"type": "array", "items": VALUE, "minItems": 2, "maxItems": 2}}),
        "$text": {"type": "object", "properties": {"$text": word()}, "additionalProperties": VALUE},
        "$enum": mapping({"$enum": name("entity")}),
    }
    record: Form = {"type": "object", "propertyNames": {"pattern": "^[^$]"}, "additionalProperties": VALUE}
    text: Form = {"pattern": f"^(?:[^$]|$|{REFERENCE}$)"}
    return {
        "reference": {"type": "string", "pattern": f"^{REFERENCE}$", "maxLength": MAX_PATH},
        # What is no text, list or mapping is taken as it is.
        "value": {
            "allOf": [
                {"if": {"type": "string"}, "then": text},
                {"if": {"type": "array"}, "then": {"items": VALUE}},
                {"if": {"type": "object"}, "then": {"if": special, "then": by_key(forms), "else": record}},
            ]
        },
        "bindings": {
            "type": ["object", "array", "string"],
            "allOf": [
                {"if": {"type": "string"}, "then": REFERENCE_TO},
                {"if": {"type": "array"}, "then": {"items": {"allOf": [REFERENCE_TO, {"pattern": _LAST_NAME}]}}},
                {"if": {"type": "object"}, "then": {"additionalProperties": VALUE}},
            ],
        },
    }


def _condition() -> dict[str, Value]:
    def operands(count: int) -> Form:
        several: Form = {"type": "array", "items": VALUE, "minItems": count, "maxItems": count}
        return several if count > 1 else {"if": {"type": "array"}, "then": several, "else": VALUE}

    forms: dict[str, Form] = {operator: operands(count) for operator, count in ARITY.items()}
    forms |= {"all": listing(CONDITION, 1), "any": listing(CONDITION, 1), "not": CONDITION}
    one: Form = mapping({}, {operator: forms[operator] for operator in OPERATORS})
    return {"condition": {**one, "minProperties": 1, "maxProperties": 1}}


# --- schemas -------------------------------------------------------------------------------------

_PLAIN: Mapping[str, Form] = {
    "a count, 0 or more": {"type": "integer", "minimum": 0},
    "a number": {"type": "number"},
    "a string": {"type": "string"},
    "true or false": FLAG,
}


_ASPECTS_OF: Mapping[Scope, tuple[str, ...]] = {
    "plain": (),
    "generic": ("$var",),
    "operation": ("$part", "$optional"),
}


def _schema(scope: Scope, place: str, allowed: Iterable[str]) -> Form:
    """A schema where `default` and `optional` mean something only if they are allowed."""
    plain, member = ref(f"schema-{scope}"), ref(f"member-{scope}")
    named: Form = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}
    entity: Form = {"anyOf": [name("entity"), constant(ENTITY)]} if scope == "operation" else name("entity")
    forms: dict[str, Form] = {
        "type": {"anyOf": [choice(TYPES), {**words(choice(TYPES)), "minItems": 1}]},
        "enum": {"type": "array", "minItems": 1, "uniqueItems": True},
        "const": ANY,
        "$ref": entity,
        "$var": named,
        "$part": constant(ENTITY),
        "$optional": constant(ENTITY),
        "properties": {"type": "object", "additionalProperties": member},
        "required": words({"type": "string"}),
        "additionalProperties": {"if": {"type": "boolean"}, "else": plain},
        "items": plain,
        "labels": {"type": "array", "items": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}, "minItems": 1},
        "default": ANY,
        **{keyword: {**_PLAIN[spoken]} for keyword, (_, spoken) in SHAPES.items()},
        "format": choice(FORMATS),
    }
    kept = [keyword for keyword in KEYWORDS if keyword not in ("default", "optional", *ASPECTS)]
    kept += [*allowed, *_ASPECTS_OF[scope]]
    return mapping({}, {keyword: forms[keyword] for keyword in kept})


def _schemas() -> dict[str, Value]:
    found: dict[str, Value] = {}
    for scope in FIELDS:
        found[f"schema-{scope}"] = _schema(scope, "schema", ())
        found[f"member-{scope}"] = _schema(scope, "member", ("default",))
        found[f"field-{scope}"] = _schema(scope, "field", ("default", "optional"))
        found[f"fields-{scope}"] = {
            "type": "object",
            "propertyNames": {"pattern": _FIELD},
            "additionalProperties": ref(f"field-{scope}"),
        }
    return found


def definitions() -> dict[str, Value]:
    """Every part that forms refer to, by its name under `$defs`."""
    return {**_value(), **_condition(), **_schemas()}


EDGE: Form = {
    "if": {"type": "string"},
    "then": word(NODE),
    "else": mapping({"to": word(NODE)}, {"with": BINDINGS}),
}
NEXT: Form = each(OUTCOME, EDGE)
