"""Transports as authors declare them: syntax with places, before anything is typed."""

from __future__ import annotations

from dataclasses import dataclass

from pgs_compiler.findings import Place
from pgs_compiler.names import Name
from pgs_compiler.schemas.syntax import FieldsSyntax
from pgs_compiler.written import Bindings, Header, Reference, Word
from pgs_snapshot.transports import Method


@dataclass(frozen=True, slots=True)
class RouteSyntax:
    method: Method
    method_place: Place
    path: Word


@dataclass(frozen=True, slots=True)
class ToolSyntax:
    tool: Word
    description: str


@dataclass(frozen=True, slots=True)
class RequestPart:
    """`path`, `query`, `headers`, `body` or `arguments`, with its fields."""

    name: Word
    fields: FieldsSyntax


@dataclass(frozen=True, slots=True)
class Ingress:
    header: Header
    workflow: Name
    egress: Name
    actor: Name
    door: RouteSyntax | ToolSyntax
    request: tuple[RequestPart, ...]
    payload: Bindings
    request_id: Reference | None


@dataclass(frozen=True, slots=True)
class ResponseSyntax:
    exit: Word
    status: int | None
    status_place: Place
    body: Bindings | None


@dataclass(frozen=True, slots=True)
class Egress:
    header: Header
    workflow: Name
    responses: tuple[ResponseSyntax, ...]
    responses_place: Place
    clears: tuple[Word, ...]
