"""C618: a pattern takes time in proportion to the text, not to the ways in which it could match."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import TypeAlias

from pgs_compiler.purity.source import Offence, Source

_TAKE_PATTERNS = frozenset(
    f"re.{name}" for name in ("compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")
)
Item: TypeAlias = "tuple[object, object]"


def check(source: Source) -> Iterator[Offence]:
    for node in source.nodes:
        match node:
            case ast.Call(args=[ast.Constant(str(pattern)) as written, *_]) if source.callee(node) in _TAKE_PATTERNS:
                if repeats_within_repeat(pattern):
                    why = f"`{pattern}` can match in ever more ways: a repeat without end stands within another."
                    instead = "Let what is repeated begin or end with something that it does not repeat."
                    yield Offence("C618", written, why, "repeats repeats", instead)


def repeats_within_repeat(pattern: str) -> bool:
    """Whether one repeat without end stands within another, with nothing fixed between the rounds."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = re._parser.parse(pattern)  # type: ignore[attr-defined]
    except (re.error, OverflowError, RecursionError):
        return False  # the call raises, and the examples show that
    return _repeats(parsed, False)


def _repeats(parsed: object, within: bool) -> bool:
    for operator, argument in _items(parsed):
        match str(operator), argument:
            case (("MAX_REPEAT" | "MIN_REPEAT"), (_, most, inner)):
                endless = str(most) == "MAXREPEAT"
                # What begins or ends with a letter that it does not repeat has one way to be cut into rounds.
                if (endless and within) or _repeats(inner, (endless or within) and not _is_delimited(inner)):
                    return True
            case name, _ if any(_repeats(part, within) for part in _parts(name, argument)):
                return True
    return False


def _items(parsed: object) -> Iterator[Item]:
    yield from parsed  # type: ignore[misc]


def _parts(name: str, argument: object) -> list[object]:
    match name, argument:
        case "SUBPATTERN", (*_, inner):
            return [inner]
        case "BRANCH", (_, branches):
            return list(branches)  # type: ignore[call-overload, no-any-return]
        case (("ASSERT" | "ASSERT_NOT"), (_, inner)):
            return [inner]
        case "GROUPREF_EXISTS", (_, yes, no):
            return [part for part in (yes, no) if part is not None]
        case "ATOMIC_GROUP" | "POSSESSIVE_REPEAT", _:
            return []  # no way back into it
    return []


def _is_delimited(inner: object) -> bool:
    """Whether each round begins or ends with one fixed letter that no repeat in the round can take."""
    items = list(_items(inner))
    while len(items) == 1 and str(items[0][0]) == "SUBPATTERN":
        items = list(_items(items[0][1][-1]))  # type: ignore[index]
    for end, rest in ((items[:1], items[1:]), (items[-1:], items[:-1])):
        for operator, letter in end:
            if str(operator) == "LITERAL" and not any(_takes(item, letter) for item in rest):
                return True
    return False


def _takes(item: Item, letter: object) -> bool:
    """Whether a part of a pattern could take a letter; in doubt it could."""
    name, argument = str(item[0]), item[1]
    match name:
        case "LITERAL":
            return argument == letter
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return any(_takes(inner, letter) for inner in _items(argument[2]))  # type: ignore[index]
        case "IN":
            return _class_takes(list(_items(argument)), letter)
        case "NOT_LITERAL":
            return argument != letter
    return True


def _class_takes(members: list[Item], letter: object) -> bool:
    negated = bool(members) and str(members[0][0]) == "NEGATE"
    held = False
    for operator, argument in members[1:] if negated else members:
        match str(operator), argument:
            case "LITERAL", _:
                held = held or argument == letter
            case "RANGE", (int(low), int(high)):
                held = held or low <= letter <= high  # type: ignore[operator]
            case _, _:
                held = held or not _outside_of(str(argument), letter)
                if negated:
                    return True
    return held != negated


def _outside_of(category: str, letter: object) -> bool:
    """Whether a category of letters surely lacks one."""
    text = chr(letter) if isinstance(letter, int) else ""
    match category:
        case "CATEGORY_DIGIT":
            return not text.isdigit()
        case "CATEGORY_WORD":
            return not (text.isalnum() or text == "_")
        case "CATEGORY_SPACE":
            return not text.isspace()
    return False
