"""The compiler on one screen: nine phases, each a pure function; only the first and the last touch files.

A phase runs when the one before it made a value. Within a phase everything runs and everything reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias, TypeVar

from pgs_compiler.bind import bind
from pgs_compiler.bodies.declared import embody
from pgs_compiler.checks import Checked, check
from pgs_compiler.declarations import Declaration
from pgs_compiler.findings import Finding, Result, ordered
from pgs_compiler.flows import Flows, follow, hiding
from pgs_compiler.lower import lower
from pgs_compiler.made import make
from pgs_compiler.made.telling import spoken
from pgs_compiler.parse import parse
from pgs_compiler.project import Project
from pgs_compiler.prove import prove
from pgs_compiler.published import check as unpublished
from pgs_compiler.purity import assess
from pgs_compiler.purity.bounded import Unbounded
from pgs_compiler.read import read
from pgs_compiler.resolve import resolve
from pgs_compiler.seal import seal
from pgs_compiler.source import SourceFile
from pgs_compiler.waivers import Policy, Scope, judge, resting
from pgs_compiler.workspace import find_root, open_workspace
from pgs_snapshot.folder import open_snapshot
from pgs_snapshot.seal import SealBroken, Sealed, verify
from pgs_snapshot.snapshot import Snapshot

T = TypeVar("T")
Phase: TypeAlias = Literal["open", "parse", "resolve", "check", "prove", "bind"]


@dataclass(frozen=True, slots=True)
class Compilation:
    """What one compilation gave.

    Attributes:
        files: of the snapshot, bytes by path; None when errors forbid one.
        root: the snapshot's id, "" without one.
        reached: the last phase that ran; errors keep those behind it from running.
        declarations: as they are written, without those that have a mistake.
        project: as it is written; None where it has a mistake.
        published: the baseline, if there is one.
        checked: the program as it was checked, as far as it got.
        flows: where labelled data goes; there even where a leak is among the findings.
        findings: of all phases, by place.
        sources: the bytes of every source by its path, for excerpts.
        code: the same of the modules that implementations run.
        worker: why transforms are called in the worker, by name; None where that has not been looked at.
    """

    files: Mapping[str, bytes] | None
    root: str
    checked: Checked | None
    flows: Flows | None
    findings: tuple[Finding, ...]
    sources: Mapping[str, bytes]
    reached: Phase
    declarations: tuple[Declaration, ...] = ()
    project: Project | None = None
    published: Sealed | None = None
    code: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))
    worker: Mapping[str, Unbounded] | None = None


def compile_protocols(paths: Iterable[Path] = (), workspace: Path | None = None) -> Result[Snapshot]:
    """Compile declarations to a sealed snapshot, in memory.

    Args:
        paths: files, or folders with files; the project's own sources if there are none.
        workspace: the folder that holds `pgs.yaml`; the nearest above the first path, or above the working
            directory, unless given.

    Returns:
        The snapshot, unless there is an error; and the findings, by place. What is wrong with declarations or
        with reading them is a finding and never raised.
    """
    paths = tuple(paths)
    root = workspace.absolute() if workspace else find_root(paths[0] if paths else Path.cwd())
    compilation = compile_workspace(root, paths)
    snapshot = None if compilation.files is None else Snapshot(verify(compilation.files))
    return Result(snapshot, compilation.findings)


def compile_workspace(root: Path, paths: tuple[Path, ...] = (), policy: Policy | None = None) -> Compilation:
    """Compile the workspace at `root`: the declarations under `paths`, or under the project's own sources."""
    opened = open_workspace(root, paths)
    workspace = opened.value
    if opened.errors or workspace is None:
        sources = workspace.sources() if workspace else {}
        return Compilation(None, "", None, None, ordered(opened.findings), sources, "open")
    policy = replace(policy or Policy(), whole=not paths)
    found, published = _published(workspace.project, root, policy.baseline)
    if found is not None:
        return Compilation(None, "", None, None, (found,), workspace.sources(), "open")
    compilation = compile_program(workspace.project, root, workspace.files, policy, published)
    return replace(compilation, sources=workspace.sources())


