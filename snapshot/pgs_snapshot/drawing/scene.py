"""What is to be painted: paths and texts in pixels, the same for every painter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pgs_snapshot.drawing.lettering import Style

Command: TypeAlias = Literal["M", "L", "C"]
Stroke: TypeAlias = tuple[Command, tuple[float, ...]]
"""Move to, line to, or cubic curve to, with absolute coordinates as SVG 2 section 9.3 defines them."""

ROUND = 0.5523
"""How long the handles of a cubic curve are that stands for a quarter of a circle of radius 1."""


@dataclass(frozen=True, slots=True)
class Path:
    """An outline to be filled, drawn, or both; "" is no colour. A closed path ends where it begins."""

    strokes: tuple[Stroke, ...]
    fill: str = ""
    line: str = ""
    thickness: float = 0.0
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Text:
    """One line from `left` on its baseline, `width` pixels wide."""

    content: str
    left: int
    baseline: int
    width: int
    style: Style
    colour: str


@dataclass(frozen=True, slots=True)
class Group:
    """What belongs together, with the whole of its text in words."""

    title: str
    paths: tuple[Path, ...]
    texts: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """Groups, later ones above earlier ones, on a white ground."""

    title: str
    width: int
    height: int
    groups: tuple[Group, ...]


def polygon(points: Sequence[tuple[float, float]]) -> tuple[Stroke, ...]:
    """Straight strokes from point to point."""
    return (("M", points[0]), *(("L", point) for point in points[1:]))


def rounded(left: float, top: float, width: float, height: float, radius: float) -> tuple[Stroke, ...]:
    """A rectangle with round corners, clockwise from its upper left."""
    right, bottom, bend = left + width, top + height, radius * (1 - ROUND)
    return (
        ("M", (left + radius, top)),
        ("L", (right - radius, top)),
        ("C", (right - bend, top, right, top + bend, right, top + radius)),
        ("L", (right, bottom - radius)),
        ("C", (right, bottom - bend, right - bend, bottom, right - radius, bottom)),
        ("L", (left + radius, bottom)),
        ("C", (left + bend, bottom, left, bottom - bend, left, bottom - radius)),
        ("L", (left, top + radius)),
        ("C", (left, top + bend, left + bend, top, left + radius, top)),
    )


def circle(x: float, y: float, radius: float) -> tuple[Stroke, ...]:
    """A circle, as a rounded square that is all corner."""
    return rounded(x - radius, y - radius, 2 * radius, 2 * radius, radius)
