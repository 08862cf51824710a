"""Where labels begin: the labelled fields of a declaration, as marks with their places."""

from __future__ import annotations

from pgs_compiler.findings import Place
from pgs_compiler.flows.lattice import CLEAN, Flow, Mark, Trail, join
from pgs_compiler.program import Program
from pgs_compiler.schemas.generic import ENTITY
from pgs_compiler.schemas.syntax import FieldsSyntax, SchemaSyntax, record


def declared(program: Program, syntax: FieldsSyntax | SchemaSyntax, name: str, entity: Flow = CLEAN) -> Flow:
    """The labels of a schema; `name` is what its root is called, `entity` what stands for `$entity`."""
    schema = record(syntax) if isinstance(syntax, FieldsSyntax) else syntax
    return _declared(program, schema, name, schema.place, entity)


def _declared(program: Program, syntax: SchemaSyntax, name: str, place: Place, entity: Flow) -> Flow:
    marks = {
        Mark(name, word): Trail(place, f"`{name}` is labelled `{word}` here", kind="source")
        for word in sorted({str(label.value) for label in syntax.labels})
    }
    inner = CLEAN
    if syntax.variable is not None:
        inner = entity if str(syntax.variable.value) == ENTITY and syntax.aspect != "$optional" else CLEAN
    elif syntax.entity is not None:
        inner = _declared(program, program.entity(syntax.entity.text), name, place, entity)
    else:
        inner = _parts(program, syntax, name, entity)
    return join(inner, Flow(marks)) if marks else inner


def _parts(program: Program, syntax: SchemaSyntax, name: str, entity: Flow) -> Flow:
    members = {
        member.name: _declared(program, member.schema, f"{name}.{member.name}", member.place, entity)
        for member in syntax.properties
    }
    rest = _part(program, syntax.additional, f"{name}.*", entity)
    items = _part(program, syntax.items, f"{name}[*]", entity)
    kept = {member: flow for member, flow in members.items() if flow is not CLEAN or rest is not None}
    if not kept and rest is None and items is None:
        return CLEAN
    return Flow(members=kept, rest=rest, items=items)


def _part(program: Program, syntax: SchemaSyntax | None, name: str, entity: Flow) -> Flow | None:
    if syntax is None:
        return None
    found = _declared(program, syntax, name, syntax.place, entity)
    return None if found is CLEAN else found
