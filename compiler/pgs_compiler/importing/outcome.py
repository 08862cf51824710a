"""What becomes of each published workflow: with all that it uses it compiles, waits for code, or is refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pgs_compiler.findings import Finding, ordered
from pgs_compiler.importing.draft import text_of
from pgs_compiler.importing.importer import Imported, compile_files, told, waits_for_code
from pgs_compiler.importing.published import Document
from pgs_compiler.source import Mapping, Scalar, Sequence, Tree

State: TypeAlias = Literal["compiles", "waits for code", "refused"]
NO_CODE = "I959"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A workflow with what stands against it.

    Attributes:
        documents: all that it uses, itself among them, by path.
        findings: errors of the importer and of the compiler about these.
        root: the id of the snapshot of it alone, if it compiles.
    """

    workflow: Document
    state: State
    documents: tuple[str, ...]
    findings: tuple[Finding, ...]
    root: str


def verdicts(imported: Imported) -> tuple[Verdict, ...]:
    """Compile each workflow with all that it uses, and nothing else."""
    uses = _uses(imported)
    return tuple(_verdict(imported, workflow, uses) for workflow in imported.published.of_kind("WF"))


def _verdict(imported: Imported, workflow: Document, uses: dict[str, set[str]]) -> Verdict:
    world = imported.world
    files = _reached(world.file_of(workflow, "workflow"), uses)
    documents = {world.origins[name].path for path in files for name in _names(world.written[path])}
    compilation = compile_files(imported.files, tuple(files))
    found = [
        told(each, imported.origins, world)
        for each in compilation.findings
        if each.blocks and not waits_for_code(each, world)
    ]
    own = [each for each in imported.own if each.blocks and each.place and each.place.path in documents]
    found = list(ordered([*own, *found]))
    state: State = "compiles" if compilation.files is not None and not found else "refused"
    if found and all(finding.code == NO_CODE for finding in found):
        state = "waits for code"
    return Verdict(workflow, state, tuple(sorted(documents)), tuple(found), compilation.root)


def _uses(imported: Imported) -> dict[str, set[str]]:
    """For each file that was written, the files that hold what its declarations name."""
    written = imported.world.written
    where = {name: path for path, declarations in written.items() for name in _names(declarations)}
    uses: dict[str, set[str]] = {}
    for path, declarations in written.items():
        domain = text_of(declarations[0].entries[0].value).partition("::")[0]
        words = {word for declaration in declarations for word in _words(declaration)}
        named = {where.get(word) or where.get(f"{domain}::{word}") for word in words}
        uses[path] = {each for each in named if each is not None}
    return uses


def _reached(start: str, uses: dict[str, set[str]]) -> set[str]:
    reached, waiting = set(), [start]
    while waiting:
        path = waiting.pop()
        if path in uses and path not in reached:
            reached.add(path)
            waiting += uses[path]
    return reached


def _names(declarations: Iterable[Mapping]) -> list[str]:
    return [text_of(each.entries[0].value) for each in declarations]


def _words(tree: Tree) -> Iterable[str]:
    if isinstance(tree, Mapping):
        for entry in tree:
            yield entry.name
            yield from _words(entry.value)
    elif isinstance(tree, Sequence):
        for item in tree:
            yield from _words(item)
    elif isinstance(tree, Scalar) and isinstance(tree.value, str):
        yield tree.value
