"""PNG of a picture, painted by Pillow with the bundled font."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from itertools import pairwise
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont

from pgs_snapshot.drawing.compose import compose
from pgs_snapshot.drawing.font import advance, face
from pgs_snapshot.drawing.lettering import Style
from pgs_snapshot.drawing.picture import Picture, TooLarge
from pgs_snapshot.drawing.scene import Path, Scene, Stroke, Text

FINER = 4
"""Shapes are painted so many times larger, then reduced: Pillow's own lines have no smooth edges."""
BAND = 128
"""Rows that are painted at once, so that memory grows with the width alone."""
CURVE_STEP = 8
"""Pixels between two points of a curve, or less."""
MAX_PIXELS = 60_000_000

_Points: TypeAlias = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A path, or what one band shows of it, as straight lines."""

    path: Path
    points: _Points


def draw(picture: Picture) -> bytes:
    """The PNG file: RGB, no metadata, at 96 pixels an inch legible at 100 %.

    Raises:
        TooLarge: more than a picture can show.
    """
    scene = compose(picture)
    if scene.width * scene.height > MAX_PIXELS:
        raise TooLarge(
            f"The picture would have {scene.width} by {scene.height} pixels; "
            f"{MAX_PIXELS} in all is the most that is painted."
        )
    image = Image.new("RGB", (scene.width, scene.height))
    for band, pieces in enumerate(_banded(scene)):
        image.paste(_painted(scene.width, band * BAND, pieces), (0, band * BAND))
    pen = ImageDraw.Draw(image)
    for group in scene.groups:
        for text in group.texts:
            _write(pen, text)
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _write(pen: ImageDraw.ImageDraw, text: Text) -> None:
    """Letter by letter, as measured: what Pillow advances differs by a pixel here and there."""
    font = _font(text.style)
    left = text.left
    for character in text.content:
        pen.text((left, text.baseline), character, fill=text.colour, font=font, anchor="ls")
        left += advance(character, text.style.size, text.style.bold)


def _banded(scene: Scene) -> list[list[_Piece]]:
    """For each band of rows what is seen there, in painting order; open lines are cut to it."""
    bands: list[list[_Piece]] = [[] for _ in range(-(-scene.height // BAND))]
    for path in (path for group in scene.groups for path in group.paths):
        points = list(_flat(path.strokes))
        runs = [points] if path.closed else [list(pair) for pair in pairwise(points)]
        cut: dict[int, list[_Points]] = {}
        for run in runs:
            heights = [y for _, y in run]
            first, last = (min(heights) - path.thickness) // BAND, (max(heights) + path.thickness) // BAND
            for band in range(max(int(first), 0), min(int(last) + 1, len(bands))):
                pieces = cut.setdefault(band, [])
                if pieces and pieces[-1][-1] == run[0]:
                    pieces[-1].extend(run[1:])
                else:
                    pieces.append(list(run))
        for band, pieces in cut.items():
            bands[band].extend(_Piece(path, piece) for piece in pieces)
    return bands


def _painted(across: int, top: int, pieces: Sequence[_Piece]) -> Image.Image:
    fine = Image.new("RGB", (across * FINER, BAND * FINER), "#ffffff")
    pen = ImageDraw.Draw(fine)
    for piece in pieces:
        path = piece.path
        points = [(x * FINER, (y - top) * FINER) for x, y in piece.points]
        if path.fill:
            pen.polygon(points, fill=path.fill)
        if path.line:
            # A closed line goes on over its first corner, so that this one is joined as well.
            line = points + points[:2] if path.closed else points
            pen.line(line, fill=path.line, width=round(path.thickness * FINER), joint="curve")
    return fine.reduce(FINER)


def _flat(strokes: tuple[Stroke, ...]) -> Iterator[tuple[float, float]]:
    x = y = 0.0
    for command, numbers in strokes:
        if command == "C":
            ax, ay, bx, by, end_x, end_y = numbers
            steps = 12 + int(abs(end_x - x) + abs(end_y - y)) // CURVE_STEP
            for step in range(1, steps):
                t = step / steps
                u = 1 - t
                yield (
                    u**3 * x + 3 * u * u * t * ax + 3 * u * t * t * bx + t**3 * end_x,
                    u**3 * y + 3 * u * u * t * ay + 3 * u * t * t * by + t**3 * end_y,
                )
        x, y = numbers[-2:]
        yield x, y


@cache
def _font(style: Style) -> ImageFont.FreeTypeFont:
    # Basic layout: no shaping library that may be there or not decides where a letter goes.
    return ImageFont.truetype(face(style.bold).path, style.size, layout_engine=ImageFont.Layout.BASIC)
