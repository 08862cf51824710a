"""What stops the YAML parser, in the author's words and at the author's place."""

from __future__ import annotations

import re

from yaml import MarkedYAMLError

from pgs_compiler.findings import Finding, Place, Related
from pgs_compiler.scalars import quote_hint
from pgs_compiler.text import Text, shown

# What libyaml says (scanner.c, parser.c), by a part of it, and what we say.
_SENTENCES = (
    ("tab character", "A tab cannot indent a line; YAML takes spaces."),
    ("block sequence entries are not allowed", "No list item can start here."),
    ("mapping keys are not allowed", "No key can start here."),
    ("found unexpected ':'", "Between brackets, a `:` after a key is followed by a space."),
    ("unexpected document indicator", "Quoted text cannot hold a line that starts with `---` or `...`."),
    ("unknown escape character", "Double quotes do not know this escape; `\\\\` stands for a backslash."),
    ("hexdecimal number", "After `\\x`, `\\u` and `\\U` stand 2, 4 and 8 hexadecimal digits."),
    ("invalid Unicode character escape", "No Unicode character has this number."),
    ("comment or line break", "After `|` or `>` the line ends."),
    ("indentation indicator equal to 0", "The indentation after `|` or `>` counts from 1."),
    ("expected <document start>", "The document has ended before this; the next one starts with `---`."),
    ("expected node content", "A value is missing here."),
)
_BRACKETS = {"did not find expected ',' or ']'": "]", "did not find expected ',' or '}'": "}"}
_TOKEN = re.compile(r"[^\s,\[\]{}]+|\S")
_VALUE_START = re.compile(r"[\[{,]|:\s")
_INDEXES = re.compile(r"(?:\[[^\[\]\r\n]*\](?:[^\s,\[\]{}:]|:(?!\s))*)+")


def unquoted_reference(text: Text, error: MarkedYAMLError) -> tuple[int, int] | None:
    """The span of a plain text with `[…]` inside a flow collection, if it is what stopped the parser.

    There the bracket ends the text and opens a list; `[*]` is moreover an alias without a name.
    """
    if error.problem in _BRACKETS:
        bracket = _index(text, error.problem_mark)
    elif error.context == "while scanning an alias":
        bracket = _index(text, error.context_mark) - 1
    else:
        return None
    line, _ = text.line_at(bracket)
    before = _VALUE_START.split(text.characters[line:bracket])[-1].lstrip()
    indexes = _INDEXES.match(text.characters, bracket)
    if indexes is None or before.rstrip() != before or before[:1] in ("", '"', "'"):
        return None
    return bracket - len(before), indexes.end()


def syntax_finding(text: Text, error: MarkedYAMLError) -> Finding:
    """The finding for what the parser says: S103, or the rule for tags, anchors or directives."""
    at, opened = _index(text, error.problem_mark), _index(text, error.context_mark)
    problem, context = error.problem or "", error.context or ""
    if "directive" in context + problem or "incompatible YAML document" in problem:
        start, line = text.line_at(at)
        return Finding("S108", directive_message(line), text.place(start, start + len(line)))
    if "tag" in context + problem:
        return Finding("S107", tag_message(_token(text, opened)), _place(text, opened))
    if "anchor" in context or "alias" in context:
        return Finding("S106", "The name of an anchor or alias is missing here.", _place(text, opened))
    if problem in _BRACKETS:
        return _unclosed(text, error, _BRACKETS[problem])
    if "unexpected end of stream" in problem:
        return Finding("S103", "The quote that opens here is never closed.", text.place(opened, opened + 1))
    if "could not find expected ':'" in problem:
        start, line = text.line_at(opened)
        message = f"No `:` follows `{shown(line[opened - start :])}`, so it is no key."
        return Finding("S103", message, text.place(opened, start + len(line)))
    if "mapping values are not allowed" in problem:
        return _misplaced_key(text, at)
    if "expected key" in problem or "expected '-' indicator" in problem:
        return Finding("S103", _after_block(text, at), _place(text, at))
    if "cannot start any token" in problem:
        return _bad_start(text, at)
    sentences = (sentence for part, sentence in _SENTENCES if part in problem)
    return Finding("S103", next(sentences, "This is not YAML from here on."), _place(text, at))


def directive_message(line: str) -> str:
    return f"`{shown(line)}` is a directive, and a source file has none."


def tag_message(tag: str) -> str:
    return f"`{shown(tag)}` is a tag, and a declaration has none: a value is what it looks like."


def _unclosed(text: Text, error: MarkedYAMLError, closing: str) -> Finding:
    at, opened = _index(text, error.problem_mark), _index(text, error.context_mark)
    opening = text.characters[opened]
    if error.problem_mark is None or error.problem_mark.index >= len(text.characters):
        message = f"The `{opening}` that opens here is never closed."
        return Finding("S103", message, text.place(opened, opened + 1))
    message = f"A `,` or `{closing}` is missing before `{shown(_token(text, at))}`."
    related = Related(text.place(opened, opened + 1), f"`{opening}` opens here")
    return Finding("S103", message, _place(text, at), related=(related,))


def _misplaced_key(text: Text, at: int) -> Finding:
    start, line = text.line_at(at)
    key, colon, _ = line[: at - start].partition(": ")
    if not colon:
        message = "No key can stand here: by its indentation, this line goes on with the text before it."
        first = start + len(key) - len(key.lstrip())
        return Finding("S103", message, text.place(first, max(at, first + 1)))
    value = line[len(key) + 1 :].split(" #")[0].strip()
    first = start + line.index(value, len(key) + 1)
    hint = "" if set(key + value) & set("\"'[]{}") else quote_hint(value)
    return Finding("S103", "A text that holds `: ` stands in quotes.", text.place(first, first + len(value)), hint=hint)


def _after_block(text: Text, at: int) -> str:
    start, line = text.line_at(at)
    if line[: at - start].strip():
        return f"`{shown(_token(text, at))}` stands after a value that has ended."
    return "The indentation of this line fits none of the lines above it."


def _bad_start(text: Text, at: int) -> Finding:
    character = text.characters[at]
    if character == "\t":
        return Finding("S103", "A tab cannot indent a line; YAML takes spaces.", text.place(at, at + 1))
    message = f"A plain text cannot start with `{character}`."
    return Finding("S103", message, _place(text, at), hint=quote_hint(_token(text, at)))


def _index(text: Text, mark: object) -> int:
    """The index of a mark, which past the end is the last character that says something."""
    index = getattr(mark, "index", 0)
    return index if index < len(text.characters) else max(len(text.characters.rstrip()) - 1, 0)


def _token(text: Text, at: int) -> str:
    match = _TOKEN.match(text.characters, at)
    return match[0] if match else ""


def _place(text: Text, at: int) -> Place:
    return text.place(at, at + max(len(_token(text, at)), 1))
