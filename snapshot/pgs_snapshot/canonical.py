"""Canonical JSON (RFC 8785) and digests.

orjson writes the same bytes as RFC 8785 except for non-integral floats and for keys beyond the Basic
Multilingual Plane. Its output is used when it can hold neither; everything else goes to `rfc8785`.
"""

from __future__ import annotations

import hashlib
import re

import orjson

from pgs_snapshot.values import Value

_OPTIONS = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_SUBCLASS
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
)
# What every fraction has one of, and some texts; each begins with what is found many times faster than a digit.
_POINT, _EXPONENT = re.compile(rb"\.[0-9]"), re.compile(rb"e-[0-9]")
_FOUR_BYTES = re.compile(rb"[\xf0-\xf4]")


def canonical(value: Value) -> bytes:
    """The canonical bytes of a value of the domain (`pgs_snapshot.values`), as RFC 8785 defines them."""
    text = orjson.dumps(value, option=_OPTIONS)
    fraction = (_POINT.search(text) or _EXPONENT.search(text)) and _has_float(value)
    if fraction or (not text.isascii() and _FOUR_BYTES.search(text)):
        import rfc8785  # rare: a value with a fraction, or with a character beyond U+FFFF

        return rfc8785.dumps(value)
    return text


def _has_float(value: Value) -> bool:
    kind = type(value)
    if kind is dict:
        return any(map(_has_float, value.values()))  # type: ignore[union-attr]
    if kind is list:
        return any(map(_has_float, value))  # type: ignore[arg-type]
    return kind is float


def digest(data: bytes) -> str:
    """SHA-256 as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def digest_of(value: Value) -> str:
    """SHA-256 of the canonical bytes of a value."""
    return hashlib.sha256(canonical(value)).hexdigest()
