"""The order of the vertices within each layer: the second phase of the layout.

Barycentre sweeps after Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system
structures" (1981), then exchanges of neighbours after Gansner, Koutsofios, North and Vo, "A technique for
drawing directed graphs" (1993), section 3. The best order seen is kept.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise

from pgs_snapshot.drawing.layers import Layered

SWEEPS = 24
EXCHANGES = 8
PATIENCE = 6
"""Sweeps without a better order after which the search ends."""

Order = list[list[int]]


def ordered(graph: Layered) -> Order:
    """Each layer from left to right, with few crossings of segments."""
    search = _Search(graph)
    best = search.start()
    fewest = search.crossings(best)
    current, idle = best, 0
    for sweep in range(SWEEPS):
        if fewest == 0 or idle == PATIENCE:
            break
        current = search.sweep(current, downwards=sweep % 2 == 0, reverse_ties=sweep % 4 > 1)
        search.exchange(current)
        count = search.crossings(current)
        idle += 1
        if count < fewest:
            best, fewest, idle = [list(row) for row in current], count, 0
    return best


class _Search:
    """The neighbours of each vertex above and below, and the steps of the search over them."""

    def __init__(self, graph: Layered) -> None:
        self.graph = graph
        self.above: list[list[int]] = [[] for _ in graph.sizes]
        self.below: list[list[int]] = [[] for _ in graph.sizes]
        for segment in graph.segments:
            self.above[segment.lower].append(segment.upper)
            self.below[segment.upper].append(segment.lower)

    def start(self) -> Order:
        """Depth first in the order of the links, so that what belongs together stands together."""
        rows: Order = [[] for _ in range(max(self.graph.layer, default=-1) + 1)]
        seen = [False] * len(self.above)
        stack = [vertex for vertex in range(len(self.above) - 1, -1, -1) if not self.above[vertex]]
        while stack:
            vertex = stack.pop()
            if not seen[vertex]:
                seen[vertex] = True
                rows[self.graph.layer[vertex]].append(vertex)
                stack.extend(reversed(self.below[vertex]))
        return rows

    def sweep(self, rows: Order, *, downwards: bool, reverse_ties: bool) -> Order:
        """Sort each layer by the mean place of each vertex's neighbours in the layer before it."""
        rows = [list(row) for row in rows]
        neighbours = self.above if downwards else self.below
        levels = range(1, len(rows)) if downwards else range(len(rows) - 2, -1, -1)
        for level in levels:
            fixed = _places(rows[level - 1 if downwards else level + 1])
            row = rows[level][::-1] if reverse_ties else rows[level]
            rows[level] = _sorted_by_mean(row, neighbours, fixed)
        return rows

    def exchange(self, rows: Order) -> None:
        """Swap neighbours in `rows` wherever that takes a crossing away."""
        for _ in range(EXCHANGES):
            swapped = False
            for level, row in enumerate(rows):
                over = _places(rows[level - 1]) if level else {}
                under = _places(rows[level + 1]) if level + 1 < len(rows) else {}
                for at in range(len(row) - 1):
                    left, right = row[at], row[at + 1]
                    gain = self._gain(left, right, over, under)
                    if gain > 0:
                        row[at], row[at + 1] = right, left
                        swapped = True
            if not swapped:
                return

    def _gain(self, left: int, right: int, over: dict[int, int], under: dict[int, int]) -> int:
        gain = 0
        for neighbours, places in ((self.above, over), (self.below, under)):
            lefts = sorted(places[vertex] for vertex in neighbours[left])
            rights = sorted(places[vertex] for vertex in neighbours[right])
            gain += _inversions(lefts, rights) - _inversions(rights, lefts)
        return gain

    def crossings(self, rows: Order) -> int:
        """How many pairs of segments cross, as inversions after Barth, Jünger and Mutzel (2002)."""
        count = 0
        for row, below in pairwise(rows):
            places = _places(below)
            passed: list[int] = []
            for vertex in row:
                ends = sorted(places[lower] for lower in self.below[vertex])
                count += sum(len(passed) - bisect_right(passed, end) for end in ends)
                for end in ends:
                    insort(passed, end)
        return count


def _places(row: Sequence[int]) -> dict[int, int]:
    return {vertex: place for place, vertex in enumerate(row)}


def _sorted_by_mean(row: list[int], neighbours: list[list[int]], fixed: dict[int, int]) -> list[int]:
    """Vertices without neighbours there keep their places; the others are sorted into the rest."""
    means = {
        vertex: sum(fixed[other] for other in neighbours[vertex]) / len(neighbours[vertex])
        for vertex in row
        if neighbours[vertex]
    }
    moved = iter(sorted(means, key=means.__getitem__))
    return [next(moved) if vertex in means else vertex for vertex in row]


def _inversions(lefts: list[int], rights: list[int]) -> int:
    """Pairs of which the left vertex's neighbour stands right of the right vertex's."""
    return sum(len(lefts) - bisect_right(lefts, right) for right in rights)
