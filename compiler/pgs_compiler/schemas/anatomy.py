"""The parts of a lowered schema, read with their meaning rather than by keyword."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from pgs_snapshot.model import Schema
from pgs_snapshot.values import Value

TYPES = ("boolean", "integer", "number", "string", "array", "object", "null")
ANY: Schema = {}
ANNOTATIONS = frozenset({"default", "labels"})
_ALL = ("boolean", "number", "string", "array", "object", "null")
_PHRASES = {
    "null": "null",
    "boolean": "a boolean",
    "integer": "an integer",
    "number": "a number",
    "string": "a string",
    "array": "a list",
    "object": "an object",
}


def phrase(types: Iterable[str]) -> str:
    """Types as a noun: `a string or null`."""
    return " or ".join(_PHRASES[name] for name in types) or "nothing"


def is_any(schema: Schema) -> bool:
    """Whether every value is valid."""
    return not schema.keys() - ANNOTATIONS


def types_of(schema: Schema) -> tuple[str, ...]:
    """The types that a value can have; `number` covers `integer`, and an untyped schema has all of them."""
    stated = schema.get("type")
    if isinstance(stated, str):
        return (stated,)
    if isinstance(stated, list):
        return tuple(str(name) for name in stated)
    members = members_of(schema)
    return _ALL if members is None else tuple(dict.fromkeys(type_of(member) for member in members))


def type_of(value: Value) -> str:
    """The narrowest type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if float(value).is_integer() else "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def members_of(schema: Schema) -> tuple[Value, ...] | None:
    """What `const` or `enum` lists, or None without either. Other keywords may narrow it further."""
    if "const" in schema:
        return (schema["const"],)
    listed = schema.get("enum")
    return tuple(listed) if isinstance(listed, list) else None


def properties_of(schema: Schema) -> Mapping[str, Schema]:
    return cast("Mapping[str, Schema]", schema.get("properties", {}))


def additional_of(schema: Schema) -> Schema | None:
    """The schema of members that are not declared, or None when there are none."""
    stated = schema.get("additionalProperties", True)
    if isinstance(stated, bool):
        return ANY if stated else None
    return cast(Schema, stated)


def items_of(schema: Schema) -> Schema:
    return cast(Schema, schema.get("items", ANY))


def required_of(schema: Schema) -> frozenset[str]:
    """The members that a value must bring along."""
    return frozenset(cast("list[str]", schema.get("required", [])))


def present_in(schema: Schema) -> frozenset[str]:
    """The members that every value has once defaults are filled in."""
    filled = {name for name, member in properties_of(schema).items() if "default" in member}
    return required_of(schema) | filled


def count_of(schema: Schema, keyword: str) -> int | None:
    """A keyword that counts: `minItems`, `maxLength`, …"""
    return cast("int | None", schema.get(keyword))


def number_of(schema: Schema, keyword: str) -> int | float | None:
    """A keyword that bounds a number."""
    return cast("int | float | None", schema.get(keyword))


def labels_of(schema: Schema) -> frozenset[str]:
    """The labels that stand on the schema itself."""
    return frozenset(cast("list[str]", schema.get("labels", [])))


def without(schema: Schema, *keywords: str) -> Schema:
    return {name: value for name, value in schema.items() if name not in keywords}
