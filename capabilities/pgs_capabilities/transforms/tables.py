"""Tables and sets that a protocol states as data.

Laws:
* what is not written in the table is not found: there is no default and no nearest match;
* members compare as JSON values: `1` and `1.0` are one member, `1` and `true` are two.
"""

from __future__ import annotations

from pgs_snapshot.values import Outcome, Value, same


def lookup(key: str, map: dict[str, Value]) -> dict[str, Value] | Outcome:
    """What the table holds under the key: `result`, or NOT_FOUND."""
    return {"result": map[key]} if key in map else Outcome("NOT_FOUND")


def validate_set_membership(value: Value, allowed_set: list[Value]) -> dict[str, Value] | Outcome:
    """SUCCESS if the value is one of the set, else VIOLATION."""
    return {} if any(same(value, member) for member in allowed_set) else Outcome("VIOLATION")
