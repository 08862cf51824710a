"""How wide text is in the bundled font, so that every renderer lays out alike without drawing anything.

Reads the tables `head`, `hhea`, `hmtx` and `cmap` (format 12) as the OpenType specification 1.9 defines them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FAMILY = "DejaVu Sans"
_FOLDER = Path(__file__).parent / "fonts"


@dataclass(frozen=True, slots=True)
class Face:
    """One weight of the font: how far each character advances, in `units` of the em."""

    path: Path
    units: int
    advances: Mapping[str, int]


@cache
def face(bold: bool) -> Face:
    """The bundled regular or bold face."""
    path = _FOLDER / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")
    data = path.read_bytes()
    tables = _tables(data)
    (units,) = struct.unpack_from(">H", data, tables["head"] + 18)
    (count,) = struct.unpack_from(">H", data, tables["hhea"] + 34)
    metrics = struct.unpack_from(f">{2 * count}H", data, tables["hmtx"])[::2]
    # Glyphs beyond the table share its last advance.
    advances = {chr(code): metrics[min(glyph, count - 1)] for code, glyph in _glyphs(data, tables["cmap"]) if glyph}
    return Face(path, units, advances)


@cache
def advance(character: str, size: int, bold: bool) -> int:
    """Whole pixels from one character to the next at `size` pixels an em."""
    known = face(bold)
    units = known.advances.get(character)
    # What the font lacks may be as wide as an ideograph where another font stands in.
    return size if units is None else (2 * units * size + known.units) // (2 * known.units)


def width(text: str, size: int, bold: bool = False) -> int:
    """How many pixels `text` takes at `size` pixels an em."""
    return sum(advance(character, size, bold) for character in text)


def _tables(data: bytes) -> dict[str, int]:
    (count,) = struct.unpack_from(">H", data, 4)
    records = (struct.unpack_from(">4sLLL", data, 12 + 16 * index) for index in range(count))
    return {tag.decode("ascii"): offset for tag, _, offset, _ in records}


def _glyphs(data: bytes, cmap: int) -> Iterator[tuple[int, int]]:
    """Pairs of code point and glyph of the table for all of Unicode: platform 3, encoding 10, format 12."""
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    records = [struct.unpack_from(">HHL", data, cmap + 4 + 8 * index) for index in range(count)]
    (start,) = (cmap + offset for platform, encoding, offset in records if (platform, encoding) == (3, 10))
    (groups,) = struct.unpack_from(">L", data, start + 12)
    for index in range(groups):
        first, last, glyph = struct.unpack_from(">LLL", data, start + 16 + 12 * index)
        for code in range(first, last + 1):
            yield code, glyph + code - first
