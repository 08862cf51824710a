"""Contexts, processes and gates as the runtime will have them, and the values that a process node is given."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import (
    Audit,
    AuditRuleSyntax,
    Bindings,
    Bound,
    Context,
    InvariantSyntax,
    Process,
    ProcessNodeSyntax,
    Word,
)
from pgs_compiler.elaborate.bound import Inputs, bind_inputs
from pgs_compiler.elaborate.places import at
from pgs_compiler.elaborate.traits import NONE, Traits
from pgs_compiler.elaborate.values import Elaborator
from pgs_compiler.findings import Related
from pgs_compiler.processes import LAYERS
from pgs_compiler.program import Program
from pgs_compiler.schemas.anatomy import without
from pgs_compiler.schemas.exact import closed
from pgs_compiler.source import to_value
from pgs_process.zones import Zone, resolve_zone
from pgs_snapshot import model
from pgs_snapshot.model import Expr, Literal_, Schema
from pgs_snapshot.processes import BLOCKED, AuditRule, ContextField, Gate
from pgs_snapshot.processes import Zone as ZoneName
from pgs_snapshot.values import Value

_SESSION: Schema = {"type": "string"}


def lower_context(program: Program, context: Context) -> model.Context:
    """A context with its fields by path."""
    fields = {}
    for layer, declared in zip(LAYERS, (context.configuration, context.domain), strict=True):
        for item in declared.fields:
            zone: ZoneName = resolve_zone(item.name).value
            default = to_value(item.schema.default) if item.schema.default is not None else None
            schema = without(program.schema(item.schema), "default")
            fields[f"{layer}.{item.name}"] = ContextField(schema, zone, default)
    return model.Context(
        name=context.header.name,
        summary=context.header.summary,
        fields=dict(sorted(fields.items())),
        invariants=tuple(_invariant(item) for item in context.invariants),
        at=at(context.header.place),
    )


def _invariant(item: InvariantSyntax) -> dict[str, Value]:
    if item.kind == "field":
        return {"field": item.path.text, **{each.condition.text: to_value(each.limit) for each in item.limits}}
    if item.kind == "unchanged_unless":
        return {item.kind: {"path": item.path.text, "by": list[Value](sorted(name.text for name in item.by))}}
    return {item.kind: item.path.text}


def lower_process(program: Program, process: Process) -> model.Process:
    """A process with its gate."""
    name = process.header.name
    return model.Process(
        name=name,
        summary=process.header.summary,
        context=process.context.text,
        reads=_paths(process.reads),
        writes=_paths(process.writes),
        signals=_paths(process.signals),
        inputs=program.fields(process.inputs),
        outcomes={each.name.text: program.fields(each.outputs) for each in process.outcomes},
        errors={each.error.text: each.outcome.text for each in process.errors},
        implementation=process.implementation.text,
        at=at(process.header.place),
        gate=gate_of(program, name),
    )


def _paths(words: tuple[Word, ...]) -> tuple[str, ...]:
    return tuple(sorted({word.text for word in words}))


def zone_of(path: str) -> Zone:
    """The zone of what a path leads to: that of its field, whatever part of it is meant."""
    return resolve_zone(".".join(path.split(".")[:2]))


def field_of(path: str) -> str:
    """The field of a path, which is what is hydrated and committed: `domain.owner` of `domain.owner.name`."""
    return ".".join(path.split(".")[:2])


# --- gates ---------------------------------------------------------------------------------------


def audits_of(program: Program, target: str) -> Iterator[Audit]:
    """The recipes that guard a process, contract or intent, in the order of their names."""
    return (audit for audit in program.of(Audit) if audit.target.text == target)


def gate_of(program: Program, target: str) -> Gate | None:
    """The rules that guard a process, contract or intent; None where there are none."""
    audits = list(audits_of(program, target))
    if not audits:
        return None
    inputs = (rule for audit in audits for item in audit.inputs for rule in _rules(audit, item))
    outputs = (rule for audit in audits for item in audit.outputs for rule in _rules(audit, item))
    return Gate(tuple(inputs), tuple(outputs))


def blocked_by(program: Program, target: str) -> AuditRuleSyntax | None:
    """A rule by which a process or contract can end as BLOCKED."""
    rules = (rule for audit in audits_of(program, target) for rule in (*audit.inputs, *audit.outputs))
    return next((rule for rule in rules if rule.blocks), None)


def _rules(audit: Audit, item: AuditRuleSyntax) -> Iterator[AuditRule]:
    for limit in item.limits:
        yield AuditRule(
            recipe=audit.header.name,
            field=item.field.text,
            condition=limit.condition.text,
            value=to_value(limit.limit),
            level=item.level,
            threshold=item.threshold,
            reset_on_success=item.reset_on_success,
            under_threshold=item.under_threshold,
            mode=item.mode,
            message=item.message,
            at=at(limit.condition.place),
        )


# --- nodes ---------------------------------------------------------------------------------------


def outcomes_of(program: Program, process: Process) -> dict[str, Schema]:
    """What each outcome of a process gives."""
    return {each.name.text: program.fields(each.outputs) for each in process.outcomes}


def process_traits(process: Process) -> dict[str, Traits]:
    """What has happened under each outcome: an error and a gate undo what the process wrote."""
    undone = {BLOCKED, *(each.outcome.text for each in process.errors)}
    wrote = Traits(False, bool(process.writes))
    return {each.name.text: NONE if each.name.text in undone else wrote for each in process.outcomes}


def written_fields(process: Process) -> frozenset[str]:
    """The fields that a process writes."""
    return frozenset(field_of(word.text) for word in process.writes)


def given(values: Elaborator, node: ProcessNodeSyntax) -> tuple[Expr, Inputs]:
    """The session and the inputs of a process, all of which have to fit: it has no outcome for others."""
    process = values.program.get(node.process, Process)
    name = process.header.name
    inputs = bind_inputs(values, node.inputs, values.program.fields(process.inputs), f"`{name}`")
    _certain(values, inputs, f"of `{name}`")
    session = Bindings((Bound(Word("session", node.session.place), node.session),), None, node.session.place, "mapping")
    found = bind_inputs(values, session, closed({"session": _SESSION}, ("session",)), f"the node `{node.id.text}`")
    _certain(values, found, f"of the node `{node.id.text}`")
    return found.values.get("session", Literal_("")), inputs


def _certain(values: Elaborator, inputs: Inputs, of: str) -> None:
    if inputs.doubts:
        first, *others = inputs.doubts
        values.report.add(
            "T414",
            f"`{first.name}` {of} only may fit, and a process has no outcome for that: {first.why}.",
            first.place,
            "checked at run time",
            related=tuple(Related(doubt.place, f"so does `{doubt.name}`: {doubt.why}") for doubt in others),
        )
