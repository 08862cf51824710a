"""Do the values written in a schema fit it, and does it stay within its size? Asked after `resolve`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pgs_compiler.findings import Finding, Related
from pgs_compiler.schemas.anatomy import without
from pgs_compiler.schemas.generic import erase
from pgs_compiler.schemas.literal import value_fits
from pgs_compiler.schemas.syntax import EntityLookup, FieldsSyntax, SchemaSyntax, lower_schema, parts_of, record
from pgs_compiler.source import Tree, to_value
from pgs_snapshot.defaults import filler
from pgs_snapshot.model import Schema

MAX_PARTS = 5000  # schemas inside one schema, entities written out


def check_schema(syntax: SchemaSyntax | FieldsSyntax, entity: EntityLookup) -> tuple[Finding, ...]:
    """Findings about a schema with resolved names; the entities that it names are asked by themselves."""
    whole = record(syntax) if isinstance(syntax, FieldsSyntax) else syntax
    inner: dict[str, int] = {}
    if _size(whole, entity, inner) > MAX_PARTS:
        if any(size > MAX_PARTS for size in inner.values()):
            return ()  # told of the entity
        message = f"With its entities written out, this schema has more than {MAX_PARTS} parts."
        return (Finding("T433", message, whole.place),)
    return tuple(
        finding for part in _parts(whole) for finding in (*_misfits(part, entity), *_filled_alike(part, entity))
    )


def _size(syntax: SchemaSyntax, entity: EntityLookup, known: dict[str, int]) -> int:
    """How many schemas this one becomes; `known` holds the answer for entities, so that it is linear."""
    if syntax.entity is not None:
        name = syntax.entity.text
        if name not in known:
            known[name] = _size(entity(name), entity, known)
        return known[name]
    return 1 + sum(_size(part, entity, known) for part in parts_of(syntax))


def _parts(syntax: SchemaSyntax) -> Iterator[SchemaSyntax]:
    yield syntax
    for child in parts_of(syntax):
        yield from _parts(child)


def _misfits(syntax: SchemaSyntax, entity: EntityLookup) -> Iterator[Finding]:
    if syntax.members is None and syntax.constant is None and syntax.default is None:
        return
    whole = erase(lower_schema(replace(syntax, default=None), entity))
    bare = without(whole, "enum", "const")
    for member in syntax.members or ():
        yield from _misfit("A member of this enumeration", member, bare)
    if syntax.constant is not None:
        yield from _misfit("This constant", syntax.constant, without(whole, "const"))
    if syntax.default is not None:
        yield from _misfit("This default", syntax.default, whole)


def _filled_alike(syntax: SchemaSyntax, entity: EntityLookup) -> Iterator[Finding]:
    """`[{}, {a: null}]` holds two different items, until the default `a: null` is filled in."""
    unique = next((bound for bound in syntax.bounds if bound.keyword == "uniqueItems" and bound.value is True), None)
    if unique is not None and syntax.items is not None and filler(lower_schema(syntax.items, entity)) is not None:
        yield Finding(
            "T460",
            "`uniqueItems` cannot be promised here: items that differ can be the same with their defaults filled in.",
            unique.place,
            "the items have defaults",
            (Related(syntax.items.place, "the items"),),
        )


def _misfit(what: str, tree: Tree, schema: Schema) -> Iterator[Finding]:
    for problem in value_fits(to_value(tree), schema)[:1]:
        at = f" at `{problem.pointer}`" if problem.pointer else ""
        message = f"{what} does not fit its own schema: it {problem.why}{at}."
        yield Finding("T427", message, tree.place, "does not fit", hint=problem.hint)
