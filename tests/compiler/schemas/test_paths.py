"""Paths: what is read, what is refused with which words, and that everybody reads them alike."""

from __future__ import annotations

import json
from pathlib import Path as File
from typing import cast

import jsonpath_rfc9535
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_compiler.schemas.paths import (
    MAX_PATH,
    MAX_STEPS,
    Path,
    PathProblem,
    Step,
    bracketed,
    parse_path,
)
from pgs_snapshot.model import Slice, Wildcard
from pgs_snapshot.values import MAX_INTEGER, Value

COMPLIANCE = json.loads((File(__file__).parents[2] / "data/jsonpath-compliance.json").read_text())["tests"]


def all_steps(path: Path) -> tuple[Step, ...]:
    return (path.root, *path.steps) if path.root else path.steps


def selected(value: Value, steps: tuple[Step, ...]) -> list[Value]:
    """What a path selects, by RFC 9535, in document order."""
    nodes = [value]
    for step in steps:
        nodes = [below for node in nodes for below in _below(node, step)]
    return nodes


def _below(node: Value, step: Step) -> list[Value]:
    if isinstance(step, str):
        return [node[step]] if isinstance(node, dict) and step in node else []
    if isinstance(step, Wildcard):
        return list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    if not isinstance(node, list):
        return []
    if isinstance(step, Slice):
        return node[step.start : step.stop : step.step]
    return [node[step]] if -len(node) <= step < len(node) else []


@pytest.mark.parametrize("case", COMPLIANCE, ids=[case["name"] for case in COMPLIANCE])
def test_the_compliance_suite_agrees_with_every_path_that_is_read(case: dict[str, Value]) -> None:
    path = parse_path(cast(str, case["selector"]))
    if isinstance(path, PathProblem):
        return
    assert "invalid_selector" not in case
    results = case.get("results", [case.get("result")])
    assert selected(case["document"], all_steps(path)) in cast("list[Value]", results)


def test_the_documented_subset_of_the_compliance_suite_is_read() -> None:
    read = [case["selector"] for case in COMPLIANCE if isinstance(parse_path(case["selector"]), Path)]
    assert len(read) == 61
    assert {"$", "$.a", "$['a']", "$[0]", "$[-1]", "$[*]", "$[1:3]", "$[::-1]"} <= set(read)


