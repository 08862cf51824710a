"""Shapes of boxes and the marks inside them, as paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pgs_snapshot.drawing.kinds import Mark, Shape, Standing
from pgs_snapshot.drawing.layout import Rect
from pgs_snapshot.drawing.palette import TAKEN, UNDONE, WHITE
from pgs_snapshot.drawing.scene import Path, Stroke, circle, polygon, rounded

MARK_RADIUS = 10
CORNER = 6
POINT = 14
"""How far a hexagon's tips reach."""


def outline(shape: Shape, rect: Rect) -> tuple[Stroke, ...]:
    """The border of a box; in the middle of its width it runs along the rectangle's upper and lower edge."""
    if shape == "hexagon":
        middle = rect.top + rect.height / 2
        return polygon(
            [
                (rect.left, middle),
                (rect.left + POINT, rect.top),
                (rect.right - POINT, rect.top),
                (rect.right, middle),
                (rect.right - POINT, rect.bottom),
                (rect.left + POINT, rect.bottom),
            ]
        )
    radius = CORNER if shape == "rectangle" else min(rect.height / 2, 22)
    return rounded(rect.left, rect.top, rect.width, rect.height, radius)


def mark(kind: Mark, x: float, y: float, colour: str) -> tuple[Path, ...]:
    """A mark of radius `MARK_RADIUS` around a point, told apart by its form alone."""
    return _MARKS[kind](x, y, colour)


def badge(stands: Standing, x: float, y: float) -> tuple[Path, ...]:
    """The sign of a standing, of radius `MARK_RADIUS` with a white rim; nothing of a node that just stands."""
    if not stands:
        return ()
    colour = UNDONE if stands == "undone" else TAKEN
    rim = Path(circle(x, y, MARK_RADIUS), fill=colour, line=WHITE, thickness=1.5)
    return (rim, *(_back(x, y) if stands == "undone" else _dots(x, y)))


def _back(x: float, y: float) -> tuple[Path, ...]:
    """An arrow that turns back to the left."""
    turn: tuple[Stroke, ...] = (
        ("M", (x - 3.5, y - 2.0)),
        ("L", (x + 1.0, y - 2.0)),
        ("C", (x + 6.0, y - 2.0, x + 6.0, y + 5.0, x + 1.0, y + 5.0)),
        ("L", (x - 3.0, y + 5.0)),
    )
    tip = polygon([(x - 7.0, y - 2.0), (x - 2.5, y - 5.5), (x - 2.5, y + 1.5)])
    return (Path(turn, line=WHITE, thickness=1.75, closed=False), Path(tip, fill=WHITE))


def _dots(x: float, y: float) -> tuple[Path, ...]:
    return tuple(Path(circle(x + aside, y, 1.5), fill=WHITE) for aside in (-4.5, 0.0, 4.5))


def _sign(x: float, y: float, colour: str) -> Path:
    return Path(circle(x, y, MARK_RADIUS), fill=colour)


def _start(x: float, y: float, colour: str) -> tuple[Path, ...]:
    tip = polygon([(x - 3.5, y - 5.5), (x + 6, y), (x - 3.5, y + 5.5)])
    return (_sign(x, y, colour), Path(tip, fill=WHITE))


def _call(x: float, y: float, colour: str) -> tuple[Path, ...]:
    frame = Path(rounded(x - 5.5, y - 5.5, 11, 11, 1), line=WHITE, thickness=1.5)
    return (_sign(x, y, colour), frame, Path(rounded(x - 2.5, y - 2.5, 5, 5, 0.5), fill=WHITE))


def _gear(x: float, y: float, colour: str) -> tuple[Path, ...]:
    teeth = (
        Path(polygon([(x - 6.5 * dx, y - 6.5 * dy), (x + 6.5 * dx, y + 6.5 * dy)]), line=WHITE, thickness=3)
        for dx, dy in ((1.0, 0.0), (0.0, 1.0), (0.7, 0.7), (0.7, -0.7))
    )
    return (_sign(x, y, colour), *teeth, Path(circle(x, y, 4.5), fill=WHITE), Path(circle(x, y, 2), fill=colour))


def _loop(x: float, y: float, colour: str) -> tuple[Path, ...]:
    ring = Path(circle(x, y, 5), line=WHITE, thickness=2)
    gap = Path(polygon([(x + 1, y - 8), (x + 8, y - 6), (x + 6, y + 0.5), (x, y - 3)]), fill=colour)
    tip = Path(polygon([(x + 0.5, y - 8.5), (x + 0.5, y - 1.5), (x + 5.5, y - 5)]), fill=WHITE)
    return (_sign(x, y, colour), ring, gap, tip)


def _clock(x: float, y: float, colour: str) -> tuple[Path, ...]:
    hands = Path(polygon([(x, y - 4.5), (x, y + 0.5), (x + 3.5, y + 2.5)]), line=WHITE, thickness=1.75, closed=False)
    return (_sign(x, y, colour), Path(circle(x, y, 7), line=WHITE, thickness=1.5), hands)


def _tick(x: float, y: float, colour: str) -> tuple[Path, ...]:
    hook = polygon([(x - 5, y + 0.5), (x - 1.5, y + 4), (x + 5, y - 4)])
    return (_sign(x, y, colour), Path(hook, line=WHITE, thickness=2.5, closed=False))


def _bar(x: float, y: float, colour: str) -> tuple[Path, ...]:
    return (_sign(x, y, colour), Path(rounded(x - 6, y - 2, 12, 4, 0.5), fill=WHITE))


def _cross(x: float, y: float, colour: str) -> tuple[Path, ...]:
    arms = (((x - 4, y - 4), (x + 4, y + 4)), ((x - 4, y + 4), (x + 4, y - 4)))
    square = rounded(x - 9.5, y - 9.5, 19, 19, 3)
    lines = (Path(polygon(arm), line=WHITE, thickness=2.5, closed=False) for arm in arms)
    return (Path(square, fill=colour), *lines)


def _alarm(x: float, y: float, colour: str) -> tuple[Path, ...]:
    triangle = polygon([(x, y - 10.5), (x + 11.5, y + 9), (x - 11.5, y + 9)])
    stem = rounded(x - 1.25, y - 4, 2.5, 7, 1.25)
    return (Path(triangle, fill=colour), Path(stem, fill=WHITE), Path(circle(x, y + 5.75, 1.5), fill=WHITE))


def _rest(x: float, y: float, colour: str) -> tuple[Path, ...]:
    return (_sign(x, y, colour), Path(circle(x, y, 5), fill=WHITE))


def _end(x: float, y: float, colour: str) -> tuple[Path, ...]:
    return (_sign(x, y, colour), Path(circle(x, y, 6), line=WHITE, thickness=3))


def _up(x: float, y: float, colour: str) -> tuple[Path, ...]:
    tip = polygon([(x, y - 7), (x + 6, y), (x - 6, y)])
    return (_sign(x, y, colour), Path(tip, fill=WHITE), Path(rounded(x - 2, y - 1, 4, 7, 0.5), fill=WHITE))


_MARKS: Mapping[Mark, Callable[[float, float, str], tuple[Path, ...]]] = MappingProxyType(
    {
        "start": _start,
        "call": _call,
        "gear": _gear,
        "loop": _loop,
        "clock": _clock,
        "tick": _tick,
        "bar": _bar,
        "cross": _cross,
        "alarm": _alarm,
        "rest": _rest,
        "end": _end,
        "up": _up,
    }
)
