"""Patterns: I-Regexp by the grammar of RFC 9485, as an engine of ECMAScript regular expressions takes it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from iregexp_check import check

from pgs_compiler.schemas.patterns import MAX_PATTERN, Pattern, PatternProblem, pattern_problem, read_pattern
from pgs_snapshot.validation import matcher


def matches(pattern: str, text: str) -> bool:
    found = read_pattern(pattern)
    assert isinstance(found, Pattern)
    return matcher(found.ecma)(text)


@given(st.text("ab^$[]-\\()*+?{}12,.|&~pLn", max_size=8))
@example("[^]")
@example("[a-]")
@example("[-a-c-]")
@example("a{1}{2}")
def test_what_is_read_is_i_regexp_and_what_is_refused_is_not(text: str) -> None:
    found = read_pattern(text)
    if isinstance(found, Pattern):
        assert check(text)
        matcher(found.ecma)
    else:
        stricter = ("anchor", "goes backwards", "down to")  # what the grammar leaves to the meaning
        assert not check(text) or any(word in found.message for word in stricter)
        assert 0 <= found.offset <= len(text)


REFUSED = [
    (
        "^a",
        0,
        "The anchor `^` is not used: a pattern is matched whole.",
        "Leave it out; the character itself is `\\^`.",
    ),
    (
        "a$",
        1,
        "The anchor `$` is not used: a pattern is matched whole.",
        "Leave it out; the character itself is `[$]`.",
    ),
    ("(?=a)b", 0, "A lookahead (`(?=`) is not used.", ""),
    ("(?!a)b", 0, "A lookahead (`(?!`) is not used.", ""),
    ("(?<=a)b", 0, "A lookbehind (`(?<=`) is not used.", ""),
    ("a(?<!a)b", 1, "A lookbehind (`(?<!`) is not used.", ""),
    ("(?<n>a)", 0, "A named group (`(?<`) is not used.", "Write `(`."),
    ("(?P<n>a)", 0, "A named group (`(?P`) is not used.", "Write `(`."),
    ("(?:a)", 0, "A non-capturing group (`(?:`) is not used.", "Write `(`."),
    ("(?i)a", 0, "A group with flags (`(?`) is not used.", ""),
    ("(a)\\1", 3, "The backreference `\\1` is not used.", ""),
    ("\\k<n>", 0, "The backreference `\\k` is not used.", ""),
    ("a*?", 2, "The lazy quantifier `*?` is not used.", "Write `*`."),
    ("a{1,2}?", 6, "The lazy quantifier `{1,2}?` is not used.", "Write `{1,2}`."),
    ("a++", 2, "The possessive quantifier `++` is not used.", "Write `+`."),
    ("\\d+", 0, "The shorthand `\\d` is not used.", "Write `[0-9]`."),
    ("[\\w]", 1, "The shorthand `\\w` is not used.", "Write `[A-Za-z0-9_]`."),
    ("\\bx", 0, "The word boundary `\\b` is not used.", ""),
    ("\\x41", 0, "The escape `\\x` is not used.", ""),
    ("\\/", 0, "`\\/` escapes what needs no escape.", "Write `[/]`."),
    ("a\\", 1, "A `\\` stands at the end.", "Write `\\\\`."),
    ("\\p{Greek}", 0, "A category after `\\p` is one of Unicode's, such as `\\p{L}` or `\\p{Nd}`.", ""),
    ("*a", 0, "`*` repeats nothing.", "The character itself is `\\*`."),
    ("a**", 2, "`*` repeats nothing.", "The character itself is `\\*`."),
    ("(|+)", 2, "`+` repeats nothing.", "The character itself is `\\+`."),
    ("a{2,1}", 1, "`{2,1}` counts from 2 down to 1.", ""),
    ("a{1001}", 1, "`{1001}` repeats more than 1000 times.", ""),
    ("a{,2}", 1, "A `{` stands alone.", "Write `\\{`."),
    ("a]", 1, "A `]` stands alone.", "Write `\\]`."),
    ("(a", 0, "A `(` is not closed.", ""),
    ("a)", 1, "A `)` closes no group.", ""),
    ("[a", 0, "A `[` is not closed.", ""),
    ("[]", 0, "A class `[]` matches nothing.", ""),
    ("[a[b]", 2, "A `[` stands inside a class.", "Write `\\[`."),
    ("[a-b-c]", 4, "A `-` inside a class stands first or last.", "Write `\\-`."),
    ("[z-a]", 1, "The range `z-a` goes backwards.", ""),
    ("[a-\\p{L}]", 1, "A range in a class goes from one character to another.", ""),
    ("(\\p{L}{1000}){1000}", 0, "Written out, the counted repetitions of this pattern are too many.", ""),
    ("a" * (MAX_PATTERN + 1), MAX_PATTERN, f"A pattern has at most {MAX_PATTERN} characters.", ""),
]


@pytest.mark.parametrize(("text", "offset", "message", "hint"), REFUSED, ids=[case[0][:20] for case in REFUSED])
def test_what_is_not_used_is_refused_by_name(text: str, offset: int, message: str, hint: str) -> None:
    assert read_pattern(text) == PatternProblem(offset, message, hint)


@pytest.mark.parametrize(
    ("pattern", "accepted", "refused"),
    [
        ("0x[0-9a-f]{2}", ["0xff"], ["0xf", "0xfff", " 0xff", "0xff\n"]),
        ("a|bc", ["a", "bc"], ["ac", "abc", "b"]),
        ("", [""], ["a"]),
        ("a.c", ["abc", "a\u2028c", "a😀c"], ["a\nc", "a\rc"]),
        ("[a&&b~~^-]+", ["a&b~^-"], ["c"]),
        ("[$]\\^\\-\\.\\{\\}", ["$^-.{}"], ["$^-x{}"]),
        ("\\p{Lu}\\P{L}", ["Ä1"], ["ä1", "Äb"]),
        ("[\\n\\t-]+", ["\n\t-"], ["n"]),
        ("(a|b){2,3}c?", ["ab", "babc"], ["a", "abab"]),
    ],
)
def test_a_pattern_matches_whole(pattern: str, accepted: list[str], refused: list[str]) -> None:
    assert [text for text in accepted if not matches(pattern, text)] == []
    assert [text for text in refused if matches(pattern, text)] == []


def test_a_pattern_that_would_backtrack_is_matched_in_linear_time() -> None:
    assert not matches("(a*)*b", "a" * 200_000)


def test_a_problem_is_one_sentence_with_its_hint() -> None:
    assert pattern_problem("[a-z]+") == ""
    assert pattern_problem("\\d") == "The shorthand `\\d` is not used. Write `[0-9]`."
