"""A module as the gate looks at it: its tree, who binds which name, and what an expression means."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from pgs_compiler.bind.imports import absolute
from pgs_compiler.purity.scopes import Scope, Scopes


@dataclass(frozen=True, slots=True)
class Offence:
    """What a transform must not do, at a node of its source.

    Attributes:
        code: the rule's code.
        what: the offending words, as the source has them, for the label.
        why: a sentence about `what`, with a full stop.
        instead: what to write or declare instead, "" if that is not known.
    """

    code: str
    node: ast.AST
    why: str
    label: str = ""
    instead: str = ""


@dataclass(slots=True)
class Source:
    """A first-party module.

    Attributes:
        name: `shop.fees`.
        package: what its relative imports start from.
        own: the outermost names of the project's packages.
        modules: the full names of the first-party modules that can be meant.
        entries: the functions in it that are transforms or processes.
        processes: those of them whose first parameter is a context, which they may change.
    """

    name: str
    package: str
    tree: ast.Module
    own: frozenset[str]
    modules: frozenset[str]
    entries: frozenset[str]
    processes: frozenset[str] = frozenset()
    scopes: Scopes = field(init=False)
    nodes: tuple[ast.AST, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.scopes = Scopes(self.tree)
        self.nodes = tuple(_live(self.tree))

    # --- meaning ---------------------------------------------------------------------------------

    def origin(self, node: ast.AST) -> str:
        """The full name of what an expression means: `time.time`, `builtins.open`, `shop.rates.TABLE`.

        "" where that is not to be read off: a parameter, a local name, what a call gives.
        """
        match node:
            case ast.Name(id=name):
                return self.origin_of(name, node)
            case ast.Attribute(value=value, attr=attr):
                base = self.origin(value)
                return f"{base}.{attr}" if base else ""
        return ""

    def origin_of(self, name: str, seen_from: ast.AST | None = None) -> str:
        """The full name of what a name means, at the module's own level or as a node sees it."""
        scope = self.scopes.binder(name, seen_from or self.tree)
        if scope is None:
            return f"builtins.{name}"
        if scope.kind != "module":
            return ""
        match scope.bound[name][-1]:
            case ast.Import(names=aliases):
                for alias in aliases:
                    if alias.asname == name:
                        return alias.name
                return name
            case ast.ImportFrom(names=aliases) as statement:
                original = next(a.name for a in aliases if (a.asname or a.name) == name)
                return f"{absolute(statement, self.package)}.{original}"
        return f"{self.name}.{name}"

    def callee(self, node: ast.AST) -> str:
        """The full name of what a call calls, "" for any other node."""
        return self.origin(node.func) if isinstance(node, ast.Call) else ""

    def local(self, name: ast.Name) -> Scope | None:
        """The scope within a function that binds a name, None for what lives longer than a call."""
        scope = self.scopes.binder(name.id, name)
        return scope if scope is not None and scope.kind in ("function", "comprehension") else None

    def is_own(self, origin: str) -> bool:
        """Whether a full name lies in the project's packages."""
        return origin.partition(".")[0] in self.own

    def is_entry(self, function: ast.AST | None) -> bool:
        """Whether a function is itself a transform."""
        return (
            isinstance(function, ast.FunctionDef)
            and function.name in self.entries
            and self.scopes.scope(function).kind == "module"
        )

    def is_context(self, function: ast.AST | None, argument: ast.AST) -> bool:
        """Whether a parameter is the context of a process."""
        if not isinstance(function, ast.FunctionDef) or not self.is_entry(function):
            return False
        positional = (*function.args.posonlyargs, *function.args.args)
        return function.name in self.processes and argument in positional[:1]

    def defined(self, name: str) -> ast.AST | None:
        """The statement at the module's own level that binds a name last."""
        bound = self.scopes.module.bound.get(name)
        node = bound[-1] if bound else None
        while node is not None and not isinstance(node, ast.stmt):
            node = self.scopes.parents.get(node)
        return node


def root(node: ast.AST) -> ast.AST:
    """What an expression reaches into: `x` of `x["a"].b` and of `x.get("a")[0]`."""
    while True:
        match node:
            case ast.Attribute(value=value) | ast.Subscript(value=value) | ast.Starred(value=value):
                node = value
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in HANDS_OUT:
                node = value
            case _:
                return node


HANDS_OUT = frozenset({"get", "setdefault", "values", "items", "pop", "popitem", "__getitem__"})
"""Methods whose answer is a part of what they are called on."""


def _live(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node but those that only a type checker, or a start as a program, would run; in the source's order."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.If(test=ast.Name("TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                waiting += reversed(node.orelse)
            case ast.If(test=ast.Compare(left=ast.Name("__name__"), comparators=[ast.Constant("__main__")])):
                waiting += reversed(node.orelse)
            case _:
                yield node
                waiting += reversed(list(ast.iter_child_nodes(node)))
