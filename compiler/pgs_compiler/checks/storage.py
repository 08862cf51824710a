"""Stores offer operations that their side effect has, steps use operations that their store offers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pgs_compiler.declarations import Contract, OperationStepSyntax, SideEffect, Store
from pgs_compiler.findings import Finding, Related
from pgs_compiler.program import Program
from pgs_snapshot.suggest import nearest


def check(program: Program) -> Iterator[Finding]:
    for store in program.of(Store):
        side_effect = program.get(store.side_effect, SideEffect)
        known = tuple(operation.name.text for operation in side_effect.operations)
        for word in store.operations:
            if word.text not in known:
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
    for contract in program.of(Contract):
        for step in contract.steps:
            if isinstance(step, OperationStepSyntax):
                yield from _operation(program, step)


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
