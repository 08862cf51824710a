"""What a policy does about an effect in doubt is safe for every operation that it is for, and can find out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pgs_compiler.declarations import Binding, OperationSyntax, PolicySyntax, SideEffect, Word, Workflow
from pgs_compiler.findings import Finding, Related
from pgs_compiler.program import Program
from pgs_compiler.schemas.anatomy import properties_of, required_of
from pgs_compiler.schemas.fit import Verdict, fit
from pgs_compiler.schemas.labels import labels_in
from pgs_compiler.schemas.operations import without_entity
from pgs_compiler.uses import external_steps_of
from pgs_snapshot.model import Operation, Schema

NOT_FOUND = "NOT_FOUND"
"""What a lookup says of an effect that has not happened."""


def check(program: Program) -> Iterator[Finding]:
    for side_effect in program.of(SideEffect):
        for operation in side_effect.operations:
            yield from _key(side_effect, operation)
    used = _used(program)
    for binding in program.of(Binding):
        for policy in binding.effects:
            side_effect = program.get(policy.side_effect, SideEffect)
            names = used.get((binding.header.name, side_effect.header.name), set())
            writing = [op for op in side_effect.operations if op.name.text in names and op.mode == "write"]
            yield from _twice(policy, writing)
            yield from _found_out(program, side_effect, policy.lookup, writing)


def _used(program: Program) -> Mapping[tuple[str, str], set[str]]:
    """The operations that are used of each effect under each binding."""
    found: dict[tuple[str, str], set[str]] = {}
    for workflow in program.of(Workflow):
        if workflow.binding is not None:
            for step in external_steps_of(program, workflow):
                found.setdefault((workflow.binding.text, step.side_effect.text), set()).add(step.operation.text)
    return found


def _key(side_effect: SideEffect, operation: OperationSyntax) -> Iterator[Finding]:
    if operation.keyed is None or (side_effect.semantics == "external" and operation.mode == "write"):
        return
    name = f"`{operation.name.text}`"
    message = (
        f"{name} only reads, so asking again is harmless without a key."
        if side_effect.semantics == "external"
        else f"{name} is an operation of stores, which takes place once, when its run commits."
    )
    yield Finding("C639", message, operation.keyed, hint="Remove `keyed` here.")


def _twice(policy: PolicySyntax, writing: list[OperationSyntax]) -> Iterator[Finding]:
    if policy.unknown != "retry" or policy.at_least_once:
        return
    for operation in writing:
        if operation.keyed is None:
            yield Finding(
                "C629",
                f"`{operation.name.text}` is not `keyed`, so to ask again may do it twice.",
                policy.side_effect.place,
                "asked again when in doubt",
                (Related(operation.name.place, "not `keyed`"),),
                "Add `at_least_once: true` if twice is acceptable, or write `unknown: suspend`.",
            )


# --- lookup --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    """A lookup, and an operation that it finds out about."""

    lookup: Operation
    effect: Operation
    names: tuple[str, str]  # of both


def _found_out(
    program: Program, side_effect: SideEffect, named: Word | None, writing: list[OperationSyntax]
) -> Iterator[Finding]:
    """A lookup takes what the effect was given, and answers with what the effect answers."""
    found = [op for op in side_effect.operations if named and op.name.text == named.text and op.mode == "read"]
    for lookup in found:  # none where C627 tells of it
        for effect in writing:
            operations = without_entity(program, lookup), without_entity(program, effect)
            asked = _Asked(*operations, (lookup.name.text, effect.name.text))
            for clash in (*_taken(asked), *_answered(asked)):
                related = Related(lookup.name.place, "the lookup"), Related(effect.name.place, "what it looks up")
                yield Finding("C638", clash, named.place if named else None, related=related)


def _taken(asked: _Asked) -> Iterator[str]:
    lookup, effect = asked.names
    given, wanted = properties_of(asked.effect.inputs), properties_of(asked.lookup.inputs)
    for name in sorted(wanted.keys() - given.keys()):
        yield f"`{lookup}` takes `{name}`, which `{effect}` was not given."
    for name in sorted(wanted.keys() & given.keys()):
        if name in required_of(asked.lookup.inputs) and not _always_there(asked.effect.inputs, name):
            yield f"`{lookup}` demands `{name}`, which `{effect}` may lack."
        fitting = fit(given[name], wanted[name])
        if fitting.verdict is not Verdict.FITS:
            yield f"`{lookup}` does not take every `{name}` that `{effect}` was given: {fitting.reason}."


def _always_there(schema: Schema, name: str) -> bool:
    return name in required_of(schema) or "default" in properties_of(schema)[name]


def _answered(asked: _Asked) -> Iterator[str]:
    lookup, effect = asked.names
    for outcome, answer in sorted(asked.lookup.outcomes.items()):
        wanted = asked.effect.outcomes.get(outcome)
        if outcome == NOT_FOUND:
            continue
        if wanted is None:
            yield f"`{lookup}` can end as `{outcome}`, which is neither an outcome of `{effect}` nor `{NOT_FOUND}`."
            continue
        fitting = fit(answer, wanted)
        if fitting.verdict is not Verdict.FITS:
            yield f"As `{outcome}`, `{lookup}` answers otherwise than `{effect}`: {fitting.reason}."
            continue
        for name, schema in sorted(properties_of(answer).items()):
            for label in sorted(labels_in(schema) - labels_in(properties_of(wanted)[name])):
                yield f"As `{outcome}`, `{lookup}` answers with `{name}` labelled `{label}`, and `{effect}` without."
