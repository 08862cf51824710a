"""The contracts that stand in Python sources: `@process(…)` with literals, found without running anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pgs_compiler.bodies.code import Code
from pgs_compiler.purity.source import Source
from pgs_process.contract import Contract

ROLES = ("inputs", "outputs", "signals", "side_effects", "errors")
"""What a contract says, in the order in which `process` takes it."""

_LIBRARIES = frozenset({"pgs_process", "theus", "pop"})
_LONGEST_WAY = 8


@dataclass(frozen=True, slots=True)
class Declared:
    """A process of the sources.

    Attributes:
        said: where each word of the contract stands, by its role and itself; that of a role alone by the role and "".
        unread: parts of the contract that cannot be read off the source.
    """

    name: str
    module: str
    function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    decorator: ast.Call
    contract: Contract
    said: Mapping[tuple[str, str], ast.AST]
    unread: tuple[tuple[ast.AST, str], ...]


def contracts_in(code: Code) -> Iterator[Declared]:
    """Every process, by module and line."""
    for module in sorted(code.sources):
        source = code.sources[module]
        for node in source.nodes:
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    for decorator in node.decorator_list:
                        if isinstance(decorator, ast.Call) and is_process(code, source, decorator.func):
                            yield _declared(source, node.name, node, decorator)
                case ast.Call(func=ast.Call(func=called) as decorator, args=[ast.Name() | ast.Lambda() as body]):
                    if is_process(code, source, called):
                        yield from _undecorated(source, node, decorator, body)


def _undecorated(
    source: Source, node: ast.Call, decorator: ast.Call, body: ast.Name | ast.Lambda
) -> Iterator[Declared]:
    """`process(…)(body)`, where it can be read: it may as well be a helper that takes paths."""
    function: ast.AST = body
    if isinstance(body, ast.Name):
        scope = source.scopes.binder(body.id, node)
        bound = scope.bound[body.id] if scope is not None else []
        function = bound[0] if len(bound) == 1 else body
    if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        declared = _declared(source, getattr(function, "name", "lambda"), function, decorator)
        if not declared.unread:
            yield declared


def is_process(code: Code, source: Source, node: ast.AST) -> bool:
    """Whether an expression means `pgs_process.process`, by whatever name."""
    origin = source.origin(node)
    for _ in range(_LONGEST_WAY):
        outermost, _, rest = origin.partition(".")
        if outermost in _LIBRARIES:
            return rest.rpartition(".")[2] == "process"
        if origin == "builtins.process":
            return _imports_all(source)
        module, _, name = origin.rpartition(".")
        found = code.sources.get(module)
        if found is None:
            return False
        match found.defined(name):
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                origin, source = found.origin(value), found
            case ast.Import() | ast.ImportFrom() | ast.Try() | ast.If():
                following = found.origin_of(name)
                if following == origin:
                    return False
                origin, source = following, found
            case _:
                return False
    return False


def _imports_all(source: Source) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and node.module in _LIBRARIES and any(one.name == "*" for one in node.names)
        for node in source.nodes
    )


def _declared(
    source: Source, name: str, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, decorator: ast.Call
) -> Declared:
    said: dict[tuple[str, str], ast.AST] = {}
    unread: list[tuple[ast.AST, str]] = []
    words: dict[str, tuple[str, ...]] = {}
    given: list[tuple[str, ast.expr]] = list(zip(ROLES, decorator.args, strict=False))
    given += [(keyword.arg or "", keyword.value) for keyword in decorator.keywords]
    for role, value in given:
        if role not in ROLES:
            unread.append((value, f"a contract has no `{role}`" if role else "`**` hides what the contract says"))
            continue
        said[role, ""] = value
        found = list(_words(source, value, role, unread))
        words[role] = tuple(word for word, _ in found)
        for word, where in found:
            said.setdefault((role, word), where)
    if not any(keyword.arg is None for keyword in decorator.keywords):
        missing = [role for role in ("inputs", "outputs") if (role, "") not in said]
        unread += [(decorator, f"a contract says its `{role}`, if only by `{role}=[]`") for role in missing]
    contract = Contract(*(words.get(role, ()) for role in ROLES))
    return Declared(name, source.name, node, decorator, contract, said, tuple(unread))


def _words(
    source: Source, node: ast.expr, role: str, unread: list[tuple[ast.AST, str]]
) -> Iterator[tuple[str, ast.AST]]:
    """The words of one role, with where each stands."""
    match node:
        case ast.Constant(value=str(text)):
            yield text, node
        case ast.Constant(value=None):
            return
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            for part in parts:
                yield from _words(source, part, role, unread)
        case ast.Starred(value=inner):
            yield from _words(source, inner, role, unread)
        case ast.BinOp(left=left, op=ast.Add() | ast.BitOr(), right=right):
            yield from _words(source, left, role, unread)
            yield from _words(source, right, role, unread)
        case ast.Name(id=name) if isinstance(found := _constant(source, node), ast.expr):
            for word, _ in _words(source, found, role, unread):
                yield word, node
        case ast.Name(id=name) | ast.Attribute(attr=name) if role == "errors":
            yield name, node
        case _:
            unread.append((node, f"`{ast.unparse(node)}` is not written out, so nobody can read what it says"))


def _constant(source: Source, node: ast.Name) -> ast.expr | None:
    """What a constant of the module is, if it is bound once and to something that is written out."""
    scope = source.scopes.binder(node.id, node)
    if scope is None or scope.kind != "module" or len(scope.bound[node.id]) != 1:
        return None
    match source.defined(node.id):
        case ast.Assign(value=ast.List() | ast.Tuple() | ast.Constant() | ast.Set() | ast.BinOp() as value):
            return value
        case ast.AnnAssign(value=ast.List() | ast.Tuple() | ast.Constant() | ast.Set() | ast.BinOp() as value):
            return value
    return None
