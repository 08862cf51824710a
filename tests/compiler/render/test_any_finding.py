"""Whatever is found, wherever it claims to be, a report comes out and nothing in it acts on a terminal."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_compiler.findings import Finding, Place, Related
from pgs_compiler.render import FORMATS, Style, render
from pgs_compiler.render.excerpt import LEAST_ROOM, excerpt
from pgs_compiler.rules import RULES

ODD = "\t\r\n\0\x1b\x7f\x9b\u00ad\u0301\u0300\u1161\u200d\u202e\u2028\u3000\ufe0f\ufeff東👍é\U000e0041{}[](%:,`"
TEXT = st.text(st.one_of(st.sampled_from(ODD), st.characters()), max_size=60)
PATHS = st.one_of(st.sampled_from(["a.yaml", "b.yaml"]), st.text(st.characters(codec="utf-8"), max_size=8))
NUMBERS = st.integers(-1, 70)
PLACES = st.builds(Place, PATHS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
FINDINGS = st.builds(
    Finding,
    st.sampled_from(sorted(RULES)),
    TEXT,
    st.none() | PLACES,
    TEXT,
    st.lists(st.builds(Related, PLACES, TEXT), max_size=2).map(tuple),
    TEXT,
)
SOURCES = st.dictionaries(
    PATHS, st.one_of(st.binary(max_size=80), TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")))
)
STYLES = st.builds(Style, st.just(False), st.integers(-1, 120))


@pytest.mark.parametrize("name", FORMATS)
@given(findings=st.lists(FINDINGS, max_size=3), sources=SOURCES, style=STYLES)
def test_no_control_format_or_separator_character_leaves(
    name: str, findings: list[Finding], sources: dict[str, bytes], style: Style
) -> None:
    report = render(findings, sources, name, style)
    kinds = {unicodedata.category(char) for char in report if char not in " \n"}
    assert {kind for kind in kinds if kind[0] in "CZ"} == set()


@given(findings=st.lists(FINDINGS, max_size=3), sources=SOURCES)
def test_colour_is_all_that_colour_adds(findings: list[Finding], sources: dict[str, bytes]) -> None:
    coloured = render(findings, sources, "text", Style(color=True))
    assert re.sub(r"\x1b\[[0-9;]+m", "", coloured) == render(findings, sources, "text", Style())


@pytest.mark.parametrize("name", FORMATS)
@given(findings=st.lists(FINDINGS, max_size=4, unique_by=str), data=st.data())
def test_a_report_does_not_depend_on_the_order_of_discovery(
    name: str, findings: list[Finding], data: st.DataObject
) -> None:
    distinct = list({(f.place, f.code, f.message, f.hint): f for f in findings}.values())
    shuffled = data.draw(st.permutations(distinct))
    assert render(shuffled, {}, name, Style()) == render(distinct, {}, name, Style())


@given(line=st.text(st.one_of(st.sampled_from(ODD), st.characters())), start=NUMBERS, end=NUMBERS, room=NUMBERS)
def test_an_excerpt_fits_its_room_and_its_span_is_inside(line: str, start: int, end: int, room: int) -> None:
    shown = excerpt(line, start, end, room)
    assert columns(shown.text) <= max(room, LEAST_ROOM)
    assert shown.indent >= 0
    assert shown.width >= 1
    assert shown.indent + shown.width <= max(room, LEAST_ROOM)


@given(line=st.text("ab東\t\u202e", max_size=300), start=st.integers(0, 300), room=st.integers(20, 60))
def test_the_caret_stands_under_the_character_it_means(line: str, start: int, room: int) -> None:
    line += "!" * 5
    marked = line[:start] + "^" + line[start:]
    shown = excerpt(marked, start, start + 1, room)
    if start < len(line):
        assert at_column(shown.text, shown.indent) == "^"


def at_column(text: str, column: int) -> str:
    """The character that begins at a column of a terminal."""
    for char in text:
        if column == 0:
            return char
        column -= columns(char)
    raise AssertionError(f"no character begins there in {text!r}")


def columns(text: str) -> int:
    """The columns of a text, by the two properties of Unicode that decide it."""
    joined = {"Mn", "Me"}
    return sum(
        0
        if unicodedata.category(char) in joined or "\u1160" <= char <= "\u11ff"
        else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )
