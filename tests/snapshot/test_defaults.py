"""Defaults: what is filled in, and the laws of filling."""

from __future__ import annotations

import copy

from hypothesis import given
from hypothesis import strategies as st

from pgs_snapshot.defaults import filler
from pgs_snapshot.model import Schema
from pgs_snapshot.validation import validator
from pgs_snapshot.values import Value
from tests.compiler.schemas.strategies import instances, schemas, small_values

SETTINGS: Schema = {
    "type": "object",
    "properties": {
        "retries": {"type": "integer", "default": 3},
        "window": {
            "type": "object",
            "properties": {"days": {"type": "integer", "default": 7}, "name": {"type": "string"}},
            "additionalProperties": False,
            "default": {},
        },
        "tags": {"type": "array", "items": {"type": "string"}, "default": ["new"]},
        "note": {"type": "string"},
    },
    "additionalProperties": {"type": "object", "properties": {"on": {"type": "boolean", "default": False}}},
}


def filled(value: Value, schema: Schema = SETTINGS) -> Value:
    fill = filler(schema)
    assert fill is not None
    return fill(value)


def test_absent_members_are_filled_in_at_every_depth() -> None:
    assert filled({}) == {"retries": 3, "window": {"days": 7}, "tags": ["new"]}
    assert filled({"window": {"name": "w"}, "other": {}}) == {
        "retries": 3,
        "window": {"days": 7, "name": "w"},
        "tags": ["new"],
        "other": {"on": False},
    }


def test_items_of_a_list_are_filled() -> None:
    schema: Schema = {"type": "array", "items": dict(SETTINGS)}
    assert filled([{"retries": 1}], schema) == [{"retries": 1, "window": {"days": 7}, "tags": ["new"]}]


def test_a_member_that_is_there_stays_even_if_it_is_null() -> None:
    found = filled({"retries": None, "tags": []})
    assert isinstance(found, dict)
    assert (found["retries"], found["tags"]) == (None, [])


def test_a_schema_without_defaults_has_no_filler() -> None:
    assert filler({"type": "object", "properties": {"a": {"type": "string"}}}) is None
    assert filler({"default": 1}) is None
    assert filler({}) is None


def test_no_two_values_share_a_default() -> None:
    first, second = filled({}), filled({})
    assert isinstance(first, dict)
    assert isinstance(first["tags"], list)
    first["tags"].append("changed")
    assert second == filled({})


@given(small_values)
def test_a_value_of_another_shape_comes_back(value: Value) -> None:
    if not isinstance(value, dict):
        assert filled(value) == value


@given(st.data(), schemas())
def test_filling_keeps_what_is_there_and_happens_once(data: st.DataObject, schema: Schema) -> None:
    value, fill = data.draw(instances(schema)), filler(schema)
    if fill is None or not validator(schema).is_valid(value):
        return
    before = copy.deepcopy(value)
    once = fill(value)
    assert value == before
    assert fill(once) == once
    assert validator(schema).is_valid(once)
    assert _holds(once, value)


def _holds(whole: Value, part: Value) -> bool:
    """Whether `part` is `whole` with members left out."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(name in whole and _holds(whole[name], item) for name, item in part.items())
    if isinstance(whole, list) and isinstance(part, list):
        return len(whole) == len(part) and all(map(_holds, whole, part))
    return whole == part
