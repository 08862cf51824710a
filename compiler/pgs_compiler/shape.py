"""The strict reader of one mapping: every key is asked for once, and what nobody asked for is an error.

A parser takes what it knows from `Fields`; `Fields.done()` reports the keys that are left, each with the
nearest key that was asked for. Findings gather in one list, so that one mistake hides no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Sequence as Sequence_
from typing import TypeVar

from pgs_compiler.declarations import Word
from pgs_compiler.findings import Finding, Place, Related
from pgs_compiler.names import CODE, DOMAIN, KINDS, MAX_NAME, Grammar, Name, kind_of
from pgs_compiler.source import Entry, Mapping, Scalar, Sequence, Tree
from pgs_snapshot.suggest import nearest

T = TypeVar("T", bound=Tree)

_SHAPES = {Scalar: "a single value", Sequence: "a list", Mapping: "a mapping"}


class Report:
    """Findings while they gather."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def add(
        self,
        code: str,
        message: str,
        place: Place | None,
        label: str = "",
        hint: str = "",
        related: tuple[Related, ...] = (),
    ) -> None:
        self.findings.append(Finding(code, message, place, label, related, hint))


def refuse_outcome(fields: Fields, outputs: Iterable[Word]) -> None:
    """Refuse an output of a step under a name that references use for something else."""
    for word in outputs:
        if word.text == "outcome":
            message = "`outcome` cannot be an output: `$.steps.<step>.outcome` says how the step ended."
            fields.report.add("T431", message, word.place)


