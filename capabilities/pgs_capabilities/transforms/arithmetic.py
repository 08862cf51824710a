"""Sums and differences of integers, exact or not at all.

Laws:
* an answer is the integer of mathematics: nothing wraps, nothing is rounded;
* what JSON cannot carry exactly (RFC 7493 section 2.2: beyond 2^53-1) is OUT_OF_RANGE.
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


def _exact(result: int) -> dict[str, Value] | Outcome:
    return {"result": result} if -_MOST <= result <= _MOST else Outcome("OUT_OF_RANGE")
