"""What a path yields in a schema: the schema there, and whether it may be absent.

Laws, for a value that is valid for the schema and has its defaults filled in:
* what the path selects is valid for `Followed.schema`;
* `absent` is empty and `certain` is true: the path selects something in every such value;
* a `problem`: no value has what the path asks for, or an item behind a wildcard may lack it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pgs_compiler.schemas.anatomy import (
    ANY,
    additional_of,
    count_of,
    is_any,
    items_of,
    labels_of,
    members_of,
    phrase,
    present_in,
    properties_of,
    types_of,
    without,
)
from pgs_compiler.schemas.paths import Step
from pgs_snapshot.model import Schema, Slice, Wildcard
from pgs_snapshot.suggest import nearest
from pgs_snapshot.values import Value


@dataclass(frozen=True, slots=True)
class Followed:
    """Where a path leads.

    Attributes:
        schema: of the selected value; a list when the path has a wildcard or a slice. Without `default`.
        absent: why nothing may be there, a clause without a full stop, or "".
        certain: false where the path leads through a value that need not have the type that a step asks for.
        labels: every label that stands on the way, the end included, sorted.
        problem: why the path leads nowhere, a clause without a full stop, or ""; `schema` is then `{}`.
        reached: how many steps lead somewhere: `steps[reached]` is the first that may or does lead nowhere.
        suggestion: the declared name nearest to one that is not declared.
    """

    schema: Schema
    absent: str = ""
    certain: bool = True
    labels: tuple[str, ...] = ()
    problem: str = ""
    reached: int = 0
    suggestion: str | None = None


class _NoWay(Exception):
    def __init__(self, problem: str, suggestion: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class _Spread:
    """The list that wildcards and slices have made of the way: how many items it has at least and at most."""

    least: int
    most: int | None


def follow(schema: Schema, steps: tuple[Step, ...]) -> Followed:
    """Walk `steps` through a lowered schema."""
    here, spread = Followed(schema, labels=tuple(sorted(labels_of(schema)))), None
    for index, step in enumerate(steps):
        try:
            there, spread = _step(here, spread, step)
        except _NoWay as end:
            return Followed(ANY, problem=end.problem, reached=index, suggestion=end.suggestion)
        labels = tuple(sorted({*there.labels, *labels_of(there.schema)}))
        here = replace(there, labels=labels, reached=here.reached if here.absent or there.absent else index + 1)
    value = without(here.schema, "default")
    return replace(here, schema=_list(value, spread) if spread else value)


def _list(items: Schema, spread: _Spread) -> Schema:
    made: dict[str, Value] = {"type": "array", "items": dict(items)}
    if spread.least:
        made["minItems"] = spread.least
    return made if spread.most is None else {**made, "maxItems": spread.most}


def _step(here: Followed, spread: _Spread | None, step: Step) -> tuple[Followed, _Spread | None]:
    types = types_of(here.schema)
    wanted = "object" if isinstance(step, str) else "array"
    if wanted not in types:
        what, has = (f"`{step}`", "members") if isinstance(step, str) else ("an item", "items")
        raise _NoWay(f"{what} is asked of {phrase(types)}, which has no {has}")
    if members_of(here.schema) is not None:
        raise _NoWay("a path does not lead into the members of an enumeration")
    sure = replace(here, certain=here.certain and types == (wanted,))
    if isinstance(step, str):
        return _member(sure, spread, step), spread
    if isinstance(step, int):
        return _item(sure, spread, step), spread
    below = replace(sure, schema=items_of(sure.schema))
    return below, _widened(spread or _Spread(1, 1), sure.schema, step)


def _member(here: Followed, spread: _Spread | None, name: str) -> Followed:
    declared = properties_of(here.schema)
    below = declared.get(name, additional_of(here.schema))
    if below is None:
        known = ", ".join(f"`{other}`" for other in declared)
        problem = f"`{name}` is not declared, only {known}" if known else f"`{name}` is asked of an empty object"
        raise _NoWay(problem, nearest(name, declared))
    there = name in present_in(here.schema) or is_any(here.schema)
    why = f"`{name}` is optional" if name in declared else f"nothing says that `{name}` is there"
    return _reached(replace(here, schema=below), spread, "" if there else why)


def _item(here: Followed, spread: _Spread | None, index: int) -> Followed:
    needed = index + 1 if index >= 0 else -index
    most = count_of(here.schema, "maxItems")
    if most is not None and needed > most:
        raise _NoWay(f"`[{index}]` is never there, for the list has at most {most} items")
    there = (count_of(here.schema, "minItems") or 0) >= needed or is_any(here.schema)
    why = f"nothing says that the list has `[{index}]`: that takes `minItems: {needed}`"
    return _reached(replace(here, schema=items_of(here.schema)), spread, "" if there else why)


def _reached(here: Followed, spread: _Spread | None, absent: str) -> Followed:
    """The way so far; what may be absent in an item behind a wildcard leaves no list to speak of."""
    if absent and spread is not None:
        raise _NoWay(f"{absent}, in an item of a list")
    return replace(here, absent=here.absent or absent)


def _widened(spread: _Spread, array: Schema, step: Slice | Wildcard) -> _Spread:
    least, most = count_of(array, "minItems") or 0, count_of(array, "maxItems")
    if isinstance(step, Slice):
        least = 0
    return _Spread(spread.least * least, None if most is None or spread.most is None else spread.most * most)