class Fields:
    """One mapping, read key by key. `what` names it in messages: "the node `admit`"."""

    def __init__(self, tree: Tree | None, what: str, report: Report, place: Place | None = None) -> None:
        self.what = what
        self.report = report
        self.place = tree.place if tree is not None else place
        self._entries: dict[str, Entry] = {}
        self._known: list[str] = []
        self._missing: dict[str, Finding] = {}
        self._shapeless = tree is not None and not isinstance(tree, Mapping)
        if isinstance(tree, Mapping):
            self._entries = {entry.name: entry for entry in tree}
        elif tree is not None:
            self.shape(tree, Mapping, what)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def done(self) -> None:
        """Report every key that nobody asked for."""
        for name, entry in self._entries.items():
            if name not in self._known:
                near = nearest(name, self._known)
                if near in self._missing:  # misspelt, not missing
                    self.report.findings.remove(self._missing.pop(near))
                self.report.add(
                    "D201",
                    f"{self.what[0].upper()}{self.what[1:]} has no key `{name}`.",
                    entry.key.place,
                    f"known: {', '.join(self._known)}" if not near else "",
                    f"Write `{near}`." if near else "",
                )

    def entry(self, key: str, required: bool = True) -> Entry | None:
        self._known.append(key)
        found = self._entries.get(key)
        if found is None and required and not self._shapeless:
            message = f"{self.what[0].upper()}{self.what[1:]} lacks `{key}`."
            self.lack(key, Finding("D202", message, self.place, f"no `{key}`"))
        return found

    def lack(self, key: str, finding: Finding) -> None:
        """Report a key that is not there; `done` takes it back where it turns out to be misspelt."""
        self._missing[key] = finding
        self.report.findings.append(finding)

    def meant(self, keys: Sequence_[str]) -> tuple[Entry, str] | None:
        """The first entry that is probably one of `keys`, misspelt, with that key."""
        near = ((entry, nearest(name, keys)) for name, entry in self._entries.items() if name not in self._known)
        return next(((entry, key) for entry, key in near if key), None)

    def tree(self, key: str, required: bool = True) -> Tree | None:
        entry = self.entry(key, required)
        return entry.value if entry else None

    def shape(self, tree: Tree, kind: type[T], what: str, hint: str = "") -> T | None:
        """The tree if it has the shape asked for, else a finding."""
        if isinstance(tree, kind):
            return tree
        self.report.add(
            "D203",
            f"{what[0].upper()}{what[1:]} is {_SHAPES[kind]}.",
            tree.place,
            f"this is {_SHAPES[type(tree)]}",
            hint,
        )
        return None

    def mapping(self, key: str, required: bool = True) -> Mapping | None:
        tree = self.tree(key, required)
        return self.shape(tree, Mapping, f"`{key}`") if tree is not None else None

    def sequence(self, key: str, required: bool = True) -> Sequence | None:
        tree = self.tree(key, required)
        return self.shape(tree, Sequence, f"`{key}`") if tree is not None else None

    def text(self, key: str, required: bool = True) -> str:
        word = self.word(key, required)
        return word.text if word else ""

    def word(self, key: str, required: bool = True, grammar: Grammar | None = None) -> Word | None:
        tree = self.tree(key, required)
        return self.as_word(tree, f"`{key}`", grammar) if tree is not None else None

    def as_word(self, tree: Tree, what: str, grammar: Grammar | None = None) -> Word | None:
        """A string scalar as a word; `grammar` must match it whole."""
        scalar = self.shape(tree, Scalar, what)
        if scalar is None:
            return None
        if not isinstance(scalar.value, str) or not scalar.value:
            self.report.add("D203", f"{what[0].upper()}{what[1:]} is a word.", scalar.place, "not a word")
            return None
        if grammar is not None and not grammar.accepts(scalar.value):
            near = grammar.repaired(scalar.value)
            self.report.add(
                "D204",
                f"`{scalar.value}` does not have the form of {what}.",
                scalar.place,
                grammar.spoken,
                f"Write `{near}`." if near else "",
            )
            return None
        return Word(scalar.value, scalar.place)

    def choice(self, key: str, choices: tuple[str, ...], required: bool = True) -> str | None:
        tree = self.tree(key, required)
        return self.one_of(tree, f"`{key}`", choices) if tree is not None else None

    def one_of(self, tree: Tree, what: str, choices: tuple[str, ...]) -> str | None:
        """A word of a closed list."""
        word = self.as_word(tree, what)
        if word is None or word.text in choices:
            return word.text if word else None
        near = nearest(word.text, choices)
        self.report.add(
            "D205",
            f"{what[0].upper()}{what[1:]} is one of {', '.join(choices)}, not `{word.text}`.",
            word.place,
            hint=f"Write `{near}`." if near else "",
        )
        return None

    def integer(self, key: str, most: int, required: bool = True, least: int = 1) -> int | None:
        """A whole number from `least` to `most`."""
        tree = self.tree(key, required)
        scalar = self.shape(tree, Scalar, f"`{key}`") if tree is not None else None
        if scalar is None:
            return None
        if type(scalar.value) is int and least <= scalar.value <= most:
            return scalar.value
        self.report.add("D203", f"`{key}` is a whole number from {least} to {most}.", scalar.place, "not such a number")
        return None

    def flag(self, key: str) -> Place | None:
        """Where `key: true` stands; None where it is false or not there."""
        tree = self.tree(key, required=False)
        scalar = self.shape(tree, Scalar, f"`{key}`") if tree is not None else None
        if scalar is None or isinstance(scalar.value, bool):
            return scalar.place if scalar is not None and scalar.value else None
        self.report.add("D203", f"`{key}` is true or false.", scalar.place, "neither")
        return None

    def name(self, key: str, kind: str, required: bool = True) -> Name | None:
        tree = self.tree(key, required)
        return self.as_name(tree, kind) if tree is not None else None

    def as_name(self, tree: Tree, kind: str) -> Name | None:
        """A reference to an artifact of `kind`."""
        word = self.as_word(tree, f"the name of {article(kind)}")
        if word is None:
            return None
        domain, separator, code = word.text.rpartition("::")
        if (separator and not DOMAIN.fullmatch(domain)) or not CODE.fullmatch(code) or len(code) > MAX_NAME:
            self.report.add(
                "D204",
                f"`{word.text}` does not have the form of a name.",
                word.place,
                f"like `{KINDS[kind]}_SOMETHING_V0`",
            )
            return None
        if kind_of(code) != kind:
            self.report.add(
                "D206",
                f"`{word.text}` is not the name of {article(kind)}.",
                word.place,
                f"{article(kind)} is called `{KINDS[kind]}_…`",
            )
            return None
        return Name(word.text, kind, word.place)

    def names(self, key: str, kind: str, required: bool = True) -> tuple[Name, ...]:
        sequence = self.sequence(key, required)
        found = (self.as_name(tree, kind) for tree in sequence or ())
        return self.unique(tuple(name for name in found if name), key)

    def words(self, key: str, required: bool = True, grammar: Grammar | None = None) -> tuple[Word, ...]:
        sequence = self.sequence(key, required)
        found = (self.as_word(tree, f"an item of `{key}`", grammar) for tree in sequence or ())
        return self.unique(tuple(word for word in found if word), key)

    def unique(self, items: tuple[N, ...], key: str) -> tuple[N, ...]:
        """The items, with a finding for each that stands twice."""
        first: dict[str, Place] = {}
        for item in items:
            if item.text in first:
                self.report.add(
                    "D207",
                    f"`{item.text}` stands twice in `{key}`.",
                    item.place,
                    "again",
                    related=(Related(first[item.text], "first here"),),
                )
            first.setdefault(item.text, item.place)
        return items

    def entries(self, key: str, required: bool = True) -> Iterator[Entry]:
        mapping = self.mapping(key, required)
        yield from mapping or ()


N = TypeVar("N", Name, Word)


def article(kind: str) -> str:
    """`an intent`, `a store`."""
    spoken = kind.replace("_", " ")
    return f"{'an' if spoken[0] in 'aeiou' else 'a'} {spoken}"
