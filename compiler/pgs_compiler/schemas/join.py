"""The narrowest schema that this algebra can write for the values of two schemas.

Laws: `a` and `b` both fit `join(a, b)`; a label of either is a label of the join.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from pgs_compiler.schemas.anatomy import (
    ANY,
    TYPES,
    additional_of,
    count_of,
    is_any,
    items_of,
    labels_of,
    members_of,
    present_in,
    properties_of,
    types_of,
    without,
)
from pgs_compiler.schemas.bounds import LOWER, UPPER, tightest
from pgs_snapshot.model import Schema
from pgs_snapshot.values import Value, same

MAX_MEMBERS = 100  # beyond that, the types of the members stand for them
_NUMBERS = frozenset({"integer", "number"})


def join_all(schemas: Iterable[Schema]) -> Schema:
    """A schema that each of several fits; `{}` for none."""
    found = list(schemas)
    return reduce(join, found) if found else ANY


def join(left: Schema, right: Schema) -> Schema:
    """A schema that both fit."""
    labels = sorted(labels_of(left) | labels_of(right))
    joined = dict(_join(without(left, "labels", "default"), without(right, "labels", "default")))
    return {**joined, "labels": list[Value](labels)} if labels else joined


def _join(left: Schema, right: Schema) -> Schema:
    if left == right and same({**left}, {**right}):  # to Python, `true` equals 1
        return left
    if is_any(left) or is_any(right):
        return ANY
    members = _members(left, right)
    if members is not None:
        return {"enum": members}
    left, right = _unlisted(left), _unlisted(right)
    types = set(types_of(left)) | set(types_of(right))
    if "number" in types:
        types.discard("integer")
    stated = list[Value](name for name in TYPES if name in types)
    joined: dict[str, Value] = {"type": stated[0] if len(stated) == 1 else stated}
    for keywords, family in (
        (_numeric, _NUMBERS),
        (_string, frozenset({"string"})),
        (_array, frozenset({"array"})),
        (_object, frozenset({"object"})),
    ):
        sides = [side for side in (left, right) if family & set(types_of(side))]
        if len(sides) == 2:
            joined |= keywords(left, right)
        elif sides:
            joined |= keywords(sides[0], sides[0])
    return joined


def _members(left: Schema, right: Schema) -> list[Value] | None:
    """The members of both, each once, when both list theirs."""
    ours, theirs = members_of(left), members_of(right)
    if ours is None or theirs is None or len(ours) + len(theirs) > MAX_MEMBERS:
        return None
    found: list[Value] = []
    for member in (*ours, *theirs):
        if not any(same(member, other) for other in found):
            found.append(member)
    return found


def _unlisted(schema: Schema) -> Schema:
    """The schema without its list of members, by their types and how large they are."""
    members = members_of(schema)
    if members is None:
        return schema
    found: dict[str, Value] = {"type": list[Value](types_of(schema))}
    numbers = [item for item in members if isinstance(item, int | float) and not isinstance(item, bool)]
    lengths = [len(item) for item in members if isinstance(item, str)]
    if numbers:
        found |= {"minimum": min(numbers), "maximum": max(numbers)}
    if lengths:
        found |= {"minLength": min(lengths), "maxLength": max(lengths)}
    return found


def _numeric(left: Schema, right: Schema) -> Schema:
    found: dict[str, Value] = {}
    for names, sign in ((LOWER, 1), (UPPER, -1)):
        ours, theirs = tightest(left, names, False), tightest(right, names, False)
        if ours is not None and theirs is not None:
            limit, strict = min(ours, theirs)
            found[names[strict]] = sign * limit
    return found


def _string(left: Schema, right: Schema) -> Schema:
    alike = {name: left[name] for name in ("pattern", "format") if name in left and left[name] == right.get(name)}
    return {**_counts(left, right, "minLength", "maxLength"), **alike}


def _counts(left: Schema, right: Schema, least: str, most: str) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, wider in ((least, min), (most, max)):
        ours, theirs = count_of(left, name), count_of(right, name)
        if ours is not None and theirs is not None:
            found[name] = wider(ours, theirs)
    return found


def _array(left: Schema, right: Schema) -> Schema:
    found = _counts(left, right, "minItems", "maxItems")
    if left.get("uniqueItems") is True and right.get("uniqueItems") is True:
        found["uniqueItems"] = True
    # An empty list says nothing about items.
    items = join_all(items_of(side) for side in (left, right) if count_of(side, "maxItems") != 0)
    return found if items == ANY else {**found, "items": dict(items)}


def _object(left: Schema, right: Schema) -> Schema:
    properties: dict[str, Value] = {}
    ours, theirs = properties_of(left), properties_of(right)
    for name in sorted({*ours, *theirs}):
        sides = (ours.get(name, additional_of(left)), theirs.get(name, additional_of(right)))
        properties[name] = dict(join_all(without(side, "default") for side in sides if side is not None))
    additional = [side for side in (additional_of(left), additional_of(right)) if side is not None]
    required = list[Value](sorted(present_in(left) & present_in(right)))
    found: dict[str, Value] = {"additionalProperties": dict(join_all(additional)) if additional else False}
    if properties:
        found["properties"] = properties
    return {**found, "required": required} if required else found
