"""The x coordinate of every vertex: the third phase of the layout.

Vertices that should stand in one straight line become a column, as in Brandes and Köpf, "Fast and simple
horizontal coordinate assignment" (2001), but chosen by weight instead of from one side. The columns are then
pulled towards their neighbours, those that press against each other as one, after the pendulum method of
Sander, "A fast heuristic for hierarchical Manhattan layout" (1995).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import pairwise

from pgs_snapshot.drawing.crossings import Order
from pgs_snapshot.drawing.layers import PLAIN, Layered, Segment

ROUNDS = 120
WORK = 400_000
"""Rounds times constraints: large graphs get fewer rounds."""
DAMPING = 0.6
TOUCHING = 0.01

BOX_GAP, LABEL_GAP, LINE_GAP = 36, 16, 16


@dataclass(frozen=True, slots=True)
class _Apart:
    """Column `right` stands at least `distance` right of column `left`."""

    left: int
    right: int
    distance: int


def columns(graph: Layered, order: Order) -> tuple[int, ...]:
    """The centre of each vertex; in every layer vertices keep their order and a gap between them."""
    column = _columns(graph, order)
    constraints = _constraints(graph, order, column)
    count = max(column, default=-1) + 1
    centre = _packed(count, constraints)
    pulls = _pulls(graph, column)
    for _ in range(min(ROUNDS, WORK // (len(constraints) + 1) + 8)):
        _relax(centre, constraints, pulls)
    # Distances are whole, and rounding keeps order: what was apart by a whole distance stays so.
    return tuple(int(centre[column[vertex]] // 1) for vertex in range(len(graph.sizes)))


def _columns(graph: Layered, order: Order) -> list[int]:
    """The column of each vertex; straight segments never cross, so columns have an order from the left."""
    place = {vertex: at for row in order for at, vertex in enumerate(row)}
    between: list[list[Segment]] = [[] for _ in order]
    for segment in graph.segments:
        between[graph.layer[segment.upper]].append(segment)
    above = list(range(len(graph.sizes)))
    for segments in between:
        for segment in _straight(segments, place):
            above[segment.lower] = segment.upper
    column = [0] * len(graph.sizes)
    count = 0
    for row in order:
        for vertex in row:
            if above[vertex] != vertex:
                column[vertex] = column[above[vertex]]
            else:
                column[vertex] = count
                count += 1
    return column


def _straight(segments: Sequence[Segment], place: Mapping[int, int]) -> list[Segment]:
    """Choose segments that neither cross nor share an end, the heaviest first.

    A box that several links enter alike stands below their middle, and none of them is straight by right; nor
    is what leaves a box beside the main way, or a long branch would push its neighbours aside.
    """
    entering = Counter((segment.lower, segment.weight) for segment in segments)

    def urgency(segment: Segment) -> tuple[int, int, int]:
        return (-segment.weight, place[segment.upper], place[segment.lower])

    uppers: list[int] = []
    lowers: list[int] = []
    chosen: list[Segment] = []
    for segment in sorted(segments, key=urgency):
        if segment.weight == PLAIN or entering[segment.lower, segment.weight] > 1:
            continue
        upper, lower = place[segment.upper], place[segment.lower]
        at = bisect_left(uppers, upper)
        fits_left = at == 0 or lowers[at - 1] < lower
        fits_right = at == len(uppers) or (uppers[at] > upper and lowers[at] > lower)
        if fits_left and fits_right:
            uppers.insert(at, upper)
            lowers.insert(at, lower)
            chosen.append(segment)
    return chosen


def _constraints(graph: Layered, order: Order, column: Sequence[int]) -> list[_Apart]:
    distance: dict[tuple[int, int], int] = {}
    for row in order:
        for left, right in pairwise(row):
            pair = (column[left], column[right])
            halves = (graph.sizes[left].width + graph.sizes[right].width) // 2
            distance[pair] = max(distance.get(pair, 0), halves + _gap(graph, left, right))
    return [_Apart(left, right, gap) for (left, right), gap in distance.items()]


def _gap(graph: Layered, left: int, right: int) -> int:
    if graph.is_box(left) and graph.is_box(right):
        return BOX_GAP
    return LINE_GAP if graph.is_bend(left) or graph.is_bend(right) else LABEL_GAP


def _packed(count: int, constraints: Sequence[_Apart]) -> list[float]:
    """Every column as far left as the constraints let it."""
    lefts: dict[int, list[_Apart]] = {column: [] for column in range(count)}
    for apart in constraints:
        lefts[apart.right].append(apart)
    centre = [0.0] * count
    before = {column: [apart.left for apart in found] for column, found in lefts.items()}
    for column in TopologicalSorter(before).static_order():
        centre[column] = max((centre[apart.left] + apart.distance for apart in lefts[column]), default=0.0)
    return centre


def _pulls(graph: Layered, column: Sequence[int]) -> list[list[tuple[int, int]]]:
    """For each column, the columns that it wants to be near and how much."""
    weights: dict[tuple[int, int], int] = {}
    for segment in graph.segments:
        pair = (column[segment.upper], column[segment.lower])
        if pair[0] != pair[1]:
            weights[pair] = weights.get(pair, 0) + segment.weight
    pulls: list[list[tuple[int, int]]] = [[] for _ in range(max(column, default=-1) + 1)]
    for (one, other), weight in weights.items():
        pulls[one].append((other, weight))
        pulls[other].append((one, weight))
    return pulls


def _relax(centre: list[float], constraints: Sequence[_Apart], pulls: Sequence[Sequence[tuple[int, int]]]) -> None:
    """Move each group of columns that press against each other towards where its neighbours pull it."""
    mass = [float(sum(weight for _, weight in pull)) or 0.1 for pull in pulls]
    force = [
        sum(weight * (centre[other] - centre[column]) for other, weight in pull) for column, pull in enumerate(pulls)
    ]
    group = _grouped(centre, constraints, mass, force)
    members: dict[int, list[int]] = {}
    for column in range(len(centre)):
        members.setdefault(group[column], []).append(column)
    outward: dict[int, list[_Apart]] = {root: [] for root in members}
    inward: dict[int, list[_Apart]] = {root: [] for root in members}
    for apart in constraints:
        if group[apart.left] != group[apart.right]:
            outward[group[apart.left]].append(apart)
            inward[group[apart.right]].append(apart)
    for root in sorted(members, key=lambda root: (-abs(force[root] / mass[root]), root)):
        shift = DAMPING * force[root] / mass[root]
        bounds = outward[root] if shift > 0 else inward[root]
        slack = min((centre[a.right] - centre[a.left] - a.distance for a in bounds), default=abs(shift))
        step = min(abs(shift), max(slack, 0.0))
        for column in members[root]:
            centre[column] += step if shift > 0 else -step


def _grouped(
    centre: Sequence[float], constraints: Sequence[_Apart], mass: list[float], force: list[float]
) -> list[int]:
    """The group of each column; `mass` and `force` of a group's root become those of the group."""
    root = list(range(len(centre)))

    def find(column: int) -> int:
        while root[column] != column:
            root[column] = root[root[column]]
            column = root[column]
        return column

    touching = [a for a in constraints if centre[a.right] - centre[a.left] - a.distance < TOUCHING]
    merged = True
    while merged:
        merged = False
        for apart in touching:
            left, right = find(apart.left), find(apart.right)
            if left != right and force[left] / mass[left] > force[right] / mass[right]:
                root[right] = left
                mass[left] += mass[right]
                force[left] += force[right]
                merged = True
    return [find(column) for column in range(len(centre))]
