"""The conditions of rules: each says whether a value meets a limit. What it does not fit does not meet it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sized
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import cast

from pgs_process.audit.patterns import Pattern
from pgs_process.transaction.drafts import MISSING

Number = int | float | Decimal | Fraction

TYPES: dict[str, Callable[[object], bool]] = {
    **dict.fromkeys(("integer", "int"), lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "float": lambda value: isinstance(value, float),
    "number": lambda value: is_number(value),
    **dict.fromkeys(("string", "str"), lambda value: isinstance(value, str)),
    **dict.fromkeys(("boolean", "bool"), lambda value: isinstance(value, bool)),
    "list": lambda value: isinstance(value, list | tuple | deque),
    **dict.fromkeys(("dict", "object"), lambda value: isinstance(value, Mapping)),
    "set": lambda value: isinstance(value, set | frozenset),
    "null": lambda value: value is None,
    "any": lambda value: True,
}
"""What types are called in rules and schemas."""


def is_number(value: object) -> bool:
    """Whether a value is a number; true and false are none."""
    return isinstance(value, int | float | Decimal | Fraction) and not isinstance(value, bool)


def same(one: object, other: object) -> bool:
    """Whether two values are equal and both numbers, both booleans, or both neither."""
    return isinstance(one, bool) is isinstance(other, bool) and one == other


@lru_cache(512)
def pattern(text: str) -> Pattern:
    """A pattern, read once."""
    return Pattern(text)


def total(values: object) -> object:
    """The sum of a container's items, or of a dict's values; MISSING if one is no number."""
    items = list(values.values() if isinstance(values, Mapping) else cast(Iterable[object], values))
    return sum(cast(list[int], items)) if all(is_number(item) for item in items) else MISSING


def _unique(value: object, wanted: object) -> bool:
    items = list(cast(Iterable[object], value))
    once = all(not same(item, other) for at, item in enumerate(items) for other in items[:at])
    return once is wanted


def _ordered(compare: Callable[[Number, Number], bool]) -> Callable[[object, object], bool]:
    return lambda value, limit: is_number(value) and compare(cast(Number, value), cast(Number, limit))


def _sized(compare: Callable[[int, int], bool]) -> Callable[[object, object], bool]:
    return lambda value, limit: isinstance(value, Sized) and compare(len(value), cast(int, limit))


CONDITIONS: dict[str, Callable[[object, object], bool]] = {
    "min": _ordered(lambda value, limit: value >= limit),
    "max": _ordered(lambda value, limit: value <= limit),
    "eq": same,
    "ne": lambda value, limit: value is not MISSING and not same(value, limit),
    "in": lambda value, limit: any(same(value, item) for item in cast(list[object], limit)),
    "not_in": lambda value, limit: (
        value is not MISSING and not any(same(value, item) for item in cast(list[object], limit))
    ),
    "min_len": _sized(lambda size, limit: size >= limit),
    "max_len": _sized(lambda size, limit: size <= limit),
    "regex": lambda value, limit: isinstance(value, str) and pattern(cast(str, limit)).matches(value),
    "type": lambda value, limit: value is not MISSING and TYPES[cast(str, limit)](value),
    "exists": lambda value, limit: (value is not MISSING and value is not None) is limit,
    "unique": _unique,
    "sum": lambda value, limit: same(total(value), limit),
}
CONDITIONS["neq"] = CONDITIONS["ne"]

_NUMBERS = frozenset({"min", "max", "sum"})
_COUNTS = frozenset({"min_len", "max_len"})


def limit_fault(condition: str, limit: object) -> str | None:
    """What is wrong with the limit of a condition, if something is."""
    if condition in _NUMBERS and not is_number(limit):
        return f"`{condition}` takes a number"
    if condition in _COUNTS and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 0):
        return f"`{condition}` takes a count"
    if condition in {"in", "not_in"} and not isinstance(limit, list | tuple | set | frozenset):
        return f"`{condition}` takes a list"
    if condition in {"exists", "unique"} and not isinstance(limit, bool):
        return f"`{condition}` takes `true` or `false`"
    if condition == "type" and limit not in TYPES:
        return f"`type` takes one of {', '.join(f'`{name}`' for name in TYPES)}"
    if condition == "regex":
        if not isinstance(limit, str):
            return "`regex` takes a text"
        try:
            pattern(limit)
        except ValueError as error:
            return f"`regex` takes a pattern that is matched in linear time: {error}"
    return None


def misfit(condition: str, value: object) -> bool:
    """Whether a condition can never be met by values of this one's type."""
    if value is None or value is MISSING:
        return False
    if condition in {"min", "max"}:
        return not is_number(value)
    if condition in _COUNTS:
        return not isinstance(value, Sized)
    if condition == "regex":
        return not isinstance(value, str)
    return condition in {"sum", "unique"} and (isinstance(value, str) or not isinstance(value, Iterable))
