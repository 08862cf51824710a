"""Where effects take place: which store a step of a contract means, by the bindings of the workflows that use it.

A publication names a store within a structure, or only the file of a binding's policy; the structure is that of the
binding of the workflow. The same file is the same store.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from pgs_compiler.importing.account import Keys
from pgs_compiler.importing.draft import Draft, member, record, text_of
from pgs_compiler.importing.known import EXTERNAL, OPERATIONS
from pgs_compiler.importing.published import Document
from pgs_compiler.importing.world import World
from pgs_compiler.source import Entry, Mapping, Sequence

_ROOT = re.compile(r"\{\{\s*[a-z_]+\s*\}\}/")


@dataclass(slots=True)
class Store:
    """A store of this language.

    Attributes:
        name: in full.
        document: which publication declares it, at `entry`; a binding where that only names a file.
        side_effect: of `core`, or in full; "" until a step uses it.
        operations: those that steps use.
    """

    name: str
    document: Document
    entry: Entry
    side_effect: str = ""
    operations: set[str] = field(default_factory=set)
    record_type: str = ""

    @property
    def code(self) -> str:
        return self.name.partition("::")[2]


@dataclass(slots=True)
class Places:
    """The stores of all structures and bindings, and which of them each contract means.

    Attributes:
        stores: by domain and file.
        bindings: of each contract, by full name of its document, the bindings of the workflows that use it.
        used: the stores, and under `NAME effects` the external effects, that run under each binding.
    """

    world: World
    stores: dict[tuple[str, str], Store] = field(default_factory=dict)
    bindings: dict[str, list[Document]] = field(default_factory=dict)
    used: dict[str, set[str]] = field(default_factory=dict)

    def store(self, contract: Document, bindings: tuple[Document, ...], step: Mapping) -> list[Store]:
        """The stores that a step means; more than one only in a contract that no workflow uses."""
        found: dict[str, Store] = {}
        for binding in bindings or self._all_bindings(contract):
            store = self._meant(contract, binding, step)
            if store is not None:
                found[store.name] = store
        for binding in bindings if found else ():
            self.used.setdefault(binding.name, set()).add(next(iter(found)))
        return list(found.values())

    def variants(self, contract: Document) -> dict[str, tuple[Document, ...]]:
        """A contract as often as the workflows that use it mean different stores by it: each name with its bindings."""
        steps = member(member(contract.machine, "core"), "pipeline")
        items = [item for item in steps if isinstance(item, Mapping)] if isinstance(steps, Sequence) else []
        groups: dict[tuple[str, ...], list[Document]] = {}
        for binding in self.bindings.get(contract.name, ()):
            meant = [self._meant(contract, binding, item) for item in items]
            groups.setdefault(tuple(each.name if each else "" for each in meant), []).append(binding)
        whole = self.world.full_name(contract)
        named: dict[str, tuple[Document, ...]] = {}
        for bindings in groups.values():
            name = f"{whole.rpartition('_V')[0]}_{bindings[0].word}"[:80] + f"_V{contract.version}" if named else whole
            named[name] = tuple(bindings)
        return named or {whole: ()}

    def name_under(self, contract: Document, binding: Document | None) -> str:
        """What a contract is called where it runs under a binding."""
        named = self.variants(contract)
        return next((name for name, bindings in named.items() if binding in bindings), next(iter(named)))

    def _meant(self, contract: Document, binding: Document, step: Mapping) -> Store | None:
        name = text_of(step.get("store"))
        target = self.world.find(text_of(step.get("side_effect")), contract, "CS")
        if name:
            return self._named(binding, name)
        return self._by_policy(binding, target.name if target else text_of(step.get("side_effect")))

    def _all_bindings(self, contract: Document) -> list[Document]:
        """For a contract that no workflow uses: all bindings of its namespace."""
        return [each for each in self.world.published.of_kind("RB") if each.namespace == contract.namespace]

    def structure(self, binding: Document) -> Document | None:
        named = text_of(member(member(binding.machine, "core"), "storage_structure"))
        return self.world.find(named, binding, "STRUCTURE") if named else None

    def _named(self, binding: Document, name: str) -> Store | None:
        structure = self.structure(binding)
        for entry in entity_stores(structure):
            if structure is not None and entry.name == name:
                return self._at(structure, entry)
        return None

    def _by_policy(self, binding: Document, side_effect: str) -> Store | None:
        """The store whose file the policy of a binding names for a side effect."""
        path, entry = policy_path(binding, side_effect)
        if entry is None or not path:
            return None
        structure = self.structure(binding)
        for own in entity_stores(structure):
            if structure is not None and _file(text_of(member(own.value, "path"))) == path:
                return self._at(structure, own)
        return self._add(binding, entry, path, PurePosixPath(path).stem)

    def _at(self, structure: Document, entry: Entry) -> Store:
        path = _file(text_of(member(entry.value, "path"))) or f"{structure.code}/{entry.name}"
        store = self._add(structure, entry, path, entry.name)
        store.record_type = store.record_type or text_of(member(entry.value, "record_type"))
        return store

    def _add(self, document: Document, entry: Entry, path: str, word: str) -> Store:
        domain = self.world.domain(document)
        if (domain, path) not in self.stores:
            taken = {store.name for store in self.stores.values()}
            word = re.sub(r"[^A-Z0-9_]", "_", word.upper())
            name = f"{domain}::ST_{word}_V{document.version}"
            if name in taken:
                name = f"{domain}::ST_{document.word}_{word}_V{document.version}"
            self.stores[(domain, path)] = Store(name, document, entry)
        return self.stores[(domain, path)]


def entity_stores(structure: Document | None) -> Iterator[Entry]:
    found = member(member(structure.machine, "core"), "entity_stores") if structure else None
    yield from found if isinstance(found, Mapping) else ()


def policy_path(binding: Document, side_effect: str) -> tuple[str, Entry | None]:
    """The file that a binding names for a side effect, and where it binds it at all."""
    for entry in bound_effects(binding):
        if entry.name == side_effect or entry.name == side_effect.partition("::")[2]:
            for key in ("policy", "config"):
                path = text_of(member(member(entry.value, key), "path"))
                if path:
                    return _file(path), entry
            return "", entry
    return "", None


def bound_effects(binding: Document) -> Iterator[Entry]:
    found = member(member(binding.machine, "core"), "bindings")
    yield from found if isinstance(found, Mapping) else ()


def structure(world: World, document: Document) -> None:
    """Account for a structure: its stores are written where they are used."""
    _, _, core = world.begin(document, "store")
    core.idle(("storage_roots", "resolution", "migration", "isolation"))
    for entry in core.keys("entity_stores"):
        world.account.carry(entry)
        if not isinstance(entry.value, Mapping):
            world.account.misshapen(entry, "mapping")
            continue
        Keys(entry.value, world.account).carry_whole("path", "description", "record_type")


def binding(world: World, document: Document, places: Places) -> None:
    """The stores that the workflows with a binding use, and their external effects."""
    draft, top, core = world.begin(document, "binding")
    top.idle(("parameters",))
    named = core.text("storage_structure")
    if named is not None and places.structure(document) is None:
        world.unpublished(text_of(named), named.place)
    stores, effects = Draft(document.place), Draft(document.place)
    for name in sorted(places.used.get(document.name, ())):
        own = name.partition("::")[0] == world.domain(document)
        stores.add(name.partition("::")[2] if own else name, record(document.place))
    external = {known.side_effect for known in OPERATIONS.values() if known.side_effect in EXTERNAL}
    used = places.used.get(f"{document.name} effects", set())
    for entry in core.keys("bindings"):
        world.account.carry_whole(entry)
        code = entry.name.rpartition("::")[2]
        if code in external and code in used:
            effects.add(f"core::{code}", record(entry.key.place), entry.key.place)
    if stores:
        draft.add("stores", stores.tree())
    if effects:
        draft.add("effects", effects.tree())
    world.write(document, draft.tree())


def missing_binding(bindings: tuple[Document, ...], side_effect: str) -> list[Document]:
    """Those of a contract's bindings that do not bind a side effect that it uses."""
    return [each for each in bindings if policy_path(each, side_effect)[1] is None]


def _file(path: str) -> str:
    return _ROOT.sub("", path)
