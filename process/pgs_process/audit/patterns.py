"""Regular expressions that are matched in time linear in the text, by following all ways at once (Thompson, 1968).

Python's own matcher tries one way after the other, which some patterns and texts make take years. Here a pattern is
read by Python's parser and lowered to a list of instructions; look-around and references to groups, which need another
kind of matcher, are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from re import _constants as codes  # type: ignore[attr-defined]  # the parser of `re`
from re import _parser as parser  # type: ignore[attr-defined]
from typing import cast

LONGEST_TEXT = 10_000
MOST_INSTRUCTIONS = 5_000

_CATEGORY: dict[object, Callable[[str], bool]] = {
    codes.CATEGORY_DIGIT: str.isdecimal,
    codes.CATEGORY_NOT_DIGIT: lambda char: not char.isdecimal(),
    codes.CATEGORY_SPACE: str.isspace,
    codes.CATEGORY_NOT_SPACE: lambda char: not char.isspace(),
    codes.CATEGORY_WORD: lambda char: char.isalnum() or char == "_",
    codes.CATEGORY_NOT_WORD: lambda char: not (char.isalnum() or char == "_"),
}


@dataclass(slots=True)
class _Step:
    """Take one character that `fits`, or, without it, go on at `others` as well as at the next one."""

    fits: Callable[[str], bool] | None
    others: tuple[int, ...] = ()
    at: str = ""


class Pattern:
    """A regular expression, which a whole text matches or not."""

    def __init__(self, text: str) -> None:
        """Read a pattern.

        Raises:
            ValueError: it is none, or one that this matcher does not do.
        """
        try:
            parsed = parser.parse(text)
        except re.error as error:
            raise ValueError(str(error)) from error
        if parsed.state.flags & ~re.UNICODE:
            raise ValueError("flags are not supported")
        self._steps: list[_Step] = []
        self._add(parsed)

    def matches(self, text: str) -> bool:
        """Whether the pattern matches the whole of a text, which is at most LONGEST_TEXT long."""
        if len(text) > LONGEST_TEXT:
            return False
        now = self._reached({0}, text, 0)
        for place, char in enumerate(text, 1):
            steps = self._steps
            nexts = {at + 1 for at in now if at < len(steps) and (fits := steps[at].fits) is not None and fits(char)}
            if not nexts:
                return False
            now = self._reached(nexts, text, place)
        return len(self._steps) in now

    def _reached(self, starts: Iterable[int], text: str, place: int) -> set[int]:
        seen: set[int] = set()
        left = list(starts)
        while left:
            at = left.pop()
            if at in seen:
                continue
            seen.add(at)
            if at == len(self._steps) or (step := self._steps[at]).fits is not None:
                continue
            if step.at == "start" and place != 0:
                continue
            if step.at == "end" and place != len(text):
                continue
            left.extend(step.others or (at + 1,))
        return seen

    def _add(self, parts: Iterable[tuple[object, object]]) -> None:
        for code, value in parts:
            if len(self._steps) > MOST_INSTRUCTIONS:
                raise ValueError("the pattern is too long")
            self._add_part(code, value)

    def _add_part(self, code: object, value: object) -> None:
        if code in {codes.LITERAL, codes.NOT_LITERAL, codes.IN, codes.ANY, codes.CATEGORY}:
            self._steps.append(_Step(_fits(code, value)))
        elif code is codes.SUBPATTERN:
            group = cast(tuple[object, int, int, Sequence[tuple[object, object]]], value)
            if group[1] or group[2]:
                raise ValueError("flags are not supported")
            self._add(group[3])
        elif code is codes.BRANCH:
            self._add_branch(cast(tuple[object, list[Sequence[tuple[object, object]]]], value)[1])
        elif code in {codes.MAX_REPEAT, codes.MIN_REPEAT}:
            self._add_repeat(*cast(tuple[int, int, Sequence[tuple[object, object]]], value))
        elif code is codes.AT and value in {codes.AT_BEGINNING, codes.AT_BEGINNING_STRING}:
            self._steps.append(_Step(None, at="start"))
        elif code is codes.AT and value in {codes.AT_END, codes.AT_END_STRING}:
            self._steps.append(_Step(None, at="end"))
        else:
            raise ValueError(f"{str(code).lower().replace('_', ' ')} is not supported")

    def _add_branch(self, branches: list[Sequence[tuple[object, object]]]) -> None:
        ends: list[_Step] = []
        for number, branch in enumerate(branches):
            split = _Step(None)
            if number < len(branches) - 1:
                self._steps.append(split)
            first = len(self._steps)
            self._add(branch)
            end = _Step(None)
            self._steps.append(end)
            ends.append(end)
            split.others = (first, len(self._steps))
        for end in ends:
            end.others = (len(self._steps),)

    def _add_repeat(self, least: int, most: int, parts: Sequence[tuple[object, object]]) -> None:
        for _ in range(least):
            self._add(parts)
        if most is codes.MAXREPEAT:
            split = _Step(None)
            begin = len(self._steps)
            self._steps.append(split)
            self._add(parts)
            self._steps.append(_Step(None, (begin,)))
            split.others = (begin + 1, len(self._steps))
            return
        splits: list[tuple[_Step, int]] = []
        for _ in range(most - least):
            split = _Step(None)
            self._steps.append(split)
            splits.append((split, len(self._steps)))
            self._add(parts)
        for split, inside in splits:
            split.others = (inside, len(self._steps))


def _fits(code: object, value: object) -> Callable[[str], bool]:
    if code is codes.LITERAL:
        return chr(cast(int, value)).__eq__
    if code is codes.NOT_LITERAL:
        return chr(cast(int, value)).__ne__
    if code is codes.ANY:
        return "\n".__ne__
    if code is codes.CATEGORY:
        return _CATEGORY[value]
    return _one_of(cast(list[tuple[object, object]], value))


def _one_of(parts: list[tuple[object, object]]) -> Callable[[str], bool]:
    negated = bool(parts) and parts[0][0] is codes.NEGATE
    tests: list[Callable[[str], bool]] = []
    for code, value in parts[1:] if negated else parts:
        if code is codes.RANGE:
            low, high = cast(tuple[int, int], value)
            tests.append(lambda char, low=low, high=high: low <= ord(char) <= high)  # type: ignore[misc]  # the usual idiom
        else:
            tests.append(_fits(code, value))
    return lambda char: any(test(char) for test in tests) is not negated
