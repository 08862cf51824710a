"""The compiler on one screen: seven phases, each a pure function; only the first and the last touch files.

A phase runs when the one before it made a value. Within a phase everything runs and everything reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

from pgs_compiler.bind import bind
from pgs_compiler.checks import Checked, check
from pgs_compiler.declarations import Declaration
from pgs_compiler.findings import Finding, Result, ordered
from pgs_compiler.lower import lower
from pgs_compiler.parse import parse
from pgs_compiler.project import Project
from pgs_compiler.read import read
from pgs_compiler.resolve import resolve
from pgs_compiler.seal import seal
from pgs_compiler.source import SourceFile
from pgs_compiler.waivers import Policy, Scope, judge
from pgs_compiler.workspace import open_workspace

T = TypeVar("T")
Phase: TypeAlias = Literal["open", "parse", "resolve", "check", "bind"]


@dataclass(frozen=True, slots=True)
class Compilation:
    """What one compilation gave.

    Attributes:
        files: of the snapshot, bytes by path; None when errors forbid one.
        root: the snapshot's id, "" without one.
        reached: the last phase that ran; errors keep those behind it from running.
        declarations: as they are written, without those that have a mistake.
        project: as it is written; None where it has a mistake.
        checked: the program as it was checked, as far as it got.
        findings: of all phases, by place.
        sources: the bytes of every source by its path, for excerpts.
    """

    files: Mapping[str, bytes] | None
    root: str
    checked: Checked | None
    findings: tuple[Finding, ...]
    sources: Mapping[str, bytes]
    reached: Phase
    declarations: tuple[Declaration, ...] = ()
    project: Project | None = None


def compile_workspace(root: Path, paths: tuple[Path, ...] = (), policy: Policy | None = None) -> Compilation:
    """Compile the workspace at `root`: the declarations under `paths`, or under the project's own sources."""
    opened = open_workspace(root, paths)
    workspace = opened.value
    if opened.errors or workspace is None:
        sources = workspace.sources() if workspace else {}
        return Compilation(None, "", None, ordered(opened.findings), sources, "open")
    policy = replace(policy or Policy(), whole=not paths)
    compilation = compile_program(workspace.project, root, workspace.files, policy)
    return replace(compilation, sources=workspace.sources())


def compile_program(
    project: Project, root: Path, files: Iterable[SourceFile], policy: Policy | None = None
) -> Compilation:
    """Compile declarations. `root` is the workspace, in which implementations are looked for."""
    files = tuple(files)
    sources = {file.path: file.data for file in files}
    found: list[Finding] = []

    declarations, whole = _declarations(files, found)
    program = _kept(resolve(declarations, project), found) if whole else None
    checked = _kept(check(program), found) if program else None
    bound = _kept(bind(checked, project, root), found) if checked else None

    scope = Scope(sources, declarations, complete=bound is not None)
    findings = ordered(judge(found, project.waivers, scope, policy or Policy()))
    reached: Phase = "bind" if checked else "check" if program else "resolve" if whole else "parse"
    compilation = Compilation(None, "", checked, findings, sources, reached, declarations, project)
    if checked is None or bound is None or any(finding.blocks for finding in findings):
        return compilation

    sealed = seal(lower(project, checked, bound))
    return replace(compilation, files=sealed.files, root=sealed.root)


def _declarations(files: Iterable[SourceFile], found: list[Finding]) -> tuple[tuple[Declaration, ...], bool]:
    """Read and parse, and whether that gave every declaration: else names are lacking, and resolving waits."""
    declarations: list[Declaration] = []
    whole = True
    for file in files:
        documents = _kept(read(file), found)
        parsed = _kept(parse(documents), found) if documents else None
        declarations += parsed or ()
        whole = whole and parsed is not None
    broken = any(finding.stops for finding in found)
    return tuple(declarations), whole and not broken


def _kept(result: Result[T], found: list[Finding]) -> T | None:
    found += result.findings
    return result.value
