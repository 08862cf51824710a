"""From the bytes of a source file to text whose every character can be seen, with places.

What may not stand in a source file is reported here, once; the reader of YAML then works on a copy in which a
stand-in of the same width takes its place, so that it can go on and no place moves.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from pgs_compiler.findings import Finding, Place
from pgs_compiler.source import SourceFile

# Controls, U+2028 and U+2029 (line breaks in YAML 1.1 only), two noncharacters that YAML excludes, and what
# Unicode lists as Default_Ignorable_Code_Point (DerivedCoreProperties.txt): bidirectional controls, fillers,
# zero-width characters, variation selectors, tags. Spelled out, as Python versions differ in their Unicode.
_FORBIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_STAND_IN = "\ufffd"
_LINE_BREAK = re.compile(r"\r\n?|\n")
_SHOWN = 60
_SEQUENCE = 8  # characters of a sequence outside NFC that are shown at most

# In this order: the mark of UTF-32 (little-endian) begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "UTF-8"),
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


@dataclass(frozen=True, slots=True)
class Text:
    """A decoded file. `starts` holds the index at which each line begins."""

    path: str
    characters: str
    starts: tuple[int, ...]

    def place(self, start: int, end: int) -> Place:
        """The place of `characters[start:end]`."""
        line, column = self._position(start)
        if line == len(self.starts) or end < self.starts[line]:
            return Place(self.path, line, column, line, column + end - start)
        end_line, end_column = self._position(end)
        return Place(self.path, line, column, end_line, end_column)

    def lines(self) -> Iterator[tuple[int, str]]:
        """Each line with its index, without its line break."""
        for start, end in zip(self.starts, (*self.starts[1:], len(self.characters)), strict=True):
            yield start, self.characters[start:end].rstrip("\r\n")

    def line_at(self, index: int) -> tuple[int, str]:
        """The index of the line that holds `index`, and the line without its line break."""
        line = bisect_right(self.starts, index)
        end = self.starts[line] if line < len(self.starts) else len(self.characters)
        return self.starts[line - 1], self.characters[self.starts[line - 1] : end].rstrip("\r\n")

    def without_forbidden(self) -> Text:
        """The same text with a stand-in for each character that may not stand in a source file."""
        return Text(self.path, _FORBIDDEN.sub(_STAND_IN, self.characters), self.starts)

    def with_stand_in(self, start: int, end: int) -> Text:
        """The same text with a stand-in for each of `characters[start:end]`, which lie on one line."""
        before, after = self.characters[:start], self.characters[end:]
        return Text(self.path, before + _STAND_IN * (end - start) + after, self.starts)

    def _position(self, index: int) -> tuple[int, int]:
        line = bisect_right(self.starts, index)
        return line, index - self.starts[line - 1] + 1


def decode(file: SourceFile) -> Text | Finding:
    """The text of a file, or why it has none (S102)."""
    for mark, encoding in _MARKS:
        if file.data.startswith(mark):
            message = f"At byte offset 0 stands the mark of {encoding}; a source file is UTF-8 without a mark."
            return _not_utf8(file, 0, message)
    if 0 in file.data[:2]:  # the first character of a YAML file is ASCII: YAML 1.2.2 section 5.2
        return _not_utf8(file, 0, "The bytes from offset 0 on look like UTF-16 or UTF-32; a source file is UTF-8.")
    try:
        characters = file.data.decode()
    except UnicodeDecodeError as error:
        byte = f"`0x{file.data[error.start]:02X}` at byte offset {error.start}"
        return _not_utf8(file, error.start, f"The byte {byte} is not UTF-8.")
    return _text(file.path, characters)


def unseen(text: Text, limit: int) -> list[Finding]:
    """At most `limit` findings: characters that nobody can see (S110), and text that is not in NFC (S111)."""
    findings = [
        Finding("S110", forbidden_message(match[0]), text.place(*match.span()))
        for match in islice(_FORBIDDEN.finditer(text.characters), limit)
    ]
    if unicodedata.is_normalized("NFC", text.characters):
        return findings
    for start, line in text.lines():
        if len(findings) == limit:
            break
        span = outside_nfc(line)
        if span is not None:
            first, end = span
            findings.append(nfc_finding(line[first:end], text.place(start + first, start + end)))
    return findings


def forbidden_in(value: str) -> str | None:
    """The first character of `value` that may not stand in a source file."""
    match = _FORBIDDEN.search(value)
    return match[0] if match else None


def forbidden_message(character: str) -> str:
    name = unicodedata.name(character, "control character" if character < "\xa0" else "no character").lower()
    return f"The text holds `{codepoints(character)}` ({name}), which a reader cannot see."


def outside_nfc(text: str) -> tuple[int, int] | None:
    """The span of the first sequence of `text` that is not in NFC; None if all of it is.

    Every substring of a text in NFC is in NFC, so the shortest prefix that is not can be found by bisection.
    The text is never normalized as a whole: that takes quadratic time for a long run of combining characters.
    """
    if unicodedata.is_normalized("NFC", text):
        return None

    def leaves_nfc(length: int) -> bool:
        return not unicodedata.is_normalized("NFC", text[:length])

    end = bisect_left(range(len(text)), True, key=leaves_nfc)
    start = end - 1
    if unicodedata.is_normalized("NFC", text[start:end]):
        start -= 1
        while start > 0 and end - start < _SEQUENCE and unicodedata.combining(text[start]):
            start -= 1
    return start, end


def nfc_finding(sequence: str, place: Place) -> Finding:
    composed = unicodedata.normalize("NFC", sequence)
    message = (
        f"The text is not in Unicode normalization form C, where `{codepoints(sequence)}` is `{codepoints(composed)}`."
    )
    return Finding("S111", message, place, hint=f"Write `{shown(composed)}`.")


def codepoints(text: str) -> str:
    return " ".join(f"U+{ord(character):04X}" for character in text)


def shown(text: str) -> str:
    """`text` as messages show it: on one line, cut to 60 characters, with what cannot be seen as `U+XXXX`."""
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    one_line = cut.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return _FORBIDDEN.sub(lambda match: codepoints(match[0]), one_line)


def _text(path: str, characters: str) -> Text:
    breaks = _LINE_BREAK.finditer(characters)
    return Text(path, characters, (0, *(match.end() for match in breaks)))


def _not_utf8(file: SourceFile, offset: int, message: str) -> Finding:
    before = _text(file.path, file.data[:offset].decode())
    return Finding("S102", message, before.place(len(before.characters), len(before.characters) + 1))
