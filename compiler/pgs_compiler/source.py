"""A YAML document as it stands in its file: every scalar, key and container with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from pgs_compiler.findings import Place
from pgs_snapshot.values import Value

CORE = "<core>"
"""The folder of what comes with PGS, as paths in reports and snapshots have it; no workspace has one."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A string, number, boolean or null. `quoted`: the author wrote it in quotes or as a block."""

    value: str | int | float | bool | None
    place: Place
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Tree, ...]
    place: Place

    def __iter__(self) -> Iterator[Tree]:
        return iter(self.items)


@dataclass(frozen=True, slots=True)
class Entry:
    key: Scalar
    value: Tree

    @property
    def name(self) -> str:
        return str(self.key.value)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Entries in the author's order; keys are strings and stand once."""

    entries: tuple[Entry, ...]
    place: Place

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def get(self, name: str) -> Tree | None:
        for entry in self.entries:
            if entry.key.value == name:
                return entry.value
        return None


Tree: TypeAlias = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of declarations: its bytes, and its path as reports show it (POSIX, from the workspace)."""

    path: str
    data: bytes


def to_value(tree: Tree) -> Value:
    """The plain value of a tree, without places."""
    if isinstance(tree, Scalar):
        return tree.value
    if isinstance(tree, Sequence):
        return [to_value(item) for item in tree]
    return {entry.name: to_value(entry.value) for entry in tree}
