"""The Machine block of a Markdown document: the YAML below the heading `Machine`, with the places of the document.

Of Markdown only what divides a document is read: headings of the form `## …` and fenced blocks (CommonMark 0.31,
sections 4.2 and 4.5). Everything outside of the block is blanked, so that every place is that of the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pgs_compiler.findings import Finding, Place, Result
from pgs_compiler.read import ReadLimits, read
from pgs_compiler.source import Mapping, SourceFile
from pgs_compiler.text import Text, decode

BOM = b"\xef\xbb\xbf"
HEADING = "Machine"
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
_BLANK = " \t"
_YAML = ("yaml", "yml", "")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the line of its opening fence, and the first and last line of what it holds, from 1."""

    info: str
    opening: int
    first: int
    last: int
    closed: bool


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    title: str
    line: int


def machine_block(file: SourceFile) -> Result[Mapping]:
    """What the Machine block of a document declares, or why there is none."""
    if len(file.data) > ReadLimits().size:
        message = f"The document has more than {ReadLimits().size:,} bytes, which are the limit."
        return Result(None, (Finding("S113", message, first_line(file.path)),))
    whole = replace(file, data=file.data[len(BOM) :]) if file.data.startswith(BOM) else file
    text = decode(whole)
    if isinstance(text, Finding):
        return Result(None, (text,))
    lines = [line for _, line in text.lines()]
    block = _block(text, lines)
    if isinstance(block, Finding):
        return Result(None, (block,))
    result = read(SourceFile(file.path, _alone(text, block).encode()))
    if result.value is None:
        return Result(None, result.findings)
    if len(result.value) > 1 or not isinstance(result.value[0], Mapping):
        found = "several documents" if len(result.value) > 1 else "no mapping"
        return Result(None, (_refused(text, block.opening, f"The Machine block holds {found}."),))
    return Result(result.value[0])


def parts(lines: list[str]) -> Iterator[Heading | Block]:
    """The headings and fenced blocks of a document, in order."""
    number = 0
    while number < len(lines):
        number += 1
        line = lines[number - 1]
        fence = _FENCE.match(line)
        info = line[fence.end() :].strip(_BLANK) if fence else ""
        if fence and not (fence[1][0] == "`" and "`" in info):
            block = _fenced(lines, number, fence[1], info)
            yield block
            number = block.last + (1 if block.closed else 0)
        elif heading := _ATX.match(line):
            yield Heading(len(heading[1]), _title(line[heading.end() :]), number)


def _title(text: str) -> str:
    """The text of a heading without the signs that may close it."""
    whole = text.strip(_BLANK)
    bare = whole.rstrip("#")
    return bare.rstrip(_BLANK) if not bare or bare[-1] in _BLANK else whole


def _fenced(lines: list[str], opening: int, mark: str, info: str) -> Block:
    """From an opening fence to the first line that closes it, or to the end of the document."""
    closing = re.compile(rf" {{0,3}}{re.escape(mark[0])}{{{len(mark)},}}[ \t]*$")
    for index in range(opening, len(lines)):
        if closing.match(lines[index]):
            return Block(info, opening, opening + 1, index, closed=True)
    return Block(info, opening, opening + 1, len(lines), closed=False)


def _block(text: Text, lines: list[str]) -> Block | Finding:
    """The one block of YAML in the one section that is called Machine."""
    found: list[Block] = []
    level, heading = 0, 0
    for part in parts(lines):
        if isinstance(part, Heading):
            if part.title == HEADING:
                if heading:
                    return _refused(text, part.line, f"A second heading `{HEADING}` stands here.")
                level, heading = part.level, part.line
            elif level and part.level <= level:
                level = 0
        elif level and part.info.lower() in _YAML:
            found.append(part)
    if not heading:
        message = f"The document has no heading `{HEADING}`, so that nothing of it is read."
        return Finding("I951", message, text.place(0, max(len(lines[0]), 1)))
    if not found:
        return _refused(text, heading, f"No block of YAML stands below the heading `{HEADING}`.")
    if len(found) > 1:
        return _refused(text, found[1].opening, f"A second block of YAML stands below the heading `{HEADING}`.")
    if not found[0].closed:
        return _refused(text, found[0].opening, "The Machine block is not closed.")
    if found[0].last < found[0].first or not any(lines[found[0].first - 1 : found[0].last]):
        return _refused(text, found[0].opening, "The Machine block declares nothing.")
    return found[0]


def _alone(text: Text, block: Block) -> str:
    """The text with nothing but the block in it, every line where it was."""
    start = text.starts[block.first - 1]
    end = text.starts[block.last] if block.last < len(text.starts) else len(text.characters)
    return "\n" * (block.first - 1) + text.characters[start:end]


def _refused(text: Text, line: int, message: str) -> Finding:
    start, characters = text.line_at(text.starts[line - 1])
    return Finding("I952", message, text.place(start, start + max(len(characters), 1)))


def first_line(path: str) -> Place:
    """The place of a document as a whole."""
    return Place(path, 1, 1, 1, 2)
