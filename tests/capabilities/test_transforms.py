"""Transforms on identifiers, records, tables and parameters: declared outcomes only, and the same answer twice."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_capabilities.transforms.identity import generate_id, keyed_digest
from pgs_capabilities.transforms.parameters import validate_parameter_rules
from pgs_capabilities.transforms.records import assemble_record, compare_equal
from pgs_capabilities.transforms.tables import lookup, validate_set_membership
from pgs_snapshot.values import Outcome, Value, plain

Answer = dict[str, Value] | Outcome
Record = dict[str, Value]


def test_identifiers_are_those_that_the_language_shows() -> None:
    assert generate_id("AC", {"a": 1}) == {"id": "AC_015abd7f5cc57a2d"}
    assert generate_id("AC", {}) == {"id": "AC_44136fa355b3678a"}
    assert generate_id("TX", {"b": 2, "a": 1}) == {"id": "TX_43258cff783fe703"}


def test_a_scalar_has_the_identifier_of_the_object_that_holds_it_as_value() -> None:
    for scalar in (None, True, 0, "", "x", 1.5):
        assert generate_id("X", scalar) == generate_id("X", {"value": scalar})


def test_a_name_that_differs_in_case_is_not_in_the_table() -> None:
    assert lookup("Count", {"count": 1}) == Outcome("NOT_FOUND")


def test_a_null_in_the_table_is_found() -> None:
    assert lookup("count", {"count": None}) == {"result": None}


def test_a_boolean_is_not_the_number_that_python_takes_it_for() -> None:
    assert validate_set_membership(True, [1, "true"]) == Outcome("VIOLATION")
    assert compare_equal(1, True) == {"is_equal": False}


def test_a_field_wins_over_its_default_even_if_it_is_null() -> None:
    assert assemble_record({"a": None}, {"a": 1, "b": 2}) == {"record": {"a": None, "b": 2}}


QUANTITY: Record = {"type": "integer", "minimum": 1, "maximum": 100}


@pytest.mark.parametrize(
    ("quantity", "broken"),
    [
        (1, None),
        (100, None),
        (0, "minimum"),
        (-5, "minimum"),
        (101, "maximum"),
        ("100", "type"),
        (True, "type"),
        (1.5, "type"),
        (None, "type"),
        ([], "type"),
        ({}, "type"),
    ],
    ids=repr,
)
def test_a_quantity_is_an_integer_within_its_bounds(quantity: Value, broken: str | None) -> None:
    answer = validate_parameter_rules({"quantity": quantity}, {"quantity": QUANTITY}, False)
    assert answer == ({} if broken is None else violation("quantity", broken))


@pytest.mark.parametrize("value", ["5", True, None, [], {}], ids=repr)
@pytest.mark.parametrize("bound", ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"])
def test_a_bound_refuses_what_is_no_number_even_without_a_type(bound: str, value: Value) -> None:
    assert validate_parameter_rules({"a": value}, {"a": {bound: 0}}, False) == violation("a", bound)


@pytest.mark.parametrize(
    ("rule", "value", "keeps"),
    [
        ({"type": "number"}, 1.5, True),
        ({"type": "number"}, True, False),
        ({"type": "string"}, "", True),
        ({"type": "boolean"}, False, True),
        ({"type": "boolean"}, 0, False),
        ({"type": "array"}, [], True),
        ({"type": "object"}, {}, True),
        ({"enum": [1]}, 1, True),
        ({"enum": [1]}, True, False),
        ({"minLength": 1}, "", False),
        ({"maxLength": 1}, "é", True),
        ({"maxLength": 1}, "ab", False),
        ({"maxLength": 9}, 5, False),
        ({"exclusiveMinimum": 1}, 1, False),
        ({"exclusiveMaximum": 1}, 1, False),
        ({}, None, True),
    ],
    ids=repr,
)
def test_a_part_of_a_rule_means_what_it_means_in_json_schema(rule: Record, value: Value, keeps: bool) -> None:
    answer = validate_parameter_rules({"a": value}, {"a": rule}, False)
    assert isinstance(answer, Outcome) is not keeps


@pytest.mark.parametrize("rule", [{"type": "text"}, {"type": 1}, {"enum": "a"}, {"minimum": "0"}], ids=repr)
def test_a_rule_that_makes_no_sense_lets_nothing_through(rule: Record) -> None:
    assert validate_parameter_rules({"a": "a"}, {"a": rule}, False) == violation("a", next(iter(rule)))


def test_a_parameter_without_a_rule_and_a_rule_without_its_parameter_are_violations() -> None:
    answer = validate_parameter_rules({"b": 1}, {"a": {}}, False)
    assert answer == Outcome(
        "VIOLATION", violations=[{"parameter": "a", "rule": "missing"}, {"parameter": "b", "rule": "unknown"}]
    )


def test_an_optional_parameter_may_be_missing_and_is_judged_when_it_is_there() -> None:
    rules: dict[str, Record] = {"a": {"type": "string", "optional": True}}
    assert validate_parameter_rules({}, rules, False) == {}
    assert validate_parameter_rules({"a": 1}, rules, False) == violation("a", "type")


def test_parameters_without_a_rule_pass_only_where_they_are_let_through() -> None:
    assert validate_parameter_rules({"a": 1}, {}, True) == {}
    assert validate_parameter_rules({"a": 1}, {}, False) == violation("a", "unknown")


def violation(parameter: str, rule: str) -> Outcome:
    return Outcome("VIOLATION", violations=[{"parameter": parameter, "rule": rule}])


# --- laws ----------------------------------------------------------------------------------------

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer())
)
values: st.SearchStrategy[Value] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3),
)
records = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)
PARTS = [
    "type",
    "enum",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "optional",
]
rules = st.dictionaries(
    st.sampled_from("abcd"), st.dictionaries(st.sampled_from(PARTS), values, max_size=3), max_size=4
)


def holds_its_laws(call: Callable[[], Answer], declared: dict[str, set[str]], *inputs: Value) -> None:
    """The answer is declared, plain, the same twice, and leaves the inputs as they were."""
    before = copy.deepcopy(inputs)
    first, second = call(), call()
    assert first == second
    assert inputs == before
    outcome = first if isinstance(first, Outcome) else Outcome("SUCCESS", **first)
    assert set(outcome.outputs) == declared[outcome.name]
    assert plain(outcome.outputs) == outcome.outputs


@given(st.text("ABC", max_size=3), values)
def test_naming_holds_its_laws(prefix: str, data: Value) -> None:
    holds_its_laws(lambda: generate_id(prefix, data), {"SUCCESS": {"id"}}, data)


@given(st.sampled_from("abcd"), records)
def test_looking_up_holds_its_laws(key: str, table: Record) -> None:
    holds_its_laws(lambda: lookup(key, table), {"SUCCESS": {"result"}, "NOT_FOUND": set()}, table)


@given(values, st.lists(values, max_size=4))
def test_membership_holds_its_laws(value: Value, allowed: list[Value]) -> None:
    declared: dict[str, set[str]] = {"SUCCESS": set(), "VIOLATION": set()}
    holds_its_laws(lambda: validate_set_membership(value, allowed), declared, value, allowed)
    holds_its_laws(lambda: validate_set_membership(value, [*allowed, value]), {"SUCCESS": set()}, value)


@given(records, rules, st.booleans())
def test_judging_parameters_holds_its_laws(parameters: Record, given: dict[str, Record], additional: bool) -> None:
    declared: dict[str, set[str]] = {"SUCCESS": set(), "VIOLATION": {"violations"}}
    holds_its_laws(
        lambda: validate_parameter_rules(parameters, given, additional),
        declared,
        parameters,
        cast(Value, given),
    )


@given(records, records)
def test_assembling_holds_its_laws(fields: Record, defaults: Record) -> None:
    holds_its_laws(lambda: assemble_record(fields, defaults), {"SUCCESS": {"record"}}, fields, defaults)


@given(values, values)
def test_comparing_is_symmetric_and_holds_its_laws(left: Value, right: Value) -> None:
    holds_its_laws(lambda: compare_equal(left, right), {"SUCCESS": {"is_equal"}}, left, right)
    assert compare_equal(left, right) == compare_equal(right, left)
    assert compare_equal(left, left) == {"is_equal": True}


@given(st.text(min_size=32, max_size=64), st.text(min_size=32, max_size=64), st.text())
def test_a_keyed_digest_follows_from_key_and_content_and_from_both(key: str, other: str, data: str) -> None:
    first = keyed_digest(key, {"a": data, "b": 1})
    assert first == keyed_digest(key, {"b": 1, "a": data})
    assert first != keyed_digest(key, {"a": data, "b": 2})
    assert (first == keyed_digest(other, {"a": data, "b": 1})) == (key == other)
