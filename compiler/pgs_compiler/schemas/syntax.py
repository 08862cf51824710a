"""Schemas as authors write them: read with a place for every part, then lowered to JSON Schema 2020-12.

Laws:
* reading never stops at a mistake; a part that was refused stands as a schema without constraints;
* what was read without a finding lowers to a schema that the JSON Schema metaschema accepts;
* lowered, every object says whether it is open, every type is stated unless `enum` or `const` says all,
  `required` is sorted and names no member with a `default`, and neither `$ref` nor `optional` is left;
  `labels` and `default` stay as annotations, a variable as `$var`, `$part` or `$optional` (`generic` writes it out);
* whether `enum`, `const` and `default` fit their own schema is asked after names are resolved: `values`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pgs_compiler.findings import Place
from pgs_compiler.names import Name
from pgs_compiler.source import Scalar, Tree, to_value
from pgs_snapshot.model import Schema
from pgs_snapshot.values import Value

Scope: TypeAlias = Literal["plain", "generic", "operation"]
"""Where a schema stands: `{$var: T}` belongs to a transform (generic), `{$ref: $entity}` to an operation."""

Aspect: TypeAlias = Literal["$var", "$part", "$optional"]
"""What of a variable's values is meant: the whole, some of its fields, or the name of a field that may be absent."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A keyword with a plain value, such as `maxLength: 200`; the place is the value's."""

    keyword: str
    value: Value
    place: Place


@dataclass(frozen=True, slots=True)
class SchemaSyntax:
    """One schema.

    Attributes:
        types: as stated or implied; empty for any.
        entity: the name behind `$ref`.
        variable: the name behind `$var`, or `$entity`; `aspect` says what of it is meant.
        properties: declared members, in the author's order.
        additional: the schema of other members; None closes the object.
        members: what `enum` lists.
    """

    place: Place
    types: tuple[str, ...] = ()
    entity: Name | None = None
    variable: Scalar | None = None
    aspect: Aspect = "$var"
    properties: tuple[Property, ...] = ()
    additional: SchemaSyntax | None = None
    items: SchemaSyntax | None = None
    members: tuple[Tree, ...] | None = None
    constant: Tree | None = None
    default: Tree | None = None
    bounds: tuple[Bound, ...] = ()
    labels: tuple[Scalar, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Property:
    """A declared member of an object. `required`: a value brings it along, for it has no default."""

    name: str
    schema: SchemaSyntax
    required: bool
    place: Place


@dataclass(frozen=True, slots=True)
class FieldsSyntax:
    """A mapping of field names to schemas: a closed object, each field required unless it says otherwise."""

    fields: tuple[Property, ...]
    place: Place


EntityLookup: TypeAlias = Callable[[str], SchemaSyntax]
"""The schema of an entity by the name that stands in `SchemaSyntax.entity`."""


def lower_schema(syntax: SchemaSyntax, entity: EntityLookup) -> Schema:
    """A schema with its entities written out. They hold no cycle, and `values` has limited their size."""
    notes: dict[str, Value] = {}
    if syntax.labels:
        notes["labels"] = list[Value](sorted({str(label.value) for label in syntax.labels}))
    if syntax.default is not None:
        notes["default"] = to_value(syntax.default)
    if syntax.variable is not None:
        return {syntax.aspect: syntax.variable.value, **notes}
    if syntax.entity is not None:
        return {**lower_schema(entity(syntax.entity.text), entity), **notes}
    return {**_constraints(syntax, entity), **notes}


def lower_fields(syntax: FieldsSyntax, entity: EntityLookup) -> Schema:
    """Fields as the schema of a closed object."""
    return lower_schema(record(syntax), entity)


def variables_of(syntax: FieldsSyntax | SchemaSyntax) -> Iterator[Scalar]:
    """Every variable, in the author's order."""
    if isinstance(syntax, FieldsSyntax):
        syntax = record(syntax)
    if syntax.variable is not None:
        yield syntax.variable
    for part in parts_of(syntax):
        yield from variables_of(part)


def parts_of(syntax: SchemaSyntax) -> Iterator[SchemaSyntax]:
    """The schemas directly inside one, as they are written out."""
    yield from (member.schema for member in syntax.properties)
    yield from (part for part in (syntax.additional, syntax.items) if part is not None)


def record(fields: FieldsSyntax, tree: Tree | None = None) -> SchemaSyntax:
    """Fields as a schema, at the place of `tree` if given."""
    return SchemaSyntax(tree.place if tree else fields.place, ("object",), properties=fields.fields)


def _constraints(syntax: SchemaSyntax, entity: EntityLookup) -> Schema:
    found: dict[str, Value] = {bound.keyword: bound.value for bound in syntax.bounds}
    if syntax.types:
        found["type"] = syntax.types[0] if len(syntax.types) == 1 else list[Value](syntax.types)
    if syntax.members is not None:
        found["enum"] = [to_value(member) for member in syntax.members]
    if syntax.constant is not None:
        found["const"] = to_value(syntax.constant)
    if syntax.items is not None:
        found["items"] = dict(lower_schema(syntax.items, entity))
    listed = syntax.members is not None or syntax.constant is not None
    return found if listed or "object" not in syntax.types else {**found, **_object(syntax, entity)}


def _object(syntax: SchemaSyntax, entity: EntityLookup) -> Schema:
    additional = syntax.additional
    found: dict[str, Value] = {"additionalProperties": dict(lower_schema(additional, entity)) if additional else False}
    if syntax.properties:
        found["properties"] = {item.name: dict(lower_schema(item.schema, entity)) for item in syntax.properties}
    required = list[Value](sorted(item.name for item in syntax.properties if item.required))
    return {**found, "required": required} if required else found
