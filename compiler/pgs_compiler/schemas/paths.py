"""References: the subset of JSONPath (RFC 9535) that the language knows, read whole.

    path     = "$" *step
    step     = "." name / "['" name "']" / "[" int "]" / "[" [int] ":" [int] [":" [int]] "]" / "[*]"
    name     = (ALPHA / "_") *(ALPHA / DIGIT / "_")
    int      = "0" / ["-"] (%x31-39) *DIGIT        ; within 2^53-1; the step of a slice is not 0

One selector a bracket, no escapes, no white space, no `..`, no filters. One pass, linear in a limited length.
jsonpath-ng reads the bracketed form again: a reader that the ecosystem knows must see the same steps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TypeAlias

from jsonpath_ng import jsonpath
from jsonpath_ng.parser import JsonPathParser

from pgs_snapshot.model import Slice, Wildcard
from pgs_snapshot.values import MAX_INTEGER

MAX_PATH = 512  # characters
MAX_STEPS = 64  # values nest no deeper

Step: TypeAlias = str | int | Slice | Wildcard

_NAME = "[A-Za-z_][A-Za-z0-9_]*"
_INT = "(?:0|-?[1-9][0-9]{0,15})"
_STEP = re.compile(
    rf"\.(?P<dotted>{_NAME})|\['(?P<quoted>{_NAME})'\]|\[(?P<index>{_INT})\]|\[(?P<all>\*)\]"
    rf"|\[(?P<start>{_INT})?:(?P<stop>{_INT})?(?P<stepped>:(?P<step>{_INT})?)?\]"
)
REFERENCE = r"\$(?:" + re.sub(r"\?P<\w+>", "?:", _STEP.pattern) + ")*"
"""The grammar as one pattern in the dialect of JSON Schema, but for what it says of numbers."""
_MISTAKES = (
    (r"\.\.", "Descendants (`..`) are not used: a reference names every step.", ""),
    (r"\.\*", "A wildcard stands in brackets.", "Write `[*]`."),
    (r"\[\?", "Filters (`[?…]`) are not used.", ""),
    (r"\[?\(", "Scripts and functions are not used.", ""),
    (r"\.?\[\s*\"", "A name in brackets stands in single quotes.", "Write `['name']`."),
    (r"\[-0\]|\[-?0[0-9]", "An index has no leading zero and no `-0`.", ""),
    (r"\[-?[0-9]{16}", "An index lies within 2^53-1.", ""),
    (r"\[[0-9-]*:[0-9-]*:0\]", "The step of a slice is not 0.", ""),
    (r"\[[^\]]*,", "A bracket holds one selector.", ""),
    (r"\s|\[\s|\[[^\]]*\s\]", "A reference holds no white space.", ""),
    (r"\['", "A name is letters, digits and underscores, and starts with no digit.", ""),
    (
        r"\.[0-9-]",
        "A name starts with a letter or an underscore.",
        "An index stands in brackets, such as `[0]`.",
    ),
    (r"\.\[", "A bracket follows without a dot.", "Leave the dot out."),
    (r"\.", "A name follows a dot.", ""),
    (r"\[", "A bracket holds an index, a slice, `*` or a name in single quotes.", ""),
)
_DIAGNOSES = tuple((re.compile(pattern), message, hint) for pattern, message, hint in _MISTAKES)


@dataclass(frozen=True, slots=True)
class Path:
    """A reference.

    Attributes:
        root: the name behind `$`, or "" where none is: `payload` of `$.payload.amount`.
        steps: what follows the root.
        ends: for each of `steps`, the offset behind it in the text.
    """

    root: str
    steps: tuple[Step, ...]
    ends: tuple[int, ...] = ()

    @property
    def singular(self) -> bool:
        """Whether it selects one value, not a list."""
        return all(isinstance(step, str | int) for step in self.steps)


@dataclass(frozen=True, slots=True)
class PathProblem:
    """Why a text is not a path; `offset` counts characters from 0."""

    offset: int
    message: str
    hint: str = ""


@lru_cache(maxsize=4096)
def parse_path(text: str) -> Path | PathProblem:
    """Read a reference."""
    if not text.startswith("$"):
        return PathProblem(0, "A reference starts with `$`.")
    if len(text) > MAX_PATH:
        return PathProblem(MAX_PATH, f"A reference has at most {MAX_PATH} characters.")
    steps: list[Step] = []
    ends: list[int] = []
    position = 1
    while position < len(text):
        found = _STEP.match(text, position)
        step = _step(found) if found else None
        if found is None or step is None:
            return _diagnosed(text, position)
        position = found.end()
        steps.append(step)
        ends.append(position)
    if len(steps) > MAX_STEPS:
        return PathProblem(ends[MAX_STEPS], f"A reference has at most {MAX_STEPS} steps.")
    _second_opinion(tuple(steps))
    if steps and isinstance(steps[0], str):
        return Path(steps[0], tuple(steps[1:]), tuple(ends[1:]))
    return Path("", tuple(steps), tuple(ends))


def _step(found: re.Match[str]) -> Step | None:
    """The step that was matched, or None when a number is out of range."""
    name = found["dotted"] or found["quoted"]
    if name:
        return name
    if found["all"]:
        return Wildcard()
    numbers = [int(text) if text else None for text in found.group("index", "start", "stop", "step")]
    if any(number is not None and abs(number) > MAX_INTEGER for number in numbers):
        return None
    index, start, stop, step = numbers
    if index is not None:
        return index
    return None if step == 0 else Slice(start, stop, 1 if step is None else step)


def _diagnosed(text: str, position: int) -> PathProblem:
    if position == 1 and re.match(_NAME, text[1:]):
        return PathProblem(1, "A dot follows `$`.")
    for pattern, message, hint in _DIAGNOSES:
        if pattern.match(text, position):
            return PathProblem(position, message, hint)
    return PathProblem(position, f"`{text[position]}` cannot follow here.")


def bracketed(steps: tuple[Step, ...]) -> str:
    """The steps as a JSONPath in brackets: `$['payload']['items'][0]`."""
    return "$" + "".join(f"[{_selector(step)}]" for step in steps)


def _selector(step: Step) -> str:
    if isinstance(step, str):
        return f"'{step}'"
    if isinstance(step, int):
        return str(step)
    if isinstance(step, Wildcard):
        return "*"
    bounds = ("" if bound is None else str(bound) for bound in (step.start, step.stop))
    return ":".join((*bounds, str(step.step)))


@cache
def _jsonpath() -> JsonPathParser:
    """One for all paths: to set up its tables takes longer than to read a path."""
    return JsonPathParser()


def _second_opinion(steps: tuple[Step, ...]) -> None:
    text = bracketed(steps)
    seen: list[Step] = []
    node = _jsonpath().parse(text)
    while isinstance(node, jsonpath.Child):
        seen.append(_seen(node.right))
        node = node.left
    if not isinstance(node, jsonpath.Root) or tuple(reversed(seen)) != steps:
        raise RuntimeError(f"jsonpath-ng reads {text} otherwise")


def _seen(node: jsonpath.JSONPath) -> Step:
    match node:
        case jsonpath.Fields(fields=(name,)):
            return str(name)
        case jsonpath.Index(indices=(index,)):
            return int(index)
        case jsonpath.Slice(start=start, end=stop, step=step):
            return Slice(start, stop, 1 if step is None else step)
    return Wildcard()
