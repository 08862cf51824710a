"""Strict JSON: the text of a payload or of state as values of the domain (`pgs_snapshot.values`).

I-JSON (RFC 7493) and no more: the parsers at hand keep the last of two equal keys, read `NaN`, round what
they cannot hold, or let a lone surrogate through. What is refused has a stable code (`REASONS`).

The decoder of the standard library reads; its hooks refuse. Only what was refused is read again, into a form
that keeps repeated keys and numbers as they were written, to find the JSON Pointer (RFC 6901) of the first
refusal.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from math import isfinite
from types import MappingProxyType
from typing import NoReturn

from pgs_snapshot.values import MAX_DEPTH, MAX_INTEGER, Value, escape

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "J101": "The text is longer than the limit.",
        "J102": "The text is not UTF-8 without a byte order mark.",
        "J103": "The text is not JSON.",
        "J104": "Something follows the JSON value.",
        "J105": "Arrays and objects nest deeper than the limit.",
        "J106": "An object holds a key twice.",
        "J107": "A number is beyond what every reader keeps exact.",
        "J108": "NaN and Infinity are not JSON.",
        "J109": "A string or key holds half of a surrogate pair.",
        "J110": "A string or key holds a NUL character.",
    }
)
_LONGEST_INTEGER = len(str(-MAX_INTEGER))
_TWICE = "a key that its object holds twice"
_RANGE = "a number beyond 2^53-1; send it as a string"
_NO_NUMBER = "NaN and infinities are not JSON numbers"
# What the decoder of the standard library says (json/decoder.py, scanner.c), by its start, and what we say.
_SYNTAX = (
    ("Expecting value", "a value is missing here"),
    ("Expecting ',' delimiter", "a comma or the closing bracket is missing here"),
    ("Expecting ':' delimiter", "a colon is missing here"),
    ("Expecting property name", "a key in double quotes is missing here"),
    ("Illegal trailing comma", "a comma stands before the closing bracket"),
    ("Unterminated string", "the string that starts here has no end"),
    ("Invalid control character", "a control character in a string is written as an escape"),
    ("Invalid \\", "this escape is not JSON"),
    ("Extra data", "this follows a value that has ended"),
)
# A string, closed or not, in which brackets do not count, or a bracket.
_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]|[\]}]', re.DOTALL)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SUSPECT_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


@dataclass(frozen=True, slots=True)
class JsonLimits:
    """The most bytes, and the most arrays and objects within each other."""

    size: int = 2**20
    depth: int = MAX_DEPTH


class JsonRefused(ValueError):
    """A text is not I-JSON.

    Attributes:
        code: a key of `REASONS`.
        why: what is wrong there, without the value itself.
        pointer: JSON Pointer to the value or the member; None where the text has no values yet.
        line, column: from 1, in code points; None where a pointer says more, or nothing is to be pointed at.
    """

    def __init__(
        self,
        code: str,
        why: str,
        pointer: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        where = f"line {line}, column {column}" if pointer is None else pointer or "the value"
        super().__init__(why if pointer is None and line is None else f"{where}: {why}")
        self.code = code
        self.why = why
        self.pointer = pointer
        self.line = line
        self.column = column


def read_json(data: bytes, limits: JsonLimits = JsonLimits()) -> Value:
    """The value that `data` stands for.

    Raises:
        JsonRefused: it is not I-JSON within the limits. Size is judged first, then encoding, depth, syntax;
            then the values in the order of the text.
    """
    if len(data) > limits.size:
        raise JsonRefused("J101", f"more than {limits.size:,} bytes")
    text = _characters(data)
    _check_depth(text, limits.depth)
    try:
        value: Value = _DECODER.decode(text)
    except JSONDecodeError as error:
        raise _syntax(error) from None
    except JsonRefused:  # by a hook, which does not know the place
        _check_as_written(text)
        raise
    if _SUSPECT_ESCAPE.search(text):
        _check_as_written(text)
    return value


def _characters(data: bytes) -> str:
    if data.startswith(BOM_UTF8):
        raise JsonRefused("J102", "a byte order mark at byte offset 0")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise JsonRefused("J102", f"the byte at offset {error.start} is not UTF-8") from None


def _check_depth(text: str, limit: int) -> None:
    if text.count("[") + text.count("{") <= limit:
        return
    depth = 0
    for match in _BRACKET.finditer(text):
        if match[0] in "]}":
            depth -= 1
        elif match[0] in "[{":
            depth += 1
            if depth > limit:
                line = text.count("\n", 0, match.start()) + 1
                column = match.start() - text.rfind("\n", 0, match.start())
                raise JsonRefused("J105", f"nested deeper than {limit}", line=line, column=column)


def _syntax(error: JSONDecodeError) -> JsonRefused:
    code = "J104" if error.msg == "Extra data" else "J103"
    why = next((ours for theirs, ours in _SYNTAX if error.msg.startswith(theirs)), "this is not JSON")
    return JsonRefused(code, why, line=error.lineno, column=error.colno)


def _object(members: list[tuple[str, Value]]) -> dict[str, Value]:
    value = dict(members)
    if len(value) < len(members):
        raise JsonRefused("J106", _TWICE)
    return value


def _integer(text: str) -> int:
    # Python takes quadratic time for long integers, so their length decides first.
    if len(text) > _LONGEST_INTEGER or not -MAX_INTEGER <= int(text) <= MAX_INTEGER:
        raise JsonRefused("J107", _RANGE)
    return int(text)


def _float(text: str) -> int | float:
    value = float(text)
    if isfinite(value) and not value.is_integer():
        return value
    if not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise JsonRefused("J107", _RANGE)
    return int(value)


def _constant(name: str) -> NoReturn:
    raise JsonRefused("J108", _NO_NUMBER)


_DECODER = JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)


class _Members(list[tuple[str, object]]):
    """An object with every key as often as it was written."""


class _Number(str):
    """A number as it was written, or `NaN`, `Infinity`, `-Infinity`."""

    __slots__ = ()


_AS_WRITTEN = JSONDecoder(object_pairs_hook=_Members, parse_int=_Number, parse_float=_Number, parse_constant=_Number)


def _check_as_written(text: str) -> None:
    """Raise the first refusal of the text with its place, if there is one."""
    try:
        written = _AS_WRITTEN.decode(text)
    except JSONDecodeError as error:
        raise _syntax(error) from None
    _check(written, "")


def _check(written: object, pointer: str) -> None:
    if isinstance(written, _Members):
        _check_members(written, pointer)
    elif isinstance(written, list):
        for index, item in enumerate(written):
            _check(item, f"{pointer}/{index}")
    elif isinstance(written, _Number):
        _check_number(written, pointer)
    elif isinstance(written, str):
        _check_text(written, pointer)


def _check_members(members: _Members, pointer: str) -> None:
    seen: set[str] = set()
    for key, item in members:
        member = f"{pointer}/{escape(key)}"
        _check_text(key, member)
        if key in seen:
            raise JsonRefused("J106", _TWICE, member)
        seen.add(key)
        _check(item, member)


def _check_number(number: _Number, pointer: str) -> None:
    if number[-1] in "Ny":
        raise JsonRefused("J108", _NO_NUMBER, pointer)
    try:
        _float(number) if set(number) & set(".eE") else _integer(number)
    except JsonRefused as refused:
        raise JsonRefused(refused.code, refused.why, pointer) from None


def _check_text(text: str, pointer: str) -> None:
    if "\0" in text:
        raise JsonRefused("J110", "a NUL character", pointer)
    if _SURROGATE.search(text):
        raise JsonRefused("J109", "a lone surrogate, which is not valid Unicode", pointer)