def _published(project: Project, root: Path, named: Path | None) -> tuple[Finding | None, Sealed | None]:
    """The baseline that the command names, or else the project; a finding where that is no snapshot."""
    folder = named or (root / project.baseline.text if project.baseline else None)
    if folder is None:
        return None, None
    try:
        return None, open_snapshot(folder)
    except SealBroken as broken:
        own = None if named else project.baseline
        why = "" if broken.code == "Z901" else f" {broken.message}"
        message = f"The baseline `{own.text if own else folder}` is no snapshot as it was sealed ({broken.code}).{why}"
        return Finding("Z917", message, own.place if own else None), None


def compile_program(
    project: Project,
    root: Path,
    files: Iterable[SourceFile],
    policy: Policy | None = None,
    published: Sealed | None = None,
) -> Compilation:
    """Compile declarations.

    Args:
        root: the workspace, in which implementations are looked for.
        published: a baseline, from which no name may differ.
    """
    policy = policy or Policy()
    files = tuple(files)
    sources = {file.path: file.data for file in files}
    found: list[Finding] = []

    declarations, whole = _declarations(files, found)
    made = _kept(make(declarations), found) if whole else None
    program = _kept(resolve(made, project), found) if made else None
    checked = _kept(check(program), found) if program else None
    proven = _kept(prove(checked), found) if checked else None
    flows = _kept(follow(checked), found) if checked else None
    bound = _kept(bind(checked, project, root), found) if checked else None
    assessed = _kept(assess(checked.program, bound, project, root), found) if checked and bound else None
    if checked and bound:
        found += embody(checked.program, bound.closures, root, tuple(found))

    contents = None
    if checked and flows and proven and bound and assessed:
        resting_on = resting(found, project.waivers, Scope(sources, declarations, complete=True))
        whole_project = replace(project, resting=resting_on)
        contents = lower(whole_project, hiding(checked, flows), proven, bound, assessed)
    sealed = seal(contents) if contents and published else None
    if sealed and published:
        found += unpublished(published, verify(sealed.files), declarations, policy.whole)

    scope = Scope(sources, declarations, complete=contents is not None)
    findings = ordered(judge(spoken(found, declarations), project.waivers, scope, policy))
    reached: Phase = "bind" if checked else "check" if program else "resolve" if made else "parse"
    code = assessed.shown if assessed else {}
    worker = assessed.worker if assessed else None
    known = (findings, sources, reached, declarations, project, published, code, worker)
    compilation = Compilation(None, "", checked, flows, *known)
    if contents is None or any(finding.blocks for finding in findings):
        return compilation
    sealed = sealed or seal(contents)  # not before: to confirm every proof takes long, and is for what is kept
    return replace(compilation, files=sealed.files, root=sealed.root)


def _declarations(files: Iterable[SourceFile], found: list[Finding]) -> tuple[tuple[Declaration, ...], bool]:
    """Read and parse, and whether that gave every declaration: else names are lacking, and resolving waits."""
    declarations: list[Declaration] = []
    whole = True
    for file in files:
        parsed = _kept(_declared(file), found)
        declarations += parsed or ()
        whole = whole and parsed is not None
    broken = any(finding.stops for finding in found)
    return tuple(declarations), whole and not broken


@lru_cache(maxsize=256)  # who compiles again in one process has changed few files
def _declared(file: SourceFile) -> Result[tuple[Declaration, ...]]:
    """The declarations of one file; no value where it cannot be read."""
    documents = read(file)
    if not documents.value:
        return Result(None, documents.findings)
    parsed = parse(documents.value)
    return Result(parsed.value, (*documents.findings, *parsed.findings))


def _kept(result: Result[T], found: list[Finding]) -> T | None:
    found += result.findings
    return result.value
