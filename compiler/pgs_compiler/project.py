"""The project file `pgs.yaml`: what a workspace is called, where its declarations are, what it allows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pgs_compiler.declarations import Word
from pgs_compiler.findings import Result, Waiver
from pgs_compiler.names import NODE, Grammar, Name
from pgs_compiler.read import read
from pgs_compiler.shape import Fields, Report
from pgs_compiler.source import Mapping as MappingTree
from pgs_compiler.source import Scalar, SourceFile
from pgs_compiler.waivers import read_waivers
from pgs_snapshot.limits import LIMIT_NAMES
from pgs_snapshot.values import MAX_DEPTH, Value

FILE = "pgs.yaml"
FORMAT = "pgs-project/1"
PACKAGES = ("pgs_capabilities",)
LABELS = ("pii", "secret")
SOURCES = ("protocols",)
MOST = MappingProxyType({"payload_depth": MAX_DEPTH})  # no value nests deeper, whatever a payload may
NAME = Grammar(re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"), "letters, digits, `.`, `_` and `-`")
FOLDER = Grammar(re.compile(r"(?!/)(?!(.*/)?\.\.(/|$)).*"), "a path inside of the workspace")


@dataclass(frozen=True, slots=True)
class Project:
    """A workspace.

    Attributes:
        name, version: of the snapshot; the version only grows.
        sources: folders or files with declarations, relative to the workspace.
        packages: Python packages whose code may be bound; the value is the folder of the workspace that holds
            the package, or "" for one that is installed.
        labels: the labels that fields may carry.
        limits: by name, where they differ from the defaults.
        actor: who acts on a local command line that names nobody, in full, or "".
        waivers: what it lives with.
        resting: those of them without which there were no snapshot.
        baseline: the folder of the snapshot that was published, relative to the workspace.
        trust: the folder that says whose signatures count where no other is named, relative to the workspace, or "".
    """

    name: str = "unnamed"
    version: int = 0
    sources: tuple[str, ...] = SOURCES
    packages: Mapping[str, str] = field(default_factory=lambda: MappingProxyType(dict.fromkeys(PACKAGES, "")))
    labels: tuple[str, ...] = LABELS
    limits: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    actor: Name | None = None
    waivers: tuple[Waiver, ...] = ()
    resting: frozenset[Waiver] = frozenset()
    baseline: Word | None = None
    trust: str = ""

    def sealed(self) -> dict[str, Value]:
        """What of it goes into the snapshot."""
        said: dict[str, Value] = {"trust": self.trust} if self.trust else {}
        return said | {
            "actor": self.actor.text if self.actor else "",
            "format": FORMAT,
            "labels": list[Value](sorted(self.labels)),
            "limits": dict(self.limits),
            "name": self.name,
            "packages": dict(self.packages),
            "version": self.version,
            "waivers": [
                self._waiver(item) for item in sorted(self.waivers, key=lambda item: (item.rule, item.at, item.until))
            ],
        }

    def _waiver(self, item: Waiver) -> Value:
        told: dict[str, Value] = {"at": item.at, "owner": item.owner, "reason": item.reason}
        rests: dict[str, Value] = {"error": True} if item in self.resting else {}
        return {**told, "rule": item.rule, "until": item.until, **rests}


def read_project(file: SourceFile) -> Result[Project]:
    """Read a project file."""
    documents = read(file)
    if not documents.value:
        return Result(None, documents.findings)
    report = Report()
    if len(documents.value) > 1:
        report.add("D203", "A project file is one document.", documents.value[1].place)
    fields = Fields(documents.value[0], "the project file", report)
    form = fields.word("format")
    if form is not None and form.text != FORMAT:
        report.add("D205", f"`format` is `{FORMAT}`, not `{form.text}`.", form.place, hint=f"Write `{FORMAT}`.")
    name = fields.word("name", grammar=NAME)
    project = Project(
        name=name.text if name else "",
        version=_number(fields, "version", 0),
        sources=_texts(fields, "sources", FOLDER) or SOURCES,
        packages=_packages(fields),
        labels=_texts(fields, "labels", NODE) if "labels" in fields else LABELS,
        limits=_limits(fields),
        actor=fields.name("actor", "actor", required=False),
        waivers=read_waivers(fields),
        baseline=fields.word("baseline", required=False, grammar=FOLDER),
        trust=trust.text if (trust := fields.word("trust", required=False, grammar=FOLDER)) else "",
    )
    fields.done()
    return Result(None if report.findings else project, tuple(report.findings))


def _number(fields: Fields, key: str, least: int, most: int | None = None) -> int:
    entry = fields.entry(key)
    if entry is None:
        return least
    value = entry.value.value if isinstance(entry.value, Scalar) else None
    if isinstance(value, int) and not isinstance(value, bool) and least <= value and (most is None or value <= most):
        return value
    span = f"{least} or more" if most is None else f"{least} to {most}"
    fields.report.add("D203", f"`{key}` is a number, {span}.", entry.value.place, "not that")
    return least


def _limits(fields: Fields) -> Mapping[str, int]:
    tree = fields.mapping("limits", required=False)
    if tree is None:
        return {}
    inner = Fields(tree, "`limits`", fields.report)
    given = {name: _number(inner, name, 1, MOST.get(name)) for name in LIMIT_NAMES if name in inner}
    for name in LIMIT_NAMES:
        inner.entry(name, required=False)
    inner.done()
    return given


def _texts(fields: Fields, key: str, grammar: Grammar) -> tuple[str, ...]:
    return tuple(word.text for word in fields.words(key, required=False, grammar=grammar))


def _packages(fields: Fields) -> Mapping[str, str]:
    """`[pgs_capabilities, {acme: src}]`: installed ones by name, the workspace's with their folder.

    What implements `core` is always among them, for `core` is in every program.
    """
    packages = dict.fromkeys(PACKAGES, "")
    names: list[Word] = []
    for item in fields.sequence("packages", required=False) or ():
        if isinstance(item, Scalar):
            name, folder = fields.as_word(item, "a package", NODE), ""
            names += [name] if name else []
            packages |= {name.text: folder} if name else {}
            continue
        inner = Fields(item, "a package", fields.report)
        for entry in item if isinstance(item, MappingTree) else ():
            name, found = inner.as_word(entry.key, "a package", NODE), inner.word(entry.name, grammar=FOLDER)
            names += [name] if name else []
            packages |= {name.text: found.text} if name and found else {}
    fields.unique(tuple(names), "packages")
    return packages
