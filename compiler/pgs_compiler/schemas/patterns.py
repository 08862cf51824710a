"""I-Regexp (RFC 9485): reads an author's pattern and writes it for an ECMAScript engine.

Laws:
* one pass over the text, no recursion: linear in its length, which is limited;
* what is accepted is I-Regexp by the RFC's grammar, less `^` and `$` outside a class. The RFC takes these for
  plain characters and its own mapping to other engines for anchors, so that no reader could be sure;
* the pattern is matched whole: section 5.3 wraps it in `^(?:` and `)$` and writes `.` as `[^\\n\\r]`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pgs_snapshot.validation import PatternTooLarge, matcher

MAX_PATTERN = 1000
MAX_REPEAT = 1000  # an engine unrolls counted repetitions

_QUANTIFIER = re.compile(r"[*+?]|\{([0-9]{1,9})(,([0-9]{1,9})?)?\}")
_PROPERTY = re.compile(r"[pP]\{(?:L[lmotu]?|M[cen]?|N[dlo]?|P[c-fios]?|Z[lps]?|S[ckmo]?|C[cfno]?)\}")
_ESCAPABLE = frozenset("()*+-.?[\\]^nrt{|}")
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}
_SHORTHANDS = {
    "d": "[0-9]",
    "D": "[^0-9]",
    "s": "[ \\t\\n\\r]",
    "S": "[^ \\t\\n\\r]",
    "w": "[A-Za-z0-9_]",
    "W": "[^A-Za-z0-9_]",
}
_GROUPS = (
    ("(?:", "A non-capturing group", "Write `(`."),
    ("(?=", "A lookahead", ""),
    ("(?!", "A lookahead", ""),
    ("(?<=", "A lookbehind", ""),
    ("(?<!", "A lookbehind", ""),
    ("(?<", "A named group", "Write `(`."),
    ("(?P", "A named group", "Write `(`."),
    ("(?", "A group with flags", ""),
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern for an ECMAScript engine, with its envelope."""

    ecma: str


@dataclass(frozen=True, slots=True)
class PatternProblem:
    """Why a text is not a pattern; `offset` counts characters from 0."""

    offset: int
    message: str
    hint: str = ""


