"""C617: nothing depends on the order of a set, which differs from process to process."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pgs_compiler.purity.source import Offence, Source
from pgs_snapshot.sealed_code.pure import names

_SETS = frozenset({"builtins.set", "builtins.frozenset"})
_SET_METHODS = frozenset({"copy", "difference", "intersection", "symmetric_difference", "union"})
_IN_ORDER = names(
    "builtins.enumerate builtins.filter builtins.iter builtins.list builtins.map builtins.repr builtins.reversed"
    " builtins.str builtins.tuple builtins.zip functools.reduce itertools.accumulate itertools.chain itertools.groupby"
    " itertools.islice itertools.product itertools.permutations itertools.combinations json.dumps"
)
_ANY_ORDER = names(
    "builtins.all builtins.any builtins.frozenset builtins.len builtins.max builtins.min builtins.set builtins.sorted"
    " builtins.sum math.fsum math.prod collections.Counter"
)
# With a `key` these keep or choose among equals by where they stood.
_TIES = frozenset({"builtins.max", "builtins.min", "builtins.sorted"})
_WHY = "The order of a set differs from process to process."
_SORT = "Sort it: `sorted(…)`."


def check(source: Source) -> Iterator[Offence]:
    for node in source.nodes:
        for found in _ordered(source, node):
            yield Offence("C617", found, _WHY, "a set", _SORT)


def _ordered(source: Source, node: ast.AST) -> Iterator[ast.expr]:
    """The sets that a node takes in order."""
    taken: list[ast.expr] = []
    match node:
        case ast.For(iter=taken_from):
            taken = [taken_from]
        case ast.ListComp() | ast.DictComp():
            taken = [clause.iter for clause in node.generators]
        case ast.GeneratorExp() if not _any_order(source, node):
            taken = [clause.iter for clause in node.generators]
        case ast.Starred(value=value):
            around = source.scopes.parents.get(node)
            taken = [] if isinstance(around, ast.Set) else [value]
        case ast.FormattedValue(value=value):
            taken = [value]
        case ast.Call(func=ast.Attribute(value=value, attr="pop"), args=[], keywords=[]):
            taken = [value]
        case ast.Call(func=ast.Attribute(attr="join" | "extend" | "fromkeys"), args=[value, *_]):
            taken = [value]
        case ast.Call(args=args, keywords=keywords):
            callee = source.callee(node)
            keyed = callee in _TIES and any(keyword.arg == "key" for keyword in keywords)
            taken = args if callee in _IN_ORDER or keyed else []
    return (value for value in taken if is_set(source, value, frozenset()))


def _any_order(source: Source, generator: ast.GeneratorExp) -> bool:
    match source.scopes.parents.get(generator):
        case ast.Call(keywords=keywords) as call:
            callee = source.callee(call)
            keyed = callee in _TIES and any(keyword.arg == "key" for keyword in keywords)
            return callee in _ANY_ORDER and not keyed
    return False


def is_set(source: Source, node: ast.AST | None, seen: frozenset[ast.AST]) -> bool:
    """Whether an expression is surely a set."""
    match node:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in _SET_METHODS:
            return is_set(source, value, seen)
        case ast.Call():
            return source.callee(node) in _SETS
        case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor(), right=right):
            return any(_sets_or_keys(source, side, seen) for side in (left, right))
        case ast.IfExp(body=body, orelse=orelse):
            return is_set(source, body, seen) or is_set(source, orelse, seen)
        case ast.Name(id=name):
            scope = source.scopes.binder(name, node)
            bound = scope.bound[name] if scope is not None else []
            return bool(bound) and all(_bound_to_set(source, binder, seen) for binder in bound)
    return False


def _sets_or_keys(source: Source, node: ast.expr, seen: frozenset[ast.AST]) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="keys" | "items"), args=[], keywords=[]):
            return True
    return is_set(source, node, seen)


def _bound_to_set(source: Source, binder: ast.AST, seen: frozenset[ast.AST]) -> bool:
    if binder in seen:
        return True  # `seen = seen | more` says nothing of its own
    seen |= {binder}
    if isinstance(binder, ast.arg):
        return _annotated(binder.annotation)
    match source.scopes.parents.get(binder):
        case ast.Assign(targets=[ast.Name()], value=value) | ast.NamedExpr(value=value):
            return is_set(source, value, seen)
        case ast.AnnAssign(annotation=annotation, value=value):
            return _annotated(annotation) or is_set(source, value, seen)
        case ast.AugAssign(op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor()):
            return True  # as much a set as it was before
    return False


def _annotated(annotation: ast.expr | None) -> bool:
    match annotation:
        case ast.Subscript(value=ast.Name(id=name)) | ast.Name(id=name):
            return name in ("set", "frozenset", "Set", "AbstractSet", "FrozenSet", "MutableSet")
    return False
