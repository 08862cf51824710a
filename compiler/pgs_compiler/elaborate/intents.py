"""Intents, typed: who is admitted with what, and the rules between the two."""

from __future__ import annotations

from pgs_compiler.declarations import Actor, Intent, IntentNodeSyntax, Reference, Workflow
from pgs_compiler.elaborate.conditions import Conditions
from pgs_compiler.elaborate.places import at
from pgs_compiler.elaborate.processes import gate_of
from pgs_compiler.elaborate.scope import Scope, slot
from pgs_compiler.elaborate.values import UNTYPED, Elaborator
from pgs_compiler.findings import Finding
from pgs_compiler.names import Name
from pgs_compiler.program import Program
from pgs_compiler.schemas.anatomy import phrase, properties_of, required_of, types_of
from pgs_compiler.schemas.exact import closed
from pgs_compiler.schemas.fit import Verdict, fit
from pgs_compiler.shape import Report
from pgs_snapshot import model
from pgs_snapshot.model import Schema
from pgs_snapshot.values import Value


def elaborate_intent(program: Program, intent: Intent) -> tuple[model.Intent, list[Finding]]:
    """Type one intent."""
    report = Report()
    scope = Scope(
        {
            ("payload",): slot(0, program.fields(intent.payload)),
            ("actor",): slot(1, actor_schema(program, intent.actors)),
        },
        {},
    )
    elaborator = Elaborator(program, scope, report)
    conditions = Conditions(elaborator)
    typed = [
        (typed, syntax.place, name.text)
        for syntax, name in zip(intent.requires, intent.rules, strict=True)
        if (typed := conditions.condition(syntax)) is not None
    ]
    lowered = model.Intent(
        name=intent.header.name,
        summary=intent.header.summary,
        payload=program.fields(intent.payload),
        actors=tuple(sorted({name.text for name in intent.actors})),
        requires=tuple(condition for condition, _, _ in typed),
        requires_at=tuple(at(place) for _, place, _ in typed),
        at=at(intent.header.place),
        rules=tuple(name for _, _, name in typed) if any(name for _, _, name in typed) else (),
        break_glass={
            each.rule.text: model.BreakGlass(tuple(sorted(name.text for name in each.by)), each.within.text)
            for each in intent.break_glass
        },
        subjects=tuple(ref for each in intent.subjects if (ref := _subject(each, elaborator)) is not None),
        gate=gate_of(program, intent.header.name),
    )
    return lowered, report.findings


def _subject(syntax: Reference, elaborator: Elaborator) -> model.Ref | None:
    """What names a subject: a text or a whole number of the payload, which is always there."""
    typed = elaborator.reference(syntax)
    if typed is None:
        return None
    types, there = types_of(typed.schema), typed.certain and not typed.absent
    if (
        there
        and isinstance(typed.expr, model.Ref)
        and typed.expr.slot == 0
        and types
        and {*types} <= {"string", "integer"}
    ):
        return typed.expr
    what = f"it is {phrase(types)}" if there else f"it may be absent: {typed.absent or UNTYPED}"
    what = what if syntax.path.root == "payload" else "it is not of the payload"
    elaborator.report.add(
        "F517",
        f"`{syntax.text}` names nobody: a subject is a text or a whole number that the payload always has.",
        syntax.place,
        what,
    )
    return None


def admitted(program: Program, workflow: Workflow) -> Intent | None:
    """The intent at the start of a workflow."""
    start = workflow.node(workflow.start.text)
    return program.get(start.intent, Intent) if isinstance(start, IntentNodeSyntax) else None


def actor_schema(program: Program, actors: tuple[Name, ...]) -> Schema:
    """An actor of one of several types: `id`, `type`, and the attributes that all of them have alike."""
    attributes = [program.fields(program.get(name, Actor).attributes) for name in actors]
    first = properties_of(attributes[0]) if attributes else {}
    shared = {
        name: item
        for name, item in first.items()
        if all(_same(item, properties_of(schema).get(name)) for schema in attributes)
    }
    common = {name for name in shared if all(name in required_of(schema) for schema in attributes)}
    types = list[Value](sorted(name.text for name in actors))
    return closed({"id": {"type": "string"}, "type": {"enum": types}, **shared}, {"id", "type", *common})


def _same(left: Schema, right: Schema | None) -> bool:
    """Whether two declared schemas accept the same values."""
    if right is None:
        return False
    return all(fit(a, b).verdict is Verdict.FITS for a, b in ((left, right), (right, left)))
