"""An import on one screen: read what is published, translate it, write files, and compile what was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping as Map
from dataclasses import dataclass, replace
from pathlib import Path

from pgs_compiler.compiler import Compilation, compile_program
from pgs_compiler.findings import Finding, ordered
from pgs_compiler.importing.account import all_entries
from pgs_compiler.importing.contracts import Pipeline, Read, Written
from pgs_compiler.importing.draft import member, text_of
from pgs_compiler.importing.holdings import hold
from pgs_compiler.importing.origins import Origins
from pgs_compiler.importing.places import Places, binding, structure
from pgs_compiler.importing.published import Document, Published, read_folder
from pgs_compiler.importing.simple import actor, entity, event, intent
from pgs_compiler.importing.transforms import side_effect, transform
from pgs_compiler.importing.workflows import Graph
from pgs_compiler.importing.world import World
from pgs_compiler.importing.writing import written
from pgs_compiler.project import NAME, Project
from pgs_compiler.source import Mapping, SourceFile
from pgs_compiler.workspace import core_files

_SIMPLE = {"IN": intent, "AC": actor, "EV": event, "ENTITY": entity, "STRUCTURE": structure, "CS": side_effect}
_NO_COUNTERPART = {
    "TI": "An ingress says who asks, and an egress how each exit is answered; this says neither, and is not carried.",
    "INVARIANT": "Which transforms a domain may use is no rule that a constitution has: it is not carried.",
}
NO_FOLDER = Path(__file__) / "none"
"""A workspace that is nowhere: what was written has no code of its own."""

TYPED = ("Write ", "Is it ", "Add ", "Put ")
"""How hints begin that say what to type: that is for what was written, and stands in no published document."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import gave.

    Attributes:
        files: what is written, text by path.
        own: findings of the importer, at the published lines.
        compiled: findings of the compiler about what was written, at the published lines.
        keys: how many keys of all documents are carried, idle or named by a finding.
        origins: from what was written to the published lines.
        world: the import as it ended.
        compilation: of all that was written.
    """

    published: Published
    files: Map[str, str]
    own: tuple[Finding, ...]
    compiled: tuple[Finding, ...]
    keys: Map[str, int]
    origins: Origins
    world: World
    compilation: Compilation

    @property
    def findings(self) -> tuple[Finding, ...]:
        return ordered([*self.own, *self.compiled])


def bring_in(root: Path) -> Imported:
    """Import a folder of publications, in memory."""
    published = read_folder(root)
    world = World(published)
    places = Places(world)
    _uses(world, places)
    _translate(world, places)
    for document in published.documents.values():
        world.account.close(document.machine)
    files = {path: written(each, _source(world, each)) for path, each in sorted(world.written.items())}
    files["pgs.yaml"] = _project(root)
    origins = Origins()
    for path, declarations in world.written.items():
        origins.learn(SourceFile(path, files[path].encode()), declarations)
    compilation = compile_files(files, tuple(world.written))
    found = [*published.findings, *world.account.findings]
    compiled = [told(each, origins, world) for each in compilation.findings if not waits_for_code(each, world)]
    return Imported(
        published, files, ordered(found), ordered(compiled), _counted(published, world), origins, world, compilation
    )


def _source(world: World, declarations: list[Mapping]) -> str:
    return world.origins[text_of(declarations[0].entries[0].value)].path


def compile_files(files: Map[str, str], paths: tuple[str, ...]) -> Compilation:
    """Compile some of the files, as a workspace that holds no others."""
    sources = [SourceFile(path, files[path].encode()) for path in sorted(paths)]
    return compile_program(Project(name="imported", version=1), NO_FOLDER, [*core_files(), *sources])


def told(finding: Finding, origins: Origins, world: World) -> Finding:
    """A finding of the compiler at the published line; what leads nowhere only here has no counterpart."""
    found = origins.finding(finding)
    if found.code == "T404" and found.place in world.lost:
        return Finding("I955", world.lost[found.place], found.place)
    if found.code in ("T403", "T404") and found.place in world.promised:
        return replace(found, message=world.promised[found.place], hint="")
    return replace(found, hint="") if found.hint.startswith(TYPED) else found


def waits_for_code(finding: Finding, world: World) -> bool:
    """Whether a finding says of a declaration only that nothing implements it, which the importer says once itself."""
    if finding.place is None or not finding.code.startswith(("C60", "C64")):
        return False
    return any(_declares(world, finding.place.path, name) for name in world.unimplemented)


def _declares(world: World, path: str, name: str) -> bool:
    return any(text_of(each.entries[0].value) == name for each in world.written.get(path, ()))


def _uses(world: World, places: Places) -> None:
    """Which bindings each contract runs under: those of the workflows that have it as a node."""
    for document in world.published.of_kind("WF"):
        core = member(document.machine, "core")
        named = text_of(document.machine.get("runtime_binding")) or text_of(member(core, "runtime_binding"))
        bound = world.find(named, document, "RB") if named else None
        nodes = member(core, "nodes")
        for entry in nodes if isinstance(nodes, Mapping) else ():
            contract = world.find(text_of(member(entry.value, "code")), document, "CC")
            if contract is not None and bound is not None:
                known = places.bindings.setdefault(contract.name, [])
                if bound not in known:
                    known.append(bound)


def _translate(world: World, places: Places) -> None:
    documents = world.published.documents.values()
    pipelines = []
    for document in documents:
        for name in places.variants(document) if document.kind == "CC" else ():
            pipelines.append(Pipeline(world, document, places, name))
            pipelines[-1].translate()
    for document in documents:
        if document.kind in _SIMPLE:
            _SIMPLE[document.kind](world, document)
        elif document.kind == "CT":
            transform(world, document, fails=True)
        elif document.kind == "WF":
            Graph(world, document, places).translate()
        elif document.kind == "RB":
            binding(world, document, places)
        elif document.kind in _NO_COUNTERPART:
            _refuse(world, document)
    _hold(world, places, pipelines)


def _hold(world: World, places: Places, pipelines: list[Pipeline]) -> None:
    written: dict[str, list[Written]] = {}
    read: dict[str, list[Read]] = {}
    for pipeline in pipelines:
        for effect in pipeline.written:
            written.setdefault(effect.store.name, []).append(effect)
        for seen in pipeline.read:
            read.setdefault(seen.store.name, []).append(seen)
    for store in sorted(places.stores.values(), key=lambda store: store.name):
        if store.operations:
            hold(world, store, written.get(store.name, []), read.get(store.name, []))


def _refuse(world: World, document: Document) -> None:
    for entry in document.machine:
        world.account.fates.setdefault(entry.key.place, "found")
        for below in all_entries(entry.value):
            world.account.fates.setdefault(below.key.place, "found")
    world.account.report("I955", _NO_COUNTERPART[document.kind], document.place)


def _counted(published: Published, world: World) -> dict[str, int]:
    counts: Counter[str] = Counter({"carried": 0, "idle": 0, "found": 0})
    for document in published.documents.values():
        counts.update(world.account.fates[entry.key.place] for entry in all_entries(document.machine))
    return dict(counts)


def _project(root: Path) -> str:
    name = root.absolute().name
    name = name if NAME.accepts(name) else "imported"
    return f"format: pgs-project/1\nname: {name}\nversion: 1\nsources: [protocols]\nactor: core::AC_OPERATOR_V0\n"
