"""The compiler on one screen: seven phases, each a pure function; only the first and the last touch files.

A phase runs when the one before it made a value. Within a phase everything runs and everything reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from pgs_compiler.bind import bind
from pgs_compiler.checks import Checked, check
from pgs_compiler.declarations import Declaration
from pgs_compiler.findings import Finding, Result, ordered
from pgs_compiler.lower import lower
from pgs_compiler.parse import parse
from pgs_compiler.program import Program
from pgs_compiler.project import Project
from pgs_compiler.read import read
from pgs_compiler.resolve import resolve
from pgs_compiler.seal import seal
from pgs_compiler.source import SourceFile
from pgs_compiler.workspace import open_workspace

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Compilation:
    """What one compilation gave.

    Attributes:
        files: of the snapshot, bytes by path; None when errors forbid one.
        root: the snapshot's id, "" without one.
        checked: the program as it was checked, as far as it got.
        findings: of all phases, by place.
        sources: the bytes of every source by its path, for excerpts.
    """

    files: Mapping[str, bytes] | None
    root: str
    checked: Checked | None
    findings: tuple[Finding, ...]
    sources: Mapping[str, bytes]


def compile_workspace(root: Path, paths: tuple[Path, ...] = ()) -> Compilation:
    """Compile the workspace at `root`: the declarations under `paths`, or under the project's own sources."""
    opened = open_workspace(root, paths)
    workspace = opened.value
    if opened.errors or workspace is None:
        return Compilation(None, "", None, ordered(opened.findings), workspace.sources() if workspace else {})
    compilation = compile_program(workspace.project, root, workspace.files)
    return replace(compilation, sources=workspace.sources())


def compile_program(project: Project, root: Path, files: Iterable[SourceFile]) -> Compilation:
    """Compile declarations. `root` is the workspace, in which implementations are looked for."""
    files = tuple(files)
    sources = {file.path: file.data for file in files}
    found: list[Finding] = []

    program = _program(project, files, found)
    checked = _kept(check(program), found) if program else None
    bound = _kept(bind(checked, project, root), found) if checked else None
    if checked is None or bound is None:
        return Compilation(None, "", checked, ordered(found), sources)

    sealed = seal(lower(project, checked, bound))
    return Compilation(sealed.files, sealed.root, checked, ordered(found), sources)


def _program(project: Project, files: Iterable[SourceFile], found: list[Finding]) -> Program | None:
    """Read, parse and resolve. A file that cannot be read lacks names, so resolving waits for all."""
    declarations: list[Declaration] = []
    whole = True
    for file in files:
        documents = _kept(read(file), found)
        parsed = _kept(parse(documents), found) if documents else None
        declarations += parsed or ()
        whole = whole and parsed is not None
    broken = any(finding.severity == "error" for finding in found)
    return None if broken or not whole else _kept(resolve(declarations, project), found)


def _kept(result: Result[T], found: list[Finding]) -> T | None:
    found += result.findings
    return result.value
