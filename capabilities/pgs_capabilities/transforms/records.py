"""Records put together, handed on and compared.

Laws:
* every answer is made of the inputs alone, and no member is lost or invented;
* equality is that of JSON values: numbers by value, booleans never numbers, members in any order.
"""

from __future__ import annotations

from pgs_snapshot.values import Value, same


def assemble_record(fields: dict[str, Value], defaults: dict[str, Value]) -> dict[str, Value]:
    """One `record` of the fields, and of the defaults where a field is absent."""
    return {"record": {**defaults, **fields}}


def passthrough(value: Value) -> dict[str, Value]:
    """The value as it came."""
    return {"value": value}


def compare_equal(left: Value, right: Value) -> dict[str, Value]:
    """Whether both are the same JSON value: `is_equal`."""
    return {"is_equal": same(left, right)}
