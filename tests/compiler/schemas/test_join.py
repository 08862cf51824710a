"""What covers two schemas, by example; its laws stand in `test_fit_laws`."""

from __future__ import annotations

import pytest

from pgs_compiler.schemas.join import MAX_MEMBERS, join, join_all
from pgs_snapshot.model import Schema
from pgs_snapshot.values import Value
from tests.compiler.schemas.trees import schema_of

JOINS = [
    ("{type: string, maxLength: 3}", "{type: string, maxLength: 3}", {"type": "string", "maxLength": 3}),
    ("{type: string}", "{}", {}),
    ("{enum: [A, 1]}", "{enum: [1, B]}", {"enum": ["A", 1, "B"]}),
    ("{const: A}", "{type: string, maxLength: 3}", {"type": "string", "maxLength": 3}),
    ("{type: integer}", "{type: number}", {"type": "number"}),
    ("{type: integer}", "{type: string, minLength: 1}", {"type": ["integer", "string"], "minLength": 1}),
    (
        "{type: integer, minimum: 3, maximum: 9}",
        "{type: integer, exclusiveMinimum: 3}",
        {"type": "integer", "minimum": 3},
    ),
    (
        "{minLength: 1, maxLength: 3, pattern: a}",
        "{minLength: 2, maxLength: 5, pattern: b}",
        {"type": "string", "minLength": 1, "maxLength": 5},
    ),
    (
        "{items: {const: 1}, minItems: 1, uniqueItems: true}",
        "{items: {const: 2}, minItems: 3, uniqueItems: true}",
        {"type": "array", "items": {"enum": [1, 2]}, "minItems": 1, "uniqueItems": True},
    ),
    (
        "{properties: {a: {const: 1}, b: {default: x}, c: {}}, required: [a, c]}",
        "{properties: {a: {const: 2}, b: {const: z}}, required: [a, b]}",
        {
            "type": "object",
            "properties": {"a": {"enum": [1, 2]}, "b": {}, "c": {}},
            "required": ["a", "b"],
            "additionalProperties": False,
        },
    ),
    (
        "{additionalProperties: {type: integer}}",
        "{properties: {a: {type: string}}}",
        {
            "type": "object",
            "properties": {"a": {"type": ["integer", "string"]}},
            "additionalProperties": {"type": "integer"},
        },
    ),
]


@pytest.mark.parametrize(("left", "right", "joined"), JOINS)
def test_a_join_keeps_what_both_say(left: str, right: str, joined: Schema) -> None:
    assert join(schema_of(left), schema_of(right)) == joined


def test_true_and_1_are_two_values_though_python_takes_them_for_one() -> None:
    members = join(schema_of("{const: 1}"), schema_of("{const: true}"))["enum"]
    assert isinstance(members, list)
    assert [type(member) for member in members] == [int, bool]


def test_a_label_of_either_side_is_a_label_of_the_join() -> None:
    left = schema_of("{properties: {a: {labels: [pii]}}, labels: [secret]}")
    joined = join(left, schema_of("{properties: {a: {type: string}}}"))
    assert joined["labels"] == ["secret"]
    assert joined["properties"] == {"a": {"labels": ["pii"]}}


def test_many_members_are_joined_by_their_types() -> None:
    one, two = (range(start, start + MAX_MEMBERS) for start in (0, 500))
    bounds = {"type": "integer", "minimum": 0, "maximum": 499 + MAX_MEMBERS}
    assert join({"enum": list[Value](one)}, {"enum": list[Value](two)}) == bounds


def test_the_join_of_none_is_any_value() -> None:
    assert join_all([]) == {}
    assert join_all([{"type": "string"}]) == {"type": "string"}
