"""C610: a transform imports only what computes, at the top of its module."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pgs_compiler.bind.imports import absolute
from pgs_compiler.purity.advice import advice
from pgs_compiler.purity.source import Offence, Source
from pgs_snapshot.sealed_code.pure import MODULES, leads_to, offers

_CONDITIONS = (ast.If, ast.Try, ast.For, ast.While, ast.With)


def check(source: Source) -> Iterator[Offence]:
    for node in source.nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found = list(_statement(source, node))
            yield from found or _place(source, node)


def _statement(source: Source, node: ast.Import | ast.ImportFrom) -> Iterator[Offence]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if not source.is_own(alias.name) and alias.name not in MODULES:
                yield from list(_uses(source, alias.name)) or [_refused(alias, alias.name)]
        return
    module = absolute(node, source.package)
    for alias in node.names:
        whole = f"{module}.{alias.name}"
        if alias.name == "*":
            instead = f"Name what is used: `from {module} import …`."
            yield Offence("C610", alias, "`import *` hides what is used.", "all names", instead)
        elif source.is_own(module) or whole in MODULES:
            continue
        elif module in MODULES and not offers(module, alias.name):
            yield _refused(alias, whole)
        elif module not in MODULES:
            yield _refused(alias, whole if leads_to(module) else module, whole)


def _uses(source: Source, module: str) -> Iterator[Offence]:
    """What is used of a module that is refused: it says better than the import what is meant. Each thing once."""
    seen: set[str] = set()
    for node in source.nodes:
        origin = source.origin(node) if isinstance(node, ast.Attribute) else ""
        if not origin.startswith(f"{module}.") or isinstance(source.scopes.parents.get(node), ast.Attribute):
            continue
        used = ".".join(origin.split(".")[: module.count(".") + 2])
        if used not in seen:
            seen.add(used)
            known = advice(used)
            yield Offence("C610", node, f"`{used}` {known.does}.", "used here", known.instead)


def _refused(node: ast.AST, name: str, used: str = "") -> Offence:
    known = advice(used or name)
    return Offence("C610", node, f"`{name}` {known.does}.", "imported here", known.instead)


def _place(source: Source, node: ast.stmt) -> Iterator[Offence]:
    """Every import runs, and runs first: what a module needs does not depend on a call or on the machine."""
    if source.scopes.function(node) is not None:
        why = "An import stands in a function."
        yield Offence("C610", node, why, "runs at a call", "Move it to the top of the module.")
    elif any(isinstance(outer, _CONDITIONS) for outer in source.scopes.around(node)):
        yield Offence("C610", node, "An import depends on a condition.", "runs or not", "Import it always.")
