"""What is known at a node of a workflow: which nodes have ended before it, and as what.

At a node's entry each earlier node either ended as one of some outcomes or did not run; the union over the
edges in is what references there may rely on (a forward must-analysis; Kildall 1973).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import compress
from operator import is_, is_not
from typing import TypeVar

from pgs_compiler.declarations import EdgeSyntax
from pgs_compiler.elaborate.bound import Written
from pgs_compiler.elaborate.scope import Route

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known at a node, or on an edge behind it.

    Attributes:
        ended: node -> the outcomes it may have ended as; absent: it did not run.
        maybe: nodes that ran on some ways in only.
        edge: the one that leads away from the node, or None.
        arguments: what the edge carries.
    """

    node: str
    ended: Mapping[str, frozenset[str]]
    maybe: frozenset[str] = frozenset()
    edge: EdgeSyntax | None = None
    arguments: Written | None = None


def joined(ways: list[Knowledge]) -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """The union of what several ways say. Most of it is the same on all of them, and shared."""
    first, *others = ways
    ended, maybe = dict(first.ended), first.maybe
    for way in others:
        same = len(ended) == len(way.ended) and all(map(is_, ended, way.ended))
        maybe |= way.maybe if same else way.maybe | (ended.keys() ^ way.ended.keys())
        # Behind thousands of nodes nearly all of it is shared, and only the interpreter's own loops pass over it fast.
        theirs = way.ended.values()
        differing = compress(way.ended.items(), map(is_not, ended.values(), theirs)) if same else way.ended.items()
        for id, outcomes in tuple(differing):
            known = ended.get(id)
            if known is not outcomes:
                ended[id] = outcomes if known is None else known | outcomes
    return ended, maybe


class Lazy(Mapping[Route, V]):
    """What is known of routes. For results it is made when asked for, for there may be thousands.

    `make` gives None for what is not among the `names`.
    """

    def __init__(
        self, fixed: Mapping[Route, V], names: Callable[[], Iterable[str]], make: Callable[[str], V | None]
    ) -> None:
        self._fixed = fixed
        self._names = names
        self._make = make

    def __getitem__(self, route: Route) -> V:
        made = self._make(route[1]) if len(route) == 2 and route[0] == "results" else None
        return self._fixed[route] if made is None else made

    def __iter__(self) -> Iterator[Route]:
        yield from self._fixed
        yield from (("results", name) for name in self._names())

    def __len__(self) -> int:
        return sum(1 for _ in self)
