"""Transports: the ingress by which a request comes in, and the egress by which the end of a run is answered."""

from __future__ import annotations

from typing import cast, get_args

from pgs_compiler.declarations import (
    Egress,
    Header,
    Ingress,
    RequestPart,
    ResponseSyntax,
    RouteSyntax,
    ToolSyntax,
    Word,
)
from pgs_compiler.findings import Finding
from pgs_compiler.names import NODE, OUTCOME, ROUTE, TOOL
from pgs_compiler.parse.values import bindings, reference
from pgs_compiler.schemas.shape import parse_fields
from pgs_compiler.shape import Fields
from pgs_compiler.source import Entry, Mapping
from pgs_snapshot.transports import Method

PARTS = {"http": ("path", "query", "headers", "body"), "mcp": ("arguments",)}
"""What a request consists of, by transport."""
LEAST_STATUS, MOST_STATUS = 200, 599


def ingress(header: Header, fields: Fields) -> Ingress | None:
    workflow, egress = fields.name("workflow", "workflow"), fields.name("egress", "egress")
    actor = fields.name("actor", "actor")
    door = _door(header, fields)
    request = _request(header, fields)
    payload = bindings(fields.tree("payload"), fields, header.place)
    written = fields.tree("request_id", required=False)
    request_id = reference(written, fields) if written is not None else None
    if workflow is None or egress is None or actor is None or door is None:
        return None
    return Ingress(header, workflow, egress, actor, door, request, payload, request_id)


def _door(header: Header, fields: Fields) -> RouteSyntax | ToolSyntax | None:
    """The one transport that a request comes by; None after a finding."""
    if "http" in fields and "mcp" in fields:
        fields.entry("http")
        fields.entry("mcp")
        message = f"`{header.name}` is of several transports: a request comes by `http` or by `mcp`."
        fields.report.add("D216", message, header.place, hint="Declare an ingress for each.")
        return None
    other = "mcp" in fields or fields.meant(("mcp",)) is not None
    http = fields.tree("http", required=False)
    mcp = fields.tree("mcp", required=other) if http is None else None
    if http is None and not other:
        fields.lack("http", Finding("D202", "This ingress lacks `http`, or `mcp`.", fields.place, "no transport"))
    if http is not None:
        inner = Fields(http, "the route", fields.report)
        method = inner.tree("method")
        known = inner.one_of(method, "`method`", get_args(Method)) if method is not None else None
        path = inner.word("path", grammar=ROUTE)
        inner.done()
        if method is None or known is None or path is None:
            return None
        return RouteSyntax(cast(Method, known), method.place, path)
    if mcp is None:
        return None
    inner = Fields(mcp, "the tool", fields.report)
    tool, description = inner.word("tool", grammar=TOOL), inner.text("description")
    inner.done()
    return ToolSyntax(tool, description) if tool else None


def _request(header: Header, fields: Fields) -> tuple[RequestPart, ...]:
    """The parts of a request that are written; where the transport is a mistake, those of any."""
    tree = fields.tree("request", required=False)
    if tree is None:
        return ()
    inner = Fields(tree, "the request", fields.report)
    found = []
    doors = [door for door in PARTS if door in fields] or PARTS
    for part in (part for door in doors for part in PARTS[door]):
        entry = inner.entry(part, required=False)
        if entry is not None:
            own = parse_fields(entry.value, header.place, fields.report)
            found.append(RequestPart(Word(part, entry.key.place), own))
    inner.done()
    return tuple(found)


def egress(header: Header, fields: Fields) -> Egress | None:
    workflow = fields.name("workflow", "workflow")
    written = fields.entry("responses")
    tree = fields.shape(written.value, Mapping, "`responses`") if written else None
    responses = tuple(found for entry in tree or () if (found := _response(entry, fields)))
    clears = fields.words("clears", required=False, grammar=NODE)
    return Egress(header, workflow, responses, written.key.place, clears) if workflow and written else None


def _response(entry: Entry, fields: Fields) -> ResponseSyntax | None:
    name = fields.as_word(entry.key, "an exit", OUTCOME)
    inner = Fields(entry.value, f"the response to `{entry.name}`", fields.report)
    stated = entry.value.get("status") if isinstance(entry.value, Mapping) else None
    status = inner.integer("status", MOST_STATUS, required=False, least=LEAST_STATUS)
    written = inner.tree("body", required=False)
    body = bindings(written, fields, written.place) if written is not None else None
    inner.done()
    return ResponseSyntax(name, status, stated.place if stated else entry.key.place, body) if name else None
