"""What a page of the documentation shows: its fenced blocks, and the files among them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.architecture.tree import ROOT

_BLOCK = re.compile(r"^```(?P<language>\w+)(?: (?P<file>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. `file` is the second word behind the fence: the file that the block is, or ""."""

    language: str
    file: str
    text: str


def page(name: str) -> str:
    """The text of a page in `docs`."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    for found in _BLOCK.finditer(text):
        yield Block(found["language"], found["file"] or "", found["text"])


def section(text: str, title: str) -> str:
    """What stands under a heading, up to the next one of whatever level."""
    _, _, behind = text.partition(f"# {title}\n")
    assert behind, f"there is no heading `{title}`"
    return re.split(r"^#+ ", behind, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of every row of the tables in a text, without heads and rules."""
    found: list[list[str]] = []
    lines = text.splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and not line.startswith("| ---") and not following.startswith("| ---"):
            found.append(cells)
    return found


def code_in(text: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", text)
