"""The values written in schemas fit them, schemas stay within their size, and labels are the project's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pgs_compiler.declarations import (
    Declaration,
    Declassified,
    Egress,
    Entity,
    Event,
    ExitNodeSyntax,
    SideEffect,
    Store,
    Transform,
    Word,
    Workflow,
)
from pgs_compiler.findings import Finding
from pgs_compiler.names import CORE
from pgs_compiler.parts import found_in
from pgs_compiler.program import Program
from pgs_compiler.schemas.syntax import FieldsSyntax, SchemaSyntax
from pgs_compiler.schemas.values import check_schema
from pgs_compiler.source import Scalar
from pgs_snapshot.suggest import nearest


def check(program: Program) -> Iterator[Finding]:
    for declaration in program.declarations.values():
        for syntax in schemas_in(declaration):
            yield from check_schema(syntax, program.entity)
            yield from _labels(program, syntax)
        for word in _words(declaration):
            yield from _label(program, word.text, Scalar(word.text, word.place))


def _words(declaration: Declaration) -> tuple[Word | Declassified, ...]:
    """The labels that a declaration speaks of outside its schemas."""
    match declaration:
        case Store(clears=labels) | Event(clears=labels) | Egress(clears=labels):
            return labels
        case Transform(header=header, declassifies=removed) if header.domain != CORE:
            return removed  # what comes with PGS is made for labels that not every project has
        case SideEffect(operations=operations):
            return tuple(word for operation in operations for word in operation.clears)
        case Workflow(nodes=nodes):
            return tuple(word for node in nodes if isinstance(node, ExitNodeSyntax) for word in node.clears)
    return ()


def schemas_in(declaration: Declaration) -> Iterable[FieldsSyntax | SchemaSyntax]:
    """The schemas that a declaration writes down, in the order of its fields."""
    return (declaration.schema,) if isinstance(declaration, Entity) else found_in(declaration, FieldsSyntax)


def _labels(program: Program, syntax: FieldsSyntax | SchemaSyntax) -> Iterator[Finding]:
    if isinstance(syntax, FieldsSyntax):
        for member in syntax.fields:
            yield from _labels(program, member.schema)
        return
    for label in syntax.labels:
        yield from _label(program, str(label.value), label)
    for part in (syntax.additional, syntax.items, *(member.schema for member in syntax.properties)):
        if part is not None:
            yield from _labels(program, part)


def _label(program: Program, text: str, scalar: Scalar) -> Iterator[Finding]:
    if text in program.labels:
        return
    near = nearest(text, program.labels)
    yield Finding(
        "N305",
        f"`{text}` is not a label of this project.",
        scalar.place,
        "" if near else f"known: {', '.join(program.labels)}",
        hint=f"Write `{near}`." if near else "Add it to `labels` in pgs.yaml.",
    )
