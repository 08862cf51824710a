"""Expressions and conditions of a snapshot. `pgs_snapshot.model` has their laws and gives them on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Value

Schema: TypeAlias = Mapping[str, Value]
"""A JSON Schema 2020-12 without `$ref`. `labels` and `default` are annotations for the runtime."""

# --- expressions ---------------------------------------------------------------------------------


@frozen
class Literal_:
    """`{"literal": value}`: the value itself."""

    literal: Value


@frozen
class Ref:
    """`{"ref": [slot, step, …]}`: one value; a string step is a member, an integer an item.

    `optional` says that a member on the way may be absent: the target key is then left out.
    """

    slot: int
    path: tuple[str | int, ...] = ()
    optional: bool = False


@frozen
class Slice:
    """`start:stop:step` over a list, as RFC 9535 section 2.3.4 defines it."""

    start: int | None = None
    stop: int | None = None
    step: int = 1


@frozen
class Query:
    """A path with a wildcard (`"*"` as `Wildcard`) or slice: the list of what it selects, in document order."""

    slot: int
    path: tuple[str | int | Slice | Wildcard, ...]


@frozen
class Wildcard:
    """Every item of a list."""


@frozen
class Default:
    """The first value if it is there, else the second."""

    value: Ref
    otherwise: Expr


@frozen
class Text:
    """The parts joined: strings as they are, integers in decimal."""

    parts: tuple[Expr, ...]


@frozen
class Record:
    """An object built member by member; a member whose optional reference is absent is left out."""

    members: Mapping[str, Expr]


@frozen
class Items:
    """A list built item by item."""

    items: tuple[Expr, ...]


Expr: TypeAlias = "Literal_ | Ref | Query | Default | Text | Record | Items"

# --- conditions ----------------------------------------------------------------------------------

Operator: TypeAlias = Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "matches", "exists"]


@frozen
class Compare:
    """An operator over its operands. `instants`: both are RFC 3339 times and compare as points in time."""

    op: Operator
    operands: tuple[Expr, ...]
    instants: bool = False


@frozen
class All:
    conditions: tuple[Condition, ...]


@frozen
class Any_:
    conditions: tuple[Condition, ...]


@frozen
class Not:
    condition: Condition


Condition: TypeAlias = "Compare | All | Any_ | Not"


def comparisons(condition: Condition) -> Iterator[Compare]:
    """Every comparison of a condition, from the left: the order in which `Graph.hidden` counts them."""
    match condition:
        case Compare():
            yield condition
        case Not(inner):
            yield from comparisons(inner)
        case All(conditions) | Any_(conditions):
            for part in conditions:
                yield from comparisons(part)


def is_labelled(schema: Schema) -> bool:
    """Whether anything in a schema carries a label."""
    if schema.get("labels"):
        return True
    properties = schema.get("properties")
    inner = [*(properties.values() if isinstance(properties, dict) else ()), schema.get("items")]
    inner.append(schema.get("additionalProperties"))
    return any(isinstance(each, dict) and is_labelled(each) for each in inner)
