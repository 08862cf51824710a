"""Where inside a scalar something stands."""

from __future__ import annotations

from pgs_compiler.findings import Place
from pgs_compiler.source import Scalar


def caret(scalar: Scalar, offset: int, size: int = 1) -> Place:
    """The place of `size` characters at `offset` of a scalar's text.

    Gives the whole scalar where the source does not show the text as it is: a block, several lines, escapes.
    """
    place, length = scalar.place, len(str(scalar.value))
    quotes = 1 if scalar.quoted else 0
    if place.line != place.end_line or place.end_column - place.column != length + 2 * quotes:
        return place
    column = place.column + quotes + min(offset, length)
    return Place(place.path, place.line, column, place.line, column + size)
