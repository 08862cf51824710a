"""What `visible` lets through to a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_snapshot.visible import visible

ANYTHING = st.text(st.characters())  # lone surrogates too
ALARMING = st.text(
    st.sampled_from("a é\x00\x07\x1b\x7f\x80\x9b\u00ad\u200b\u200f\u2028\u202e\u2066\ufe0f\ufeff\ud800\U000e0041")
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\tb\r\nc", "a\\tb\\r\\nc"),
        ("\x7f\x9b", "\\x7f\\x9b"),
        ("user\u202etxt.exe", "user\\u202etxt.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("line\u2028break", "line\\u2028break"),
        ("no\u00a0break", "no\\xa0break"),
        ("\udcff", "\\udcff"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("filler\u3164", "filler\\u3164"),
        ("selector\ufe0f", "selector\\ufe0f"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("text", ["", "plain text", "back\\slash", "Zürich 東京 👍", "e\u0301 combining"])
def test_what_can_be_read_stays(text: str) -> None:
    assert visible(text) == text


@given(st.one_of(ANYTHING, ALARMING))
def test_no_control_format_or_separator_character_but_the_space_is_left(text: str) -> None:
    kinds = {unicodedata.category(char)[0] for char in visible(text) if char != " "}
    assert kinds.isdisjoint({"C", "Z"})


@given(st.text(st.characters(categories=["L", "Nd", "P", "S"], max_codepoint=0x33FF)))
def test_letters_digits_and_signs_stay_unless_nothing_is_seen_of_them(text: str) -> None:
    unseen = set("\u115f\u1160\u2800\u3164")
    assert visible(text) == text or unseen & set(text)


@given(st.one_of(ANYTHING, ALARMING))
def test_showing_twice_is_showing_once(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(ANYTHING, ANYTHING)
def test_each_character_is_shown_for_itself(left: str, right: str) -> None:
    assert visible(left + right) == visible(left) + visible(right)
