"""Stores offer operations that their side effect has, steps use operations that their store offers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pgs_compiler.declarations import (
    Contract,
    Entity,
    OperationStepSyntax,
    OperationSyntax,
    SideEffect,
    Store,
)
from pgs_compiler.findings import Finding, Related
from pgs_compiler.names import CORE, Name
from pgs_compiler.program import Program
from pgs_compiler.schemas.anatomy import types_of
from pgs_compiler.schemas.fit import Fit, Verdict, fit
from pgs_compiler.schemas.syntax import SchemaSyntax, parts_of, record
from pgs_snapshot.suggest import nearest


def check(program: Program) -> Iterator[Finding]:
    for store in program.of(Store):
        side_effect = program.get(store.side_effect, SideEffect)
        known = tuple(operation.name.text for operation in side_effect.operations)
        strangers = [word for word in store.operations if word.text not in known]
        if len(strangers) == len(store.operations) > 1 and not any(_misspelt(word.text, known) for word in strangers):
            yield Finding(
                "C621",
                f"`{side_effect.header.name}` has none of the operations of `{store.header.name}`.",
                store.side_effect.place,
                f"it has {', '.join(known)}",
                (Related(strangers[0].place, "the operations"),),
            )
            strangers = []
        for word in strangers:
            near = _misspelt(word.text, known)
            yield Finding(
                "C621",
                f"`{side_effect.header.name}` has no operation `{word.text}`.",
                word.place,
                f"it has {', '.join(known)}" if not near else "",
                hint=f"Write `{near}`." if near else "",
            )
        if not store.operations:
            yield Finding("C621", f"`{store.header.name}` allows no operation.", store.header.place)
        yield from _entity(program, store, side_effect)
    for contract in program.of(Contract):
        for step in contract.steps:
            if isinstance(step, OperationStepSyntax):
                yield from _operation(program, step)


def _entity(program: Program, store: Store, side_effect: SideEffect) -> Iterator[Finding]:
    """What a store holds is what its side effect keeps there by itself, and has fields where that looks at fields."""
    if side_effect.entity is not None:
        yield from _kept(program, store, side_effect, side_effect.entity)
    held = program.get(store.entity, Entity)
    if "object" in types_of(program.schema(held.schema)):
        return
    by_field = {op.name.text for op in side_effect.operations if any(map(_of_fields, _schemas(op)))}
    for word in store.operations:
        if word.text in by_field:
            yield Finding(
                "C630",
                f"`{word.text}` is about fields of what `{store.header.name}` holds, and `{store.entity.text}` is an"
                " enumeration.",
                word.place,
                "no fields",
                (Related(store.entity.place, "the entity"),),
            )


def _kept(program: Program, store: Store, side_effect: SideEffect, kept: Name) -> Iterator[Finding]:
    ours, theirs = (program.schema(program.get(name, Entity).schema) for name in (store.entity, kept))
    there, back = fit(theirs, ours), fit(ours, theirs)
    why = _apart(there, "it has no field") or _apart(back, "it has another field,")
    if why:
        domain = kept.text.partition("::")[0]
        yield Finding(
            "C630",
            f"`{side_effect.header.name}` keeps `{kept.text}` in its stores, and `{store.entity.text}` is not like it:"
            f" {why}.",
            store.entity.place,
            "another entity",
            (Related(kept.place, "what is kept"),),
            f"Write `{kept.code if domain in (store.header.domain, CORE) else kept.text}`.",
        )


def _apart(found: Fit, stranger: str) -> str:
    """Why not every value of the one is a value of the other, a clause; "" where each is."""
    if found.verdict is Verdict.FITS:
        return ""
    return f"{stranger} `{found.pointer.removeprefix('/')}`" if found.stranger else found.reason


def _schemas(operation: OperationSyntax) -> Iterator[SchemaSyntax]:
    yield record(operation.inputs)
    yield from (record(outcome.outputs) for outcome in operation.outcomes)


def _of_fields(schema: SchemaSyntax) -> bool:
    return schema.aspect != "$var" or any(map(_of_fields, parts_of(schema)))


def _misspelt(word: str, known: Iterable[str]) -> str | None:
    """The operation that is meant; `WRITE` is much like `REGISTER`, and means something else."""
    near = nearest(word, known)
    return near if near and (near[0] == word[0] or abs(len(near) - len(word)) < 2) else None


def _operation(program: Program, step: OperationStepSyntax) -> Iterator[Finding]:
    store = program.get(step.store, Store)
    allowed = {word.text: word.place for word in store.operations}
    if step.operation.text in allowed:
        return
    side_effect = program.get(store.side_effect, SideEffect)
    exists = any(operation.name.text == step.operation.text for operation in side_effect.operations)
    known = {operation.name.text for operation in side_effect.operations}
    if nearest(step.operation.text, allowed.keys() - known):
        return  # the store's own spelling is told of
    near = _misspelt(step.operation.text, allowed)
    if exists:
        message = f"`{store.header.name}` does not allow `{step.operation.text}`."
        hint = f"Add `{step.operation.text}` to the `operations` of the store."
    else:
        message = f"`{side_effect.header.name}` has no operation `{step.operation.text}`."
        hint = f"Write `{near}`." if near else ""
    yield Finding(
        "C622",
        message,
        step.operation.place,
        f"allowed: {', '.join(sorted(allowed))}" if not hint else "",
        (Related(store.header.place, "the store"),),
        hint,
    )
