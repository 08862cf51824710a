"""Every mutant of the example domains, and what the compiler says to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from pgs_compiler.compiler import compile_program
from pgs_compiler.findings import Finding
from pgs_compiler.source import SourceFile
from pgs_compiler.waivers import Policy
from pgs_compiler.workspace import Workspace, open_workspace
from tests.compiler.mutants import code, data, effects, flow, forms, idle, leaks, surface
from tests.compiler.mutants.documents import Corpus, documents
from tests.compiler.mutants.kinds import Kind, Mutant

ROOT = Path(__file__).parents[3]
DOMAINS = ("ai_governance", "bank", "blockchain", "name_service", "payments", "posting")
POSTING = Path(__file__).parent / "posting"
FAMILIES = (flow, data, forms, surface, effects, code, idle, leaks)  # to import them is to register their kinds
AS_CHECKED = Policy(strict=True)
"""Warnings count, and so does what is checked and not run."""
_MAY_IMPLEMENT = b"{implementations: {packages: ["
"""What of a constitution lists packages."""
_STRIDE = 61  # prime and larger than most kinds have mutants, so that neighbours are dealt from far apart


@dataclass(frozen=True, slots=True)
class Judged:
    """A mutant, and what the compiler found in it."""

    kind: Kind
    mutant: Mutant
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        return any(finding.severity == "error" for finding in self.findings)

    @property
    def named(self) -> bool:
        """Whether a rule that the kind lists tells of it as an error, at the right line."""
        lines = self.mutant.expected()
        return any(
            finding.code in self.kind.codes
            and finding.severity == "error"
            and finding.place is not None
            and (finding.place.path, finding.place.line) in lines
            for finding in self.findings
        )

    def __str__(self) -> str:
        told = [f"{f.code} {f.place.path}:{f.place.line} {f.message}" for f in self.findings if f.place]
        path, mutant = self.mutant.document.path, self.mutant
        line = mutant.document.text.count("\n", 0, mutant.edit.start) + 1
        wanted = f"{'/'.join(self.kind.codes)} at {sorted(mutant.expected())[:3]}…"
        edit = f"{mutant.document.text[mutant.edit.start : mutant.edit.end]!r} -> {mutant.edit.text!r}"
        return "\n  ".join((f"{self.kind.name}: {path}:{line}: {edit}", f"wanted {wanted}", *told[:4]))


@cache
def workspace() -> Workspace:
    """The examples, and what none of them has: a package whose functions are mistakes, and that may implement."""
    opened = open_workspace(ROOT, ()).value
    assert opened is not None
    packages = {**opened.project.packages, "acme": str(code.PACKAGES.relative_to(ROOT))}
    more = tuple(SourceFile(f"protocols/posting/{path.name}", path.read_bytes()) for path in sorted(POSTING.iterdir()))
    read = ((file.path, file.data.replace(_MAY_IMPLEMENT, _MAY_IMPLEMENT + b"acme, ")) for file in opened.files)
    files = (*(SourceFile(path, data) for path, data in read), *more)
    return replace(opened, files=files, project=replace(opened.project, packages=packages))


@cache
def corpus_of(domain: str) -> Corpus:
    """A domain with what it may use."""
    own = tuple(file for file in workspace().files if file.path.startswith(("<core>", f"protocols/{domain}/")))
    return Corpus(domain, own, documents(own))


def judge(corpus: Corpus, kind: Kind, mutant: Mutant) -> Judged:
    """Compile a mutant, as if every warning were an error."""
    path = mutant.document.path
    files = [SourceFile(path, mutant.text.encode()) if file.path == path else file for file in corpus.files]
    return Judged(kind, mutant, compile_program(workspace().project, ROOT, files, AS_CHECKED).findings)


def dealt(kind: Kind, turn: int) -> Iterator[tuple[str, Mutant]]:
    """Two mutants of a kind, of two domains where it fits into two; which ones differs from turn to turn."""
    fitting = [(domain, mutants) for domain in DOMAINS if (mutants := list(kind.find(corpus_of(domain))))]
    first = turn % len(fitting)
    for domain, mutants in [*fitting[first:], *fitting[:first]][:2]:
        yield domain, mutants[turn * _STRIDE % len(mutants)]
