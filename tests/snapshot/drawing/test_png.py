"""The PNG: its bytes, its letters within their room, and its marks in shades of grey."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
from functools import cache
from itertools import accumulate, combinations

import pytest
from hypothesis import given, settings
from PIL import Image, ImageChops, ImageFont

from pgs_snapshot.drawing import png
from pgs_snapshot.drawing.compose import compose
from pgs_snapshot.drawing.font import advance, face
from pgs_snapshot.drawing.kinds import KINDS
from pgs_snapshot.drawing.lettering import Style
from pgs_snapshot.drawing.panels import MARGIN
from pgs_snapshot.drawing.picture import Arrow, Box, Picture, TooLarge, picture_of
from pgs_snapshot.drawing.scene import Path, Text
from tests.snapshot.drawing.graphs import HOSTILE, REGISTER_ACTOR, SEEN_AGAIN, hostile_picture, pictures

DRAW = """
import hashlib
from pgs_snapshot.drawing import png
from pgs_snapshot.drawing.picture import picture_of
from tests.snapshot.drawing.graphs import REGISTER_ACTOR, SEEN_AGAIN
print(hashlib.sha256(png.draw(picture_of(REGISTER_ACTOR, SEEN_AGAIN, "0f3c"))).hexdigest())
"""


def extent(path: Path) -> tuple[float, float, float, float]:
    xs = [number for _, numbers in path.strokes for number in numbers[::2]]
    ys = [number for _, numbers in path.strokes for number in numbers[1::2]]
    return min(xs), min(ys), max(xs), max(ys)


@cache
def font_of(style: Style) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(face(style.bold).path, style.size, layout_engine=ImageFont.Layout.BASIC)


def ink(text: Text) -> float:
    """Where the last pixel of a text is, from its left."""
    font = font_of(text.style)
    advances = [advance(letter, text.style.size, text.style.bold) for letter in text.content]
    places = accumulate(advances, initial=0)
    return max(
        (place + font.getbbox(letter)[2] for place, letter in zip(places, text.content, strict=False)),
        default=0,
    )


def test_the_same_picture_gives_the_same_bytes_in_every_process() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", DRAW],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.getcwd()},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_the_file_holds_pixels_and_nothing_else() -> None:
    data = png.draw(picture_of(REGISTER_ACTOR, SEEN_AGAIN))
    kinds, at = [], 8
    while at < len(data):
        length, kind = struct.unpack_from(">L4s", data, at)
        kinds.append(kind)
        at += length + 12
    assert set(kinds) == {b"IHDR", b"IDAT", b"IEND"}


@settings(max_examples=20)
@given(pictures())
def test_nothing_is_cut_off(picture: Picture) -> None:
    image = Image.open(io.BytesIO(png.draw(picture)))
    inside = (MARGIN - 14, MARGIN - 14, image.width - MARGIN + 14, image.height - MARGIN + 14)
    image.paste("#ffffff", inside)
    assert image.getcolors() == [(image.width * image.height, (255, 255, 255))]


@given(pictures())
def test_texts_are_no_wider_than_was_measured_and_stay_in_the_picture(picture: Picture) -> None:
    scene = compose(picture)
    for text in (text for group in scene.groups for text in group.texts):
        # Hints may carry the last letter's edge beyond its advance.
        assert ink(text) <= text.width + 2
        assert text.left >= MARGIN - 12
        assert text.left + text.width <= scene.width - MARGIN + 12


@given(pictures())
def test_words_stay_within_their_boxes(picture: Picture) -> None:
    scene = compose(picture)
    labels = {f"{box.label}: {box.detail}" for box in picture.boxes}
    groups = [group for group in scene.groups if group.title in labels]
    assert len(groups) == len(picture.boxes)
    for group, box in zip(groups, picture.boxes, strict=True):
        left, top, right, bottom = extent(group.paths[0])
        for text in group.texts[:-1] if box.visited else group.texts:
            assert left + 8 <= text.left
            assert text.left + max(text.width, ink(text)) <= right - 8
            assert top + text.style.size * 0.7 <= text.baseline <= bottom - 4


@given(pictures())
def test_outcomes_stay_within_their_labels(picture: Picture) -> None:
    groups = compose(picture).groups
    # The labels come right after the arrows, in their order.
    first = max((at + 1 for at, group in enumerate(groups) if "→" in group.title), default=0)
    for arrow, group in zip(picture.arrows, groups[first:], strict=False):
        assert group.title == ", ".join(arrow.outcomes)
        left, top, right, bottom = extent(group.paths[0])
        for text in group.texts:
            assert left + 4 <= text.left
            assert text.left + max(text.width, ink(text)) <= right - 4
            assert top + text.style.size * 0.7 <= text.baseline <= bottom - 2


def test_a_run_moves_nothing() -> None:
    plain, run = (compose(picture_of(REGISTER_ACTOR, way)) for way in ((), SEEN_AGAIN))
    before = [extent(group.paths[0]) for group in plain.groups if group.title.startswith("record: ")]
    after = [extent(group.paths[0]) for group in run.groups if group.title.startswith("record: ")]
    assert [x for x, *_ in before] == [x for x, *_ in after]
    assert plain.width == run.width


def test_the_outcome_taken_is_named_even_where_outcomes_are_only_counted() -> None:
    outcomes = tuple(f"OUTCOME_{index:02}" for index in range(20))
    boxes = (Box("a", "a", "A", "intent", 1), Box("b", "b", "B", "COMPLETED", 2))
    scene = compose(Picture("t", "", boxes, (Arrow("a", "b", outcomes, "OUTCOME_17"),)))
    (label,) = (group for group in scene.groups if group.title == ", ".join(outcomes))
    lines = [text.content for text in label.texts]
    assert lines == ["OUTCOME_00", "OUTCOME_01", "OUTCOME_02", "OUTCOME_03", "OUTCOME_17", "and 15 more"]
    assert [text.style.bold for text in label.texts] == [False, False, False, False, True, False]


def test_kinds_differ_in_form_and_not_in_colour_alone() -> None:
    forms = []
    for kind in KINDS:
        picture = Picture("t", "", (Box("a", "a", "A", kind),), ())
        (group,) = (group for group in compose(picture).groups if group.title == "a: A")
        left, top, *_ = map(int, extent(group.paths[0]))
        image = Image.open(io.BytesIO(png.draw(picture))).convert("L")
        # Around the mark, dark against light: what a printer without colours leaves.
        mark = image.crop((left + 16, top + 8, left + 44, top + 48))
        forms.append(mark.point(lambda shade: 255 if shade > 160 else 0))
    for one, other in combinations(forms, 2):
        assert ImageChops.difference(one, other).histogram()[255] > 20


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_lines_and_marks_have_contrast_to_their_ground(kind: object) -> None:
    line, fill = (luminance(getattr(kind, name)) for name in ("line", "fill"))
    assert (fill + 0.05) / (line + 0.05) >= 4.5


def test_hostile_texts_are_drawn() -> None:
    image = Image.open(io.BytesIO(png.draw(hostile_picture(HOSTILE))))
    assert image.width > 600


def test_more_pixels_than_a_computer_likes_are_refused() -> None:
    ends = tuple(Box(f"b{index}", "x" * 40, "y" * 40, "DENIED") for index in range(290))
    arrows = tuple(Arrow("a", box.id, ("O" * 40,)) for box in ends)
    rows = tuple(Arrow(f"b{index}", f"b{index + 1}", ("O",)) for index in range(200, 289))
    with pytest.raises(TooLarge, match=r"pixels; 60000000 in all is the most that is painted\.$"):
        png.draw(Picture("t", "", (Box("a", "a", "A", "intent"), *ends), (*arrows, *rows)))
