"""Reports for people, asserted whole."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pgs_compiler.findings import Finding, Place, Related
from pgs_compiler.render import Style, render
from pgs_compiler.render.counts import Counts
from tests.compiler.render.places import PATH, at

SOURCE = """\
workflow: shop::WF_ORDER_V0
start: admit
nodes:
  admit:
    intent: IN_ORDER_V0
    next: {ACK: record, NACK: rejected}
    next: {ACK: done}
"""


def report(*findings: Finding, source: str | bytes = SOURCE, style: Style | None = None) -> str:
    data = source if isinstance(source, bytes) else source.encode()
    return render(findings, {PATH: data}, "text", style or Style())


def found(place: Place | None, label: str = "", hint: str = "") -> Finding:
    return Finding("S105", "`no` is a boolean to some readers.", place, label, hint=hint)


def excerpt_of(shown: str) -> list[str]:
    """The source line and the line of carets under it."""
    return shown.splitlines()[3:5]


def test_a_finding_shows_message_place_line_label_and_hint() -> None:
    finding = replace(found(at(SOURCE, "IN_ORDER_V0")), label="this one", hint="Write `'no'`.")
    assert report(finding) == (
        "error[S105] ambiguous-scalar: `no` is a boolean to some readers.\n"
        " --> protocols/shop/order.yaml:5:13\n"
        "  |\n"
        "5 |     intent: IN_ORDER_V0\n"
        "  |             ^^^^^^^^^^^ this one\n"
        "  = hint: Write `'no'`.\n"
        "\n"
        "1 error in 1 file\n"
    )


def test_related_places_have_excerpts_and_line_numbers_share_one_gutter() -> None:
    source = "# a comment\n" * 6 + SOURCE
    first = Related(at(source, "next"), "first stands here")
    finding = Finding(
        "S104",
        "`next` stands twice in this mapping.",
        at(source, "next", 2),
        "again",
        (first,),
        "Merge the two.",
    )
    assert report(finding, source=source) == (
        "error[S104] duplicate-key: `next` stands twice in this mapping.\n"
        "  --> protocols/shop/order.yaml:13:5\n"
        "   |\n"
        "13 |     next: {ACK: done}\n"
        "   |     ^^^^ again\n"
        "  ::: protocols/shop/order.yaml:12:5\n"
        "   |\n"
        "12 |     next: {ACK: record, NACK: rejected}\n"
        "   |     ---- first stands here\n"
        "   = hint: Merge the two.\n"
        "\n"
        "1 error in 1 file\n"
    )


def test_findings_stand_in_the_order_of_their_places_each_once_with_totals_last() -> None:
    late = found(at(SOURCE, "record"))
    early = found(at(SOURCE, "start"))
    elsewhere = found(Place("protocols/a.yaml", 1, 1, 1, 2))
    nowhere = Finding("S115", "The workspace declares nothing.", None, hint="Add a file to `protocols/`.")
    assert report(late, nowhere, early, late, elsewhere) == (
        "error[S115] empty: The workspace declares nothing.\n"
        "  = hint: Add a file to `protocols/`.\n"
        "\n"
        "error[S105] ambiguous-scalar: `no` is a boolean to some readers.\n"
        " --> protocols/a.yaml:1:1\n"
        "\n"
        "error[S105] ambiguous-scalar: `no` is a boolean to some readers.\n"
        " --> protocols/shop/order.yaml:2:1\n"
        "  |\n"
        "2 | start: admit\n"
        "  | ^^^^^\n"
        "\n"
        "error[S105] ambiguous-scalar: `no` is a boolean to some readers.\n"
        " --> protocols/shop/order.yaml:6:17\n"
        "  |\n"
        "6 |     next: {ACK: record, NACK: rejected}\n"
        "  |                 ^^^^^^\n"
        "\n"
        "4 errors in 2 files\n"
    )


def test_a_warning_says_so_and_is_counted_apart() -> None:
    warning = Finding("D215", "`WF_ORDER_V0` has no summary.", at(SOURCE, "shop::WF_ORDER_V0"))
    assert report(warning, found(at(SOURCE, "IN_ORDER_V0"))) == (
        "warning[D215] no-summary: `WF_ORDER_V0` has no summary.\n"
        " --> protocols/shop/order.yaml:1:11\n"
        "  |\n"
        "1 | workflow: shop::WF_ORDER_V0\n"
        "  |           ^^^^^^^^^^^^^^^^^\n"
        "\n"
        "error[S105] ambiguous-scalar: `no` is a boolean to some readers.\n"
        " --> protocols/shop/order.yaml:5:13\n"
        "  |\n"
        "5 |     intent: IN_ORDER_V0\n"
        "  |             ^^^^^^^^^^^\n"
        "\n"
        "1 error, 1 warning in 1 file\n"
    )


def test_nothing_found_is_said_in_two_words() -> None:
    assert report() == "no findings\n"


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (Counts(2, 1, 3), "2 errors, 1 warning in 3 files"),
        (Counts(1, 0, 1), "1 error in 1 file"),
        (Counts(0, 2, 1), "2 warnings in 1 file"),
        (Counts(1, 0, 0), "1 error"),
    ],
)
def test_totals_count_in_plain_english(counts: Counts, said: str) -> None:
    assert str(counts) == said


def test_a_place_without_its_source_keeps_its_label() -> None:
    finding = found(Place("protocols/gone.yaml", 3, 7, 3, 9), label="was here")
    assert report(finding).splitlines()[1:3] == [" --> protocols/gone.yaml:3:7: was here", ""]


def test_a_place_past_the_end_of_the_file_shows_no_line() -> None:
    finding = found(Place(PATH, 99, 1, 99, 2), label="the file ends before")
    assert report(finding).splitlines()[1:3] == [f" --> {PATH}:99:1: the file ends before", ""]


def test_the_place_after_the_last_line_break_is_an_empty_line_with_a_caret() -> None:
    shown = report(found(Place(PATH, 8, 1, 8, 1), label="a value is missing"))
    assert excerpt_of(shown) == ["8 |", "  | ^ a value is missing"]


def test_a_place_past_the_end_of_its_line_stands_after_the_last_character() -> None:
    assert excerpt_of(report(found(Place(PATH, 2, 50, 2, 60)))) == ["2 | start: admit", "  |             ^"]


def test_a_span_over_several_lines_is_marked_to_the_end_of_the_first() -> None:
    shown = report(found(Place(PATH, 4, 3, 6, 10)))
    assert excerpt_of(shown) == ["4 |   admit:", "  |   ^^^^^^"]


@pytest.mark.parametrize("line_break", ["\r\n", "\n", "\r"])
def test_lines_end_with_any_line_break_of_yaml(line_break: str) -> None:
    shown = report(found(Place(PATH, 2, 1, 2, 2)), source=line_break.join(["a: 1", "b: 2", "c: 3"]))
    assert excerpt_of(shown) == ["2 | b: 2", "  | ^"]


@pytest.mark.parametrize(
    ("source", "what", "line", "carets"),
    [
        ("\tkey: no", "no", "    key: no", "         ^^"),
        ("a:\tno", "\t", "a:    no", "  ^^^^"),
        ("東京: no", "no", "東京: no", "      ^^"),
        ("東京: no", "京", "東京: no", "  ^^"),
        ("cafe\u0301: no", "no", "cafe\u0301: no", "      ^^"),
        ("cafe\u0301: no", "\u0301", "cafe\u0301: no", "   ^"),
        ("\u0301: no", "no", "◌\u0301: no", "   ^^"),
        ("\u1112\u1161\u11ab: no", "no", "\u1112\u1161\u11ab: no", "    ^^"),
        ("a\u202eb: no", "no", "a\\u202eb: no", "          ^^"),
        ("a\x1b[2Jb: no", "\x1b", "a\\x1b[2Jb: no", " ^^^^"),
        ("a\u2028b: no", "no", "a\\u2028b: no", "          ^^"),
    ],
)
def test_carets_stand_under_what_they_mean(source: str, what: str, line: str, carets: str) -> None:
    assert excerpt_of(report(found(at(source, what)), source=source)) == [f"1 | {line}", f"  | {carets}"]


def test_bytes_that_are_not_utf8_show_as_replacement_characters() -> None:
    shown = report(found(Place(PATH, 1, 4, 1, 5)), source=b"a: \xff\xfeb")
    assert excerpt_of(shown) == ["1 | a: ��b", "  |    ^"]


def test_a_long_line_is_cut_around_its_span() -> None:
    source = "start " * 50 + "no" + " end" * 50
    shown = report(found(at(source, "no"), "here"), source=source, style=Style(width=44))
    assert excerpt_of(shown) == [
        "1 | …start start no end end end end end end…",
        "  |              ^^ here",
    ]


def test_a_long_line_is_cut_only_where_it_goes_on() -> None:
    source = "no " + "end " * 50 + "no"
    first, last = (report(found(at(source, "no", nth)), source=source, style=Style(width=34)) for nth in (1, 2))
    assert excerpt_of(first) == ["1 | no end end end end end end e…", "  | ^^"]
    assert excerpt_of(last) == ["1 | …d end end end end end end no", "  |                            ^^"]


def test_a_line_that_just_fits_is_not_cut() -> None:
    source = "x" * 36
    for width, shown in ((40, source), (39, "x" * 33 + "…")):
        finding = found(Place(PATH, 1, 1, 1, 2))
        assert excerpt_of(report(finding, source=source, style=Style(width=width)))[0] == f"1 | {shown}"


def test_a_span_longer_than_the_terminal_is_marked_as_far_as_it_is_shown() -> None:
    source = "key: " + "x" * 500
    line, carets = excerpt_of(report(found(at(source, "x" * 500)), source=source, style=Style(width=30)))
    assert line == "1 | key: " + "x" * 19 + "…"
    assert carets == "  |      " + "^" * 19


def test_a_line_of_a_megabyte_shows_what_surrounds_the_span() -> None:
    source = "x" * 500_000 + "no" + "y" * 500_000
    line, carets = excerpt_of(report(found(at(source, "no")), source=source, style=Style(width=34)))
    assert line == "1 | …" + "x" * 9 + "no" + "y" * 17 + "…"
    assert carets == "  | " + " " * 10 + "^^"


def test_control_characters_of_messages_labels_hints_and_paths_are_escaped() -> None:
    place = Place("a\x1b[31m.yaml", 1, 1, 1, 2)
    finding = Finding("S105", "`\x1b]0;x\x07` is odd.\nerror: no", place, "\u202e", (), "Type\n\x9b")
    assert render([finding], {place.path: b"x"}, "text", Style()) == (
        "error[S105] ambiguous-scalar: `\\x1b]0;x\\x07` is odd.\\nerror: no\n"
        " --> a\\x1b[31m.yaml:1:1\n"
        "  |\n"
        "1 | x\n"
        "  | ^ \\u202e\n"
        "  = hint: Type\n"
        "          \\x9b\n"
        "\n"
        "1 error in 1 file\n"
    )


def test_a_hint_of_several_lines_is_aligned() -> None:
    finding = found(at(SOURCE, "admit"), hint="Add these lines.\n  rejected:\n    exit: REJECTED")
    assert report(finding).splitlines()[5:8] == [
        "  = hint: Add these lines.",
        "            rejected:",
        "              exit: REJECTED",
    ]


def test_colour_adds_sequences_and_changes_nothing_else() -> None:
    finding = replace(found(at(SOURCE, "admit"), "label", "hint"), related=(Related(at(SOURCE, "ACK"), "ack"),))
    coloured = report(finding, style=Style(color=True))
    assert coloured.startswith("\x1b[1;31merror[S105]\x1b[0m \x1b[1mambiguous-scalar: ")
    assert "\x1b[1;31m^^^^^ label\x1b[0m" in coloured
    assert "\x1b[1;36m--- ack\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == report(finding)
