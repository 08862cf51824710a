"""Values of a schema by chance, those at its bounds more often than others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import cast

from pgs_snapshot.model import Schema
from pgs_snapshot.validation import validator
from pgs_snapshot.values import Value

_LARGEST = 2**53 - 1
_LONGEST = 200
_LETTERS = ("a", "Z", "0", " ", "'", "é", "漢")
_MANY = 4
_FORMATS = {
    "date": ("2026-02-28", "2024-02-29", "2026-12-31"),
    "date-time": ("2026-03-01T09:00:00Z", "2026-12-31T23:59:59Z", "2024-02-29T00:00:00+02:00"),
    "email": ("a@example.com", "b.c+d@example.org"),
    "uuid": ("00000000-0000-4000-8000-000000000000",),
    "uri": ("https://example.com/", "https://example.com/a?b=c"),
}
_PART = re.compile(r"(\[(?:\\.|[^\]\\])+\]|\\.|[^\\()\[\]{}|*+?.^$])(\{\d+(?:,\d*)?\}|[*+?])?")
_RANGE = re.compile(r"(\\.|[^\\])(?:-(\\.|[^\\]))?")
_KINDS = {"d": "0123456789", "w": "abzAZ059_", "s": " "}


@dataclass(frozen=True, slots=True)
class Chance:
    """Where values come from: the same seed gives the same values.

    `words`: texts that the program knows. `keys`: texts under which the stores hold something.
    """

    random: Random
    words: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    def value(self, schema: Schema) -> Value:
        """A value of the schema; now and then an integer just outside, or a text that its pattern does not take."""
        if "const" in schema:
            return schema["const"]
        for choice in ("enum", "anyOf", "oneOf"):
            if choice in schema:
                found = self.random.choice(cast("list[Value]", schema[choice]))
                return found if choice == "enum" else self.value(cast(Schema, found))
        match self._type(schema):
            case "object":
                return self.members(schema)
            case "array":
                return self._items(schema)
            case "integer" | "number":
                return self._number(schema)
            case "boolean":
                return self.random.random() < 0.5
            case "null":
                return None
        return self._text(schema)

    def members(self, schema: Schema) -> dict[str, Value]:
        """An object of the schema, each optional member there or not."""
        properties = cast("dict[str, Schema]", schema.get("properties", {}))
        required = cast("list[str]", schema.get("required", []))
        found = {
            name: self.value(inner)
            for name, inner in sorted(properties.items())
            if name in required or self.random.random() < 0.5
        }
        others = schema.get("additionalProperties")
        if isinstance(others, dict):
            found |= {name: self.value(others) for name in _LETTERS[: self.random.randrange(3)]}
        return found

    def _type(self, schema: Schema) -> str:
        stated = schema.get("type", "string")
        return str(self.random.choice(stated) if isinstance(stated, list) else stated)

    def _number(self, schema: Schema) -> int:
        least, most = int(cast(int, schema.get("minimum", -_LARGEST))), int(cast(int, schema.get("maximum", _LARGEST)))
        outside = [least - 1] * ("minimum" in schema) + [most + 1] * ("maximum" in schema)
        if outside and self.random.randrange(20) == 0:
            return self.random.choice(outside)
        bounds = [each for each in (least, least + 1, most - 1, most, 0, 1, -1) if least <= each <= most]
        near = self.random.randint(least, min(most, least + 100)) if "minimum" in schema else self.random.randrange(100)
        return self.random.choice([*bounds, near, near, near, self.random.randint(least, most)])

    def _text(self, schema: Schema) -> str:
        if self.keys and self.random.random() < 0.6:
            fits = _fits(json.dumps(schema, sort_keys=True))
            fitting = [key for key in self.keys if fits(key)]
            if fitting:
                return self.random.choice(fitting)
        if "pattern" in schema:
            return self._matching(str(schema["pattern"]))
        if schema.get("format") in _FORMATS:
            return self.random.choice(_FORMATS[str(schema["format"])])
        least = int(cast(int, schema.get("minLength", 0)))
        most = max(least, min(int(cast(int, schema.get("maxLength", 20))), _LONGEST))
        known = [word for word in self.words if least <= len(word) <= most]
        if known and self.random.random() < 0.5:
            return self.random.choice(known)
        length = self.random.choice((least, min(least + 1, most), min(least + 5, most), most))
        return "".join(self.random.choice(_LETTERS) for _ in range(length))

    def _items(self, schema: Schema) -> list[Value]:
        least = int(cast(int, schema.get("minItems", 0)))
        most = max(least, min(int(cast(int, schema.get("maxItems", _MANY))), _MANY))
        inner = cast(Schema, schema.get("items", {}))
        found: list[Value] = [self.value(inner) for _ in range(self.random.randint(least, most))]
        if schema.get("uniqueItems"):
            found = [each for number, each in enumerate(found) if each not in found[:number]]
        return found

    def _matching(self, pattern: str) -> str:
        """A text of a pattern that is characters and classes, each repeated or not; "" where it is more than that."""
        inner = pattern.removeprefix("^").removesuffix("$")
        inner = inner[3:-1] if inner.startswith("(?:") and inner.endswith(")") else inner
        text, at = "", 0
        while at < len(inner):
            part = _PART.match(inner, at)
            if part is None:
                return ""
            text += "".join(self.random.choice(_characters(part[1])) for _ in range(self._times(part[2] or "")))
            at = part.end()
        return text

    def _times(self, repeated: str) -> int:
        if not repeated.startswith("{"):
            return self.random.randint(*{"": (1, 1), "?": (0, 1), "*": (0, 5), "+": (1, 5)}[repeated])
        least, comma, most = repeated[1:-1].partition(",")
        upper = int(most) if most else int(least) + (_MANY if comma else 0)
        return self.random.choice((int(least), upper, self.random.randint(int(least), upper)))


@lru_cache(maxsize=1000)
def _fits(schema: str) -> Callable[[Value], bool]:
    """Whether a value is of a schema, which is given as JSON: to compile one takes long."""
    return validator(json.loads(schema)).is_valid


def _characters(part: str) -> str:
    """The characters that a class or an escape stands for; "~" for a class that is told by what it has not."""
    if not part.startswith("["):
        return _KINDS.get(part[-1], part[-1]) if part.startswith("\\") else part
    if part.startswith("[^"):
        return "~"
    found = ""
    for first, last in _RANGE.findall(part[1:-1]):
        if last:
            found += "".join(map(chr, range(ord(first[-1]), ord(last[-1]) + 1)))
        else:
            found += _KINDS.get(first[-1], first[-1]) if first.startswith("\\") else first
    return found
