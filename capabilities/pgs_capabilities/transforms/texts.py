"""Texts put together and taken apart.

Laws:
* a text is a sequence of Unicode characters; none is normalised, folded or replaced, unless a transform says so;
* nothing depends on a language or a locale;
* a template is data, and names values: it reaches nothing else, and is never run.
"""

from __future__ import annotations

from pgs_snapshot.canonical import canonical
from pgs_snapshot.values import MAX_INTEGER, Outcome, Value

_BRACE = "\ud800"  # stands in for a brace that means itself: no value holds a lone surrogate
_LOWER = {
    "A": "a",
    "B": "b",
    "C": "c",
    "D": "d",
    "E": "e",
    "F": "f",
    "G": "g",
    "H": "h",
    "I": "i",
    "J": "j",
    "K": "k",
    "L": "l",
    "M": "m",
    "N": "n",
    "O": "o",
    "P": "p",
    "Q": "q",
    "R": "r",
    "S": "s",
    "T": "t",
    "U": "u",
    "V": "v",
    "W": "w",
    "X": "x",
    "Y": "y",
    "Z": "z",
}


def fill_template(template: str, values: dict[str, Value], most: int) -> dict[str, Value] | Outcome:
    """The template with a value for each name in braces: `text`, MALFORMED, MISSING with `names`, or TOO_LONG.

    Args:
        template: text with `{name}` for a value, and `{{` and `}}` for a brace.
        values: texts and integers by name; those that the template does not name are not used.
        most: characters of the text, or else it is TOO_LONG: a short template could name a long value again and again.
    """
    first, *pieces = template.replace("{{", _BRACE).split("{")
    parts = [piece.partition("}") for piece in pieces]
    rests = [first, *(rest for _, _, rest in parts)]
    if any("}" in rest.replace("}}", "") for rest in rests) or not all(end for _, end, _ in parts):
        return Outcome("MALFORMED")
    missing = {name for name, _, _ in parts if name not in values}
    if missing:
        return Outcome("MISSING", names=[*sorted(missing)])
    texts = [str(values[name]) for name, _, _ in parts]
    behind = [rest.replace("}}", "}").replace(_BRACE, "{") for rest in rests]
    if sum(map(len, texts)) + sum(map(len, behind)) > most:
        return Outcome("TOO_LONG")
    return {"text": behind[0] + "".join(text + rest for text, rest in zip(texts, behind[1:], strict=True))}


def join_texts(texts: list[str], separator: str, most: int) -> dict[str, Value] | Outcome:
    """The texts in order, with the separator between them: `text`, or TOO_LONG beyond `most` characters."""
    length = sum(map(len, texts)) + len(separator) * max(0, len(texts) - 1)
    return {"text": separator.join(texts)} if length <= most else Outcome("TOO_LONG")


def split_text(text: str, separator: str) -> dict[str, Value]:
    """What stands before, between and behind the separators: `parts`, of which one more than separators."""
    return {"parts": [*text.split(separator)]}


def lower_ascii(text: str) -> dict[str, Value]:
    """The text with small letters for A to Z; every other character stays: `text`."""
    return {"text": "".join(_LOWER.get(letter, letter) for letter in text)}


def parse_integer(text: str) -> dict[str, Value] | Outcome:
    """The integer that a text writes as JSON does: `number`, NOT_A_NUMBER, or OUT_OF_RANGE beyond 2^53-1."""
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or (digits.startswith("0") and text != "0"):
        return Outcome("NOT_A_NUMBER")
    if len(digits) > 16 or int(digits) > MAX_INTEGER:
        return Outcome("OUT_OF_RANGE")
    return {"number": int(text)}


def canonical_text(data: Value) -> dict[str, Value]:
    """The canonical JSON (RFC 8785) of a value, as a text: `text`."""
    return {"text": canonical(data).decode()}
