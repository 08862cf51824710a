"""Text as it is drawn: unseen characters as escapes, what is long broken into lines or elided."""

from __future__ import annotations

from dataclasses import dataclass

from pgs_snapshot.drawing.font import width
from pgs_snapshot.visible import visible

ELLIPSIS = "…"
LONGEST = 400
"""Characters of one text that are looked at; what is longer loses its middle before it is measured."""

_BREAK_AFTER = frozenset(" _:.,-/|")


@dataclass(frozen=True, slots=True)
class Style:
    """A size in pixels an em, a weight, and the pixels from one baseline to the next."""

    size: int
    bold: bool
    leading: int


def fit(text: str, style: Style, limit: int, lines: int) -> tuple[str, ...]:
    """Break `text` into at most `lines` lines of at most `limit` pixels; what is too long loses its middle.

    Names break after `_`, `.` and the like, so both their beginning and their version stay readable.
    """
    text = visible(text)
    if len(text) <= LONGEST:
        whole = _broken(text, style, limit)
        if len(whole) <= lines:
            return whole
    low, high = 0, min(len(text), LONGEST)
    while low < high - 1:
        kept = (low + high) // 2
        if len(_broken(_elided(text, kept), style, limit)) <= lines:
            low = kept
        else:
            high = kept
    return _broken(_elided(text, low), style, limit)


def _elided(text: str, kept: int) -> str:
    tail = kept // 2
    return text[: kept - tail] + ELLIPSIS + text[len(text) - tail :]


def _broken(text: str, style: Style, limit: int) -> tuple[str, ...]:
    lines: list[str] = []
    rest = text
    while width(rest, style.size, style.bold) > limit:
        end = _room(rest, style, limit)
        after = next((at for at in range(end, 0, -1) if rest[at - 1] in _BREAK_AFTER), end)
        lines.append(rest[:after].rstrip(" "))
        rest = rest[after:].lstrip(" ")
    return (*lines, rest)


def _room(text: str, style: Style, limit: int) -> int:
    """How many leading characters fit, at least one."""
    used = 0
    for count, character in enumerate(text):
        used += width(character, style.size, style.bold)
        if used > limit:
            return max(count, 1)
    return len(text)