class _Refused(Exception):
    def __init__(self, offset: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.problem = PatternProblem(offset, message, hint)


def read_pattern(text: str) -> Pattern | PatternProblem:
    """Read an I-Regexp."""
    if len(text) > MAX_PATTERN:
        return PatternProblem(MAX_PATTERN, f"A pattern has at most {MAX_PATTERN} characters.")
    try:
        pattern = f"^(?:{_branches(text)})$"
        matcher(pattern)
    except _Refused as refused:
        return refused.problem
    except PatternTooLarge:
        return PatternProblem(0, "Written out, the counted repetitions of this pattern are too many.")
    return Pattern(pattern)


def pattern_problem(text: str) -> str:
    """Why a text is not a pattern, in one sentence with what to write instead; "" when it is one."""
    found = read_pattern(text)
    return "" if isinstance(found, Pattern) else " ".join(filter(None, (found.message, found.hint)))


def _branches(text: str) -> str:
    written: list[str] = []
    opened: list[int] = []
    position, atom = 0, False  # atom: there is something that a quantifier could repeat
    while position < len(text):
        start, character = position, text[position]
        if quantifier := _QUANTIFIER.match(text, position):
            position = _quantified(text, quantifier, atom)
            written.append(quantifier[0])
            atom = False
            continue
        if character == "(":
            _capturing(text, position)
            opened.append(position)
        elif character == ")":
            if not opened:
                raise _Refused(position, "A `)` closes no group.")
            opened.pop()
        if character == "[":
            position, piece = _class(text, position)
        elif character == "\\":
            position, piece = _escape(text, position)
        else:
            position, piece = position + 1, _plain(text, position)
        written.append(piece)
        atom = text[start] not in "(|"
    if opened:
        raise _Refused(opened[-1], "A `(` is not closed.")
    return "".join(written)


def _plain(text: str, position: int) -> str:
    character = text[position]
    if character in "^$":
        rest = f"the character itself is `{'[$]' if character == '$' else chr(92) + '^'}`"
        raise _Refused(
            position,
            f"The anchor `{character}` is not used: a pattern is matched whole.",
            f"Leave it out; {rest}.",
        )
    if character in "]{}":
        raise _Refused(position, f"A `{character}` stands alone.", f"Write `\\{character}`.")
    return "[^\\n\\r]" if character == "." else character


def _capturing(text: str, position: int) -> None:
    for opening, name, hint in _GROUPS:
        if text.startswith(opening, position):
            raise _Refused(position, f"{name} (`{opening}`) is not used.", hint)


def _quantified(text: str, quantifier: re.Match[str], atom: bool) -> int:
    """The position behind a quantifier that may stand where it does."""
    start, end = quantifier.span()
    if not atom:
        raise _Refused(start, f"`{quantifier[0]}` repeats nothing.", f"The character itself is `\\{text[start]}`.")
    least = int(quantifier[1] or 0)
    most = int(quantifier[3] or least)
    if most < least:
        raise _Refused(start, f"`{quantifier[0]}` counts from {least} down to {most}.")
    if most > MAX_REPEAT:
        raise _Refused(start, f"`{quantifier[0]}` repeats more than {MAX_REPEAT} times.")
    following = text[end : end + 1]
    if following == "?":
        raise _Refused(end, f"The lazy quantifier `{quantifier[0]}?` is not used.", f"Write `{quantifier[0]}`.")
    if following == "+":
        raise _Refused(end, f"The possessive quantifier `{quantifier[0]}+` is not used.", f"Write `{quantifier[0]}`.")
    return end


def _escape(text: str, position: int) -> tuple[int, str]:
    """The position behind an escape, and what to write for it."""
    if found := _PROPERTY.match(text, position + 1):
        return found.end(), text[position : found.end()]
    character = text[position + 1 : position + 2]
    if character and character in _ESCAPABLE:
        # ECMAScript knows `\-` only inside a class.
        return position + 2, "-" if character == "-" else f"\\{character}"
    raise _Refused(position, *_unknown_escape(character))


def _unknown_escape(character: str) -> tuple[str, str]:
    if not character:
        return "A `\\` stands at the end.", "Write `\\\\`."
    if character in _SHORTHANDS:
        return f"The shorthand `\\{character}` is not used.", f"Write `{_SHORTHANDS[character]}`."
    if character in "bB":
        return f"The word boundary `\\{character}` is not used.", ""
    if character.isdigit() or character == "k":
        return f"The backreference `\\{character}` is not used.", ""
    if character in "pP":
        return "A category after `\\p` is one of Unicode's, such as `\\p{L}` or `\\p{Nd}`.", ""
    if character.isalpha():
        return f"The escape `\\{character}` is not used.", ""
    return f"`\\{character}` escapes what needs no escape.", f"Write `[{character}]`."


def _class(text: str, start: int) -> tuple[int, str]:
    """The position behind a class such as `[^a-z]`, and what to write for it."""
    position = start + 1
    negated = text.startswith("^", position)
    position += negated
    items: list[tuple[int, str, str | None]] = []  # where, what to write, the character (None for a category)
    while not text.startswith("]", position):
        if position >= len(text):
            raise _Refused(start, "A `[` is not closed.")
        at = position
        position, written, character = _class_item(text, position)
        items.append((at, written, character))
    if not items:
        raise _Refused(start, "A class `[]` matches nothing.")
    _check_ranges(text, items)
    body = "".join(written for _, written, _ in items)
    return position + 1, f"[{'^' if negated else ''}{body}]"


def _class_item(text: str, position: int) -> tuple[int, str, str | None]:
    character = text[position]
    if character == "[":
        raise _Refused(position, "A `[` stands inside a class.", "Write `\\[`.")
    if character != "\\":
        # Engines give `&&`, `~~` and a second `^` meanings of their own.
        return position + 1, f"\\x{ord(character):02x}" if character in "&~^" else character, character
    if found := _PROPERTY.match(text, position + 1):
        return found.end(), text[position : found.end()], None
    escaped = text[position + 1 : position + 2]
    end, _ = _escape(text, position)
    return end, f"\\{escaped}", _CONTROLS.get(escaped, escaped)


def _check_ranges(text: str, items: list[tuple[int, str, str | None]]) -> None:
    """A plain `-` stands first, last, or between the two ends of a range."""
    index = 0
    if items[0][1] == "-":
        index = 1
    while index < len(items):
        at, written, low = items[index]
        dash = index + 1 < len(items) and items[index + 1][1] == "-"
        if written == "-" and index < len(items) - 1:
            raise _Refused(at, "A `-` inside a class stands first or last.", "Write `\\-`.")
        if not dash or index + 2 == len(items):
            index += 1
            continue
        _, end_written, high = items[index + 2]
        if low is None or high is None or end_written == "-":
            raise _Refused(at, "A range in a class goes from one character to another.")
        if low > high:
            raise _Refused(at, f"The range `{text[at : items[index + 2][0]]}{end_written}` goes backwards.")
        index += 3
