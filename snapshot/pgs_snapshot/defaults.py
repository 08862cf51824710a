"""Defaults: the members that a value may leave out and that every value then has.

Laws, for `fill = filler(schema)` and a value that is valid for the schema:
* `fill(value)` is valid too, and holds every member that has a default, at every depth;
* a member that the value has stays as it is; nothing is taken away;
* `fill(fill(value)) == fill(value)`;
* the value itself is never changed, and no two answers share a default's container.

A value that is not valid comes back as far filled as its shape allows, so that validation can follow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pgs_snapshot.model import Schema
from pgs_snapshot.values import Value, plain

Fill: TypeAlias = Callable[[Value], Value]


def filler(schema: Schema) -> Fill | None:
    """A function that fills a schema's defaults in, or None when the schema holds no default to fill in.

    A `default` counts where it belongs to a member of an object (`properties`): nothing else can be absent.
    """
    of_object, of_item = _object_filler(schema), _item_filler(schema)
    if of_object is None and of_item is None:
        return None

    def fill(value: Value) -> Value:
        if of_object and isinstance(value, dict):
            return of_object(value)
        if of_item and isinstance(value, list):
            return [of_item(item) for item in value]
        return value

    return fill


def _item_filler(schema: Schema) -> Fill | None:
    items = schema.get("items")
    return filler(items) if isinstance(items, dict) else None


def _object_filler(schema: Schema) -> Callable[[dict[str, Value]], Value] | None:
    stated = schema.get("properties")
    members = stated if isinstance(stated, dict) else {}  # what is no schema is refused where it is compiled
    properties = {name: member for name, member in members.items() if isinstance(member, dict)}
    fillers = {name: inner for name, member in properties.items() if (inner := filler(member))}
    defaults = {
        name: fillers[name](member["default"]) if name in fillers else member["default"]
        for name, member in properties.items()
        if "default" in member
    }
    additional = schema.get("additionalProperties")
    of_others = filler(additional) if isinstance(additional, dict) else None
    if not (fillers or defaults or of_others):
        return None

    def fill(value: dict[str, Value]) -> Value:
        filled: dict[str, Value] = {}
        for name, item in value.items():
            of_member = fillers.get(name) if name in properties else of_others
            filled[name] = of_member(item) if of_member else item
        for name, default in defaults.items():
            if name not in filled:
                filled[name] = plain(default)
        return filled

    return fill
