"""Text measured and broken into lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from pgs_snapshot.drawing import palette
from pgs_snapshot.drawing.font import face, width
from pgs_snapshot.drawing.lettering import ELLIPSIS, Style, fit

STYLES = [
    palette.TITLE,
    palette.SUBTITLE,
    palette.STATUS,
    palette.LABEL,
    palette.DETAIL,
    palette.OUTCOME_TAKEN,
]


@pytest.mark.parametrize("style", STYLES)
def test_letters_advance_as_pillow_draws_them_but_for_hints_of_a_pixel(style: Style) -> None:
    font = ImageFont.truetype(face(style.bold).path, style.size, layout_engine=ImageFont.Layout.BASIC)
    codes = [*range(0x20, 0x7F), *range(0xA1, 0x17F), *range(0x391, 0x3CA), 0x2026, 0x2192]
    letters = filter(str.isprintable, map(chr, codes))
    off = [abs(font.getlength(letter) - width(letter, style.size, style.bold)) for letter in letters]
    assert max(off) <= 1
    assert sum(off) < len(off) / 15


def test_what_the_font_lacks_has_room_for_an_ideograph() -> None:
    assert width("名", 13) == 13


@given(st.text(max_size=600), st.integers(40, 300), st.integers(1, 4))
def test_fitted_text_stays_within_its_lines_and_its_width(text: str, limit: int, lines: int) -> None:
    fitted = fit(text, palette.DETAIL, limit, lines)
    assert 1 <= len(fitted) <= lines
    assert all(width(line, palette.DETAIL.size) <= limit for line in fitted)


@given(st.from_regex(r"[A-Z][A-Z0-9_]{0,30}", fullmatch=True))
def test_text_that_has_room_is_shown_whole(text: str) -> None:
    assert "".join(fit(text, palette.LABEL, 250, 4)) == text


def test_names_break_behind_underscores() -> None:
    lines = fit("denied_check_tool_permission", palette.LABEL, 150, 3)
    assert lines == ("denied_check_", "tool_permission")


def test_a_long_name_keeps_its_beginning_and_its_version() -> None:
    (line,) = fit("CC_" + "VERY_" * 40 + "LONG_V12", palette.DETAIL, 200, 1)
    assert line.startswith("CC_VERY_")
    assert line.endswith("_LONG_V12")
    assert line.count(ELLIPSIS) == 1


def test_what_is_not_seen_is_shown_as_an_escape() -> None:
    assert fit("\u202egnp.exe\x00", palette.DETAIL, 300, 1) == ("\\u202egnp.exe\\x00",)
