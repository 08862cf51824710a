"""Hypothesis strategies: lowered schemas, valid values of a schema, and schemas that differ in one place."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import cast

from hypothesis import assume
from hypothesis import strategies as st

from pgs_snapshot.defaults import filler
from pgs_snapshot.model import Schema
from pgs_snapshot.values import Value

JsonObject = dict[str, Value]

_NAMES = ("a", "b", "c")
_OTHERS = ("x", "y")
_PATTERNS = ("^(?:[ab]*)$", "^(?:a{1,3})$", "^(?:x|yy)$")
_LABELS = st.sampled_from((["pii"], ["secret"], ["pii", "secret"]))
_PLAIN: list[JsonObject] = [{}, {"type": "null"}, {"type": "boolean"}, {"type": ["null", "string"]}]
_SCALARS: st.SearchStrategy[Value] = st.sampled_from(
    (None, False, True, 0, 1, 2, 3, -1, 0.5, 2.5, "", "a", "ab", "x", "aaaa")
)
small_values: st.SearchStrategy[Value] = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=2),
    max_leaves=3,
)


@st.composite
def _numeric(draw: st.DrawFn) -> JsonObject:
    integral = draw(st.booleans())
    limits = st.integers(-2, 4) if integral else st.integers(-2, 4) | st.sampled_from((0.5, 1.5))
    low, high = sorted((draw(limits), draw(limits)))
    schema: JsonObject = {"type": "integer" if integral else "number"}
    if draw(st.booleans()):
        schema[draw(st.sampled_from(("minimum", "exclusiveMinimum")))] = low
    if draw(st.booleans()):
        schema[draw(st.sampled_from(("maximum", "exclusiveMaximum")))] = high + 2
    return schema


@st.composite
def _textual(draw: st.DrawFn) -> JsonObject:
    low, high = sorted((draw(st.integers(0, 3)), draw(st.integers(0, 3))))
    optional: JsonObject = {"minLength": low, "maxLength": high, "pattern": draw(st.sampled_from(_PATTERNS))}
    return {"type": "string", **{key: value for key, value in optional.items() if draw(st.booleans())}}


@st.composite
def _listing(draw: st.DrawFn) -> JsonObject:
    members = draw(st.lists(small_values, min_size=1, max_size=3, unique_by=json.dumps))
    return {"const": members[0]} if draw(st.booleans()) else {"enum": members}


@st.composite
def _arrays(draw: st.DrawFn, inner: st.SearchStrategy[JsonObject]) -> JsonObject:
    low, high = sorted((draw(st.integers(0, 2)), draw(st.integers(1, 3))))
    optional: JsonObject = {"items": draw(inner), "minItems": low, "maxItems": high, "uniqueItems": True}
    return lawful({"type": "array", **{key: value for key, value in optional.items() if draw(st.booleans())}})


def lawful(schema: Schema) -> JsonObject:
    """The schema without `uniqueItems` of items that have defaults, which T460 refuses."""
    items = schema.get("items")
    filled = isinstance(items, dict) and filler(items) is not None
    return {key: value for key, value in schema.items() if key != "uniqueItems" or not filled}


@st.composite
def _objects(draw: st.DrawFn, inner: st.SearchStrategy[JsonObject]) -> JsonObject:
    properties = draw(st.dictionaries(st.sampled_from(_NAMES), inner, max_size=3))
    required = []
    for name in sorted(properties):
        kind = draw(st.sampled_from(("required", "optional", "default")))
        if kind == "required":
            required.append(name)
        elif kind == "default":
            properties[name] = {**properties[name], "default": draw(instances(properties[name]))}
    return {
        "type": "object",
        "properties": cast(Value, properties),
        "required": cast(Value, required),
        "additionalProperties": cast(Value, draw(st.just(False) | inner)),
    }


_SIMPLE: st.SearchStrategy[JsonObject] = st.one_of(
    st.sampled_from(_PLAIN),
    _numeric(),
    _textual(),
    _listing(),
)
_UNLABELLED = st.recursive(_SIMPLE, lambda inner: _arrays(inner) | _objects(inner), max_leaves=4)


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    """Schemas as `lower_schema` writes them, each with a valid value."""
    schema = draw(_UNLABELLED)
    return {**schema, "labels": cast(Value, draw(_LABELS))} if draw(st.integers(0, 3)) == 0 else schema


@st.composite
def relatives(draw: st.DrawFn, schema: Schema) -> Schema:
    """A schema that differs from `schema` in at most one place, or any other."""
    kind = draw(st.sampled_from(("same", "drop", "add", "inside", "inside", "other")))
    if kind == "same" or not schema:
        return schema
    if kind == "drop":
        return {key: value for key, value in schema.items() if key != draw(st.sampled_from(sorted(schema)))}
    if kind == "add":
        other = draw(schemas())
        return lawful({**schema, **{key: value for key, value in other.items() if key not in schema}})
    part = next((key for key in ("items", "additionalProperties", "properties") if schema.get(key)), None)
    if kind == "other" or part is None:
        return draw(schemas())
    inner = cast(JsonObject, schema[part])
    if part != "properties":
        return lawful({**schema, part: dict(draw(relatives(inner)))})
    name = draw(st.sampled_from(sorted(inner)))
    return {**schema, part: {**inner, name: dict(draw(relatives(cast(Schema, inner[name]))))}}


@st.composite
def instances(draw: st.DrawFn, schema: Schema) -> Value:
    """Values that are valid for a schema of `schemas`, not yet filled with defaults."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return draw(st.sampled_from(cast("list[Value]", schema["enum"])))
    stated = schema.get("type")
    if stated is None:
        return draw(small_values)
    kind = draw(st.sampled_from(stated)) if isinstance(stated, list) else stated
    return draw(_MAKERS[cast(str, kind)](schema))