names = st.from_regex("[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True)
small = st.integers(-3, 3)
steps = st.one_of(
    names,
    small,
    st.builds(Wildcard),
    st.builds(Slice, st.none() | small, st.none() | small, small.filter(bool)),
)
values: st.SearchStrategy[Value] = st.recursive(
    st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
)


@given(st.lists(steps, max_size=5).map(tuple))
def test_a_path_in_brackets_reads_as_its_steps(made: tuple[Step, ...]) -> None:
    path = parse_path(bracketed(made))
    assert isinstance(path, Path)
    assert all_steps(path) == made


@given(st.lists(st.sampled_from("ab") | steps, max_size=3).map(tuple), values)
def test_another_reader_of_the_rfc_selects_the_same(made: tuple[Step, ...], value: Value) -> None:
    found = jsonpath_rfc9535.find(bracketed(made), value).values()
    assert found == selected(value, made)


def test_the_first_name_is_the_root_and_every_step_knows_where_it_ends() -> None:
    text = "$.payload.items[0]['name'][*]"
    path = parse_path(text)
    assert isinstance(path, Path)
    assert (path.root, path.steps) == ("payload", ("items", 0, "name", Wildcard()))
    assert [text[:end] for end in path.ends] == [
        "$.payload.items",
        "$.payload.items[0]",
        "$.payload.items[0]['name']",
        text,
    ]
    assert not path.singular


@pytest.mark.parametrize("text", ["$", "$[0]", "$[*].a"])
def test_a_path_without_a_first_name_has_no_root(text: str) -> None:
    path = parse_path(text)
    assert isinstance(path, Path)
    assert path.root == ""


@pytest.mark.parametrize("text", ["$.a", "$['a']", "$.a[-1].b"])
def test_names_and_indexes_select_one_value(text: str) -> None:
    path = parse_path(text)
    assert isinstance(path, Path)
    assert path.singular


@pytest.mark.parametrize("keyword", ["parent", "where", "and", "this", "len", "sorted", "true", "__class__"])
def test_a_name_that_means_something_elsewhere_is_a_name_here(keyword: str) -> None:
    assert parse_path(f"$.payload.{keyword}") == Path("payload", (keyword,), (10 + len(keyword),))


REFUSED = [
    ("", 0, "A reference starts with `$`.", ""),
    ("payload.x", 0, "A reference starts with `$`.", ""),
    ("$payload", 1, "A dot follows `$`.", ""),
    ("$..a", 1, "Descendants (`..`) are not used: a reference names every step.", ""),
    ("$.a.*", 3, "A wildcard stands in brackets.", "Write `[*]`."),
    ("$.a[?@.b == 1]", 3, "Filters (`[?…]`) are not used.", ""),
    ("$.a[(@.length-1)]", 3, "Scripts and functions are not used.", ""),
    ('$.a["b"]', 3, "A name in brackets stands in single quotes.", "Write `['name']`."),
    ("$.a[-0]", 3, "An index has no leading zero and no `-0`.", ""),
    ("$.a[01]", 3, "An index has no leading zero and no `-0`.", ""),
    (f"$.a[{MAX_INTEGER + 1}]", 3, "An index lies within 2^53-1.", ""),
    ("$.a[" + "9" * 400 + "]", 3, "An index lies within 2^53-1.", ""),
    ("$.a[0,1]", 3, "A bracket holds one selector.", ""),
    ("$.a['b','c']", 3, "A bracket holds one selector.", ""),
    ("$.a [0]", 3, "A reference holds no white space.", ""),
    ("$.a[ 0 ]", 3, "A reference holds no white space.", ""),
    ("$.a\n", 3, "A reference holds no white space.", ""),
    ("$.a['b c']", 3, "A name is letters, digits and underscores, and starts with no digit.", ""),
    ("$.a['b\\u0063']", 3, "A name is letters, digits and underscores, and starts with no digit.", ""),
    (
        "$.a.0",
        3,
        "A name starts with a letter or an underscore.",
        "An index stands in brackets, such as `[0]`.",
    ),
    ("$.a.[0]", 3, "A bracket follows without a dot.", "Leave the dot out."),
    ("$.a.", 3, "A name follows a dot.", ""),
    ("$.é", 1, "A name follows a dot.", ""),
    ("$.a[::0]", 3, "The step of a slice is not 0.", ""),
    ("$.a[", 3, "A bracket holds an index, a slice, `*` or a name in single quotes.", ""),
    ("$.a]", 3, "`]` cannot follow here.", ""),
    ("$" + ".a" * MAX_PATH, MAX_PATH, f"A reference has at most {MAX_PATH} characters.", ""),
    ("$" + ".a" * (MAX_STEPS + 1), 2 * MAX_STEPS + 3, f"A reference has at most {MAX_STEPS} steps.", ""),
]


@pytest.mark.parametrize(("text", "offset", "message", "hint"), REFUSED, ids=[case[0][:20] for case in REFUSED])
def test_what_is_no_path_is_told_where_and_why(text: str, offset: int, message: str, hint: str) -> None:
    assert parse_path(text) == PathProblem(offset, message, hint)


@pytest.mark.parametrize("hostile", ["$" + "..*" * 10**5, "$.a[?" + "(" * 10**6, "$" + "[" * 10**6, "$." + "a" * 10**6])
def test_a_hostile_path_is_refused_by_its_length(hostile: str) -> None:
    assert parse_path(hostile) == PathProblem(MAX_PATH, f"A reference has at most {MAX_PATH} characters.")


@given(st.text("$.[]'*:-01ab_?@ ,\"(", max_size=12))
def test_every_text_is_a_path_or_a_problem_within_it(text: str) -> None:
    found = parse_path(text)
    if isinstance(found, PathProblem):
        assert 0 <= found.offset <= len(text)
        assert found.message.endswith(".")
    else:
        assert jsonpath_rfc9535.compile(text)
