"""What the strict reader of YAML reports: the place, the sentence, the hint, and how much of it."""

from __future__ import annotations

import pytest

from pgs_compiler.findings import Place, Related
from pgs_compiler.read import ReadLimits
from tests.compiler.reading import codes, found, marked, under_the_caret


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[a b[0]]", 'Quote it: `"a b[0]"`.'),
        ("[a'b[0]]", 'Quote it: `"a\'b[0]"`.'),
        ('[a"b[0]]', "Quote it: `'a\"b[0]'`."),
        ('[a"\tb[0]]', 'Quote it: `"a\\"\\tb[0]"`.'),
    ],
)
def test_the_hint_quotes_with_the_quotes_that_the_text_does_not_hold(text: str, hint: str) -> None:
    (finding,) = found(text)
    assert finding.hint == hint


def test_an_unquoted_reference_does_not_hide_what_comes_after_it() -> None:
    text = "{a: $.x[0], b: [$.y[*].id, $.z['k'][1:2]], c: no, c: see x[0]}\n"
    assert marked(text) == [
        ("S114", "$.x[0]"),
        ("S114", "$.y[*].id"),
        ("S114", "$.z['k'][1:2]"),
        ("S105", "no"),
        ("S104", "c"),
        ("S114", "see x[0]"),
    ]
    assert found(text)[2].hint == "Quote it: `\"$.z['k'][1:2]\"`."


def test_a_file_of_unquoted_references_is_not_parsed_for_ever() -> None:
    assert codes("[" + "$.x[0]," * 1000 + "]") == ["S114"] * 20


def test_findings_before_a_syntax_error_are_reported_with_it() -> None:
    assert codes("a: no\nb: &x 1\nc: [\n") == ["S105", "S106", "S103"]


def test_findings_are_capped() -> None:
    assert len(found("- no\n" * 1000)) == 100
    assert len(found("- no\n" * 1000, ReadLimits(findings=3))) == 3


def test_findings_come_in_the_order_of_the_text() -> None:
    places = [finding.place for finding in found("a: \u202e\nb: no\nc: e\u0301\nb: 1\nd: \u200b\ne: 010\n")]
    assert places == sorted(places, key=lambda place: (place.line, place.column) if place else (0, 0))
    assert len(places) == 6


@pytest.mark.parametrize(
    ("text", "caret", "message"),
    [
        ("a: b: c", "b: c", "A text that holds `: ` stands in quotes."),
        (
            "a: 1\n b: 2\n",
            "b",
            "No key can stand here: by its indentation, this line goes on with the text before it.",
        ),
        ("a: 'x\n", "'", "The quote that opens here is never closed."),
        ("a: {b: [c, d}\n", "}", "A `,` or `]` is missing before `}`."),
        ("a: [b, c\n", "[", "The `[` that opens here is never closed."),
        ("a:\n  - b\n - c\n", "-", "The indentation of this line fits none of the lines above it."),
        ("a: 'it's'\n", "s'", "`s'` stands after a value that has ended."),
        ("a:\n\tb: 1\n", "\t", "A tab cannot indent a line; YAML takes spaces."),
        ("a: b\n\tc: 1\n", "\t", "A tab cannot indent a line; YAML takes spaces."),
        ("a: %x\n", "%x", "A plain text cannot start with `%`."),
        ("a: - b\n", "-", "No list item can start here."),
        ("a: ? b\n", "?", "No key can start here."),
        ("a: 1\nb c\n", "b c", "No `:` follows `b c`, so it is no key."),
        ('a: "\\q"\n', '\\q"', "Double quotes do not know this escape; `\\\\` stands for a backslash."),
        ('a: "\\x4"\n', '4"', "After `\\x`, `\\u` and `\\U` stand 2, 4 and 8 hexadecimal digits."),
        ('a: "\\ud800"\n', 'd800"', "No Unicode character has this number."),
        ("a: |x\n", "x", "After `|` or `>` the line ends."),
        ("a: |0\n x\n", "0", "The indentation after `|` or `>` counts from 1."),
        ('a: "x\n--- y"\n', "---", "Quoted text cannot hold a line that starts with `---` or `...`."),
        ("[a]b\n", "b", "The document has ended before this; the next one starts with `---`."),
        ("[a,,b]\n", ",", "A value is missing here."),
        ("{a:[b]}\n", ":", "Between brackets, a `:` after a key is followed by a space."),
    ],
)
def test_a_syntax_error_has_a_place_and_a_sentence(text: str, caret: str, message: str) -> None:
    (finding,) = found(text)
    assert (finding.code, finding.message) == ("S103", message)
    assert under_the_caret(text, finding.place) == caret


def test_a_missing_bracket_points_to_the_one_that_opened() -> None:
    (finding,) = found("a: [b\nc: d\n")
    assert finding.related == (Related(Place("a.yaml", 1, 4, 1, 5), "`[` opens here"),)


@pytest.mark.parametrize("text", ["a: &\n", "a: *\n", "a: [* , b]\n"])
def test_an_anchor_or_alias_without_a_name_is_refused_as_one(text: str) -> None:
    assert codes(text) == ["S106"]


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n", "---\n...\n", "--- # nothing\n"])
def test_a_file_that_declares_nothing_is_refused(text: str) -> None:
    assert codes(text) == ["S115"]


def test_an_empty_document_among_others_is_refused_at_its_start() -> None:
    assert marked("a: 1\n---\n# nothing\n---\nb: 2\n") == [("S115", "---")]
