"""C614, C619: statements that a transform is not made of."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pgs_compiler.purity.advice import advice
from pgs_compiler.purity.source import Offence, Source
from pgs_snapshot.sealed_code.pure import BUILTINS, names

_BROAD = frozenset({"BaseException", "Exception", "MemoryError", "RecursionError", "RuntimeError"})
_MANAGERS = frozenset({"contextlib.suppress", "decimal.localcontext"})
_DECORATORS = names(
    "abc.abstractmethod builtins.classmethod builtins.property builtins.staticmethod dataclasses.dataclass enum.member"
    " enum.nonmember enum.unique enum.verify functools.total_ordering functools.wraps typing.final typing.no_type_check"
    " pgs_process.process typing.overload typing.override typing.runtime_checkable typing.dataclass_transform"
)
_PATTERN_CLASSES = frozenset({"bool", "bytes", "dict", "float", "int", "list", "str", "tuple"})


def check(source: Source) -> Iterator[Offence]:
    for node in source.nodes:
        yield from _statement(source, node)
        match node:
            case ast.FunctionDef(decorator_list=decorators) | ast.ClassDef(decorator_list=decorators):
                for decorator in decorators:
                    yield from _decorator(source, decorator)
            case ast.ExceptHandler():
                yield from _handler(source, node)


def _statement(source: Source, node: ast.AST) -> Iterator[Offence]:
    match node:
        case ast.AsyncFunctionDef() | ast.AsyncFor() | ast.AsyncWith() | ast.Await():
            yield Offence("C614", node, "A transform waits for nothing, so nothing in it is `async`.", "asynchronous")
        case ast.Global(names=names):
            why = f"`global {', '.join(names)}` lets a call change what the next one meets."
            yield Offence("C615", node, why, "outlives the call", "Return it, or take it as an input.")
        case ast.With(items=items):
            for item in items:
                if source.callee(item.context_expr) not in _MANAGERS:
                    why = "`with` is for what has to be given back, and a transform takes nothing."
                    yield Offence("C614", item.context_expr, why, "taken and given back")
        case ast.ClassDef(name=name) if source.scopes.function(node) is not None:
            why = f"The class `{name}` is made anew at every call."
            yield Offence("C614", node, why, "in a function", "Move it to the top of the module.")
        case ast.Yield() | ast.YieldFrom() if source.is_entry(source.scopes.function(node)):
            why = "A function with `yield` gives a generator, and a transform gives its outputs."
            yield Offence("C614", node, why, "not the outputs", "Return the outputs as a dict.")
        case ast.While(test=ast.Constant(value=value)) if value and not _ends(node):
            why = "The loop has no end: nothing in it breaks, returns or raises."
            yield Offence("C619", node, why, "for ever", "Loop over what there is, or over a `range`.")
        case ast.MatchClass(cls=kind):
            origin = source.origin(kind)
            if not source.is_own(origin) and origin.removeprefix("builtins.") not in _PATTERN_CLASSES:
                why = f"The pattern `{ast.unparse(kind)}(…)` asks a class that is not yours."
                yield Offence("C614", kind, why, "asked here", "Write it with `isinstance`.")


def _ends(loop: ast.While) -> bool:
    """Whether something in a loop leaves it; a `break` within an inner loop does not."""
    waiting: list[tuple[ast.AST, bool]] = [(node, True) for node in loop.body]
    while waiting:
        node, breaks = waiting.pop()
        match node:
            case ast.Return() | ast.Raise():
                return True
            case ast.Break() if breaks:
                return True
            case ast.FunctionDef() | ast.Lambda() | ast.ClassDef():
                continue
        inner = breaks and not isinstance(node, ast.For | ast.While)
        waiting += [(child, inner) for child in ast.iter_child_nodes(node)]
    return False


def _decorator(source: Source, node: ast.expr) -> Iterator[Offence]:
    origin = source.callee(node) or source.origin(node)
    last = node.attr if isinstance(node, ast.Attribute) else ""
    if origin in _DECORATORS or last in ("setter", "deleter") or source.is_own(origin):
        return
    known = advice(origin)
    name = origin.removeprefix("builtins.") or ast.unparse(node)
    # What is imported or named wrongly is told at the import or name itself.
    if known.does != advice("").does or not origin:
        return
    if origin.partition(".")[0] != "builtins" or name in BUILTINS:
        yield Offence("C614", node, f"The decorator `{name}` {known.does}.", "decorates here", known.instead)


def _handler(source: Source, node: ast.ExceptHandler) -> Iterator[Offence]:
    if node.type is None:
        why = "A bare `except` also hides that memory or the stack ran out, which differs between machines."
        yield Offence("C614", node, why, "catches all", "Name the exceptions that are meant.")
        return
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    for kind in kinds:
        name = source.origin(kind).removeprefix("builtins.")
        if name in _BROAD:
            why = f"`except {name}` also hides that memory or the stack ran out, which differs between machines."
            yield Offence("C614", kind, why, "catches too much", "Name the exceptions that are meant.")
    if node.name and not all(source.is_own(source.origin(kind)) for kind in kinds):
        yield from _text_of(source, node)


def _text_of(source: Source, handler: ast.ExceptHandler) -> Iterator[Offence]:
    """The text of Python's own exceptions differs between its versions; the exception may only be raised from."""
    for node in (inner for statement in handler.body for inner in ast.walk(statement)):
        if not (isinstance(node, ast.Name) and node.id == handler.name and isinstance(node.ctx, ast.Load)):
            continue
        match source.scopes.parents[node]:
            case ast.Raise():
                continue
            case ast.Attribute(attr="pos" | "lineno" | "colno" | "start" | "end"):
                continue
        why = f"`{node.id}` is an exception of Python, whose text differs between versions of Python."
        yield Offence("C614", node, why, "not the same everywhere", "Write a text of your own.")
