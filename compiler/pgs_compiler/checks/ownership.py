"""A store belongs to one domain: others write to it where it names them, and all keep what it holds alike."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import Binding, Contract, OperationStepSyntax, SideEffect, Store, Word
from pgs_compiler.findings import Finding, Related
from pgs_compiler.program import Program


def check(program: Program) -> Iterator[Finding]:
    for contract in program.of(Contract):
        for step in contract.steps:
            if isinstance(step, OperationStepSyntax):
                yield from _foreign(program, contract, step)
    kept: dict[str, Word] = {}
    for binding in program.of(Binding):
        for name, retention in binding.retention:
            yield from _overwritten(program, program.get(name, Store), retention)
            first = kept.setdefault(name.text, retention)
            if first.text != retention.text:
                yield Finding(
                    "C636",
                    f"`{name.text}` is kept for `{retention.text}` here, and elsewhere for `{first.text}`.",
                    retention.place,
                    related=(Related(first.place, f"`{first.text}`"),),
                )


def _foreign(program: Program, contract: Contract, step: OperationStepSyntax) -> Iterator[Finding]:
    store, domain = program.get(step.store, Store), contract.header.domain
    if domain in (store.header.domain, *(word.text for word in store.writers)):
        return
    operations = program.get(store.side_effect, SideEffect).operations
    if any(operation.name.text == step.operation.text and operation.mode == "write" for operation in operations):
        others = ", ".join(sorted({domain, *(word.text for word in store.writers)}))
        yield Finding(
            "C637",
            f"`{store.header.name}` belongs to `{store.header.domain}`, and `{contract.header.name}` writes to it.",
            step.operation.place,
            f"`{step.operation.text}` writes",
            (Related(store.header.place, f"`{domain}` is not among its writers"),),
            f"If that is meant, add `writers: [{others}]` to the store.",
        )


def _overwritten(program: Program, store: Store, retention: Word) -> Iterator[Finding]:
    side_effect = program.get(store.side_effect, SideEffect)
    if side_effect.semantics == "mutable":
        yield Finding(
            "C635",
            f"`{store.header.name}` cannot keep what it holds for `{retention.text}`: it is overwritten.",
            retention.place,
            "kept for a time",
            (Related(store.side_effect.place, f"`{side_effect.header.name}` is `mutable`"),),
        )
