"""The kinds of mistake. Each finds the places that it fits, and says which rule must name it, and where.

A kind is a function from a corpus to mutants. `@mistake("F501")` registers it with the codes of the rules that
may name the mistake; where a mistake can be told in two ways, both are listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from yaml.nodes import Node

from tests.compiler.mutants.documents import At, Corpus, Document, Edit


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake at one place.

    Attributes:
        document: that is edited.
        where: lines, as they were before the edit, on one of which the finding must stand.
    """

    document: Document
    edit: Edit
    where: frozenset[At]

    @property
    def text(self) -> str:
        return self.edit.of(self.document.text)

    def expected(self) -> frozenset[At]:
        """The lines as they are after the edit."""
        found: set[At] = set()
        for at in self.where:
            found |= {at} if at[0] != self.document.path else {*self.edit.moved(self.document.text, at)}
        return frozenset(found)


Find: TypeAlias = Callable[[Corpus], Iterator[Mutant]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of mistake: its name, the codes of the rules that may name it, and where it fits."""

    name: str
    codes: tuple[str, ...]
    find: Find


KINDS: dict[str, Kind] = {}


def mistake(*codes: str) -> Callable[[Find], Find]:
    """Register a kind of mistake under its function's name."""

    def register(find: Find) -> Find:
        name = find.__name__.replace("_", " ")
        KINDS[name] = Kind(name, codes, find)
        return find

    return register


def here(document: Document, edit: Edit, *nodes: Node | None) -> Mutant:
    """A mutant whose finding stands on the lines of some nodes."""
    return Mutant(document, edit, document.lines(*nodes))
