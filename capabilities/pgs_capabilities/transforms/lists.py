"""Lists, and lists of records.

Laws:
* no item is changed, and none is invented; whatever comes out stands in the order in which it came in, unless
  the transform sorts;
* values are the same as JSON values are: numbers by value, a boolean is never a number, members in any order;
* a member that is absent is not null: it equals nothing and is no key. What is no record has no members.
"""

from __future__ import annotations

from typing import cast

from pgs_snapshot.canonical import canonical
from pgs_snapshot.values import Outcome, Value, same

_ABSENT = cast(Value, ())
"""What no value of the domain is the same as."""


def count_items(items: list[Value]) -> dict[str, Value]:
    """How many items a list has: `count`."""
    return {"count": len(items)}


def filter_records(records: list[Value], where: dict[str, Value], present: list[str]) -> dict[str, Value]:
    """The records with these members, and with these fields, whatever they hold: `records`."""
    wanted = dict.fromkeys(present, True)
    return {
        "records": [
            record
            for record in _with_members(records, where)
            if not wanted or sum(1 for name in _names(record) if wanted.get(name)) == len(wanted)
        ]
    }


def find_record(records: list[Value], where: dict[str, Value]) -> dict[str, Value] | Outcome:
    """The first record with these members: `record`, or NOT_FOUND."""
    found = _with_members(records, where)
    return {"record": found[0]} if found else Outcome("NOT_FOUND")


def project_records(records: list[Value], fields: list[str]) -> dict[str, Value]:
    """The records with these fields alone, as far as they have them: `records`."""
    wanted = dict.fromkeys(fields, True)
    kept: list[Value] = [
        {name: value for name, value in record.items() if wanted.get(name)} if isinstance(record, dict) else {}
        for record in records
    ]
    return {"records": kept}


def sort_records(records: list[Value], field: str, descending: bool) -> dict[str, Value] | Outcome:
    """The records in the order of a field: `records`; NOT_COMPARABLE if it is not a number in all, or a text in all.

    Texts stand in the order of their characters' numbers in Unicode. Records that are alike keep their order.
    """
    keys = [record.get(field) if isinstance(record, dict) else None for record in records]
    if not all(_is_number(key) for key in keys) and not all(isinstance(key, str) for key in keys):
        return Outcome("NOT_COMPARABLE")
    keyed = list(zip(keys, records, strict=True))
    keyed = sorted(keyed, key=lambda pair: cast(float, pair[0]), reverse=descending)
    return {"records": [record for _, record in keyed]}


def index_records(records: list[Value], field: str) -> dict[str, Value] | Outcome:
    """The records by what they hold in a field, which is a text: `map`, NOT_A_KEY if it is none, or DUPLICATE."""
    keys = [record.get(field) if isinstance(record, dict) else None for record in records]
    if not all(isinstance(key, str) for key in keys):
        return Outcome("NOT_A_KEY")
    table = {str(key): record for key, record in zip(keys, records, strict=True)}
    return {"map": table} if len(table) == len(records) else Outcome("DUPLICATE")


def list_entries(map: dict[str, Value]) -> dict[str, Value]:
    """The members of an object as a list of `key` and `value`, in the order of their names: `entries`."""
    entries: list[Value] = [
        {"key": name, "value": value} for name, value in sorted(map.items(), key=lambda pair: pair[0])
    ]
    return {"entries": entries}


def pick_item(items: list[Value], number: int) -> dict[str, Value] | Outcome:
    """The item whose turn it is when a list is gone through round and round, from number 0: `item`, or EMPTY."""
    return {"item": items[number % len(items)]} if items else Outcome("EMPTY")


def take_items(items: list[Value], skip: int, most: int) -> dict[str, Value]:
    """Up to `most` items behind the first `skip`: `items`, and how many are `left` behind them."""
    taken = items[skip : skip + most]
    return {"items": taken, "left": max(0, len(items) - skip - len(taken))}


def concatenate_lists(first: list[Value], second: list[Value]) -> dict[str, Value]:
    """The items of one list, and behind them those of another: `items`."""
    return {"items": [*first, *second]}


def unique_items(items: list[Value]) -> dict[str, Value]:
    """Each item once, where it stands first: `items`."""
    return {"items": list({canonical(item): item for item in items}.values())}


def subtract_lists(items: list[Value], without: list[Value]) -> dict[str, Value]:
    """The items that are not in another list: `items`."""
    marks = {canonical(item): True for item in without}
    return {"items": [item for item in items if not marks.get(canonical(item))]}


def intersect_lists(items: list[Value], others: list[Value]) -> dict[str, Value]:
    """The items that are in another list as well: `items`."""
    marks = {canonical(item): True for item in others}
    return {"items": [item for item in items if marks.get(canonical(item))]}


def _with_members(records: list[Value], where: dict[str, Value]) -> list[Value]:
    """The records that have all these members. Of each, its own members are gone over, and no others."""
    if not where:
        return records
    return [
        record
        for record in records
        if isinstance(record, dict)
        and sum(1 for name, value in record.items() if same(value, where.get(name, _ABSENT))) == len(where)
    ]


def _names(record: Value) -> list[str]:
    return list(record) if isinstance(record, dict) else []


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
