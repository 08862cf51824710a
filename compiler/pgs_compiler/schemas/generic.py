"""Variables in the schemas of transforms and side effects: `{$var: T}` and `{$ref: $entity}`.

Lowered, a variable is `{"$var": "T"}`, and the entity of a store is the variable `$entity`. `{"$part": "$entity"}` is
an object with some of its fields, `{"$optional": "$entity"}` the name of one that it may lack.
`bind_variables` finds what each variable of a transform's inputs stands for at one step, and `substitute`
writes it into the outputs:

    inputs    {map: {additionalProperties: {$var: T}}, key: {type: string}}
    actual    {map: {additionalProperties: {type: integer}}, key: {type: string}}
    bound     {T: {type: integer}}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias, cast

from pgs_compiler.schemas.anatomy import (
    ANY,
    additional_of,
    items_of,
    labels_of,
    members_of,
    phrase,
    present_in,
    properties_of,
    types_of,
    without,
)
from pgs_compiler.schemas.fit import Verdict, fit
from pgs_compiler.schemas.join import join_all
from pgs_snapshot.model import Schema
from pgs_snapshot.values import Value, escape

ENTITY = "$entity"
Substitution: TypeAlias = Mapping[str, Schema]


@dataclass(frozen=True, slots=True)
class Clash:
    """One variable would have to stand for two schemas without a common value.

    Attributes:
        pointers: the two places in the inputs, as `Fit.pointer` writes them.
    """

    variable: str
    pointers: tuple[str, str]
    message: str


def variables_in(schema: Schema) -> frozenset[str]:
    """The names of the variables in a lowered schema."""
    found = {own for own in map(schema.get, ASPECTS) if isinstance(own, str)}
    for _, part in _parts(schema):
        found |= variables_in(part)
    return frozenset(found)


def bind_variables(declared: Schema, actual: Mapping[str, Schema]) -> Substitution:
    """What each variable of the inputs `declared` stands for, given the schemas of what is passed.

    A variable that meets several schemas stands for their join; one that meets none, for `{}`. Whether the
    inputs fit is not decided here: `fit` with the substituted inputs does.
    """
    uses = _uses(declared, actual)
    return {name: join_all(found for _, found in met) for name, met in uses.items()}


def clashes(declared: Schema, actual: Mapping[str, Schema]) -> tuple[Clash, ...]:
    """The variables that would have to stand for schemas without a common value, the first pair of each."""
    uses = _uses(declared, actual)
    return tuple(clash for name, met in uses.items() if (clash := _clash(name, met)))


def substitute(schema: Schema, bound: Substitution) -> Schema:
    """The schema with the variables written out that `bound` names; what stands beside a variable stays."""
    for aspect, of in ASPECTS.items():
        own = schema.get(aspect)
        if isinstance(own, str) and own in bound:
            meant, beside = of(bound[own]), dict(without(schema, aspect))
            labels = list[Value](sorted(labels_of(schema) | labels_of(meant)))
            return {**without(meant, "default"), **beside, **({"labels": labels} if labels else {})}
    replaced: dict[str, Value] = dict(schema)
    for keyword, part in _parts(schema):
        if keyword != "properties":
            replaced[keyword] = dict(substitute(part, bound))
    if properties := properties_of(schema):
        replaced["properties"] = {name: dict(substitute(part, bound)) for name, part in properties.items()}
    return replaced


def part_of(schema: Schema) -> Schema:
    """An object with some of the fields of a record, each as the record has it; none is filled in."""
    rest: Value = dict(additional) if (additional := _open(schema)) is not None else False
    found: dict[str, Value] = {"type": "object", "additionalProperties": rest}
    if properties := properties_of(schema):
        found["properties"] = {name: dict(without(member, "default")) for name, member in properties.items()}
    labels = list[Value](sorted(labels_of(schema)))
    return {**found, **({"labels": labels} if labels else {})}


def optional_of(schema: Schema) -> Schema:
    """The name of a field that a record may lack."""
    if _open(schema) is not None:
        return {"type": "string"}
    present = present_in(schema)
    return {"enum": [name for name in properties_of(schema) if name not in present]}


def _open(schema: Schema) -> Schema | None:
    """The schema of the fields that a record does not declare; None where it has no others, or there is no record."""
    return additional_of(schema) if "object" in types_of(schema) and members_of(schema) is None else None


ASPECTS: Mapping[str, Callable[[Schema], Schema]] = MappingProxyType(
    {"$var": lambda schema: schema, "$part": part_of, "$optional": optional_of}
)
"""What of a variable is meant, by the keyword that names it."""


def erase(schema: Schema) -> Schema:
    """The schema with every variable as `{}`: what the runtime checks where no step is known."""
    return substitute(schema, dict.fromkeys(variables_in(schema), ANY))


def _parts(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """The schemas directly inside, each with its keyword."""
    for part in properties_of(schema).values():
        yield "properties", part
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield keyword, cast(Schema, schema[keyword])


def _uses(declared: Schema, actual: Mapping[str, Schema]) -> dict[str, list[tuple[str, Schema]]]:
    """For each variable, where it stands in the inputs and what it meets there."""
    met: dict[str, list[tuple[str, Schema]]] = {name: [] for name in sorted(variables_in(declared))}
    for name, slot in properties_of(declared).items():
        for variable, pointer, found in _meetings(slot, actual[name], f"/{name}") if name in actual else ():
            met[variable].append((pointer, found))
    return met


def _meetings(declared: Schema, actual: Schema, at: str) -> Iterator[tuple[str, str, Schema]]:
    """Every variable with the place and the schema that it meets there."""
    if not variables_in(declared):
        return
    own = declared.get("$var")
    if isinstance(own, str):
        yield own, at, without(actual, "default")
        return
    if "items" in declared and "array" in types_of(actual):
        yield from _meetings(items_of(declared), items_of(actual), f"{at}/*")
    if "object" not in types_of(declared) or "object" not in types_of(actual):
        return
    wanted, given = properties_of(declared), properties_of(actual)
    rest, others = additional_of(declared), additional_of(actual)
    for name in sorted({*wanted, *given}):
        slot, member = wanted.get(name, rest), given.get(name, others)
        if slot is not None and member is not None:
            yield from _meetings(slot, member, f"{at}/{escape(name)}")
    if rest is not None and others is not None:
        yield from _meetings(rest, others, f"{at}/*")


def _clash(name: str, uses: list[tuple[str, Schema]]) -> Clash | None:
    for index, (pointer, found) in enumerate(uses):
        for earlier, other in uses[:index]:
            if _apart(found, other) and _apart(other, found):
                kinds = phrase(types_of(other)), phrase(types_of(found))
                message = f"`{name}` is {kinds[0]} at `{earlier}` and {kinds[1]} at `{pointer}`."
                return Clash(name, (earlier, pointer), message)
    return None


def _apart(source: Schema, target: Schema) -> bool:
    return fit(source, target).verdict is Verdict.CANNOT_FIT
