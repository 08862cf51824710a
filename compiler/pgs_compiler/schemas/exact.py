"""Schemas that are made rather than declared: of one written value, and of an object with known members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pgs_compiler.schemas.join import join_all
from pgs_snapshot.model import Schema
from pgs_snapshot.values import Value


def exactly(value: Value) -> Schema:
    """A schema that `value` is valid for, as narrow as the algebra can look into.

    A list is described by its length and the join of its items, so that a variable can be bound to those.
    """
    if isinstance(value, dict):
        return closed({name: exactly(item) for name, item in value.items()}, value)
    if isinstance(value, list):
        found: dict[str, Value] = {"type": "array", "minItems": len(value), "maxItems": len(value)}
        if value:
            found["items"] = dict(join_all(exactly(item) for item in value))
        return found
    return {"const": value}


def closed(members: Mapping[str, Schema], required: Iterable[str]) -> Schema:
    """The schema of an object with these members and no other."""
    found: dict[str, Value] = {"type": "object", "additionalProperties": False}
    if members:
        found["properties"] = {name: dict(schema) for name, schema in members.items()}
    needed = list[Value](sorted(required))
    return {**found, "required": needed} if needed else found
