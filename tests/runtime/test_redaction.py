"""Redaction by schema: what carries a label is never shown, whatever shape a value has."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_runtime.redaction import commit, public, redact_of
from pgs_snapshot.canonical import canonical
from pgs_snapshot.model import Schema
from pgs_snapshot.values import Value
from tests.runtime.protocol import COUNT, SECRET, TEXT, fields

KEY = bytes(range(32))
CANARY = "canary"


def shown(schema: Schema, value: Value) -> Value:
    redact = redact_of(schema)
    return redact(value, KEY) if redact else value


def committed(value: Value) -> Value:
    """RFC 2104 over the canonical bytes, written down a second time."""
    return {"$redacted": hmac.new(KEY, canonical(value), hashlib.sha256).hexdigest()}


PERSON = fields(["name"], name=SECRET, age=COUNT)
LISTS: Schema = {"type": "array", "items": dict(PERSON)}
TABLE: Schema = {"type": "object", "additionalProperties": SECRET, "properties": {"count": COUNT}}


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"labels": ["pii"]}, {"a": [1]}, committed({"a": [1]})),
        ({"labels": ["pii"]}, None, committed(None)),
        (PERSON, {"name": "Ada", "age": 3}, {"name": committed("Ada"), "age": 3}),
        (PERSON, {"age": 3}, {"age": 3}),
        (
            LISTS,
            [{"name": "Ada", "age": 3}, {"name": "Bob"}],
            [{"name": committed("Ada"), "age": 3}, {"name": committed("Bob")}],
        ),
        (TABLE, {"count": 1, "x": "y"}, {"count": 1, "x": committed("y")}),
        (fields(inner=dict(LISTS)), {"inner": [{"name": 1}]}, {"inner": [{"name": committed(1)}]}),
        ({"items": SECRET}, ["a", "b"], [committed("a"), committed("b")]),
        # What is not of the schema.
        (PERSON, "Ada", committed("Ada")),
        (PERSON, ["Ada"], committed(["Ada"])),
        (PERSON, None, None),
        (PERSON, {"name": {"first": "Ada"}}, {"name": committed({"first": "Ada"})}),
        (PERSON, {"nmae": "Ada", "age": 3}, {"nmae": committed("Ada"), "age": 3}),
        (LISTS, {"name": "Ada"}, committed({"name": "Ada"})),
        (LISTS, ["Ada"], [committed("Ada")]),
    ],
)
def test_what_carries_a_label_is_a_commitment(schema: Schema, value: Value, expected: Value) -> None:
    assert shown(schema, value) == expected


@pytest.mark.parametrize("schema", [{}, fields(), fields(a=TEXT), {"items": COUNT}, {"labels": []}])
def test_a_schema_without_labels_redacts_nothing(schema: Schema) -> None:
    assert redact_of(schema) is None


def test_equal_values_have_one_commitment_under_one_secret_and_another_under_the_next() -> None:
    assert commit({"a": 1, "b": 2}, KEY) == commit({"b": 2, "a": 1}, KEY)
    assert commit(1, KEY) != commit("1", KEY)
    assert commit("x", KEY) != commit("x", bytes(32))


def test_redaction_leaves_the_value_as_it_is() -> None:
    value: Value = {"name": "Ada", "age": 3}
    shown(PERSON, value)
    assert value == {"name": "Ada", "age": 3}


# --- schemas of any shape ------------------------------------------------------------------------

LABELLED: Schema = {"labels": ["pii"]}
names = st.sampled_from(["a", "b", "c"])


def _schemas(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    objects = st.builds(
        lambda properties, additional: {
            "type": "object",
            "properties": properties,
            "additionalProperties": additional,
        },
        st.dictionaries(names, inner, max_size=3),
        st.booleans() | inner,
    )
    return objects | st.builds(lambda items: {"type": "array", "items": items}, inner) | inner


plain_schemas: st.SearchStrategy[Schema] = st.sampled_from([{}, {"type": "string"}])
schemas = st.recursive(st.just(LABELLED) | plain_schemas, _schemas, max_leaves=6)


def planted(schema: Schema, free: str) -> Value:
    """A value of the schema with the canary wherever a label stands, and `free` wherever none does."""
    if schema.get("labels"):
        return {"deep": [CANARY]}
    if schema.get("type") == "object":
        properties = schema["properties"]
        additional = schema["additionalProperties"]
        assert isinstance(properties, dict)
        value: dict[str, Value] = {name: planted(inner, free) for name, inner in properties.items()}  # type: ignore[arg-type]
        if isinstance(additional, dict):
            value["other"] = planted(additional, free)
        return value
    if schema.get("type") == "array":
        items = schema["items"]
        assert isinstance(items, dict)
        return [planted(items, free), planted(items, free)]
    return free


def count_of(value: Value, text: str) -> int:
    return json.dumps(value).count(f'"{text}"')


@given(schemas)
def test_no_labelled_value_is_shown_and_every_other_is(schema: Schema) -> None:
    value = planted(schema, "free")
    told = shown(schema, value)
    assert count_of(told, CANARY) == 0
    assert count_of(told, "free") == count_of(value, "free")


def _spoilt(value: Value, draw: st.DataObject) -> Value:
    """The value with parts of another shape than the schema has, the canary among all that is new."""
    how = draw.draw(st.sampled_from(["keep", "text", "list", "object", "more"]))
    if how == "text":
        return CANARY
    if how == "list":
        return [CANARY, {"x": CANARY}]
    if how == "object":
        return {"x": CANARY, "a": [CANARY]}
    if isinstance(value, dict):
        spoilt: dict[str, Value] = {name: _spoilt(item, draw) for name, item in value.items()}
        return {**spoilt, "undeclared": CANARY} if how == "more" else spoilt
    return [_spoilt(item, draw) for item in value] if isinstance(value, list) else value


@given(schemas, st.data())
def test_beside_and_instead_of_labelled_values_nothing_is_shown_that_is_not_declared(
    schema: Schema, draw: st.DataObject
) -> None:
    everywhere: Schema = {
        "type": "object",
        "properties": {"known": dict(LABELLED), "inner": dict(_all_labelled(schema))},
        "additionalProperties": False,
    }
    value = _spoilt(planted(everywhere, CANARY), draw)
    assert count_of(shown(everywhere, value), CANARY) == 0


def _all_labelled(schema: Schema) -> Schema:
    """The schema with a label at each end."""
    if schema.get("type") == "object":
        properties = schema["properties"]
        assert isinstance(properties, dict)
        labelled: dict[str, Value] = {name: dict(_all_labelled(inner)) for name, inner in properties.items()}  # type: ignore[arg-type]
        return {
            "type": "object",
            "properties": {**labelled, "own": dict(LABELLED)},
            "additionalProperties": False,
        }
    if schema.get("type") == "array":
        items = schema["items"]
        assert isinstance(items, dict)
        return {"type": "array", "items": dict(_all_labelled(items))}
    return LABELLED


# --- places --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pointer", "told"),
    [
        ("", ""),
        ("/name", "/name"),
        ("/name/first/0", "/name"),
        ("/age/x", "/age/x"),
        ("/people/3/name/x", "/people/3/name"),
        ("/table/key/x", "/table/key"),
        ("/undeclared", "/undeclared"),
        ("/undeclared/ada@example.org", "/undeclared"),
        ("/a~1b/c", "/a~1b"),
    ],
)
def test_a_place_within_what_carries_a_label_is_told_up_to_there(pointer: str, told: str) -> None:
    schema: Schema = {
        "additionalProperties": False,
        "properties": {
            "a/b": SECRET,
            "age": {"properties": {"x": COUNT}},
            "name": SECRET,
            "people": dict(LISTS),
            "table": dict(TABLE),
        },
    }
    assert public(schema, pointer) == told


def test_a_place_within_a_labelled_whole_is_not_told() -> None:
    assert public(LABELLED, "/ada@example.org") == ""
