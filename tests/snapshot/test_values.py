"""The laws of values: what `plain` lets in, what it refuses and where, and what is the same."""

from __future__ import annotations

import copy
import json
import math
from collections import OrderedDict
from decimal import Decimal
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_snapshot.canonical import canonical
from pgs_snapshot.values import MAX_DEPTH, MAX_INTEGER, NotPlain, Outcome, Value, escape, plain, same
from tests.snapshot.strategies import values


def containers(value: Value) -> set[int]:
    """The identities of all lists and dicts within a value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    own = {id(value)} if isinstance(value, dict | list) else set()
    return own.union(*map(containers, inner))


def nested(depth: int) -> Value:
    value: Value = 0
    for _ in range(depth):
        value = [value]
    return value


@given(values)
def test_plain_changes_no_value_of_the_domain(value: Value) -> None:
    assert same(plain(value), value)
    assert canonical(plain(value)) == canonical(value)


@given(values)
def test_plain_shares_no_container_with_what_it_copies(value: Value) -> None:
    assert not containers(plain(value)) & containers(value)


def test_plain_separates_what_was_one_list() -> None:
    shared: list[Value] = []
    left, right = cast(list[list[Value]], plain([shared, shared]))
    left.append(1)
    assert (left, right, shared) == ([1], [], [])


@given(values)
def test_plain_twice_is_plain_once(value: Value) -> None:
    once = plain(value)
    assert json.dumps(plain(once)) == json.dumps(once)


@given(st.integers(-MAX_INTEGER, MAX_INTEGER).map(float))
def test_a_float_without_a_fraction_becomes_an_integer(number: float) -> None:
    value = plain(number)
    assert type(value) is int
    assert value == number


def test_minus_zero_is_zero() -> None:
    value = plain([-0.0])
    assert canonical(value) == b"[0]"
    assert math.copysign(1, cast(list[float], value)[0]) == 1


def test_a_boolean_stays_a_boolean() -> None:
    assert plain([True, False]) == [True, False]
    assert canonical(plain([True, 1, 1.0])) == b"[true,1,1]"


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "pointer", "why"),
    [
        ({"a": [0, math.nan]}, "/a/1", "NaN and infinities are not JSON numbers"),
        ([-math.inf], "/0", "NaN and infinities are not JSON numbers"),
        (MAX_INTEGER + 1, "", "an integer beyond 2^53-1; send it as a string"),
        ({"n": -1e300}, "/n", "an integer beyond 2^53-1; send it as a string"),
        ({"a/b~": {"c": "\0"}}, "/a~1b~0/c", "a NUL character"),
        ({"a\0": 1}, r"/a\x00", "a NUL character"),
        (["\ud800"], "/0", "a lone surrogate, which is not valid Unicode"),
        ({"\udfff": 1}, r"/\udfff", "a lone surrogate, which is not valid Unicode"),
        ({"a": {1: 2}}, "/a", "a key that is a Python int, not a string"),
        ({Text("a"): 2}, "", "a key that is a Python Text, not a string"),
        ([(1, 2)], "/0", "a Python tuple, which JSON does not have"),
        (b"a", "", "a Python bytes, which JSON does not have"),
        (Decimal(1), "", "a Python Decimal, which JSON does not have"),
        ({"a": OrderedDict()}, "/a", "a Python OrderedDict, which JSON does not have"),
        (nested(MAX_DEPTH + 1), "/0" * MAX_DEPTH, "nested deeper than 64"),
    ],
)
def test_plain_refuses_what_is_no_value_and_says_where(value: object, pointer: str, why: str) -> None:
    with pytest.raises(NotPlain) as caught:
        plain(value)
    assert (caught.value.pointer, caught.value.why) == (pointer, why)
    assert str(caught.value) == f"{pointer or 'the value'}: {why}"


def test_the_deepest_value_is_plain() -> None:
    assert plain(nested(MAX_DEPTH)) == nested(MAX_DEPTH)


def test_another_depth_can_be_asked_for() -> None:
    assert plain(nested(2), depth=2) == [[0]]
    with pytest.raises(NotPlain, match="/0/0: nested deeper than 2"):
        plain(nested(3), depth=2)


def test_a_list_that_holds_itself_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(NotPlain, match="nested deeper than 64"):
        plain(endless)


@given(st.text())
def test_a_pointer_token_can_be_printed_and_keeps_its_separators_apart(key: str) -> None:
    token = escape(key)
    assert token.isprintable()
    assert "/" not in token
    assert token.replace("~0", "").replace("~1", "").count("~") == 0


@given(values, values)
def test_values_are_the_same_when_their_canonical_bytes_are(left: Value, right: Value) -> None:
    assert same(left, right) == (canonical(left) == canonical(right))


@given(values)
def test_a_value_is_the_same_as_its_copy(value: Value) -> None:
    assert same(value, copy.deepcopy(value))


@given(values, values)
def test_the_order_of_operands_does_not_matter(left: Value, right: Value) -> None:
    assert same(left, right) == same(right, left)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 1.0, True),
        (True, 1, False),
        (0, False, False),
        ([True], [1], False),
        ({"a": False}, {"a": 0}, False),
        (True, True, True),
        ("1", 1, False),
        (None, False, False),
        (None, None, True),
        ([1, 2], [1], False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1, "b": [2]}, {"b": [2.0], "a": 1}, True),
        ([], {}, False),
    ],
)
def test_equality_is_that_of_json(left: Value, right: Value, expected: bool) -> None:
    assert same(left, right) is expected


def test_an_outcome_may_have_an_output_of_any_name() -> None:
    outcome = Outcome("FOUND", name="a", self=1)
    assert (outcome.name, outcome.outputs) == ("FOUND", {"name": "a", "self": 1})


def test_outcomes_are_equal_when_their_names_and_outputs_are() -> None:
    assert Outcome("A", x=1) == Outcome("A", x=1.0)
    assert Outcome("A", x=1) != Outcome("B", x=1)
    assert Outcome("A", x=1) != Outcome("A", x=True)
    assert Outcome("A") != "A"


def test_an_outcome_shows_its_name_and_its_outputs_but_no_values() -> None:
    assert repr(Outcome("A", b="secret", a=1)) == "Outcome('A', a, b)"


def test_a_list_that_holds_one_list_twice_sixty_times_over_is_refused_at_once() -> None:
    shared: list[object] = []
    for _ in range(60):
        shared = [shared, shared]
    with pytest.raises(NotPlain, match="more than 1000000 values"):
        plain(shared)
