"""C615, C616: what a module does when it is imported is to define."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pgs_compiler.purity.scopes import FUNCTIONS
from pgs_compiler.purity.shared import changeable
from pgs_compiler.purity.source import Offence, Source
from pgs_snapshot.sealed_code.pure import names

_USED_UP = names(
    "builtins.enumerate builtins.filter builtins.iter builtins.map builtins.reversed builtins.zip collections.ChainMap"
    " collections.Counter collections.defaultdict collections.deque hashlib types.SimpleNamespace"
)
_FROZEN = "Make it unchangeable, by `tuple(…)`, `frozenset(…)` or `MappingProxyType({…})` around it."


def check(source: Source) -> Iterator[Offence]:
    live = set(source.nodes)
    for statement in source.tree.body:
        if statement in live:
            yield from _statement(source, statement)
    for node in source.nodes:
        if isinstance(node, ast.ClassDef):
            for statement in node.body:
                yield from _statement(source, statement)


def _statement(source: Source, statement: ast.stmt) -> Iterator[Offence]:
    match statement:
        case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef() | ast.Import() | ast.ImportFrom() | ast.Pass():
            return
        case ast.Expr(value=ast.Constant()) | ast.Assert():
            return
        case ast.AnnAssign(value=None):
            return
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            yield from _value(source, statement, value)
        case ast.AugAssign(target=ast.Name("__all__")):
            return
        case ast.If(body=body, orelse=orelse) | ast.Try(body=body, orelse=orelse):
            for inner in (*body, *orelse):
                yield from _statement(source, inner)
        case _ if statement.__class__.__name__ == "TypeAlias":
            return
        case _:
            why = "A module of transforms only defines when it is imported, and this statement does something."
            yield Offence("C616", statement, why, "runs at import", "Move it into a function.")


def _value(source: Source, statement: ast.stmt, value: ast.expr) -> Iterator[Offence]:
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", value)]
    name = ", ".join(ast.unparse(target) for target in targets)
    if name in ("__all__", "__slots__", "__match_args__"):
        return
    if isinstance(value, ast.ListComp | ast.SetComp | ast.DictComp):
        why = f"`{name}` is computed at import and can be changed later."
        yield Offence("C615", value, why, "can be changed", _FROZEN)
    elif isinstance(value, ast.GeneratorExp) or _is_used_up(source, value):
        why = f"`{name}` changes when it is used, so no two calls meet the same."
        yield Offence("C615", value, why, "kept from call to call", _FROZEN)
    elif changeable(source, value) and _is_empty(value):
        why = f"`{name}` is empty, and there for all calls: whatever is put in stays."
        yield Offence("C615", value, why, "kept from call to call", "Make it in the function that fills it.")
    elif _makes_memory(source, value):
        why = f"`{name}` is a function that keeps something from call to call."
        yield Offence("C615", value, why, "kept from call to call", "Make it in the function that uses it.")


def _is_used_up(source: Source, value: ast.expr) -> bool:
    callee = source.callee(value)
    return callee in _USED_UP or callee.partition(".")[0] in ("itertools", "hashlib")


def _is_empty(value: ast.expr) -> bool:
    match value:
        case ast.List(elts=parts) | ast.Set(elts=parts) | ast.Dict(values=parts):
            return not parts
        case ast.Call(args=args, keywords=keywords):
            return not args and not keywords
    return False


def _makes_memory(source: Source, value: ast.expr) -> bool:
    """Whether a function of this module is called that has an inner one that changes what is around it."""
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Name):
        return False
    made_by = source.defined(value.func.id)
    if not isinstance(made_by, ast.FunctionDef):
        return False
    inner = [node for node in ast.walk(made_by) if isinstance(node, FUNCTIONS) and node is not made_by]
    return any(_reaches_out(source, made_by, function) for function in inner)


def _reaches_out(source: Source, around: ast.FunctionDef, function: ast.AST) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Nonlocal):
            return True
        match node:
            case ast.Attribute(value=ast.Name() as owner) | ast.Subscript(value=ast.Name() as owner):
                scope = source.local(owner)
                if scope is None or scope.block is not around:
                    continue
                writes = not isinstance(node.ctx, ast.Load)
                bound = [source.scopes.parents.get(binder) for binder in scope.bound[owner.id]]
                values = [one.value for one in bound if isinstance(one, ast.Assign | ast.AnnAssign)]
                made = any(changeable(source, value) for value in values)
                if writes or made:
                    return True
    return False
