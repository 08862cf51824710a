"""The gate: all the code that a transform can reach is read, and what could make it impure is refused.

It looks at whole modules, at their own level too, for to import a module is to run it. What is refused is told once,
at the words that do it, with the imports that lead there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pgs_compiler.bind.closure import Closure
from pgs_compiler.bind.imports import DynamicImport, Import, imports
from pgs_compiler.bind.modules import Module
from pgs_compiler.declarations import Process, Transform
from pgs_compiler.findings import Finding, Place, Related
from pgs_compiler.purity import imports as importing
from pgs_compiler.purity import names, order, patterns, shared, syntax, top, traps
from pgs_compiler.purity.places import place_of, points
from pgs_compiler.purity.source import Offence, Source

CHECKS: tuple[Callable[[Source], Iterator[Offence]], ...] = (
    importing.check,
    names.check,
    syntax.check,
    shared.check,
    top.check,
    order.check,
    patterns.check,
    traps.check,
)


Pure: TypeAlias = Transform | Process
"""What computes, and does nothing else; a process changes its context besides, which is what it is given first."""


@dataclass(frozen=True, slots=True)
class Bindings:
    """Transforms and processes with the code that they reach.

    Attributes:
        closures: by implementation reference.
        own: the outermost names of the project's packages.
        shown: how reports call the file of a module.
    """

    pure: tuple[Pure, ...]
    closures: Mapping[str, Closure]
    own: frozenset[str]
    shown: Callable[[Module], str]

    def modules(self) -> dict[str, Module]:
        """Every module that a transform reaches, by name, in the order of the names."""
        found = {name: part for one in self.pure for name, part in self.closure(one).parts.items()}
        return dict(sorted(found.items()))

    def closure(self, transform: Pure) -> Closure:
        return self.closures[transform.implementation.text]


def read_sources(bindings: Bindings) -> dict[str, Source]:
    """The modules that transforms reach, ready to be looked at."""
    entries: dict[str, set[str]] = {}
    processes: dict[str, set[str]] = {}
    for one in bindings.pure:
        module, _, function = one.implementation.text.partition(":")
        entries.setdefault(module, set()).add(function)
        if isinstance(one, Process):
            processes.setdefault(module, set()).add(function)
    modules = bindings.modules()
    known = frozenset(modules)
    return {
        name: Source(
            name,
            module.package,
            module.tree,
            bindings.own,
            known,
            frozenset(entries.get(name, ())),
            frozenset(processes.get(name, ())),
        )
        for name, module in modules.items()
    }


def gate(bindings: Bindings, sources: Mapping[str, Source]) -> tuple[Finding, ...]:
    """What transforms must not do, in the order of the modules and their lines."""
    modules = bindings.modules()
    findings: list[Finding] = []
    for name, source in sources.items():
        module = modules[name]
        found = sorted(
            (offence for check in CHECKS for offence in check(source)),
            key=lambda offence: (getattr(offence.node, "lineno", 0), getattr(offence.node, "col_offset", 0)),
        )
        way = _way(bindings, name) if found else ()
        path = bindings.shown(module)
        lines = (module.source or b"").splitlines()
        for offence in _one_each(found):
            place = place_of(path, lines, offence.node)
            findings.append(Finding(offence.code, offence.why, place, offence.label, way, offence.instead))
    return tuple(findings)


def _one_each(offences: Iterable[Offence]) -> Iterator[Offence]:
    """The first offence at each place: `time.time()` is one mistake, not an attribute and a call."""
    seen: set[tuple[int, int]] = set()
    for offence in offences:
        where = (getattr(offence.node, "lineno", 0), getattr(offence.node, "col_offset", 0))
        if where not in seen:
            seen.add(where)
            yield offence


def _way(bindings: Bindings, module: str) -> tuple[Related, ...]:
    """How a transform comes to run a module: its declaration, then each import, the shortest way there."""
    ways = [_ways(bindings, transform, module) for transform in bindings.pure]
    return min((way for way in ways if way is not None), key=len, default=())


def _ways(bindings: Bindings, transform: Pure, module: str) -> tuple[Related, ...] | None:
    parts = bindings.closure(transform).parts
    if module not in parts:
        return None
    word = transform.implementation
    begin = Related(word.place, f"`{transform.header.name}` runs it")
    first = word.text.partition(":")[0]
    routes: dict[str, tuple[Related, ...]] = {
        name: (begin,) for name in _with_outer(first) if name in parts
    }  # fmt: skip
    waiting = list(routes)
    for name in waiting:  # grows on the way: breadth first
        for target, related in _imported(bindings, parts[name], parts):
            if target not in routes:
                routes[target] = (*routes[name], related)
                waiting.append(target)
    return routes.get(module)


def _imported(bindings: Bindings, module: Module, parts: Mapping[str, Module]) -> Iterator[tuple[str, Related]]:
    lines = (module.source or b"").splitlines()
    for item in imports(module.tree, module.package):
        if isinstance(item, DynamicImport):
            continue
        text = lines[item.line - 1] if item.line <= len(lines) else b""
        indent = len(text) - len(text.lstrip())
        place = Place(bindings.shown(module), item.line, indent + 1, item.line, points(text, len(text)))
        for name in _targets(item):
            if name in parts:
                yield name, Related(place, f"imports `{name}`")


def _targets(item: Import) -> list[str]:
    inner = [f"{item.module}.{name}" for name in item.names]
    return [name for outer in (item.module, *inner) for name in reversed(_with_outer(outer))]


def _with_outer(name: str) -> list[str]:
    """A module and the packages around it, which run before it."""
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
