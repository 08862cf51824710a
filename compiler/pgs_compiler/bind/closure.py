"""The import closure of an implementation: every first-party module that can run when it does.

Read off the source, for to import a module is to run it. An import statement runs the packages around its
module first, so their `__init__` modules and what those import belong to the closure.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from pgs_compiler.bind.imports import DynamicImport, Import, absolute, imports
from pgs_compiler.bind.modules import Module, NotSource, Packages
from pgs_compiler.findings import Finding, Place, Result, ordered
from pgs_snapshot.canonical import digest
from pgs_snapshot.locate import ENGINE
from pgs_snapshot.model import Implementation
from pgs_snapshot.suggest import nearest

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_REFERENCE = re.compile(rf"({_NAME}(?:\.{_NAME})*):({_NAME})")
# Ours as well, and not for implementations: what they offer is no part of what a run is made of.
_NOT_FOR_IMPLEMENTATIONS = frozenset({"pgs_compiler", "pgs_runtime", "pgs_transport"})


@dataclass(frozen=True, slots=True)
class Closure:
    """What an implementation runs.

    Attributes:
        modules: source of each first-party module; a package's own code is called `package.__init__`.
        distributions: `name==version` of what each third-party import name comes from.
        parts: the modules as they were read, by import name.
    """

    reference: str
    modules: Mapping[str, bytes]
    distributions: Mapping[str, str]
    parts: Mapping[str, Module] = field(compare=False, repr=False)

    def implementation(self) -> Implementation:
        """The closure as a manifest lists it."""
        digests = {name: digest(source) for name, source in self.modules.items()}
        return Implementation(self.reference, digests, self.distributions)


def closure(reference: str, packages: Packages, place: Place) -> Result[Closure]:
    """Find what an implementation runs, and refuse what cannot be sealed.

    Args:
        reference: `package.module:attribute`.
        packages: of the project; shared between calls, so that a module is read once.
        place: of the reference in the author's file.
    """
    match = _REFERENCE.fullmatch(reference)
    if not match:
        message = f"`{reference}` is not written as `package.module:attribute`."
        module, dot, last = reference.replace("/", ".").replace(".py:", ":").rpartition(".")
        meant = reference.replace("/", ".").replace(".py:", ":") if ":" in reference else f"{module}:{last}"
        hint = f"Write `{meant}`." if dot and _REFERENCE.fullmatch(meant) else ""
        return Result(None, (Finding("C601", message, place, hint=hint),))
    name, attribute = match.groups()
    outermost = name.partition(".")[0]
    if name not in packages:
        message = f"`{reference}` lies in `{outermost}`, which is no package of the project."
        known = packages.locate(outermost) and outermost not in sys.stdlib_module_names
        hint = f"Add `{outermost}` to `packages` in `pgs.yaml`." if known else ""
        return Result(None, (Finding("C602", message, place, hint=hint),))
    walk = _Walk(packages, place)
    if walk.enter(name, "") is None and not walk.findings:
        return Result(None, (_absent(name, attribute, packages, place),))
    walk.follow()
    if not walk.findings:
        walk.check(name, attribute)
    if walk.findings:
        return Result(None, ordered(walk.findings))
    sources = {m.sealed_name: m.source for m in walk.modules.values() if m.source is not None}
    parts = dict(sorted(walk.modules.items()))
    return Result(Closure(reference, dict(sorted(sources.items())), dict(sorted(walk.distributions.items())), parts))


def _absent(name: str, attribute: str, packages: Packages, place: Place) -> Finding:
    """The finding that there is no module of a name, or no package around it."""
    parts = name.split(".")
    outward = (".".join(parts[:end]) for end in range(1, len(parts) + 1))
    missing = next(module for module in outward if packages.locate(module) is None)
    near = nearest(missing, packages.beside(missing))
    meant = f"{near}{name.removeprefix(missing)}" if near else ""
    found = meant and packages.locate(meant)
    message = f"There is no module `{missing}`{packages.searched(missing)}."
    return Finding("C603", message, place, hint=f"Write `{meant}:{attribute}`." if found else "")


class _Walk:
    def __init__(self, packages: Packages, place: Place) -> None:
        self.packages = packages
        self.place = place
        self.modules: dict[str, Module] = {}
        self.distributions: dict[str, str] = {}
        self.findings: list[Finding] = []
        self._waiting: list[Module] = []
        self._line = ""  # of the import that is looked at; not part of a message, which outlives other edits

    def enter(self, name: str, importer: str) -> Module | None:
        """Take a module in, with the packages around it. `importer` says who wants it, "" for the author."""
        parts = name.split(".")
        module = None
        for end in range(1, len(parts) + 1):
            module = self._one(".".join(parts[:end]), importer)
            if module is None:
                return None
        return module

    def _one(self, name: str, importer: str) -> Module | None:
        if name in self.modules:
            return self.modules[name]
        try:
            module = self.packages.module(name)
        except NotSource as refused:
            self._line = f"line {refused.line} of `{name}`" if refused.line else self._line
            self._find("C604", f"`{name}` {refused}, so it cannot be sealed.")
            return None
        if module is None:
            if importer:
                self._find("C606", f"{importer} imports `{name}`, and there is no such module.")
            return None
        self.modules[name] = module
        self._waiting.append(module)
        return module

    def follow(self) -> None:
        """Take in what the modules import, until they import nothing new."""
        while self._waiting:
            module = self._waiting.pop()
            for item in imports(module.tree, module.package):
                importer = f"`{module.name}`"
                self._line = f"line {item.line} of {importer}"
                if isinstance(item, DynamicImport):
                    message = f"{importer} uses `{item.what}`, so what it imports cannot be known before it runs."
                    self._find("C607", message)
                elif item.module in self.packages:
                    self._first_party(item, importer)
                else:
                    self._other(item, importer)

    def _first_party(self, item: Import, importer: str) -> None:
        base = self.enter(item.module, importer)
        if base is None:
            return
        names = _exported(base.tree) if item.names == ("*",) else item.names
        for name in names:
            inner = f"{item.module}.{name}"
            if self.packages.locate(inner) is not None:
                self.enter(inner, importer)
            elif base.source is None:
                self._find("C606", f"{importer} imports `{inner}`, and there is no such module.")

    def _other(self, item: Import, importer: str) -> None:
        outermost = item.module.partition(".")[0]
        if outermost in ENGINE or outermost in sys.stdlib_module_names:
            return
        if item.module.startswith("."):
            self._find("C606", f"{importer} imports relative to what lies outside of its package.")
            return
        if outermost in _NOT_FOR_IMPLEMENTATIONS:
            self._find("C606", f"{importer} imports `{item.module}`, which is not there for implementations.")
            return
        found = self.packages.distribution(item.module)
        inner = [] if found else [self.packages.distribution(f"{item.module}.{name}") for name in item.names]
        owners = [found] if found else [owner for owner in inner if owner]
        if not owners or len(owners) < len(inner):
            self._find("C606", *self._unknown(item.module, outermost, importer))
        self.distributions.update(owners)

    def _unknown(self, module: str, outermost: str, importer: str) -> tuple[str, str]:
        if self.packages.locate(outermost) is None:
            return f"{importer} imports `{module}`, which is not installed.", ""
        message = f"{importer} imports `{module}`, which belongs neither to the project nor to a distribution."
        return message, f"Add `{outermost}` to `packages` in `pgs.yaml`."

    def check(self, name: str, attribute: str) -> None:
        """Refuse an attribute that is no function or class, wherever in the project it was imported from."""
        self._line = ""
        module: Module | None = self.modules[name]
        seen = set()
        while module is not None and (module.name, attribute) not in seen:
            seen.add((module.name, attribute))
            match _bound(module.tree, attribute):
                case ast.FunctionDef() | ast.ClassDef():
                    return
                case ast.AsyncFunctionDef():
                    where = f"`{attribute}` in `{module.name}`"
                    message = f"{where} is an `async` function; only a plain one can be called."
                    self._find("C605", message)
                    return
                case ast.ImportFrom() as origin:
                    original = next(a.name for a in origin.names if (a.asname or a.name) == attribute)
                    module, attribute = self.modules.get(absolute(origin, module.package)), original
                case _:
                    break
        self._missing(name, attribute)

    def _missing(self, name: str, attribute: str) -> None:
        near = nearest(attribute, _callables(self.modules[name].tree))
        hint = f"Is it `{name}:{near}`?" if near else ""
        message = f"`{name}` has no function or class `{attribute}` of its own or of the project's packages."
        self._find("C605", message, hint)

    def _find(self, code: str, message: str, hint: str = "") -> None:
        self.findings.append(Finding(code, message, self.place, self._line, hint=hint))


def _bound(tree: ast.Module, name: str) -> ast.stmt | None:
    """The last statement at the top of a module that binds a name."""
    for statement in reversed(tree.body):
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if statement.name == name:
                return statement
            case ast.ImportFrom() | ast.Import() if name in [a.asname or a.name for a in statement.names]:
                return statement
            case ast.Assign() if name in [ast.unparse(target) for target in statement.targets]:
                return statement
            case ast.AnnAssign() if ast.unparse(statement.target) == name:
                return statement
    return None


def _callables(tree: ast.Module) -> list[str]:
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]


def _exported(tree: ast.Module) -> tuple[str, ...]:
    """The names that `import *` takes, submodules among them: `__all__`, where it is written out."""
    match _bound(tree, "__all__"):
        case ast.Assign(value=ast.List(elts=names) | ast.Tuple(elts=names)):
            return tuple(n.value for n in names if isinstance(n, ast.Constant) and isinstance(n.value, str))
    return ()
