"""What an ingress says of its request: a route of its own, parts that a transport can read, an admitted actor."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgs_compiler.declarations import (
    Egress,
    Ingress,
    Intent,
    RequestPart,
    RouteSyntax,
    Workflow,
)
from pgs_compiler.elaborate.intents import admitted
from pgs_compiler.elaborate.surfaces import Surfaces
from pgs_compiler.elaborate.values import spoken
from pgs_compiler.findings import Finding, Place, Related, named
from pgs_compiler.program import Program
from pgs_compiler.schemas.anatomy import types_of
from pgs_compiler.schemas.syntax import Property
from pgs_snapshot.suggest import nearest

TEXTUAL = ("path", "query", "headers")
"""Parts of a request that come as text, field by field."""
BODILESS = ("GET", "DELETE")
CREDENTIALS = ("authorization", "cookie", "proxy_authorization")
_NAMED = re.compile(r"\{([^}]*)\}")


def check(program: Program) -> Iterator[Finding]:
    yield from _shared(program)
    for egress in program.of(Egress):
        yield from _foreign(program, egress)
    for ingress in program.of(Ingress):
        yield from _foreign(program, ingress)
        yield from _egress(program, ingress)
        intent = admitted(program, program.get(ingress.workflow, Workflow))
        if intent is not None:
            yield from _actor(ingress, intent)
        parts = {part.name.text: part for part in ingress.request}
        if isinstance(ingress.door, RouteSyntax):
            yield from _path(ingress.door, parts.get("path"))
        for name in TEXTUAL:
            yield from _textual(program, parts[name]) if name in parts else ()
        yield from _headers(parts["headers"]) if "headers" in parts else ()
        if isinstance(ingress.door, RouteSyntax) and ingress.door.method in BODILESS and "body" in parts:
            message = f"A {ingress.door.method} has no body."
            yield Finding("T465", message, parts["body"].name.place, hint="Take it from `query`.")


def _foreign(program: Program, declaration: Ingress | Egress) -> Iterator[Finding]:
    """A workflow is opened to the outside by its own domain."""
    workflow, domain = program.get(declaration.workflow, Workflow), declaration.header.domain
    if workflow.header.domain != domain:
        yield Finding(
            "C696",
            f"`{workflow.header.name}` belongs to another domain, which alone opens it to requests.",
            declaration.workflow.place,
            f"not of `{domain}`",
            hint=f"Declare `{workflow.header.domain}::{declaration.header.name.partition('::')[2]}`.",
        )


def _shared(program: Program) -> Iterator[Finding]:
    seen: dict[str, tuple[Ingress, Place]] = {}
    for ingress in program.of(Ingress):
        door = ingress.door
        if isinstance(door, RouteSyntax):
            what, place = f"`{door.method} {door.path.text}`", door.path.place
            key = f"{door.method} {_NAMED.sub('{}', door.path.text)}"
        else:
            what, place = f"The tool `{door.tool.text}`", door.tool.place
            key = what
        first, first_place = seen.setdefault(key, (ingress, place))
        if first is not ingress:
            yield Finding(
                "C691",
                f"{what} already belongs to `{first.header.name}`.",
                place,
                "the same request",
                (Related(first_place, "taken here"),),
            )


def _egress(program: Program, ingress: Ingress) -> Iterator[Finding]:
    egress = program.get(ingress.egress, Egress)
    if egress.workflow.text != ingress.workflow.text:
        yield Finding(
            "C697",
            f"`{egress.header.name}` answers for `{egress.workflow.text}`, and this runs `{ingress.workflow.text}`.",
            ingress.egress.place,
            "of another workflow",
            (Related(egress.workflow.place, "answers for this one"),),
        )
        return
    silent = [response.exit.text for response in egress.responses if response.status is None]
    if silent and isinstance(ingress.door, RouteSyntax):
        yield Finding(
            "C697",
            f"`{egress.header.name}` has no `status` for {named(silent)}, and a response of HTTP needs one.",
            ingress.egress.place,
            "answers without a status",
            (Related(egress.responses_place, "answered here"),),
        )


def _actor(ingress: Ingress, intent: Intent) -> Iterator[Finding]:
    known = [actor.text for actor in intent.actors]
    if ingress.actor.text not in known:
        only = known[0] if len(known) == 1 else nearest(ingress.actor.text, known)
        yield Finding(
            "C692",
            f"`{intent.header.name}` does not admit `{ingress.actor.text}`, so this would be rejected, always.",
            ingress.actor.place,
            "" if only else f"admitted: {', '.join(known) or 'nobody'}",
            (Related(intent.header.place, "admits others"),),
            f"Write `{only}`." if only else "",
        )


# --- the parts of a request ----------------------------------------------------------------------


def _path(door: RouteSyntax, part: RequestPart | None) -> Iterator[Finding]:
    names = _NAMED.findall(door.path.text)
    fields = {field.name: field for field in part.fields.fields} if part else {}
    left = [name for name in names if name not in fields]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield Finding("C690", f"`{{{name}}}` stands twice in this path.", door.path.place, "one name, one value")
    for name, field in fields.items():
        if name not in names:
            near = nearest(name, left)
            left = [other for other in left if other != near]
            yield Finding(
                "C690",
                f"`{door.path.text}` has no `{{{name}}}`.",
                field.place,
                "" if near else "not in the path",
                hint=f"Write `{near}`." if near else "",
            )
        elif not field.required:
            message = f"`{name}` is a part of the path, so it is always there."
            yield Finding("C690", message, field.place, hint="Leave out what makes it optional.")
    for name in left:
        yield Finding("C690", f"`{{{name}}}` is no field of `request.path`.", door.path.place, "not described")


def _textual(program: Program, part: RequestPart) -> Iterator[Finding]:
    where = {"path": "a path", "query": "a query", "headers": "a header"}[part.name.text]
    for field in part.fields.fields:
        schema = program.schema(field.schema)
        types = types_of(schema)
        if len(types) != 1 or types[0] not in ("string", "integer", "boolean"):
            yield Finding(
                "T461",
                f"`{field.name}` comes as text in {where}, so it is a string, an integer or a boolean.",
                field.schema.place,
                spoken(schema),
            )


def _headers(part: RequestPart) -> Iterator[Finding]:
    for field in part.fields.fields:
        if field.name != field.name.lower():
            yield _header(field, "`{}` is the name of a header, and those know no capitals.", field.name.lower())
        elif field.name in CREDENTIALS:
            yield _header(field, "`{}` says who asks, and that is for the transport: it gives the actor.", "")


def _header(field: Property, message: str, meant: str) -> Finding:
    return Finding("T464", message.format(field.name), field.place, hint=f"Write `{meant}`." if meant else "")


# --- methods -------------------------------------------------------------------------------------


def method(surfaces: Surfaces, ingress: Ingress) -> Iterator[Finding]:
    """What is asked by GET changes nothing (RFC 9110, 9.2.1)."""
    surface = surfaces.workflows.get(ingress.workflow.text)
    if surface is None or not isinstance(ingress.door, RouteSyntax) or ingress.door.method != "GET":
        return
    changing = [name for name, ending in sorted(surface.endings.items()) if ending.traits.leaves]
    if changing:
        yield Finding(
            "C698",
            f"`{ingress.workflow.text}` changes something, and a GET is repeated, and fetched ahead, by whoever likes.",
            ingress.door.method_place,
            f"effects stand at {named(changing)}",
            hint="Write `POST`.",
        )
