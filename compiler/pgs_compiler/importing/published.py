"""A folder of published documents: every Markdown file below it with what its Machine block declares."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from collections.abc import Mapping as Map
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from types import MappingProxyType

from pgs_compiler.findings import Finding, Place, named
from pgs_compiler.importing.markdown import first_line, machine_block
from pgs_compiler.names import DOMAIN
from pgs_compiler.source import Mapping, Scalar, SourceFile
from pgs_compiler.workspace import MAX_READ

KINDS = MappingProxyType(
    {
        "wf_code": "WF",
        "in_code": "IN",
        "ac_code": "AC",
        "cc_code": "CC",
        "ct_code": "CT",
        "cs_code": "CS",
        "rb_code": "RB",
        "ev_code": "EV",
        "entity_code": "ENTITY",
        "structure_code": "STRUCTURE",
        "invariant_code": "INVARIANT",
        "artifact_code": "TI",
    }
)
"""The key that says what a publication is called, and how the names of that kind begin."""

CODE = re.compile(r"(?P<prefix>[A-Z]+)_(?P<word>[A-Z][A-Z0-9_]*)_V(?P<version>0|[1-9][0-9]{0,5})")
FOLDERS = frozenset(
    [
        "actors",
        "capability_contracts",
        "capability_side_effects",
        "capability_transforms",
        "entities",
        "events",
        "ingress_intents",
        "intents",
        "invariants",
        "runtime_bindings",
        "structures",
        "workflows",
    ]
)
"""Folders that are called after what lies in them; a namespace may end in one."""


@dataclass(frozen=True, slots=True)
class Document:
    """A published document.

    Attributes:
        namespace: the first folder on its path, which is the part of its full name in front of `::`.
        kind: how names of its kind begin, `WF`.
        code: its name without the namespace, `WF_LEND_V0`; `place` is where it says so.
        machine: what its Machine block declares.
    """

    path: str
    namespace: str
    kind: str
    code: str
    place: Place
    machine: Mapping

    @property
    def name(self) -> str:
        return f"{self.namespace}::{self.code}"

    @property
    def word(self) -> str:
        """The name without its prefix and version: `LEND`."""
        match = CODE.fullmatch(self.code)
        return match["word"] if match else self.code

    @property
    def version(self) -> str:
        return self.code.rpartition("_V")[2]


@dataclass(frozen=True, slots=True)
class Published:
    """All documents of a folder.

    Attributes:
        documents: by full name, in that order.
        domains: the domain of each namespace.
        sources: the bytes of every file by its path.
        codes: the documents of each name without the namespace.
        unread: paths of files that give no document, each with a finding.
    """

    documents: Map[str, Document]
    domains: Map[str, str]
    sources: Map[str, bytes]
    unread: tuple[str, ...]
    findings: tuple[Finding, ...]
    codes: Map[str, list[Document]]

    def find(self, reference: str, namespace: str) -> Document | None:
        """What a reference names: in full, in the own namespace, or in the only one that has it."""
        if "::" in reference:
            return self.documents.get(reference)
        own = self.documents.get(f"{namespace}::{reference}")
        if own is not None:
            return own
        others = self.codes.get(reference, [])
        near = [each for each in others if self.domains[each.namespace] == self.domains[namespace]]
        return next((found[0] for found in (near, others) if len(found) == 1), None)

    def of_kind(self, kind: str) -> list[Document]:
        return [document for document in self.documents.values() if document.kind == kind]


def read_folder(root: Path) -> Published:
    """Read every Markdown file below a folder; what cannot be read is a finding."""
    reader = _Reader(root)
    reader.folder()
    documents: dict[str, Document] = {}
    whole = root.absolute().name if _is_namespace(reader.files) else ""
    for path in sorted(reader.files):
        first = "" if whole else path.split("/")[0]
        document = reader.document(path, first if "/" in path and first else root.absolute().name)
        if document is None:
            continue
        if document.name in documents:
            before = documents[document.name].place
            message = f"`{document.name}` is published a second time; first at {before}."
            reader.refuse(path, "I953", message, document.place)
            continue
        documents[document.name] = document
    namespaces = sorted({document.namespace for document in documents.values()})
    codes: dict[str, list[Document]] = {}
    for document in documents.values():
        codes.setdefault(document.code, []).append(document)
    return Published(
        dict(sorted(documents.items())),
        domains(namespaces),
        reader.files,
        tuple(reader.unread),
        tuple(reader.findings),
        codes,
    )


def _is_namespace(paths: Iterable[str]) -> bool:
    """Whether a folder is one namespace itself: what lies in it are the folders of one, called after kinds."""
    folders = {path.split("/")[0] for path in paths if "/" in path}
    return folders <= FOLDERS and any(not folder.startswith("capability_") for folder in folders)


def domains(namespaces: list[str]) -> dict[str, str]:
    """A domain for each namespace: its last word that is no kind, or all of them where two would share one.

    Words that are alike once they are written as names are numbered.
    """
    folders = {namespace: _folders(namespace) for namespace in namespaces}
    names: dict[tuple[str, ...], tuple[str, ...]] = {}
    for folder in sorted(set(folders.values())):
        own = tuple(map(_word, folder))
        numbered = ((*own[:-1], f"{own[-1][:60]}_{n}") for n in count(2))
        names[folder] = next(each for each in chain([own], numbered) if each not in names.values())
    words = {namespace: names[folder] for namespace, folder in folders.items()}
    last: dict[str, set[str]] = {}
    for own in words.values():
        last.setdefault(own[-1], set()).add(".".join(own))
    return {
        namespace: own[-1] if len(last[own[-1]]) == 1 and own[-1] != "core" else _cut("_".join(["published", *own]))
        for namespace, own in words.items()
    }


def _folders(namespace: str) -> tuple[str, ...]:
    """The folders of a namespace, without the one that is called after a kind."""
    words = namespace.split(".")
    return tuple(words[:-1] if len(words) > 1 and words[-1].lower() in FOLDERS else words)


def _word(folder: str) -> str:
    word = re.sub(r"[^a-z0-9_]", "_", folder.lower())
    return word if DOMAIN.fullmatch(word) else _cut(f"d_{word}")


def _cut(word: str) -> str:
    return word[:64]


class _Reader:
    """Reads the files of a folder, each once, and notes what cannot be read."""

    def __init__(self, root: Path) -> None:
        self.files: dict[str, bytes] = {}
        self.findings: list[Finding] = []
        self.unread: list[str] = []
        self._root = root.absolute()

    def folder(self) -> None:
        """The Markdown files below the folder. No link is followed out of it, and none to a folder."""
        inside = self._root.resolve()
        for folder, folders, names in os.walk(self._root, onerror=self._unlisted):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = Path(folder, name)
                if name.startswith(".") or not name.lower().endswith((".md", ".markdown")):
                    continue
                label = self._label(path)
                if not path.resolve().is_relative_to(inside):
                    self.refuse(label, "S101", f"`{label}` is a link that leads out of the folder.")
                elif not path.is_file():
                    self.refuse(label, "S101", f"`{label}` is no file.")
                else:
                    self._add(path, label)

    def document(self, path: str, namespace: str) -> Document | None:
        """The document in a file; None after a finding."""
        result = machine_block(SourceFile(path, self.files[path]))
        if result.value is None:
            self.findings += result.findings
            self.unread.append(path)
            return None
        return self._named(result.value, path, namespace)

    def _named(self, machine: Mapping, path: str, namespace: str) -> Document | None:
        keys = [entry for entry in machine if entry.name in KINDS]
        if len(keys) != 1:
            message = (
                f"The Machine block does not say what is published: it has {'several' if keys else 'none'} of the keys"
            )
            place = machine.entries[0].key.place if machine.entries else machine.place
            self.refuse(path, "I953", f"{message} {named(KINDS, 12)}.", place)
            return None
        entry = keys[0]
        code, place = entry.value, entry.value.place
        if not isinstance(code, Scalar) or not isinstance(code.value, str) or not CODE.fullmatch(code.value):
            self.refuse(path, "I953", f"What stands behind `{entry.name}` is no name of the form `WF_LEND_V0`.", place)
            return None
        kind = KINDS[entry.name]
        if not code.value.startswith(f"{kind}_"):
            self.refuse(path, "I953", f"A name behind `{entry.name}` begins with `{kind}_`.", place)
            return None
        return Document(path, namespace, kind, code.value, place, machine)

    def refuse(self, path: str, code: str, message: str, place: Place | None = None) -> None:
        self.findings.append(Finding(code, message, place or first_line(path)))
        self.unread.append(path)

    def _add(self, path: Path, label: str) -> None:
        if not label.isprintable():
            label = ascii(label)[1:-1]
            self.refuse(label, "S101", f"`{label}` has a name that cannot be shown.")
            return
        try:
            with path.open("rb") as opened:
                self.files[label] = opened.read(MAX_READ)
        except OSError as error:
            self.refuse(label, "S101", f"`{label}` cannot be read: {error.strerror}.")

    def _unlisted(self, error: OSError) -> None:
        label = self._label(Path(error.filename))
        self.refuse(label, "S101", f"`{label}` cannot be read: {error.strerror}.")

    def _label(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()
