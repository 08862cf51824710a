"""A text read as one file of declarations: its trees, its values, or what is found in it."""

from __future__ import annotations

import re

from pgs_compiler.findings import Finding, Place
from pgs_compiler.read import ReadLimits, read
from pgs_compiler.rules import RULES
from pgs_compiler.source import Mapping, Sequence, SourceFile, Tree, to_value
from pgs_snapshot.values import Value


def found(text: str | bytes, limits: ReadLimits | None = None) -> tuple[Finding, ...]:
    data = text if isinstance(text, bytes) else text.encode()
    result = read(SourceFile("a.yaml", data), limits or ReadLimits())
    assert (result.value is None) == bool(result.findings)
    for finding in result.findings:
        assert finding.code in RULES
        assert finding.place is not None
        assert (finding.place.line, finding.place.column) < (finding.place.end_line, finding.place.end_column)
    return result.findings


def trees(text: str) -> tuple[Tree, ...]:
    result = read(SourceFile("a.yaml", text.encode()))
    assert not result.findings
    assert result.value is not None
    return result.value


def value_of(text: str) -> Value:
    (tree,) = trees(text)
    return to_value(tree)


def codes(text: str | bytes) -> list[str]:
    return [finding.code for finding in found(text)]


def under_the_caret(text: str, place: Place | None) -> str:
    """The characters of a place, as an editor would mark them."""
    assert place is not None
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    start = sum(map(len, lines[: place.line - 1])) + place.column - 1
    end = sum(map(len, lines[: place.end_line - 1])) + place.end_column - 1
    return text[start:end]


def marked(text: str) -> list[tuple[str, str]]:
    return [(finding.code, under_the_caret(text, finding.place)) for finding in found(text)]


def every(tree: Tree) -> list[Tree]:
    if isinstance(tree, Mapping):
        return [tree, *(node for entry in tree for node in (entry.key, *every(entry.value)))]
    if isinstance(tree, Sequence):
        return [tree, *(node for item in tree for node in every(item))]
    return [tree]
