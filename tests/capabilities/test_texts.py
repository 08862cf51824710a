"""Texts: templates say what Python's formats say of the same, and nothing is lost when texts are cut and joined."""

from __future__ import annotations

import json
from string import ascii_uppercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_capabilities.transforms.texts import (
    canonical_text,
    fill_template,
    join_texts,
    lower_ascii,
    parse_integer,
    split_text,
)
from pgs_snapshot.values import Outcome, Value, same
from tests.capabilities.lawful import MOST, anything, integers, letters

pieces = st.one_of(
    st.text(letters, max_size=4).map(lambda text: text.replace("{", "{{").replace("}", "}}")),
    st.sampled_from(["{a}", "{b}", "{c}", "{{", "}}"]),
)
values: st.SearchStrategy[dict[str, Value]] = st.dictionaries(
    st.sampled_from(["a", "b", "c"]), integers | st.text(letters, max_size=4) | st.sampled_from(["{a}", "{{", "}"])
)


@given(st.lists(pieces).map("".join), values)
def test_a_template_says_what_python_says(template: str, named: dict[str, Value]) -> None:
    try:
        expected: dict[str, Value] | Outcome = {"text": template.format(**named)}
    except KeyError:
        missing: list[Value] = [name for name in "abc" if f"{{{name}}}" in template and name not in named]
        answer = fill_template(template, named, 1_000)
        assert isinstance(answer, Outcome)
        assert answer.name == "MISSING"
        assert [name for name in missing if name in answer.outputs["names"]] == answer.outputs["names"]  # type: ignore[operator]
        return
    assert fill_template(template, named, 1_000) == expected


@pytest.mark.parametrize("template", ["{", "}", "{a", "a}", "{a}}", "{a}{", "{{a}", "}{a}{", "{a}} }"])
def test_braces_that_do_not_match_are_malformed(template: str) -> None:
    assert fill_template(template, {"a": 1}, 100) == Outcome("MALFORMED")


@pytest.mark.parametrize("name", ["", "a.b", "a[0]", "a!r", "a:>9", "0", " a", "{a"])
def test_a_name_is_a_name_and_reaches_into_nothing(name: str) -> None:
    template = f"{{{name}}}"
    expected = Outcome("MALFORMED") if name == "{a" else Outcome("MISSING", names=[name])
    assert fill_template(template, {"a": "x"}, 100) == expected
    if name != "{a":
        assert fill_template(template, {name: "y"}, 100) == {"text": "y"}


def test_what_a_value_says_is_not_read_as_a_template() -> None:
    assert fill_template("{a}", {"a": "{b}", "b": "no"}, 100) == {"text": "{b}"}


def test_a_text_may_be_as_long_as_is_said_and_not_longer() -> None:
    assert fill_template("x{a}{{", {"a": "yy"}, 4) == {"text": "xyy{"}
    assert fill_template("x{a}{{", {"a": "yy"}, 3) == Outcome("TOO_LONG")
    assert join_texts(["a", "b"], "--", 4) == {"text": "a--b"}
    assert join_texts(["a", "b"], "--", 3) == Outcome("TOO_LONG")
    assert join_texts([], "--", 0) == {"text": ""}


@given(st.text(letters), st.text(letters, min_size=1, max_size=2))
def test_what_was_split_is_joined_to_the_same(text: str, separator: str) -> None:
    parts = split_text(text, separator)["parts"]
    assert isinstance(parts, list)
    assert not any(separator in str(part) for part in parts)
    assert join_texts([str(part) for part in parts], separator, MOST) == {"text": text}


@given(st.text(letters))
def test_letters_of_ascii_alone_become_small(text: str) -> None:
    expected = "".join(chr(ord(letter) + 32) if letter in ascii_uppercase else letter for letter in text)
    assert lower_ascii(text) == {"text": expected}


@given(st.integers(-(10**20), 10**20))
def test_a_number_is_read_as_it_is_written(number: int) -> None:
    expected = {"number": number} if abs(number) <= MOST else Outcome("OUT_OF_RANGE")
    assert parse_integer(str(number)) == expected


@pytest.mark.parametrize("text", ["", "-", "-0", "00", "+1", " 1", "1.0", "1e3", "1_000", "٣", "²", "--1", "0x1"])
def test_what_json_does_not_write_so_is_no_number(text: str) -> None:
    assert parse_integer(text) == Outcome("NOT_A_NUMBER")


def test_a_number_of_any_length_is_out_of_range_and_soon() -> None:
    assert parse_integer("9" * 100_000) == Outcome("OUT_OF_RANGE")
    assert parse_integer("0") == {"number": 0}


@given(anything)
def test_a_canonical_text_is_json_of_the_same_value(data: Value) -> None:
    text = canonical_text(data)["text"]
    assert isinstance(text, str)
    assert same(json.loads(text), data)
