"""Where everything in a picture stands: a layered layout from top to bottom, of sizes alone.

Laws:
* the same sizes and links give the same layout;
* boxes and labels do not overlap; an arrow leaves its source at the lower border and enters its target at the
  upper one;
* between two points of different x an arrow bends within the space between two layers, where no box or label
  stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pgs_snapshot.drawing.columns import columns
from pgs_snapshot.drawing.crossings import Order, ordered
from pgs_snapshot.drawing.layers import Layered, Link, Size, layered

PORT_INSET = 26
"""How far from a box's corners arrows stay, so that every shape has its border there."""
PORT_GAP = 16
ABOVE_LABELS, ABOVE_BOXES = 20, 34
"""The least space between layers; above boxes there is room for arrowheads."""
HEAD_ROOM = 14
"""Above a box arrows go straight down, so that heads stand upright."""
FLAT, SLANT, STEEPEST = 60, 9, 36
"""Beyond `FLAT` pixels aside, one pixel more space for each `SLANT`, up to `STEEPEST`."""


@dataclass(frozen=True, slots=True)
class Rect:
    """Pixels from the left and top of the picture."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column behind it."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The first row below it."""
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class Point:
    """Pixels from the left and top of the picture."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each box, each link's label and each link stands, in the order given.

    A route goes straight down between points of one x; between others it swings from vertical to vertical.
    """

    width: int
    height: int
    boxes: tuple[Rect, ...]
    labels: tuple[Rect, ...]
    routes: tuple[tuple[Point, ...], ...]

    def moved(self, x: int, y: int) -> Layout:
        """The same layout, so many pixels further right and down."""

        def rect(at: Rect) -> Rect:
            return Rect(at.left + x, at.top + y, at.width, at.height)

        routes = tuple(tuple(Point(at.x + x, at.y + y) for at in route) for route in self.routes)
        boxes, labels = tuple(map(rect, self.boxes)), tuple(map(rect, self.labels))
        return Layout(self.width, self.height, boxes, labels, routes)


def lay_out(boxes: Sequence[Size], links: Sequence[Link]) -> Layout:
    """Lay out boxes and links, which may form no cycle, with the sources at the top.

    Raises:
        TooLarge: more than a picture can show; see `layers`.
        graphlib.CycleError: the links form a cycle.
    """
    graph = layered(boxes, links)
    order = ordered(graph)
    return _Placing(graph, order, columns(graph, order)).layout()


class _Placing:
    """The vertices' places, and the ports where links leave and enter boxes."""

    def __init__(self, graph: Layered, order: Order, centres: Sequence[int]) -> None:
        self.graph = graph
        halves = [size.width // 2 for size in graph.sizes]
        left = min((centre - half for centre, half in zip(centres, halves, strict=True)), default=0)
        self.x = [centre - left for centre in centres]
        self.width = max((x + half for x, half in zip(self.x, halves, strict=True)), default=0)
        self.heights = [max(graph.sizes[vertex].height for vertex in row) for row in order]
        self.tops = self._tops()
        self.leaving = self._ports((chain[0], chain[1]) for chain in graph.chains)
        self.entering = self._ports((chain[-1], chain[-2]) for chain in graph.chains)

    def layout(self) -> Layout:
        rects = [self._rect(vertex) for vertex in range(self.graph.boxes + self.graph.labels)]
        height = self.tops[-1] + self.heights[-1] if self.tops else 0
        routes = tuple(self._route(chain, rects) for chain in self.graph.chains)
        boxes, labels = rects[: self.graph.boxes], rects[self.graph.boxes :]
        return Layout(self.width, height, tuple(boxes), tuple(labels), routes)

    def _tops(self) -> list[int]:
        aside = [0] * len(self.heights)
        for segment in self.graph.segments:
            level = self.graph.layer[segment.upper]
            aside[level] = max(aside[level], abs(self.x[segment.upper] - self.x[segment.lower]))
        tops: list[int] = []
        top = 0
        for level, height in enumerate(self.heights):
            tops.append(top)
            least = ABOVE_LABELS if level % 2 == 0 else ABOVE_BOXES
            top += height + least + min(STEEPEST, max(aside[level] - FLAT, 0) // SLANT)
        return tops

    def _ports(self, ends: Iterable[tuple[int, int]]) -> Mapping[tuple[int, int], int]:
        """The x on a box's border for each pair of box and next vertex."""
        neighbours: dict[int, list[int]] = {}
        for box, other in dict.fromkeys(ends):
            neighbours.setdefault(box, []).append(other)
        ports: dict[tuple[int, int], int] = {}
        for box, others in neighbours.items():
            others.sort(key=lambda other: self.x[other])
            half = max(self.graph.sizes[box].width // 2 - PORT_INSET, 0)
            wanted = [self.x[other] for other in others]
            places = _spread(wanted, self.x[box] - half, self.x[box] + half)
            ports.update(zip(((box, other) for other in others), places, strict=True))
        return ports

    def _rect(self, vertex: int) -> Rect:
        size, level = self.graph.sizes[vertex], self.graph.layer[vertex]
        top = self.tops[level] + (self.heights[level] - size.height) // 2
        return Rect(self.x[vertex] - size.width // 2, top, size.width, size.height)

    def _route(self, chain: Sequence[int], rects: Sequence[Rect]) -> tuple[Point, ...]:
        source, target = chain[0], chain[-1]
        leaves, enters = self.leaving[source, chain[1]], self.entering[target, chain[-2]]
        level = self.graph.layer[source]
        points = [Point(leaves, rects[source].bottom), Point(leaves, self.tops[level] + self.heights[level])]
        for vertex in chain[1:-1]:
            level = self.graph.layer[vertex]
            points.append(Point(self.x[vertex], self.tops[level]))
            points.append(Point(self.x[vertex], self.tops[level] + self.heights[level]))
        points.append(Point(enters, self.tops[self.graph.layer[target]] - HEAD_ROOM))
        points.append(Point(enters, rects[target].top))
        return tuple(points)


def _spread(wanted: Sequence[int], low: int, high: int) -> list[int]:
    """Places between `low` and `high`, ascending, as near to the wanted ones as a gap between them lets."""
    gap = min(PORT_GAP, (high - low) // max(len(wanted) - 1, 1))
    places: list[int] = []
    for place in wanted:
        least = places[-1] + gap if places else low
        places.append(max(least, min(place, high)))
    most = high
    for at in range(len(places) - 1, -1, -1):
        places[at] = min(places[at], most)
        most = places[at] - gap
    return places
