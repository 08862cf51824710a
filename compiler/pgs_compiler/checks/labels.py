"""A store or an event that can hold labelled data says that it may: its `clears` names every label."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import Entity, Event, Store
from pgs_compiler.findings import Finding
from pgs_compiler.program import Program
from pgs_compiler.schemas.labels import labels_in


def check(program: Program) -> Iterator[Finding]:
    for store in program.of(Store):
        held = labels_in(program.schema(program.get(store.entity, Entity).schema))
        yield from _uncleared(program, store, held, f"holds `{store.entity.code}`")
    for event in program.of(Event):
        yield from _uncleared(program, event, labels_in(program.fields(event.fields)), "has fields")


def _uncleared(program: Program, declaration: Store | Event, held: frozenset[str], what: str) -> Iterator[Finding]:
    cleared = {word.text for word in declaration.clears}
    lacking = sorted(held - cleared)
    if lacking:
        names = ", ".join(f"`{label}`" for label in lacking)
        yield Finding(
            "A801",
            f"`{declaration.header.name}` {what} labelled {names}, and does not clear that.",
            declaration.header.place,
            "not cleared",
            hint=f"Add `clears: [{', '.join(sorted(held | cleared & set(program.labels)))}]`.",
        )
