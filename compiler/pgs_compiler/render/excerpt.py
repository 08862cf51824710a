"""A source line as it is shown: safe for a terminal, cut to the room there is, with the span under it.

Laws:
* every code point belongs to one cell; a cell is one or more columns wide, combining marks included;
* what is shown is at most `room` columns wide, and the first cell of the span is among it;
* nothing is shown that `pgs_snapshot.visible` would escape.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate

from pgs_snapshot.visible import visible

LEAST_ROOM = 20  # the widest cell, an escape such as `\U000e0041`, on both sides of a cut
_TAB = "    "


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What is shown of a line; `indent` columns precede the span, which is `width` columns wide."""

    text: str
    indent: int
    width: int


def excerpt(line: str, start: int, end: int, room: int) -> Excerpt:
    """Show `line` with the span from `start` to `end`.

    Args:
        line: one source line without its line break.
        start: the span's first code point, from 0; beyond the line it is the place after the last one.
        end: the code point after the span's last; an empty span is shown one cell wide.
        room: columns to fill; less than `LEAST_ROOM` counts as `LEAST_ROOM`.
    """
    room = max(room, LEAST_ROOM)
    start = max(0, min(start, len(line)))
    end = max(start + 1, min(end, len(line)))
    # A line may be a megabyte long: look only at what can come into view.
    low, high = max(0, start - 4 * room), start + 4 * room
    cells, owner = _cells(line[low:high])
    if start == len(line):
        owner.append(len(cells))
        cells.append(" ")
    first, last = owner[start - low], owner[min(end, high) - low - 1]
    edges = list(accumulate(map(_width, cells), initial=0))

    left, right = 0, len(cells)
    if low > 0 or high < len(line) or edges[-1] > room:
        left, right = _window(edges, first, room - 2)
    before = "…" if left > 0 or low > 0 else ""
    after = "…" if right < len(cells) or high < len(line) else ""
    return Excerpt(
        text=(before + "".join(cells[left:right]) + after).rstrip(),
        indent=len(before) + edges[first] - edges[left],
        width=edges[min(last + 1, right)] - edges[first],
    )


def _window(edges: list[int], first: int, room: int) -> tuple[int, int]:
    """The cells to show: a third of the room goes to what leads up to the span."""
    target = max(0, min(edges[first] - room // 3, edges[-1] - room))
    left = bisect_left(edges, target)
    return left, bisect_right(edges, edges[left] + room) - 1


def _cells(text: str) -> tuple[list[str], list[int]]:
    """The glyphs of a text, and for each code point the index of its glyph."""
    cells: list[str] = []
    owner: list[int] = []
    for char in text:
        glyph = visible(char)
        if char == "\t":
            cells.append(_TAB)
        elif not _joins(glyph):
            cells.append(glyph)
        elif cells:
            cells[-1] += glyph
        else:
            cells.append("◌" + glyph)
        owner.append(len(cells) - 1)
    return cells, owner


def _joins(glyph: str) -> bool:
    """Whether a terminal draws this over the character before it: marks, and Hangul vowels and finals."""
    if len(glyph) > 1 or glyph.isascii():
        return False
    return unicodedata.category(glyph) in ("Mn", "Me") or "\u1160" <= glyph <= "\u11ff"


def _width(cell: str) -> int:
    """Columns of a glyph: two for what UAX #11 calls wide or full-width."""
    if cell.isascii():
        return len(cell)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if _joins(c) else 1 for c in cell)
