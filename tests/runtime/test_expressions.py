"""Expressions and conditions over frames."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_runtime.core.expressions import ABSENT, Frame, Looked, Missing, getter, judge, record
from pgs_snapshot import model
from pgs_snapshot.model import (
    All,
    Any_,
    Compare,
    Condition,
    Default,
    Expr,
    Items,
    Literal_,
    Not,
    Query,
    Record,
    Ref,
    Slice,
    Text,
    Wildcard,
)
from pgs_snapshot.values import Value, plain, same
from tests.snapshot.strategies import values

FRAME: Frame = [
    {
        "text": "abc",
        "count": 3,
        "yes": True,
        "nothing": None,
        "list": [1, "two", [3]],
        "people": [{"name": "a", "tags": ["x"]}, {"name": "b", "tags": []}],
    },
    ABSENT,
]


def ref(*path: str | int, slot: int = 0, optional: bool = False) -> Ref:
    return Ref(slot, path, optional)


def query(*path: str | int | Slice | Wildcard, slot: int = 0) -> Query:
    return Query(slot, path)


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (Literal_([1, {"a": None}]), [1, {"a": None}]),
        (ref("text"), "abc"),
        (ref("nothing"), None),
        (ref("list", 2, 0), 3),
        (ref("list", -1), [3]),
        (ref("people", 1, "name"), "b"),
        (query("people", Wildcard(), "name"), ["a", "b"]),
        (query("people", Wildcard(), "tags", Wildcard()), ["x"]),
        (query("people", Slice(1, None), "name"), ["b"]),
        (query("list", Slice(None, None, -1)), [[3], "two", 1]),
        (query("list", Slice(None, None, 0)), []),
        (query("list", Slice(-2, -1)), ["two"]),
        (query("list", Slice(5, 9)), []),
        (Default(ref("text"), Literal_("other")), "abc"),
        (Default(ref("gone", optional=True), Literal_("other")), "other"),
        (Default(ref("gone"), Literal_("other")), "other"),
        (Default(ref("nothing"), Literal_("other")), None),
        (Default(ref(slot=1, optional=True), ref("count")), 3),
        (Text((Literal_("n="), ref("count"), Literal_(" "), ref("text"))), "n=3 abc"),
        (Text(()), ""),
        (Record({"a": ref("count"), "b": Record({"c": ref("yes")})}), {"a": 3, "b": {"c": True}}),
        (Record({"a": ref("gone", optional=True), "b": ref("count")}), {"b": 3}),
        (Record({"a": Default(ref("gone"), ref("gone", optional=True))}), {}),
        (Record({}), {}),
        (Items((ref("count"), Literal_("x"), Items(()))), [3, "x", []]),
    ],
)
def test_an_expression_gives_what_it_says(expr: Expr, expected: Value) -> None:
    assert same(getter(expr)(FRAME), expected)


@pytest.mark.parametrize(
    "expr",
    [
        ref("gone", optional=True),
        ref("text", "gone", optional=True),
        ref("text", 0, optional=True),
        ref("list", "0", optional=True),
        ref("list", 3, optional=True),
        ref("list", -4, optional=True),
        ref("count", 0, optional=True),
        ref("nothing", "a", optional=True),
        ref(slot=1, optional=True),
        ref("a", slot=1, optional=True),
        ref(slot=2, optional=True),  # beyond the end of the frame: a step that has not run
        ref("a", slot=2, optional=True),
        query("text", Wildcard()),
        query("people", Wildcard(), "gone"),
        query("people", Wildcard(), "tags", 0),
        query("count", Slice()),
        query("gone", Wildcard()),
        query(Wildcard(), slot=1),
        Default(ref("gone"), ref("gone", optional=True)),
    ],
)
def test_what_is_not_there_is_absent(expr: Expr) -> None:
    assert getter(expr)(FRAME) is ABSENT
    assert record({"a": expr, "b": Literal_(1)})(FRAME) == {"b": 1}


@pytest.mark.parametrize(
    "expr",
    [
        ref("gone"),
        ref("text", "gone"),
        ref("text", 0),
        ref("list", "0"),
        ref("list", 3),
        ref("people", 1, "tags", 0),
        ref(slot=1),
        ref("a", slot=1),
        ref(0, slot=1),
        Default(ref("gone"), ref("gone")),
        Text((ref("yes"),)),
        Text((ref("nothing"),)),
        Text((ref("list"),)),
        Text((Literal_(0.5),)),
        Text((ref("gone", optional=True),)),
        Items((ref("gone", optional=True),)),
        Items((query("text", Wildcard()),)),
        Record({"a": Record({"b": ref("gone")})}),
    ],
)
def test_what_has_to_be_there_and_is_not_is_missing(expr: Expr) -> None:
    with pytest.raises(Missing) as missing:
        getter(expr)(FRAME)
    assert "abc" not in str(missing.value)


def _slice(text: str) -> Slice:
    start, stop, step = (int(part) if part else None for part in [*text.split(":"), ""][:3])
    return Slice(start, stop, 1 if step is None else step)


def _compliance() -> list[tuple[str, Value, Query, Value]]:
    """The tests of RFC 9535's compliance suite that are about slices."""
    file = Path(__file__).parents[1] / "data" / "jsonpath-compliance.json"
    return [
        (
            test["name"],
            test["document"],
            query(*map(_slice, test["selector"][2:-1].split("]["))),
            test["result"],
        )
        for test in json.loads(file.read_text(encoding="utf-8"))["tests"]
        if test["name"].startswith("slice selector") and "result" in test
    ]


