"""External effects: they have no store, stand alone in their contract, and every binding says what to do in doubt."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import (
    Binding,
    Contract,
    EffectStepSyntax,
    OperationStepSyntax,
    OperationSyntax,
    SideEffect,
    StepSyntax,
    Store,
    Word,
    Workflow,
)
from pgs_compiler.elaborate.traits import UNKNOWN
from pgs_compiler.findings import Finding, Related
from pgs_compiler.program import Program
from pgs_compiler.schemas.generic import ENTITY
from pgs_compiler.schemas.syntax import variables_of
from pgs_compiler.uses import effects_of
from pgs_snapshot.suggest import nearest


def check(program: Program) -> Iterator[Finding]:
    for side_effect in program.of(SideEffect):
        if side_effect.semantics == "external":
            if side_effect.entity is not None:
                message = "An external effect has no store, and so nothing that a store would hold."
                yield Finding("C628", message, side_effect.entity.place, hint="Leave `entity` out.")
            for operation in side_effect.operations:
                yield from _operation(operation)
    for store in program.of(Store):
        side_effect = program.get(store.side_effect, SideEffect)
        if side_effect.semantics == "external":
            yield Finding(
                "C624",
                f"`{side_effect.header.name}` is external, so no store holds what it does.",
                store.side_effect.place,
                "external",
                (Related(side_effect.semantics_place, "declared here"),),
            )
    for contract in program.of(Contract):
        yield from _steps(program, contract)
    yield from _bindings(program)


def _operation(operation: OperationSyntax) -> Iterator[Finding]:
    for fields in (operation.inputs, *(outcome.outputs for outcome in operation.outcomes)):
        for variable in variables_of(fields):
            if variable.value == ENTITY:
                message = "An external effect has no store, and so no `$entity`."
                yield Finding("C628", message, variable.place)
    for outcome in operation.outcomes:
        if outcome.name.text == UNKNOWN:
            message = f"`{UNKNOWN}` is how an external effect ends when nobody knows, so no operation declares it."
            yield Finding("F561", message, outcome.name.place, hint="Remove it.")


def _steps(program: Program, contract: Contract) -> Iterator[Finding]:
    """An external step with an operation of its effect, and beside it no other that writes."""
    external = [step for step in contract.steps if isinstance(step, EffectStepSyntax)]
    for step in external:
        side_effect = program.get(step.side_effect, SideEffect)
        known = tuple(operation.name.text for operation in side_effect.operations)
        if side_effect.semantics != "external":
            yield Finding(
                "C624",
                f"`{side_effect.header.name}` is not external: its operations are those of a store.",
                step.side_effect.place,
                hint="Name the `store`, not the `side_effect`.",
            )
        elif step.operation.text not in known:
            near = nearest(step.operation.text, known)
            yield Finding(
                "C623",
                f"`{side_effect.header.name}` has no operation `{step.operation.text}`.",
                step.operation.place,
                f"it has {', '.join(known)}" if not near else "",
                hint=f"Write `{near}`." if near else "",
            )
    others = [*external[1:], *(step for step in contract.steps if _writes(program, step))] if external else []
    for other in others:
        yield Finding(
            "F559",
            f"`{contract.header.name}` has an external effect, and `{other.name.text}` has another.",
            other.name.place,
            "put it into a contract of its own",
            (Related(external[0].name.place, "external"),),
        )


def _writes(program: Program, step: StepSyntax) -> bool:
    if not isinstance(step, OperationStepSyntax):
        return False
    side_effect = program.get(program.get(step.store, Store).side_effect, SideEffect)
    return any(op.mode == "write" for op in side_effect.operations if op.name.text == step.operation.text)


def _bindings(program: Program) -> Iterator[Finding]:
    used: dict[str, set[str]] = {binding.header.name: set() for binding in program.of(Binding)}
    lacking: set[str] = set()
    for workflow in program.of(Workflow):
        needed = effects_of(program, workflow)
        binding = program.get(workflow.binding, Binding) if workflow.binding else None
        bound = {policy.side_effect.text for policy in binding.effects} if binding else set()
        used.setdefault(binding.header.name if binding else "", set()).update(needed)
        for full, name in needed.items():
            if full not in bound:
                lacking |= set() if binding else {full}
                named = workflow.binding.place if workflow.binding else workflow.header.place
                who = f"`{binding.header.name}`" if binding else f"`{workflow.header.name}` has no binding that"
                verb = "does not say" if binding else "says"
                yield Finding(
                    "C625",
                    f"{who} {verb} what happens when `{full}` is in doubt.",
                    named,
                    f"`{name.code}` is not bound" if binding else "no `binding`",
                    (Related(name.place, "used here"),),
                    f"Add `effects: {{{name.code}: {{unknown: suspend}}}}`." if binding else "",
                )
    for binding in program.of(Binding):
        for policy in binding.effects:
            side_effect = program.get(policy.side_effect, SideEffect)
            if policy.side_effect.text not in used[binding.header.name] | lacking:
                message = f"`{binding.header.name}` binds `{policy.side_effect.text}`, which no workflow of it uses."
                yield Finding("C626", message, policy.side_effect.place, "not used")
            yield from _lookup(side_effect, policy.lookup)


def _lookup(side_effect: SideEffect, lookup: Word | None) -> Iterator[Finding]:
    """What finds out about an effect in doubt only reads."""
    if lookup is None:
        return
    reading = [operation.name.text for operation in side_effect.operations if operation.mode == "read"]
    if lookup.text not in reading:
        near = nearest(lookup.text, reading)
        yield Finding(
            "C627",
            f"`{lookup.text}` is no operation of `{side_effect.header.name}` that only reads.",
            lookup.place,
            f"known: {', '.join(reading) or 'none'}" if not near else "",
            hint=f"Write `{near}`." if near else "",
        )
