"""Questions about expressions and functions that `bounded` asks: what they are made of, and where they are defined."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from pgs_compiler.purity.source import Source


def unchanged(source: Source, definition: ast.FunctionDef, names: Iterable[str]) -> frozenset[str]:
    """The inputs that mean what they were given wherever they are named."""
    arguments = (*definition.args.args, *definition.args.kwonlyargs)
    scopes = [source.scopes.scope(argument) for argument in arguments]
    return frozenset(
        argument.arg
        for argument, scope in zip(arguments, scopes, strict=True)
        if argument.arg in names and len(scope.bound[argument.arg]) == 1
    )


def only_of(node: ast.expr, items: Iterable[str], source: Source) -> bool:
    """Whether all that an expression is made of is the loop's item, and what is fixed."""
    known = frozenset(items)
    return all(name.id in known or not source.local(name) for name in ast.walk(node) if isinstance(name, ast.Name))


def only_of_both(left: ast.expr, right: ast.expr, items: Iterable[str], source: Source) -> bool:
    """`only_of` of two expressions."""
    return only_of(left, items, source) and only_of(right, items, source)


def is_length(node: ast.expr) -> bool:
    """Whether a number is the length of something that is there, give or take a constant."""
    match node:
        case ast.Call(func=ast.Name("len")):
            return True
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.FloorDiv(), right=right):
            return all(isinstance(side, ast.Constant) or is_length(side) for side in (left, right))
    return False


def find_function(sources: Mapping[str, Source], module: str, name: str) -> tuple[Source, ast.FunctionDef] | None:
    """A function by its full name, wherever it was imported from."""
    seen = set()
    while module in sources and (module, name) not in seen:
        seen.add((module, name))
        source = sources[module]
        bound = source.scopes.module.bound.get(name, [])
        match bound:
            case [ast.FunctionDef(decorator_list=[]) as definition]:
                return source, definition
            case [*_, ast.ImportFrom()]:
                origin = source.origin_of(name)
                module, _, name = origin.rpartition(".")
            case _:
                return None
    return None
