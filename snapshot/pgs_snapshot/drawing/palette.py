"""Colours and lettering that a picture's parts share; the kinds of nodes have theirs in `kinds`."""

from __future__ import annotations

from pgs_snapshot.drawing.lettering import Style

WHITE = "#ffffff"
INK = "#1b2430"
RULE = "#d5dbe3"
ARROW = "#46535f"
"""An arrow of a picture without a run."""
TAKEN = "#0b50b4"
"""The way that a run took: 7.4 to 1 on white."""
UNDONE = "#8a2f0b"
"""What was taken back: 8.0 to 1 on white."""
QUIET_TEXT = "#5b6672"
"""Text beside the way: 5.9 to 1 on white."""
QUIET_LINE = "#9aa5b1"

TITLE = Style(20, True, 27)
SUBTITLE = Style(14, False, 20)
STATUS = Style(14, True, 22)
LABEL = Style(15, True, 20)
DETAIL = Style(13, False, 18)
OUTCOME = Style(13, False, 18)
OUTCOME_TAKEN = Style(13, True, 18)
LEGEND = Style(13, False, 18)
STEP = Style(12, True, 16)

THIN, PLAIN, THICK = 1.25, 1.5, 3.5
"""Lines beside the way, in a picture without one, and on it."""
