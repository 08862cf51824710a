"""What a plain scalar of YAML means, where YAML 1.1 and YAML 1.2 agree on it.

`true`, `false`, `null` and decimal numbers as JSON writes them are what they say, nothing at all is null, and
what no reader takes for anything else is text. All the rest is refused: the words and number forms that the
types of YAML 1.1 (yaml.org/type, as PyYAML reads them) or the core schema of YAML 1.2.2 (section 10.3) know.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Literal

from pgs_snapshot.values import MAX_INTEGER

_LONGEST_HINT = 60
_PLAIN = {"true": True, "false": False, "null": None, "": None}


def _cases(words: str) -> list[str]:
    return [form for word in words.split() for form in (word, word.capitalize(), word.upper())]


_WORDS: dict[str, bool | None] = (
    dict.fromkeys(_cases("true yes on y"), True)
    | dict.fromkeys(_cases("false no off n"), False)
    | dict.fromkeys([*_cases("null"), "~"])
)
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+][0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_OCTAL = re.compile(r"[-+]?0[0-9_]+")
_BASED = re.compile(r"[-+]?0[xXoObB][0-9a-fA-F_]+")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_OTHER_NUMBER = re.compile(r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}.*)?")


@dataclass(frozen=True, slots=True)
class Plain:
    """What the scalar means."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Why it is refused: `ambiguous` or outside of the `range` of numbers.

    `why` is a sentence but for the scalar before it and the full stop; `meant` is how to write the value that
    it may stand for.
    """

    kind: Literal["ambiguous", "range"]
    why: str
    meant: str = ""


def resolve(text: str) -> Plain | Refused:
    """What a plain scalar means, or why it is refused."""
    if text in _PLAIN:
        return Plain(_PLAIN[text])
    if text in _WORDS:
        kind = "null" if _WORDS[text] is None else "a boolean"
        return _either(kind, json.dumps(_WORDS[text]))
    if text in ("=", "<<"):
        return _either("an instruction")
    if text[0] in "+-.0123456789":
        return _number(text)
    return Plain(text)


def quote_hint(text: str, meant: str = "") -> str:
    """The hint to quote a plain scalar, or to write what is meant instead; "" if that is too long to type."""
    if len(text) > _LONGEST_HINT:
        return ""
    single = '"' in text and "'" not in text and text.isprintable()
    quoted = f"'{text}'" if single else json.dumps(text, ensure_ascii=False)
    return f"Quote it: `{quoted}`, or write `{meant}`." if meant else f"Quote it: `{quoted}`."


def _number(text: str) -> Plain | Refused:
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _DECIMAL.fullmatch(text):
        return _decimal(text)
    if _NO_NUMBER.fullmatch(text):
        return Refused("range", "is not a number that JSON has")
    if _OCTAL.fullmatch(text):
        return Refused("ambiguous", "is one number to some YAML readers and another to others")
    if _DATE.fullmatch(text):
        return _either("a date")
    if _BASED.fullmatch(text) or _SEXAGESIMAL.fullmatch(text):
        return _either("a number")
    if _OTHER_NUMBER.fullmatch(text):
        return _either("a number", _rewritten(text))
    return Plain(text)


def _either(kind: str, meant: str = "") -> Refused:
    return Refused("ambiguous", f"is {kind} to some YAML readers and text to others", meant)


def _integer(text: str) -> Plain | Refused:
    # Python takes quadratic time for long integers, so their length decides first.
    if len(text) > len(str(-MAX_INTEGER)) or not -MAX_INTEGER <= int(text) <= MAX_INTEGER:
        return Refused("range", "is beyond 2^53-1, the largest integer that every reader of JSON keeps exact")
    return Plain(int(text))


def _decimal(text: str) -> Plain | Refused:
    value = float(text)
    if math.isinf(value):
        return Refused("range", "is beyond the largest number that JSON readers keep")
    return _integer(f"{value:.0f}") if value.is_integer() else Plain(value)


def _rewritten(text: str) -> str:
    """A number form that only some readers know, as all of them read it; "" if there is no short way."""
    value = float(text.replace("_", ""))
    if not abs(value) <= MAX_INTEGER:
        return ""
    plain = str(int(value)) if value.is_integer() else repr(value)
    return plain if _INTEGER.fullmatch(plain) or _DECIMAL.fullmatch(plain) else ""
