"""Arithmetic with integers, exact or not at all.

Laws:
* an answer is the integer of mathematics: nothing wraps, nothing is rounded;
* what JSON cannot carry exactly (RFC 7493 section 2.2: beyond 2^53-1) is OUT_OF_RANGE;
* `quotient * right + left's remainder` is `left`, and a remainder lies from 0 up to and without the divisor's amount.
"""

from __future__ import annotations

from pgs_snapshot.values import Outcome, Value

_MOST = 2**53 - 1


def add(left: int, right: int) -> dict[str, Value] | Outcome:
    """`left + right`: `result`, or OUT_OF_RANGE."""
    return _exact(left + right)


def subtract(left: int, right: int) -> dict[str, Value] | Outcome:
    """`left - right`: `result`, or OUT_OF_RANGE."""
    return _exact(left - right)


def multiply(left: int, right: int) -> dict[str, Value] | Outcome:
    """`left * right`: `result`, or OUT_OF_RANGE."""
    return _exact(left * right)


def divide(left: int, right: int) -> dict[str, Value] | Outcome:
    """Whole division (Euclid's): `quotient` and `remainder`, or DIVISION_BY_ZERO."""
    if right == 0:
        return Outcome("DIVISION_BY_ZERO")
    remainder = left % abs(right)
    return {"quotient": (left - remainder) // right, "remainder": remainder}


def add_up(numbers: list[int]) -> dict[str, Value] | Outcome:
    """The sum of a list, 0 if it is empty: `result`, or OUT_OF_RANGE. What lies between may be of any size."""
    return _exact(sum(numbers))


def minimum(numbers: list[int]) -> dict[str, Value] | Outcome:
    """The least of a list: `result`, or EMPTY."""
    return {"result": min(numbers)} if numbers else Outcome("EMPTY")


def maximum(numbers: list[int]) -> dict[str, Value] | Outcome:
    """The greatest of a list: `result`, or EMPTY."""
    return {"result": max(numbers)} if numbers else Outcome("EMPTY")


def compare_numbers(left: int | float, right: int | float) -> dict[str, Value]:
    """How one number stands to another: `order`, which is LESS, EQUAL or GREATER."""
    if left == right:
        return {"order": "EQUAL"}
    return {"order": "LESS" if left < right else "GREATER"}


def _exact(result: int) -> dict[str, Value] | Outcome:
    return {"result": result} if -_MOST <= result <= _MOST else Outcome("OUT_OF_RANGE")
