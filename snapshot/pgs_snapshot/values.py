"""The values that protocols compute with: JSON within I-JSON (RFC 7493), and what a capability answers.

Laws:
* a value is None, bool, int within ±(2^53-1), a finite float, str, list of values, or dict of str to values;
* a float with an integral value is an int, and -0.0 is 0: `1`, `1.0` and `1e0` are one value;
* a string is valid Unicode without NUL;
* `plain` gives a fresh copy, so no two owners ever share a container.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TypeAlias

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 64
MAX_VALUES = 1_000_000


class NotPlain(ValueError):
    """Something is not a value of the domain.

    Attributes:
        pointer: JSON Pointer (RFC 6901) to the place, "" for the whole.
        why: what is wrong there, without the value itself.
    """

    def __init__(self, pointer: str, why: str) -> None:
        super().__init__(f"{pointer or 'the value'}: {why}")
        self.pointer = pointer
        self.why = why


class Outcome:
    """What a capability answers: the name of a declared outcome and its outputs.

    A transform returns its outputs alone for `SUCCESS`, or `Outcome("NOT_FOUND", key="a")`.
    """

    __slots__ = ("name", "outputs")

    def __init__(self, name: str, /, **outputs: Value) -> None:
        self.name = name
        self.outputs: dict[str, Value] = outputs

    def __repr__(self) -> str:
        return f"Outcome({self.name!r}, {', '.join(sorted(self.outputs))})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Outcome) and self.name == other.name and same(self.outputs, other.outputs)

    __hash__ = None  # type: ignore[assignment]


def plain(value: object, depth: int = MAX_DEPTH, most: int = MAX_VALUES) -> Value:
    """Copy `value` into the value domain.

    Args:
        value: anything a capability returned or a parser produced.
        depth: how many containers may nest.
        most: how many values it may hold. A list that holds one list twice holds its items twice.

    Raises:
        NotPlain: it holds something outside the domain.
    """
    try:
        return _Copy(depth, most).of(value, depth)
    except _Refused as refused:
        raise NotPlain("".join(reversed(refused.route)), refused.why) from None


class _Refused(Exception):
    """Why a value is refused, and the way to it, the last step first."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        self.route: list[str] = []


class _Copy:
    """One copy; `left` counts down the values that it may still hold."""

    __slots__ = ("depth", "left", "most")

    def __init__(self, depth: int, most: int) -> None:
        self.depth = depth
        self.most = self.left = most

    def of(self, value: object, depth: int) -> Value:
        if type(value) is str:
            return _text(value)
        if value is None or type(value) is bool:
            return value
        if type(value) is int:
            if not -MAX_INTEGER <= value <= MAX_INTEGER:
                raise _Refused("an integer beyond 2^53-1; send it as a string")
            return value
        if type(value) is float:
            return _number(value)
        if type(value) is dict:
            self._enter(len(value), depth)
            return self._mapping(value, depth)
        if type(value) is list:
            self._enter(len(value), depth)
            return self._items(value, depth)
        raise _Refused(f"a Python {type(value).__name__}, which JSON does not have")

    def _enter(self, size: int, depth: int) -> None:
        if depth == 0:
            raise _Refused(f"nested deeper than {self.depth}")
        self.left -= size
        if self.left < 0:
            raise _Refused(f"more than {self.most} values")

    def _mapping(self, value: Mapping[object, object], depth: int) -> dict[str, Value]:
        copy: dict[str, Value] = {}
        for key, item in value.items():
            if type(key) is not str:
                raise _Refused(f"a key that is a Python {type(key).__name__}, not a string")
            try:
                copy[_text(key)] = self.of(item, depth - 1)
            except _Refused as refused:
                refused.route.append("/" + escape(key))
                raise
        return copy

    def _items(self, value: list[object], depth: int) -> list[Value]:
        copy: list[Value] = []
        for index, item in enumerate(value):
            try:
                copy.append(self.of(item, depth - 1))
            except _Refused as refused:
                refused.route.append(f"/{index}")
                raise
        return copy


def _number(value: float) -> int | float:
    if not isfinite(value):
        raise _Refused("NaN and infinities are not JSON numbers")
    if value.is_integer():
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise _Refused("an integer beyond 2^53-1; send it as a string")
        return int(value)
    return value


def _text(value: str) -> str:
    if "\0" in value:
        raise _Refused("a NUL character")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _Refused("a lone surrogate, which is not valid Unicode") from None
    return value


def escape(key: str) -> str:
    """One reference token of a JSON Pointer (RFC 6901), with control characters made visible."""
    token = key.replace("~", "~0").replace("/", "~1")
    return token if token.isprintable() else ascii(token)[1:-1]


def same(left: Value, right: Value) -> bool:
    """JSON equality: numbers by value, and a boolean is never a number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(item, right[key]) for key, item in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right
