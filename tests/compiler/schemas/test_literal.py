"""Values against schemas: what is said, and that compile time and run time say the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_compiler.schemas.carets import caret
from pgs_compiler.schemas.literal import listed, shown, value_fits
from pgs_compiler.source import Mapping, Scalar
from pgs_snapshot.formats import FORMATS
from pgs_snapshot.model import Schema
from pgs_snapshot.validation import validator
from pgs_snapshot.values import Value
from tests.compiler.schemas.strategies import instances, schemas, small_values
from tests.compiler.schemas.trees import schema_of, tree_of

PROBLEMS: list[tuple[Value, str, list[str]]] = [
    ("x", "{type: integer}", ["The value is a string, not an integer."]),
    (True, "{type: integer}", ["The value is a boolean, not an integer."]),
    (1.5, '{type: [integer, "null"]}', ["The value is a number, not an integer or null."]),
    (1, "{enum: [A, B]}", ['The value is not one of `"A"`, `"B"`.']),
    (1, "{const: true}", ["The value is not `true`."]),
    (0, "{minimum: 1}", ["The value is less than 1."]),
    (1, "{exclusiveMinimum: 1}", ["The value is not more than 1."]),
    (2, "{maximum: 1}", ["The value is more than 1."]),
    (1, "{exclusiveMaximum: 1}", ["The value is not less than 1."]),
    ("", "{minLength: 1}", ["The value is shorter than 1 character."]),
    ("ab", "{maxLength: 1}", ["The value is longer than 1 character."]),
    ("b", "{pattern: a+}", ["The value does not match `pattern: a+`."]),
    ("b", "{format: uuid}", ["The value is not of the format `uuid`."]),
    ([], "{minItems: 1}", ["The value has fewer than 1 item."]),
    ([1], "{maxItems: 0}", ["The value has more than 0 items."]),
    ([1, 1], "{uniqueItems: true}", ["The value holds an item twice."]),
    (
        {"naem": "x", "a/b": 1},
        "{properties: {name: {}, names: {}}, required: [name]}",
        [
            "The value has `a/b`, which is not declared.",
            "The value has `naem`, which is not declared.",
            "The value lacks `name`.",
        ],
    ),
    (
        {"lines": [{"n/o": "x"}, {}]},
        "{properties: {lines: {items: {properties: {n/o: {type: integer}}, required: [n/o]}}}}",
        ["`/lines/0/n~1o` is a string, not an integer.", "`/lines/1` lacks `n/o`."],
    ),
]


@pytest.mark.parametrize(("value", "schema", "messages"), PROBLEMS)
def test_what_does_not_fit_is_told_in_order_of_place(value: Value, schema: str, messages: list[str]) -> None:
    assert [problem.message for problem in value_fits(value, schema_of(schema))] == messages


def test_an_undeclared_member_has_the_nearest_name_that_is_free() -> None:
    problems = value_fits({"naem": 1, "nmae": 2}, schema_of("{properties: {name: {}, amount: {}}}"))
    assert [problem.hint for problem in problems] == ["Write `name`.", "Write `name`."]


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (1, "{type: number}"),
        (1.0, "{type: integer}"),
        ([1, True], "{uniqueItems: true}"),
        ("é", "{maxLength: 1}"),
    ],
)
def test_values_are_those_of_json(value: Value, schema: str) -> None:
    assert value_fits(value, schema_of(schema)) == ()


@given(st.data(), schemas(), st.sampled_from(sorted(FORMATS)))
def test_run_time_says_the_same(data: st.DataObject, schema: Schema, name: str) -> None:
    value = data.draw(instances(schema) | small_values)
    assert (value_fits(value, schema) == ()) == validator(schema).is_valid(value)
    text = data.draw(st.text("0123456789-+:.TZPYD@a", max_size=20))
    assert (value_fits(text, {"format": name}) == ()) == validator({"format": name}).is_valid(text)


def test_long_values_and_lists_are_cut_short() -> None:
    assert len(shown("x" * 1000)) == 60
    assert listed(tuple(range(9))) == "`0`, `1`, `2`, `3`, `4`, `5`, …"


@pytest.mark.parametrize(
    ("text", "offset", "column"),
    [
        ("a: $.b.c", 2, 6),
        ("a: '$.b.c'", 2, 7),
        ("a: '$.b'", 9, 8),
        ('a: "$\\u002eb"', 2, 4),
        ("a: |\n  $.b", 2, 4),
    ],
)
def test_a_caret_stands_where_the_source_shows_the_character(text: str, offset: int, column: int) -> None:
    tree = tree_of(text)
    assert isinstance(tree, Mapping)
    scalar = tree.get("a")
    assert isinstance(scalar, Scalar)
    assert caret(scalar, offset).column == column
