"""Boxes and links as a layered graph: the first phase of a layout after Sugiyama, Tagawa and Toda (1981).

Laws:
* boxes stand in even layers, labels in odd ones: a label has room of its own right below the box it leaves;
* a segment joins two neighbouring layers;
* links to one box share their bends: they join on the way down and arrive as one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import pairwise

from pgs_snapshot.drawing.picture import TooLarge

MAX_BOXES = 300
MAX_LINKS = 1200
MAX_VERTICES = 12_000
"""Boxes, labels and bends together; what keeps a layout to seconds."""


@dataclass(frozen=True, slots=True)
class Size:
    """Pixels. Both are even, so that halves are whole."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Link:
    """From box `source` to box `target`, by index, with room for a label. A `main` link is drawn straight."""

    source: int
    target: int
    label: Size
    main: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """From a vertex to one in the layer below; `weight` says how much it wants to be straight."""

    upper: int
    lower: int
    weight: int


@dataclass(frozen=True, slots=True)
class Layered:
    """Vertices by number: the boxes first, then the label of each link, then the bends.

    `chains` holds, for each link, its vertices from the source down to the target.
    """

    boxes: int
    labels: int
    sizes: tuple[Size, ...]
    layer: tuple[int, ...]
    segments: tuple[Segment, ...]
    chains: tuple[tuple[int, ...], ...]

    def is_box(self, vertex: int) -> bool:
        """Whether it is one of the boxes."""
        return vertex < self.boxes

    def is_bend(self, vertex: int) -> bool:
        """Whether it is a mere point of a line."""
        return vertex >= self.boxes + self.labels


BEND = Size(2, 0)
MAIN, SHARED, LABELLED, PLAIN = 8, 4, 2, 3
"""Weights of segments: on a main link, between bends, below a label, below a box."""


def layered(boxes: Sequence[Size], links: Sequence[Link]) -> Layered:
    """Put boxes into layers by the longest path from a source, and bends where links pass layers.

    Raises:
        TooLarge: more boxes, links or bends than a picture can show.
        graphlib.CycleError: the links form a cycle.
    """
    _bound("nodes", len(boxes), MAX_BOXES)
    _bound("arrows", len(links), MAX_LINKS)
    layer = _longest_paths(len(boxes), links)
    sizes = [*boxes, *(link.label for link in links)]
    layer += [layer[link.source] + 1 for link in links]
    bends: dict[tuple[int, int], int] = {}
    segments: dict[tuple[int, int], int] = {}
    chains: list[tuple[int, ...]] = []
    for index, link in enumerate(links):
        chain = [link.source, len(boxes) + index]
        for level in range(layer[link.source] + 2, layer[link.target]):
            bend = bends.setdefault((link.target, level), len(sizes))
            if bend == len(sizes):
                sizes.append(BEND)
                layer.append(level)
                _bound("bends of arrows", len(sizes), MAX_VERTICES)
            chain.append(bend)
        chain.append(link.target)
        chains.append(tuple(chain))
        for place, pair in enumerate(pairwise(chain)):
            weight = MAIN if link.main else (PLAIN, LABELLED, SHARED)[min(place, 2)]
            segments[pair] = max(weight, segments.get(pair, 0))
    joined = tuple(Segment(*pair, weight) for pair, weight in segments.items())
    return Layered(len(boxes), len(links), tuple(sizes), tuple(layer), joined, tuple(chains))


def _bound(what: str, count: int, limit: int) -> None:
    if count > limit:
        raise TooLarge(f"The picture would have {count} {what}; {limit} is the most that can be read.")


def _longest_paths(boxes: int, links: Sequence[Link]) -> list[int]:
    sources: dict[int, list[int]] = {box: [] for box in range(boxes)}
    for link in links:
        sources[link.target].append(link.source)
    layer = [0] * boxes
    for box in TopologicalSorter(sources).static_order():
        layer[box] = max((layer[source] + 2 for source in sources[box]), default=0)
    return layer