@st.composite
def _numbers(draw: st.DrawFn, schema: Schema) -> Value:
    low = cast(float, schema.get("minimum", schema.get("exclusiveMinimum", -3)))
    value: Value = draw(st.integers(int(low), int(low) + 6))
    if schema["type"] == "number" and draw(st.booleans()):
        value = cast(int, value) + 0.25
    assume(_within(cast(float, value), schema))
    return value


def _within(value: float, schema: Schema) -> bool:
    limits: dict[str, Callable[[float], bool]] = {
        "minimum": lambda limit: value >= limit,
        "exclusiveMinimum": lambda limit: value > limit,
        "maximum": lambda limit: value <= limit,
        "exclusiveMaximum": lambda limit: value < limit,
    }
    return all(holds(cast(float, schema[name])) for name, holds in limits.items() if name in schema)


@st.composite
def _strings(draw: st.DrawFn, schema: Schema) -> Value:
    low, high = cast(int, schema.get("minLength", 0)), cast(int, schema.get("maxLength", 4))
    if "pattern" not in schema:
        return draw(st.text("abxé", min_size=low, max_size=max(low, high)))
    value = draw(st.sampled_from(("", "a", "b", "ab", "aa", "aaa", "x", "yy", "aba")))
    matches = {_PATTERNS[0]: set(value) <= set("ab"), _PATTERNS[2]: value in ("x", "yy")}
    assume(matches.get(cast(str, schema["pattern"]), value in ("a", "aa", "aaa")) and low <= len(value) <= high)
    return value


@st.composite
def _lists(draw: st.DrawFn, schema: Schema) -> Value:
    low, high = cast(int, schema.get("minItems", 0)), cast(int, schema.get("maxItems", 3))
    items = instances(cast(Schema, schema.get("items", {})))
    unique = json.dumps if schema.get("uniqueItems") else None
    made = draw(st.lists(items, min_size=low, max_size=max(low, high), unique_by=unique))
    # For JSON Schema `1` and `1.0` are one value, and none of the values here is a whole float.
    return cast(Value, made)


@st.composite
def _records(draw: st.DrawFn, schema: Schema) -> Value:
    properties = cast("dict[str, Schema]", schema.get("properties", {}))
    required = cast("list[str]", schema.get("required", []))
    made: JsonObject = {}
    for name in sorted(properties):
        if name in required or draw(st.booleans()):
            made[name] = draw(instances(properties[name]))
    additional = schema.get("additionalProperties", {})
    if additional is not False:
        for name in draw(st.sets(st.sampled_from((*_NAMES, *_OTHERS)), max_size=2)) - properties.keys():
            made[name] = draw(instances(cast(Schema, additional)))
    return made


_MAKERS: dict[str, Callable[[Schema], st.SearchStrategy[Value]]] = {
    "null": lambda schema: st.none(),
    "boolean": lambda schema: st.booleans(),
    "integer": _numbers,
    "number": _numbers,
    "string": _strings,
    "array": _lists,
    "object": _records,
}
