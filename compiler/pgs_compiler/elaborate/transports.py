"""Transports, typed: a request against the payload that it becomes, a response against the exit that it answers."""

from __future__ import annotations

from pgs_compiler.declarations import (
    Bindings,
    Egress,
    Ingress,
    Intent,
    ResponseSyntax,
    RouteSyntax,
    ToolSyntax,
    Workflow,
)
from pgs_compiler.elaborate.bound import bind_inputs, bind_written, members
from pgs_compiler.elaborate.configuration import EMPTY
from pgs_compiler.elaborate.intents import admitted
from pgs_compiler.elaborate.places import at
from pgs_compiler.elaborate.scope import RUN, Route, Scope, Slot, slot
from pgs_compiler.elaborate.surfaces import Ending, Surface
from pgs_compiler.elaborate.values import Elaborator, spoken
from pgs_compiler.findings import Finding, Related, named
from pgs_compiler.program import Program
from pgs_compiler.schemas.anatomy import properties_of
from pgs_compiler.schemas.exact import closed
from pgs_compiler.schemas.fit import Verdict, fit
from pgs_compiler.schemas.labels import labels_in
from pgs_compiler.shape import Report
from pgs_snapshot import transports
from pgs_snapshot.model import Expr, Schema


def request_schema(program: Program, ingress: Ingress) -> Schema:
    """What comes in: every part that is declared is there."""
    parts = {part.name.text: program.fields(part.fields) for part in ingress.request}
    return closed(parts, parts)


def elaborate_ingress(program: Program, ingress: Ingress) -> tuple[transports.Ingress | None, list[Finding]]:
    """Type one ingress; None where its workflow has no intent, of which a check of its own tells."""
    intent = admitted(program, program.get(ingress.workflow, Workflow))
    if intent is None:
        return None, []
    report = Report()
    request = request_schema(program, ingress)
    values = Elaborator(program, Scope({("request",): slot(0, request)}, {}), report)
    target = program.fields(intent.payload)
    # What only may fit needs no way out here: the intent looks at the whole payload before anything runs.
    given = bind_inputs(values, ingress.payload, target, f"`{intent.header.name}`")
    written = {bound.name.text for bound in members(values.quiet(), ingress.payload, EMPTY) or ()}
    _keep_labels(values, ingress.payload, intent, target)
    door = ingress.door
    typed = transports.Ingress(
        name=ingress.header.name,
        summary=ingress.header.summary,
        workflow=ingress.workflow.text,
        egress=ingress.egress.text,
        actor=ingress.actor.text,
        http=transports.Route(door.method, door.path.text) if isinstance(door, RouteSyntax) else None,
        mcp=transports.Tool(door.tool.text, door.description) if isinstance(door, ToolSyntax) else None,
        request=request,
        payload={name: expr for name, expr in given.values.items() if name in written},
        request_id=_request_id(values, ingress),
        at=at(ingress.header.place),
    )
    return typed, report.findings


def _keep_labels(values: Elaborator, payload: Bindings, intent: Intent, target: Schema) -> None:
    """Nothing else of a request is kept, so what is labelled in it has to be labelled in the payload."""
    for bound in members(values.quiet(), payload, EMPTY) or ():
        typed, field = values.quiet().value(bound.value), properties_of(target).get(bound.name.text)
        if typed is None or field is None:
            continue
        lost = sorted(labels_in(typed.schema) - labels_in(field))
        if lost:
            values.report.add(
                "T462",
                f"`{bound.name.text}` of `{intent.header.name}` is made of what is labelled {named(lost)}, and is not.",
                bound.value.place,
                f"labelled {', '.join(lost)}",
                "",
                (Related(intent.header.place, "its payload"),),
            )


def _request_id(values: Elaborator, ingress: Ingress) -> Expr | None:
    """Where the id of a request is, if it brings one."""
    if ingress.request_id is None:
        return None
    typed = values.value(ingress.request_id)
    if typed is None:
        return None
    if fit(typed.schema, {"type": "string"}).verdict is not Verdict.FITS:
        message = f"`{ingress.request_id.text}` is the id of a request, so it is a string."
        values.report.add("T463", message, ingress.request_id.place, spoken(typed.schema))
    lost = sorted(labels_in(typed.schema))
    if lost:
        message = f"The id of a request is kept in clear, and `{ingress.request_id.text}` is labelled {named(lost)}."
        values.report.add("T462", message, ingress.request_id.place, f"labelled {', '.join(lost)}")
    return typed.expr


def elaborate_egress(program: Program, egress: Egress, surface: Surface) -> tuple[transports.Egress, list[Finding]]:
    """Type the responses to exits that the workflow has."""
    report = Report()
    responses = {
        response.exit.text: _response(program, response, surface.endings[response.exit.text], report)
        for response in egress.responses
        if response.exit.text in surface.endings
    }
    clears = tuple(sorted(word.text for word in egress.clears))
    name, summary = egress.header.name, egress.header.summary
    return transports.Egress(
        name, summary, egress.workflow.text, responses, clears, at(egress.header.place)
    ), report.findings


def _response(program: Program, response: ResponseSyntax, ending: Ending, report: Report) -> transports.Response:
    """What answers one exit."""
    (kind, *_) = sorted(ending.kinds)
    if response.body is None:
        return transports.Response(kind, response.status, None, None)
    slots: dict[Route, Slot] = {
        ("result",): slot(0, ending.result),
        ("exit",): slot(1, {"const": response.exit.text}),
        ("run",): slot(2, RUN),
    }
    body = bind_written(Elaborator(program, Scope(slots, {}), report), response.body)
    return transports.Response(kind, response.status, body.exprs, body.schema)
