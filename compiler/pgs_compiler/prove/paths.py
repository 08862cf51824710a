"""Follow a demand along every path: all points at which it can be open, or a shortest way on which it breaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import networkx as nx

from pgs_compiler.prove.monitors import BROKEN, DONE, Monitor
from pgs_compiler.prove.points import Point, Unfolded


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of a demand.

    Attributes:
        reached: the points at which it can be open, each with the states that it can have there.
        broken: a shortest way to where it breaks, empty where it holds.
    """

    reached: Mapping[Point, frozenset[str]]
    broken: Sequence[Point]


def follow(unfolded: Unfolded, monitor: Monitor) -> Followed:
    """Explore points × states from the start, nearest first; ties by the author's order."""
    first = (unfolded.start, monitor.enter(monitor.start, unfolded.start))
    seen: nx.DiGraph[tuple[Point, str]] = nx.DiGraph()
    seen.add_node(first)
    layer = [first]
    while layer:
        behind: list[tuple[Point, str]] = []
        for here in layer:
            point, state = here
            if state == BROKEN:
                return Followed({}, [at for at, _ in nx.shortest_path(seen, first, here)])
            for following in unfolded.points.successors(point):
                there = (following, monitor.enter(state, following))
                if there not in seen:
                    behind.append(there)
                    seen.add_edge(here, there)
        layer = behind
    reached: dict[Point, set[str]] = {}
    for point, state in seen:
        if state != DONE:
            reached.setdefault(point, set()).add(state)
    return Followed({point: frozenset(states) for point, states in reached.items()}, ())