def test_slices_agree_with_the_compliance_suite_of_rfc_9535() -> None:
    cases = _compliance()
    assert len(cases) > 30
    for name, document, slices, expected in cases:
        selected = getter(slices)([document])
        # Out of what is no list RFC 9535 selects nothing; here that is absent, and no empty list.
        assert (expected == []) if selected is ABSENT else selected == expected, name


@given(
    st.lists(st.integers(), max_size=6),
    st.none() | st.integers(-8, 8),
    st.none() | st.integers(-8, 8),
    st.integers(-3, 3),
)
def test_a_slice_selects_as_rfc_9535_computes_it(
    items: list[int], start: int | None, stop: int | None, step: int
) -> None:
    expected: list[int] = []
    size = len(items)
    if step > 0:
        first, last = 0 if start is None else start, size if stop is None else stop
        lower = min(max(first if first >= 0 else size + first, 0), size)
        upper = min(max(last if last >= 0 else size + last, 0), size)
        while lower < upper:
            expected.append(items[lower])
            lower += step
    elif step < 0:
        first, last = size - 1 if start is None else start, -size - 1 if stop is None else stop
        upper = min(max(first if first >= 0 else size + first, -1), size - 1)
        lower = min(max(last if last >= 0 else size + last, -1), size - 1)
        while lower < upper:
            expected.append(items[upper])
            upper += step
    assert getter(query(Slice(start, stop, step)))([[*items]]) == expected


def test_a_query_selects_in_document_order() -> None:
    nested: Value = [[[1, 2], [3]], [[4]]]
    assert getter(query(Wildcard(), Wildcard(), Wildcard()))([nested]) == [1, 2, 3, 4]
    assert getter(query(Wildcard(), 0))([nested]) == [[1, 2], [4]]


# --- conditions ----------------------------------------------------------------------------------


def holds(op: model.Operator, left: Value, right: Value, instants: bool = False) -> bool:
    return judge(Compare(op, (Literal_(left), Literal_(right)), instants))([], [])


ORDER: dict[model.Operator, Callable[[int], bool]] = {
    "lt": lambda sign: sign < 0,
    "le": lambda sign: sign <= 0,
    "gt": lambda sign: sign > 0,
    "ge": lambda sign: sign >= 0,
    "eq": lambda sign: sign == 0,
    "ne": lambda sign: sign != 0,
}


@pytest.mark.parametrize("op", ORDER)
@pytest.mark.parametrize(
    ("left", "right", "sign"),
    [
        (1, 2, -1),
        (2, 2, 0),
        (2, 1.5, 1),
        (0, 0.5, -1),
        (2**53 - 1, 2**53 - 2, 1),
        ("2026-01-31", "2026-02-01", -1),
        ("a", "a", 0),
        ("b", "B", 1),
        ("\uffff", "\U00010000", -1),
    ],
)
def test_numbers_and_texts_are_ordered(op: model.Operator, left: Value, right: Value, sign: int) -> None:
    assert holds(op, left, right) is ORDER[op](sign)
    assert holds(op, right, left) is ORDER[op](-sign)


@pytest.mark.parametrize("op", ["lt", "le", "gt", "ge"])
@pytest.mark.parametrize(
    ("left", "right"),
    [(True, 1), (0, False), (True, False), ("1", 1), (None, None), ([1], [2]), ({}, {}), (None, 1)],
)
def test_only_two_numbers_or_two_texts_have_an_order(op: model.Operator, left: Value, right: Value) -> None:
    with pytest.raises(Missing):
        holds(op, left, right)


