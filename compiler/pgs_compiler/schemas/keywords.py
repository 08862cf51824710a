"""The keywords of a schema: which exist, to which types they belong, what their values look like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pgs_snapshot.values import Value

_NUMBER = ("integer", "number")

BELONGS_TO: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "properties": ("object",),
        "required": ("object",),
        "additionalProperties": ("object",),
        "items": ("array",),
        "minItems": ("array",),
        "maxItems": ("array",),
        "uniqueItems": ("array",),
        "minLength": ("string",),
        "maxLength": ("string",),
        "pattern": ("string",),
        "format": ("string",),
        "minimum": _NUMBER,
        "maximum": _NUMBER,
        "exclusiveMinimum": _NUMBER,
        "exclusiveMaximum": _NUMBER,
    }
)
"""The keywords that say something of one type only. A schema without `type` has the type that they imply."""

STRUCTURE = ("properties", "required", "additionalProperties", "items")
NOTES = ("description", "labels", "default", "optional")
NAMING = ("$ref", "$var", "$part", "$optional")
"""The keywords that stand for a schema which stands elsewhere."""
KEYWORDS = ("type", "enum", "const", *NAMING, *BELONGS_TO, *NOTES)
"""Every keyword. `optional` is for fields, `$var` for transforms, `$part` and `$optional` for side effects."""


def implied_type(keyword: str) -> str:
    """The type that a schema has which states a keyword and no `type`."""
    return BELONGS_TO[keyword][-1]


def _is_count(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Value) -> bool:
    return isinstance(value, str)


def _is_flag(value: Value) -> bool:
    return isinstance(value, bool)


SHAPES: Mapping[str, tuple[Callable[[Value], bool], str]] = MappingProxyType(
    {
        **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), (_is_count, "a count, 0 or more")),
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), (_is_number, "a number")),
        **dict.fromkeys(("pattern", "format", "description"), (_is_text, "a string")),
        **dict.fromkeys(("uniqueItems", "optional"), (_is_flag, "true or false")),
    }
)
"""For each keyword with a plain value, what that value is."""
