"""Stores offer operations that their side effect has, steps use operations that their store offers."""

from __future__ import annotations

from collections.abc import Iterator

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
                near = nearest(word.text, known)
                yield Finding(
                    "C621",
                    f"`{side_effect.header.name}` has no operation `{word.text}`.",
                    word.place,
                    f"it has {', '.join(known)}" if not near else "",
                    hint=_elsewhere(program, word.text) or (f"Write `{near}`." if near else ""),
                )
        if not store.operations:
            yield Finding("C621", f"`{store.header.name}` allows no operation.", store.header.place)
    for contract in program.of(Contract):
        for step in contract.steps:
            if isinstance(step, OperationStepSyntax):
                yield from _operation(program, step)


def _elsewhere(program: Program, operation: str) -> str:
    """A hint where the word is no misspelling, but the operation of another kind of store."""
    having = [
        side_effect.header.name
        for side_effect in program.of(SideEffect)
        if any(known.name.text == operation for known in side_effect.operations)
    ]
    return f"`{operation}` takes a store of `{having[0]}`." if len(having) == 1 else ""


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
    near = nearest(step.operation.text, tuple(allowed))
    if exists:
        message = f"`{store.header.name}` does not allow `{step.operation.text}`."
        hint = f"Add `{step.operation.text}` to the `operations` of the store."
    else:
        message = f"`{side_effect.header.name}` has no operation `{step.operation.text}`."
        hint = _elsewhere(program, step.operation.text) or (f"Write `{near}`." if near else "")
    yield Finding(
        "C622",
        message,
        step.operation.place,
        f"allowed: {', '.join(sorted(allowed))}" if not hint else "",
        (Related(store.header.place, "the store"),),
        hint,
    )
