"""What declarations say of labels: a store or event clears what it can hold; a transform declassifies its inputs."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import Entity, Event, SideEffect, Store, Transform
from pgs_compiler.findings import Finding
from pgs_compiler.program import Program
from pgs_compiler.schemas.labels import labels_in
from pgs_snapshot.suggest import nearest


def check(program: Program) -> Iterator[Finding]:
    for store in program.of(Store):
        held = labels_in(program.schema(program.get(store.entity, Entity).schema))
        yield from _uncleared(program, store, held, f"holds `{store.entity.code}`")
    for event in program.of(Event):
        yield from _uncleared(program, event, labels_in(program.fields(event.fields)), "has fields")
    for transform in program.of(Transform):
        yield from _strangers(transform)
    for side_effect in program.of(SideEffect):
        if side_effect.semantics != "external":
            yield from _idle(side_effect)


def _idle(side_effect: SideEffect) -> Iterator[Finding]:
    """What an operation writes goes into a store, and that says what it clears."""
    for operation in side_effect.operations:
        if operation.clears:
            yield Finding(
                "A808",
                f"`{operation.name.text}` is an operation of stores, which say themselves what they clear.",
                operation.clears[0].place,
                hint="Remove `clears` here.",
            )


def _strangers(transform: Transform) -> Iterator[Finding]:
    """What a transform declassifies comes from inputs that it has."""
    known = [field.name for field in transform.inputs.fields]
    for removed in transform.declassifies:
        for word in removed.inputs or ():
            if word.text not in known:
                near = nearest(word.text, known)
                yield Finding(
                    "A806",
                    f"`{transform.header.name}` has no input `{word.text}` to declassify.",
                    word.place,
                    "" if near else f"known: {', '.join(known) or 'none'}",
                    hint=f"Write `{near}`." if near else "",
                )


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
