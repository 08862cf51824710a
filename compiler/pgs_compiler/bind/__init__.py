"""bind: a checked program in, its implementations out, each with every first-party module that it runs.

Nothing is imported: sources are read and looked into.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pgs_compiler.bind.closure import Closure, closure
from pgs_compiler.bind.modules import Packages
from pgs_compiler.checks import Checked
from pgs_compiler.declarations import Process, SideEffect, Transform, Word
from pgs_compiler.findings import Finding, Result
from pgs_compiler.program import Program
from pgs_compiler.project import Project
from pgs_snapshot.canonical import digest
from pgs_snapshot.model import Implementation


@dataclass(frozen=True, slots=True)
class Bound:
    """The implementations of a program, by reference, the sources that they run, by digest, and how they were found."""

    implementations: tuple[Implementation, ...]
    sources: Mapping[str, bytes]
    closures: Mapping[str, Closure]


def bind(checked: Checked, project: Project, root: Path) -> Result[Bound]:
    """Find every implementation. `root` is the workspace, in which its own packages lie."""
    packages = Packages(
        {name: (root / folder).absolute() if folder else None for name, folder in project.packages.items()}, root
    )
    findings: list[Finding] = []
    closures: dict[str, Closure] = {}
    sources: dict[str, bytes] = {}
    for word in _references(checked.program):
        if word.text in closures:
            continue
        result = closure(word.text, packages, word.place)
        findings += result.findings
        if result.value is not None:
            closures[word.text] = result.value
            sources |= {digest(source): source for source in result.value.modules.values()}
    closures = dict(sorted(closures.items()))
    implementations = tuple(found.implementation() for found in closures.values())
    errors = any(finding.severity == "error" for finding in findings)
    return Result(None if errors else Bound(implementations, dict(sorted(sources.items())), closures), tuple(findings))


def _references(program: Program) -> Iterator[Word]:
    for transform in program.of(Transform):
        yield transform.implementation
    for side_effect in program.of(SideEffect):
        yield side_effect.implementation
    for process in program.of(Process):
        yield process.implementation
