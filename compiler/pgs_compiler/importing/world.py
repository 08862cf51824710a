"""What all translators share: the publications, the account of their keys, and what is written of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from pgs_compiler.findings import Place
from pgs_compiler.importing.account import Account, Keys
from pgs_compiler.importing.draft import Draft, joined, words
from pgs_compiler.importing.published import Document, Published
from pgs_compiler.names import KINDS
from pgs_compiler.source import Mapping, Sequence, Tree, to_value
from pgs_compiler.text import shown

PREFIXES = {"ENTITY": "EN"}
BACKEND_ERROR = "BACKEND_ERROR"
"""The outcome of a store that breaks, which is a fault in this language and on no edge."""

_ABOUT = ("version", "governed_by", "artifact_kind", "artifact_type", "structure")


@dataclass(slots=True)
class World:
    """An import under way.

    Attributes:
        written: the declarations by the file that they go into.
        unimplemented: full names of declarations whose implementation is named and not here.
        origins: the document of each declaration that is written, by its full name.
        promised: outputs that a contract declares and none of its steps gives, with a sentence about it.
        lost: references to what a publisher's operation gives and that of `core` does not, with a sentence about it.
    """

    published: Published
    account: Account = field(default_factory=Account)
    written: dict[str, list[Mapping]] = field(default_factory=dict)
    unimplemented: set[str] = field(default_factory=set)
    origins: dict[str, Document] = field(default_factory=dict)
    lost: dict[Place, str] = field(default_factory=dict)
    promised: dict[Place, str] = field(default_factory=dict)

    def domain(self, document: Document) -> str:
        return self.published.domains[document.namespace]

    def full_name(self, document: Document) -> str:
        prefix = PREFIXES.get(document.kind, document.kind)
        return f"{self.domain(document)}::{prefix}_{document.code.partition('_')[2]}"

    def refer(self, target: Document, source: Document) -> str:
        """How one document names another: without the domain where it is the same."""
        full = self.full_name(target)
        return full.partition("::")[2] if self.domain(target) == self.domain(source) else full

    def find(self, reference: str, document: Document, kind: str) -> Document | None:
        found = self.published.find(reference, document.namespace)
        return found if found is not None and found.kind == kind else None

    def unpublished(self, reference: str, place: Place) -> None:
        self.account.report("I956", f"`{reference}` is not published here.", place)

    def write(self, document: Document, declaration: Mapping) -> None:
        """Put a declaration into the file of its document."""
        kind = declaration.entries[0].name
        self.written.setdefault(self.file_of(document, kind), []).append(declaration)
        self.origins[str(_name(declaration))] = document

    def file_of(self, document: Document, kind: str) -> str:
        return f"protocols/{self.domain(document)}/{plural(kind)}/{document.word.lower()}_v{document.version}.yaml"

    def begin(self, document: Document, kind: str, name: str = "") -> tuple[Draft, Keys, Keys]:
        """The start of a declaration, with the keys of the document and of its `core`."""
        top = Keys(document.machine, self.account)
        self.account.carry(*(entry for entry in document.machine if entry.value.place == document.place))
        self._same_version(document, top)
        top.idle(_ABOUT)
        core = top.keys("core")
        core.idle(("layer", "domain"))
        draft = Draft(document.place)
        draft.add(kind, name or self.full_name(document), document.place)
        self._about(draft, top, core)
        return draft, top, core

    def _same_version(self, document: Document, top: Keys) -> None:
        """A finding where a publication states another version than its name ends in."""
        entry = top.entry("version")
        said = "" if entry is None else str(to_value(entry.value)).lower()
        if entry is not None and said not in (document.version, f"v{document.version}"):
            message = f"`version` says `{shown(said)}`, and the name says `{document.code}`."
            self.account.refuse(entry, "I953", message)

    def _about(self, draft: Draft, top: Keys, core: Keys) -> None:
        """The summary, the description, the subdomain and the tags, from wherever the dialect has them."""
        more = top.keys("extensions")
        more.idle(("domain",))
        draft.add("summary", core.text("summary"))
        notes = more.items("notes")
        for entry in more:
            if entry.name == "notes":
                self.account.carry_whole(entry)
        texts = [core.text("description"), more.text("description"), *(_note(note) for note in notes)]
        text = joined([*texts, self._status(top, more)])
        if text:
            draft.add("description", text, draft.place)
        draft.add("subdomain", top.text("subdomain") or core.text("subdomain") or more.text("subdomain"))
        for keys in (core, more):
            keys.carry_whole("subdomain")

    def _status(self, top: Keys, more: Keys) -> str:
        """That a publication is retired, and in favour of what."""
        said = ""
        for keys in (top, more.keys("lifecycle")):
            status = keys.text("status")
            if status is None:
                continue
            named = keys.entry("superseded_by")
            said = f"Published as {status.value}"
            if named is not None:
                self.account.carry_whole(named)
                items = named.value.items if isinstance(named.value, Sequence) else (named.value,)
                said += f", superseded by {', '.join(str(getattr(item, 'value', '')) for item in items)}"
        return said


def plural(kind: str) -> str:
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"


def tags(text: str, place: Place) -> Sequence:
    return words((text,), place)


def kind_of(declaration: Mapping) -> str:
    return next(entry.name for entry in declaration if entry.name in KINDS)


def _name(declaration: Mapping) -> str:
    value = declaration.entries[0].value
    return str(getattr(value, "value", ""))


def _note(note: Tree) -> str:
    """A note as a sentence, also where a colon in it has made a mapping of it."""
    if isinstance(note, Mapping):
        return " ".join(f"{entry.name}: {_note(entry.value)}" for entry in note)
    return str(getattr(note, "value", ""))