@pytest.mark.parametrize("op", ORDER)
@pytest.mark.parametrize(
    ("left", "right", "sign"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z", 0),
        ("2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.10Z", 0),
        ("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z", 0),
        ("2026-01-01T00:00:00-00:00", "2026-01-01T00:00:00Z", 0),
        ("2025-12-31T23:30:00-01:00", "2026-01-01T00:00:00Z", 1),
        ("2026-01-01T00:00:00.0000001Z", "2026-01-01T00:00:00.0000002Z", -1),
        ("2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.123456788Z", 1),
        ("1969-12-31T23:59:59.9Z", "1969-12-31T23:59:59.95Z", -1),
        ("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00Z", -1),
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59-23:59", -1),
        ("2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z", -1),
    ],
)
def test_instants_compare_as_points_in_time(op: model.Operator, left: str, right: str, sign: int) -> None:
    assert holds(op, left, right, instants=True) is ORDER[op](sign)
    assert holds(op, right, left, instants=True) is ORDER[op](-sign)


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00.5",
        "2026-13-01T00:00:00Z",
        "",
        "now",
        5,
        None,
    ],
)
def test_what_is_no_instant_is_not_compared_as_one(value: Value) -> None:
    with pytest.raises(Missing):
        holds("lt", value, "2026-01-01T00:00:00Z", instants=True)


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (1, 1.0, True),
        (0, -0.0, True),
        (True, 1, False),
        (False, 0, False),
        (True, True, True),
        (None, False, False),
        ("1", 1, False),
        ([1, [True]], [1.0, [True]], True),
        ([1, [True]], [1, [1]], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"a": True}, False),
        ([1, 2], [2, 1], False),
        ("é", "e\u0301", False),
    ],
)
def test_equality_is_that_of_json_and_a_boolean_is_never_a_number(left: Value, right: Value, equal: bool) -> None:
    assert holds("eq", left, right) is equal
    assert holds("eq", right, left) is equal
    assert holds("ne", left, right) is not equal
    assert holds("in", left, [right]) is equal
    assert holds("not_in", left, ["other", right]) is not equal


@given(values, st.lists(values, max_size=4))
def test_a_value_is_in_a_list_exactly_if_an_item_equals_it(value: Value, items: list[Value]) -> None:
    expected = any(same(value, item) for item in items)
    assert holds("in", plain(value), items) is expected
    assert holds("not_in", value, items) is not expected


@pytest.mark.parametrize("members", [{"a": 1}, "abc", None, 3])
def test_members_are_sought_in_lists_only(members: Value) -> None:
    with pytest.raises(Missing):
        holds("in", "a", members)


@pytest.mark.parametrize(
    ("value", "held"), [("AC-12", True), ("AC-1", False), ("xAC-12", False), (12, False), (None, False)]
)
def test_matches_is_asked_of_texts(value: Value, held: bool) -> None:
    assert holds("matches", value, "^(?:AC-[0-9]{2})$") is held


def test_a_pattern_that_is_computed_is_refused_when_it_is_linked() -> None:
    with pytest.raises(AssertionError):
        judge(Compare("matches", (ref("text"), ref("text"))))


@pytest.mark.parametrize("operands", [(), (Literal_(1),), (ref("a"), ref("b"))])
def test_exists_asks_about_one_reference(operands: tuple[Expr, ...]) -> None:
    with pytest.raises(AssertionError):
        judge(Compare("exists", operands))


@pytest.mark.parametrize("optional", [True, False])
@pytest.mark.parametrize(
    ("path", "slot", "there"),
    [
        (("text",), 0, True),
        (("nothing",), 0, True),
        (("gone",), 0, False),
        (("gone", "deeper"), 0, False),
        ((), 0, True),
        ((), 1, False),
    ],
)
def test_exists_says_whether_a_member_is_there_be_it_null(
    path: tuple[str, ...], slot: int, there: bool, optional: bool
) -> None:
    assert judge(Compare("exists", (Ref(slot, path, optional),)))(FRAME, []) is there


def test_an_operand_that_is_not_there_is_missing() -> None:
    with pytest.raises(Missing):
        judge(Compare("eq", (ref("gone", optional=True), Literal_(1))))(FRAME, [])


IS_3 = Compare("eq", (ref("count"), Literal_(3)))
IS_4 = Compare("eq", (ref("count"), Literal_(4)))
GONE = Compare("eq", (ref("gone"), Literal_(4)))


@pytest.mark.parametrize(
    ("condition", "held", "looked"),
    [
        (IS_3, True, [IS_3]),
        (Not(IS_3), False, [IS_3]),
        (All((IS_3, IS_4, GONE)), False, [IS_3, IS_4]),
        (All((IS_3, Not(IS_4))), True, [IS_3, IS_4]),
        (Any_((IS_4, IS_3, GONE)), True, [IS_4, IS_3]),
        (Any_((IS_4, Not(IS_3))), False, [IS_4, IS_3]),
        (All(()), True, []),
        (Any_(()), False, []),
        (Not(All((IS_4, GONE))), True, [IS_4]),
    ],
)
def test_conditions_stop_where_they_are_decided_and_note_what_they_looked_at(
    condition: Condition, held: bool, looked: list[Compare]
) -> None:
    seen: list[Looked] = []
    assert judge(condition)(FRAME, seen) is held
    assert [found.comparison for found in seen] == looked
    assert [found.held for found in seen] == [comparison is IS_3 for comparison in looked]


def test_what_was_looked_at_holds_the_operands_but_not_of_exists() -> None:
    exists = Compare("exists", (ref("count", optional=True),))
    seen: list[Looked] = []
    assert judge(All((exists, IS_3)))(FRAME, seen)
    assert seen == [Looked(exists, (), True), Looked(IS_3, (3, 3), True)]
