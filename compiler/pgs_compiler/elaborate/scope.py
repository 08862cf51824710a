"""What `$.…` means at one place: slots with the schemas that they can hold there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pgs_compiler.declarations import EdgeSyntax
from pgs_compiler.elaborate.configuration import Configuration
from pgs_compiler.schemas.anatomy import present_in
from pgs_compiler.schemas.exact import closed
from pgs_snapshot.model import Schema

Route = tuple[str, ...]
"""The first steps of a reference that name a slot: `("payload",)`, `("results", "admit")`."""


INSTANT: Schema = {"type": "string", "format": "date-time"}
"""A point in time."""
RUN: Schema = closed({"id": {"type": "string"}, "started": INSTANT, "time": INSTANT}, ("id", "started", "time"))
"""`$.run`."""


@dataclass(frozen=True, slots=True)
class Variant:
    """What a slot holds on some ways in.

    Attributes:
        when: which ways: "when `register` ended as `CONFLICT`".
        edge: the one that has brought it along, if it is what an edge carries.
    """

    schema: Schema
    when: str = ""
    edge: EdgeSyntax | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A numbered place of a frame.

    Attributes:
        index: the number, an index of the graph's or contract's `slots`.
        variants: what it holds, one for each way in; empty where it holds nothing.
        missing: why it holds nothing on some way in, or "".
        broken: a finding has told that something is wrong with what it holds, so nothing is known of it.
    """

    index: int
    variants: tuple[Variant, ...]
    missing: str = ""
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """The slots that are in reach.

    Attributes:
        slots: by route.
        absent: routes that name something real which is out of reach here, with the reason.
        configuration: what is behind `$.config`, where it is in reach.
    """

    slots: Mapping[Route, Slot]
    absent: Mapping[Route, str]
    configuration: Configuration | None = None

    def roots(self) -> tuple[str, ...]:
        return tuple(sorted({route[0] for route in (*self.slots, *self.absent)}))

    def under(self, root: str) -> tuple[str, ...]:
        """The second words under a root that has any."""
        return tuple(sorted({route[1] for route in self.slots if route[0] == root and len(route) > 1}))

    def beyond(self, root: str) -> tuple[str, ...]:
        """The second words under a root that name something real which is out of reach here."""
        return tuple(sorted({route[1] for route in self.absent if route[0] == root and len(route) > 1}))

    def find(self, words: Route) -> tuple[Route, Slot] | None:
        """The slot with the longest route that `words` starts with."""
        for length in (3, 2, 1):
            route = words[:length]
            if len(route) == length and route in self.slots:
                return route, self.slots[route]
        return None

    def sources(self, name: str) -> tuple[str, ...]:
        """The references under which something called `name` is surely there."""
        return tuple(
            f"$.{'.'.join(route)}.{name}"
            for route, found in self.slots.items()
            if found.variants
            and not found.missing
            and all(name in present_in(variant.schema) for variant in found.variants)
        )


def joined(scopes: Sequence[Scope]) -> Scope:
    """What is in reach where several ways meet: what any of them has, but for a root that one of them lacks."""
    first, *others = scopes
    if not others:
        return first
    absent = {route: why for scope in scopes for route, why in scope.absent.items()}
    roots = {route: why for route, why in absent.items() if len(route) == 1}
    slots: dict[Route, Slot] = {}
    for scope in scopes:
        for route, found in scope.slots.items():
            if route[:1] not in roots:
                slots[route] = _either(slots[route], found) if route in slots else found
    lacking = {route: why for route, why in absent.items() if route not in slots}
    for route, found in slots.items():
        if any(route not in scope.slots for scope in scopes):
            slots[route] = replace(found, missing=found.missing or absent.get(route[:2], ""))
    return Scope(slots, lacking, first.configuration)


def _either(left: Slot, right: Slot) -> Slot:
    variants = (*left.variants, *(variant for variant in right.variants if variant not in left.variants))
    return Slot(left.index, variants, left.missing or right.missing, left.broken or right.broken)


def slot(index: int, schema: Schema) -> Slot:
    """A slot that always holds a value of one schema."""
    return Slot(index, (Variant(schema),))
