"""The account of every key of every publication: carried, known to mean nothing here, or named by a finding.

A translator says of each key that it meets what becomes of it. Whatever none of them has met is unknown to the
importer, and a finding; so that nothing is passed over, however new the dialect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pgs_compiler.findings import Finding, Place
from pgs_compiler.source import Entry, Mapping, Scalar, Sequence, Tree
from pgs_compiler.text import shown

Fate: TypeAlias = Literal["carried", "idle", "found"]


@dataclass(slots=True)
class Account:
    """What becomes of the keys of publications, by their places."""

    fates: dict[Place, Fate] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def carry(self, *entries: Entry) -> None:
        """These keys have a counterpart; what stands below them speaks for itself."""
        for entry in entries:
            self.fates.setdefault(entry.key.place, "carried")

    def carry_whole(self, entry: Entry) -> None:
        self._whole(entry, "carried")

    def idle(self, entry: Entry) -> None:
        """A key that is known, and that with all below it says nothing that a run depends on."""
        self._whole(entry, "idle")

    def report(self, code: str, message: str, place: Place, hint: str = "") -> None:
        self.findings.append(Finding(code, message, place, hint=hint))

    def refuse(self, entry: Entry, code: str, message: str, hint: str = "") -> None:
        """A key that is not carried, with all below it."""
        self._whole(entry, "found")
        self.report(code, message, entry.key.place, hint)

    def leave(self, entry: Entry) -> None:
        """A key with all below it of which a finding somewhere says why it is not carried."""
        self._whole(entry, "found")

    def misshapen(self, entry: Entry, asked: str) -> None:
        self.refuse(entry, "I954", f"`{shown(entry.name)}` is no {asked}.")

    def close(self, tree: Tree) -> None:
        """Report the keys of a document that nobody has met, the outermost of each."""
        for entry in entries_of(tree):
            if entry.key.place not in self.fates:
                self.refuse(entry, "I954", f"The importer knows no key `{shown(entry.name)}` here.")
            elif self.fates[entry.key.place] != "found":
                self.close(entry.value)

    def _whole(self, entry: Entry, fate: Fate) -> None:
        self.fates.setdefault(entry.key.place, fate)
        for below in entries_of(entry.value):
            self._whole(below, fate)


class Keys:
    """The entries of one mapping, met one after the other."""

    def __init__(self, tree: Tree | None, account: Account) -> None:
        self._entries = {entry.name: entry for entry in tree} if isinstance(tree, Mapping) else {}
        self._account = account

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def has(self, name: str) -> bool:
        return name in self._entries

    def entry(self, name: str) -> Entry | None:
        return self._entries.get(name)

    def text(self, name: str, *, fate: Fate = "carried") -> Scalar | None:
        """A text, if one is there; a finding if something else is."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        if not isinstance(entry.value, Scalar) or not isinstance(entry.value.value, str):
            self._account.misshapen(entry, "text")
            return None
        self._account.fates.setdefault(entry.key.place, fate)
        return entry.value

    def keys(self, name: str) -> Keys:
        """The keys of a mapping below, none where it is not there; a finding where something else is."""
        entry = self._entries.get(name)
        if entry is not None and not isinstance(entry.value, Mapping):
            self._account.misshapen(entry, "mapping")
            return Keys(None, self._account)
        if entry is not None:
            self._account.carry(entry)
        return Keys(entry.value if entry else None, self._account)

    def items(self, name: str) -> tuple[Tree, ...]:
        """The items of a list below; a finding where something else is."""
        entry = self._entries.get(name)
        if entry is None:
            return ()
        if not isinstance(entry.value, Sequence):
            self._account.misshapen(entry, "list")
            return ()
        self._account.carry(entry)
        return entry.value.items

    def words(self, name: str) -> tuple[Scalar, ...]:
        """The texts of a list below."""
        found = self.items(name)
        words = tuple(item for item in found if isinstance(item, Scalar) and isinstance(item.value, str))
        entry = self._entries.get(name)
        if entry is not None and len(words) < len(found):
            self._account.report("I954", f"`{shown(name)}` is no list of texts.", entry.value.place)
        return words

    def idle(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self._entries:
                self._account.idle(self._entries[name])

    def carry_whole(self, *names: str) -> None:
        for name in names:
            if name in self._entries:
                self._account.carry_whole(self._entries[name])


def entries_of(tree: Tree) -> Iterator[Entry]:
    """The entries of a mapping, or of the mappings of a list."""
    if isinstance(tree, Mapping):
        yield from tree
    elif isinstance(tree, Sequence):
        for item in tree:
            yield from entries_of(item)


def all_entries(tree: Tree) -> Iterator[Entry]:
    """Every entry of a document, however deep."""
    for entry in entries_of(tree):
        yield entry
        yield from all_entries(entry.value)
