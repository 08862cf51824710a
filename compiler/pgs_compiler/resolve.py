"""resolve: declarations in, a program out in which every name is in full and exists.

A reference without a domain means the author's own domain, else `core`.

Before: `Name("CC_PAY_V0")` in a workflow of `payments`. After: `Name("payments::CC_PAY_V0")`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count

from pgs_compiler.declarations import Actor, Declaration, Entity
from pgs_compiler.findings import Finding, Related, Result
from pgs_compiler.names import CORE, Name
from pgs_compiler.parts import found_in, replaced
from pgs_compiler.program import Program
from pgs_compiler.project import Project
from pgs_compiler.source import CORE as CORE_FOLDER
from pgs_snapshot.suggest import nearest


def resolve(declarations: Iterable[Declaration], project: Project) -> Result[Program]:
    """Names in full, or a finding for each that is defined twice, unknown or ambiguous.

    The project's own reference, the actor of local command lines, has to be in full and to exist.
    """
    findings: list[Finding] = []
    declarations = tuple(declarations)
    findings += _reserved(declarations)
    table = _table(declarations, findings)
    resolved = {name: _resolved(table[name], table, findings) for name in sorted(table)}
    if project.actor is not None and project.actor.text not in table:
        findings.append(_unknown(project.actor, "", table))
    findings += _entity_cycles(resolved)
    if any(finding.severity == "error" for finding in findings):
        return Result(None, tuple(findings))
    return Result(Program(_used(resolved), project.labels), tuple(findings))


def _used(table: Mapping[str, Declaration]) -> dict[str, Declaration]:
    """The workspace's own declarations, and of what comes with PGS the actors and what those refer to.

    What comes with PGS is taken whole where there is nothing else, as when it is compiled by itself.
    """
    own = [name for name, declaration in table.items() if not _comes_with_pgs(declaration)]
    actors = [name for name, declaration in table.items() if isinstance(declaration, Actor)]
    waiting = [*own, *actors] if own else list(table)
    used = set()
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting += [found.text for found in names_in(table[name])]
    return {name: declaration for name, declaration in table.items() if name in used}


def _reserved(declarations: tuple[Declaration, ...]) -> Iterator[Finding]:
    """What a workspace declares in the domain of what comes with PGS."""
    own = {declaration.header.domain for declaration in declarations} - {CORE}
    declared = {declaration.header.name for declaration in declarations}
    for declaration in declarations:
        if _is_intruder(declaration):
            code = declaration.header.name.partition("::")[2]
            meant = [f"{domain}::{code}" for domain in own if f"{domain}::{code}" not in declared]
            yield Finding(
                "N306",
                f"`{declaration.header.name}` is declared in `{CORE}`, which is the domain of what comes with PGS.",
                declaration.header.place,
                "declare it in a domain of your own",
                hint=f"Write `{meant[0]}`." if len(meant) == 1 else "",
            )


def _is_intruder(declaration: Declaration) -> bool:
    return declaration.header.domain == CORE and not _comes_with_pgs(declaration)


def _comes_with_pgs(declaration: Declaration) -> bool:
    return declaration.header.place.path.startswith(f"{CORE_FOLDER}/")


def _table(declarations: Iterable[Declaration], findings: list[Finding]) -> dict[str, Declaration]:
    table: dict[str, Declaration] = {}
    ordered = sorted(declarations, key=lambda item: (_is_intruder(item), item.header.place))
    declared = {declaration.header.name for declaration in ordered}
    for declaration in ordered:
        header = declaration.header
        first = table.setdefault(header.name, declaration)
        if first is not declaration and not _is_intruder(declaration):
            findings.append(
                Finding(
                    "N301",
                    f"`{header.name}` is declared twice.",
                    header.place,
                    "again; a change is a new version",
                    (Related(first.header.place, "first declared here"),),
                    f"Write `{_next_version(header.name, declared)}`.",
                )
            )
    return table


def _next_version(name: str, taken: Collection[str]) -> str:
    """The name with the first version behind its own that is free."""
    stem, _, version = name.rpartition("_V")
    return next(found for number in count(int(version) + 1) if (found := f"{stem}_V{number}") not in taken)


def _resolved(declaration: Declaration, table: Mapping[str, Declaration], findings: list[Finding]) -> Declaration:
    domain = declaration.header.domain

    def full(name: Name) -> Name:
        if name.domain:
            candidates = [name.text]
        else:
            candidates = list(dict.fromkeys((f"{domain}::{name.text}", f"core::{name.text}")))
        found = [candidate for candidate in candidates if candidate in table]
        if len(found) > 1:
            findings.append(
                Finding(
                    "N303",
                    f"`{name.text}` is declared in `{domain}` and in `core`.",
                    name.place,
                    hint=f"Write `{found[0]}`.",
                )
            )
        elif not found:
            findings.append(_unknown(name, domain, table))
        return replace(name, text=found[0]) if found else name

    return replaced(declaration, Name, full)


def _unknown(name: Name, domain: str, table: Mapping[str, Declaration]) -> Finding:
    known = [full for full, found in table.items() if found.header.kind == name.kind]
    short = {full.partition("::")[2]: full for full in known if full.startswith((f"{domain}::", "core::"))}
    suggestion = next((full for full in known if full.endswith(f"::{name.code}")), None)
    if suggestion is None and name.domain:
        suggestion = nearest(name.text, known)
    suggestion = suggestion or nearest(name.code, short) or nearest(name.text, known)
    return Finding(
        "N302",
        f"No {name.kind.replace('_', ' ')} is called `{name.text}`.",
        name.place,
        "" if suggestion else f"not declared in `{name.domain or domain}`",
        hint=f"Write `{suggestion}`." if suggestion else "",
    )


def _entity_cycles(table: Mapping[str, Declaration]) -> list[Finding]:
    """An entity that holds itself has no finite value."""
    findings: list[Finding] = []
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        entity = table.get(name)
        if name in trail and isinstance(entity, Entity):
            cycle = (*trail[trail.index(name) :], name)
            way = " → ".join(f"`{part.partition('::')[2]}`" for part in cycle)
            findings.append(Finding("N304", f"This entity holds itself: {way}.", entity.header.place))
            return
        if name in done or not isinstance(entity, Entity):
            return
        for reference in sorted({found.text for found in names_in(entity.schema)}):
            visit(reference, (*trail, name))
        done.add(name)

    for name in table:
        visit(name, ())
    return findings


def names_in(item: object) -> list[Name]:
    """Every name that a declaration refers to."""
    return list(found_in(item, Name))
