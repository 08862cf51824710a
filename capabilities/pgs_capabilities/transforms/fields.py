"""Fields of records: read, set, left out, kept.

Laws:
* what came in stays as it is; what comes out is a record of its own;
* a path is a list of names and, in lists, of numbers from 0, or from -1 backwards: no text has to be taken apart;
* what is not there is NOT_FOUND or MISSING, and never null.
"""

from __future__ import annotations

from typing import cast

from pgs_snapshot.values import Outcome, Value

Record = dict[str, Value]

_ABSENT = cast(Value, ())
"""What no value of the domain is the same as."""


def extract(source: Value, path: list[str | int]) -> dict[str, Value] | Outcome:
    """What lies at a path: `value`, or NOT_FOUND. The empty path leads to all of it."""
    found = source
    for part in path:
        if isinstance(found, dict) and isinstance(part, str):
            found = found.get(part, _ABSENT)
        elif isinstance(found, list) and isinstance(part, int) and -len(found) <= part < len(found):
            found = found[part]
        else:
            found = _ABSENT
        if found is _ABSENT:
            return Outcome("NOT_FOUND")
    return {"value": found}


def set_field(record: Record, path: list[str], value: Value) -> dict[str, Value] | Outcome:
    """The record with another value at a path of names: `record`; NOT_FOUND if a record on the way is missing.

    The last name may be new.
    """
    way = [record]
    for name in path[:-1]:
        inner = way[-1].get(name)
        if not isinstance(inner, dict):
            return Outcome("NOT_FOUND")
        way.append(inner)
    changed = value
    for name, around in zip(reversed(path), reversed(way), strict=True):
        changed = {**around, name: changed}
    return {"record": changed}


def select_fields(record: Record, fields: list[str]) -> dict[str, Value] | Outcome:
    """The record with these fields alone: `record`; or MISSING with the `fields` that it lacks, in the order asked."""
    missing: list[Value] = [name for name in fields if record.get(name, _ABSENT) is _ABSENT]
    if missing:
        return Outcome("MISSING", fields=missing)
    return {"record": {name: record[name] for name in fields}}


def remove_fields(record: Record, fields: list[str]) -> dict[str, Value]:
    """The record without these fields, as far as it has them: `record`."""
    without = dict.fromkeys(fields, True)
    return {"record": {name: value for name, value in record.items() if not without.get(name)}}
