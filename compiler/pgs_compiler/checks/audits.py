"""P720–P724: the rules of audits look at what is there, and ask of it what fits it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pgs_compiler.declarations import (
    Audit,
    AuditRuleSyntax,
    Context,
    Contract,
    EffectStepSyntax,
    Intent,
    IntentNodeSyntax,
    Process,
    ProcessNodeSyntax,
    Workflow,
)
from pgs_compiler.elaborate.contracts import TypedContract
from pgs_compiler.elaborate.intents import actor_schema
from pgs_compiler.elaborate.paths import Astray, known_fields, looked_at
from pgs_compiler.findings import Finding, Related
from pgs_compiler.processes import Limit
from pgs_compiler.program import Program
from pgs_compiler.schemas.anatomy import is_any, phrase, properties_of, types_of
from pgs_compiler.source import to_value
from pgs_compiler.uses import contracts_of
from pgs_process.audit.conditions import limit_fault
from pgs_snapshot.model import Schema
from pgs_snapshot.processes import BLOCKED

_SIZED = frozenset({"string", "array", "object"})
_NUMBERS = frozenset({"number", "integer"})
_FITTING: Mapping[str, frozenset[str]] = {
    "min": _NUMBERS,
    "max": _NUMBERS,
    "min_len": _SIZED,
    "max_len": _SIZED,
    "regex": frozenset({"string"}),
    "unique": frozenset({"array", "object"}),
    "sum": frozenset({"array", "object"}),
}
"""The types that a condition can hold of; any other condition can hold of all."""


def check(program: Program, contracts: Mapping[str, TypedContract]) -> Iterator[Finding]:
    used = _used(program)
    for audit in program.of(Audit):
        target = audit.target.text
        inputs, outputs = _roots(program, contracts, audit)
        for rule in audit.inputs:
            yield from _rule(rule, inputs)
        if audit.outputs and outputs is None:
            yield from _no_outputs(program, audit)
        for rule in audit.outputs if outputs is not None else ():
            yield from _rule(rule, outputs or {})
        if not audit.inputs and not audit.outputs:
            yield Finding("P720", f"`{audit.header.name}` states no rule.", audit.header.place, "guards nothing")
        yield from _blocked(program, audit)
        if target not in used:
            message = f"No workflow uses `{target}`, so that nothing is ever guarded by `{audit.header.name}`."
            yield Finding("P724", message, audit.target.place, "idle")


def unfit(limit: Limit, field: str, schema: Schema) -> Iterator[Finding]:
    """What is wrong with one condition: what it compares to, or what it is asked of."""
    condition = limit.condition.text
    wrong = limit_fault(condition, to_value(limit.limit))
    if wrong is not None:
        yield Finding("P720", f"{wrong}.", limit.limit.place, "not that")
        return
    fitting = _FITTING.get(condition)
    types = types_of(schema)
    if fitting is not None and not is_any(schema) and not fitting & set(types):
        message = f"`{condition}` holds of {phrase(sorted(fitting - {'integer'}))}, and `{field}` is {phrase(types)}."
        yield Finding("P722", message, limit.condition.place, "never holds")


def _rule(rule: AuditRuleSyntax, roots: Mapping[str, Schema]) -> Iterator[Finding]:
    if not rule.limits:
        yield Finding("P720", f"Nothing is asked of `{rule.field.text}`.", rule.place, "no condition")
    found = looked_at(roots, rule.field.text)
    if isinstance(found, Astray):
        hint = f"Write `{found.meant}`." if found.meant else ""
        message = f"`{rule.field.text}` leads nowhere: {found.why}."
        yield Finding("P721", message, rule.field.place, "not there", hint=hint)
        return
    for limit in rule.limits:
        yield from unfit(limit, rule.field.text, found)


def _roots(
    program: Program, contracts: Mapping[str, TypedContract], audit: Audit
) -> tuple[Mapping[str, Schema], Mapping[str, Schema] | None]:
    """What rules about inputs and about outputs can look at; None where there can be none about outputs."""
    match program.declarations[audit.target.text]:
        case Process() as process:
            args = properties_of(program.fields(process.inputs))
            fields = known_fields(program, program.get(process.context, Context))
            both = {**{f"args.{name}": schema for name, schema in args.items()}, **fields}
            return both, both
        case Contract() as contract:
            inputs = {f"inputs.{name}": s for name, s in properties_of(program.fields(contract.inputs)).items()}
            if any(isinstance(step, EffectStepSyntax) for step in contract.steps):
                return inputs, None
            given = properties_of(contracts[contract.header.name].outputs.get("SUCCESS", {}))
            return inputs, {**inputs, **{f"outputs.{name}": schema for name, schema in given.items()}}
        case Intent() as intent:
            payload = properties_of(program.fields(intent.payload))
            actor = properties_of(actor_schema(program, intent.actors))
            roots = {f"payload.{name}": schema for name, schema in payload.items()}
            return {**roots, **{f"actor.{name}": schema for name, schema in actor.items()}}, None
    raise TypeError(f"{audit.target.text} is nothing that is audited")  # resolve has refused it


def _no_outputs(program: Program, audit: Audit) -> Iterator[Finding]:
    place = audit.outputs[0].place
    declared = program.declarations[audit.target.text]
    if isinstance(declared, Intent):
        message = f"`{declared.header.name}` proposes nothing: an intent has rules for what comes in alone."
        yield Finding("P723", message, place, "no `outputs`", hint="Move the rule to `inputs`.")
        return
    message = f"`{declared.header.name}` has an external effect, and what is outside cannot be taken back by a rule."
    steps = declared.steps if isinstance(declared, Contract) else ()
    outside = [Related(step.name.place, "acts outside") for step in steps if isinstance(step, EffectStepSyntax)]
    yield Finding("P723", message, place, "too late", tuple(outside[:1]))


def _blocked(program: Program, audit: Audit) -> Iterator[Finding]:
    """What a contract gives as BLOCKED, which by the gate it does without having run."""
    declared = program.declarations[audit.target.text]
    blocks = any(rule.blocks for rule in (*audit.inputs, *audit.outputs))
    for outcome in declared.outcomes if isinstance(declared, Contract) and blocks else ():
        if outcome.name.text == BLOCKED and outcome.outputs.bound:
            message = f"`{audit.target.text}` gives something as {BLOCKED}, and a gate gives nothing."
            yield Finding("P715", message, outcome.name.place, "gives nothing", hint=f"Write `{BLOCKED}: {{}}`.")


def _used(program: Program) -> set[str]:
    """What some workflow uses."""
    used: set[str] = set()
    for workflow in program.of(Workflow):
        used |= {name.text for name in contracts_of(workflow)}
        for node in workflow.nodes:
            if isinstance(node, ProcessNodeSyntax):
                used.add(node.process.text)
            if isinstance(node, IntentNodeSyntax):
                used.add(node.intent.text)
    return used
