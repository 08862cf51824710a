"""Who binds a name: a function, a comprehension, a class, the module, or Python itself.

As Python's language reference says (4.2, "Naming and binding"): a name that is bound anywhere in a block belongs to
it in all of the block, and a class's names are not seen from the functions in it.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["module", "class", "function", "comprehension"]
Block: TypeAlias = (
    ast.Module
    | ast.ClassDef
    | ast.FunctionDef
    | ast.AsyncFunctionDef
    | ast.Lambda
    | ast.ListComp
    | ast.SetComp
    | ast.DictComp
    | ast.GeneratorExp
)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_BLOCKS = (ast.Module, ast.ClassDef, *FUNCTIONS, *COMPREHENSIONS)


@dataclass(slots=True)
class Scope:
    """A block with what it binds: for each name the nodes that do."""

    block: Block
    outer: Scope | None
    bound: dict[str, list[ast.AST]] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)  # declared `global` or `nonlocal`

    @property
    def kind(self) -> Kind:
        match self.block:
            case ast.Module():
                return "module"
            case ast.ClassDef():
                return "class"
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                return "function"
            case _:
                return "comprehension"

    def bind(self, name: str, node: ast.AST) -> None:
        if name not in self.elsewhere:
            self.bound.setdefault(name, []).append(node)


class Scopes:
    """The scopes of one module, and the parent of each node."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.parents: dict[ast.AST, ast.AST] = {}
        self.module = Scope(tree, None)
        self._of: dict[ast.AST, Scope] = {tree: self.module}
        self._enter(self.module, ast.iter_child_nodes(tree))

    def scope(self, node: ast.AST) -> Scope:
        """The scope that a node is looked up in."""
        return self._of[node]

    def binder(self, name: str, node: ast.AST) -> Scope | None:
        """The scope that binds a name as `node` sees it; None for what Python binds."""
        scope: Scope | None = self._of[node]
        seen_from = scope
        while scope is not None:
            if name in scope.bound and (scope.kind != "class" or scope is seen_from):
                return scope
            scope = scope.outer
        return None

    def function(self, node: ast.AST) -> ast.AST | None:
        """The innermost function or lambda around a node, None at the module's or a class's own level."""
        scope: Scope | None = self._of[node]
        while scope is not None and scope.kind == "comprehension":
            scope = scope.outer
        return scope.block if scope is not None and scope.kind == "function" else None

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, from inside."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    # --- building --------------------------------------------------------------------------------

    def _enter(self, scope: Scope, nodes: Iterator[ast.AST]) -> None:
        waiting = deque[tuple[ast.AST, ast.AST]]((node, scope.block) for node in nodes)
        deferred: list[Block] = []
        # First what the block binds, for a name may be used before the line that binds it.
        while waiting:
            node, parent = waiting.popleft()
            self.parents[node] = parent
            self._of[node] = scope
            self._bind(scope, node)
            if isinstance(node, _BLOCKS):
                deferred.append(node)
                waiting.extend((outside, node) for outside in _outside(node))
            else:
                waiting.extend((child, node) for child in ast.iter_child_nodes(node))
        for block in deferred:
            inner = Scope(block, scope)
            self._parameters(inner, block)
            self._enter(inner, _inside(block))

    def _bind(self, scope: Scope, node: ast.AST) -> None:
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                self._binding_scope(scope, node).bind(name, node)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                scope.bind(name, node)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                for alias in aliases:
                    scope.bind(alias.asname or alias.name.partition(".")[0], node)
            case ast.ExceptHandler(name=str(name)):
                scope.bind(name, node)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                scope.bind(name, node)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                scope.elsewhere |= set(names)
                for name in names:
                    scope.bound.pop(name, None)

    def _binding_scope(self, scope: Scope, node: ast.Name) -> Scope:
        """A walrus in a comprehension binds in the block around it."""
        if scope.kind == "comprehension" and isinstance(self.parents[node], ast.NamedExpr):
            while scope.kind == "comprehension" and scope.outer is not None:
                scope = scope.outer
        return scope

    def _parameters(self, scope: Scope, block: Block) -> None:
        if isinstance(block, FUNCTIONS):
            self.parents[block.args] = block
            for argument in parameters(block.args):
                scope.bind(argument.arg, argument)
                self.parents[argument] = block.args
                self._of[argument] = scope


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """All parameters, in order."""
    stars = [star for star in (arguments.vararg, arguments.kwarg) if star]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *stars]


def _outside(block: Block) -> list[ast.AST]:
    """What of a block is looked up around it: decorators, defaults, annotations, the first iterable."""
    match block:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return [*block.decorator_list, *_defaults(block.args), *_annotations(block)]
        case ast.Lambda():
            return _defaults(block.args)
        case ast.ClassDef():
            return [*block.decorator_list, *block.bases, *block.keywords]
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return [block.generators[0].iter]
    return []


def _inside(block: Block) -> Iterator[ast.AST]:
    match block:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield from block.body
        case ast.Lambda():
            yield block.body
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
            yield from _clauses(block.generators)
            yield block.elt
        case ast.DictComp():
            yield from _clauses(block.generators)
            yield block.key
            yield block.value


def _clauses(generators: list[ast.comprehension]) -> Iterator[ast.AST]:
    for number, clause in enumerate(generators):
        yield clause.target
        if number:
            yield clause.iter
        yield from clause.ifs


def _defaults(arguments: ast.arguments) -> list[ast.AST]:
    return [*arguments.defaults, *(default for default in arguments.kw_defaults if default is not None)]


def _annotations(block: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.AST]:
    given = [argument.annotation for argument in parameters(block.args)] + [block.returns]
    return [annotation for annotation in given if annotation is not None]
