"""C650, C651, C652: implementations have the shape that their declarations say, read off their source."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pgs_compiler.bind.closure import Closure
from pgs_compiler.bind.imports import absolute
from pgs_compiler.bind.modules import Module
from pgs_compiler.declarations import Process, SideEffect, Transform, Word
from pgs_compiler.findings import Finding, Related
from pgs_compiler.purity.places import place_of
from pgs_snapshot.model import Schema
from pgs_snapshot.suggest import nearest


@dataclass(frozen=True, slots=True)
class _Found:
    """A function or class, and the module that it stands in."""

    node: ast.FunctionDef | ast.ClassDef
    module: Module


def of_transform(
    transform: Transform, inputs: Schema, closure: Closure, shown: Callable[[Module], str]
) -> Iterator[Finding]:
    """What a function cannot take of the inputs that are declared, or demands beyond them."""
    found = _definition(closure.parts, *_reference(transform.implementation))
    if found is not None and isinstance(found.node, ast.FunctionDef):
        yield from _parameters(_Called(found.node, found.module, 0), inputs, transform.implementation, shown)


def of_process(process: Process, inputs: Schema, closure: Closure, shown: Callable[[Module], str]) -> Iterator[Finding]:
    """The same of the function of a process, which is given its context first."""
    found = _definition(closure.parts, *_reference(process.implementation))
    if found is None or not isinstance(found.node, ast.FunctionDef):
        if found is not None:
            message = f"`{found.node.name}` is a class, and a process is a function."
            yield Finding("P717", message, process.implementation.place, "called with the context")
        return
    arguments = found.node.args
    first = next(iter((*arguments.posonlyargs, *arguments.args)), None)
    if first is None or first.arg in _declared(inputs)[0]:
        what = f"its first parameter is the input `{first.arg}`" if first else "it takes nothing by position"
        message = f"`{found.node.name}` is given the context first, and {what}."
        where = (_at(found, shown, "takes no context"),)
        yield Finding("P717", message, process.implementation.place, "called with the context", where)
        return
    yield from _parameters(_Called(found.node, found.module, 1), inputs, process.implementation, shown)


def of_side_effect(
    side_effect: SideEffect, inputs: Mapping[str, Schema], closure: Closure, shown: Callable[[Module], str]
) -> Iterator[Finding]:
    """Where a class and the declared operations differ.

    Args:
        inputs: the schema of the inputs of each operation.
    """
    found = _definition(closure.parts, *_reference(side_effect.implementation))
    if found is None or not isinstance(found.node, ast.ClassDef):
        return
    methods, whole = _methods(found, closure.parts)
    wanted = {operation.name.text.lower(): operation for operation in side_effect.operations}
    for name, operation in wanted.items():
        method = methods.get(name)
        if method is None:
            if whole:
                near = nearest(name, set(methods) - set(wanted))
                yield Finding(
                    "C650",
                    f"`{found.node.name}` has no method `{name}` for `{operation.name.text}`.",
                    operation.name.place,
                    "not implemented",
                    (_at(found, shown, "this class implements it"),),
                    f"Call `{near}` there `{name}`." if near else "",
                )
        elif not _is_plain(method.node):
            where = (_at(method, shown, "decorated or `async`"),)
            message = f"`{found.node.name}.{name}` is no plain method, so `{operation.name.text}` cannot call it."
            yield Finding("C650", message, operation.name.place, "not implemented", where)
        else:
            called = _Called(method.node, method.module, 1)
            yield from _parameters(called, inputs[operation.name.text], operation.name, shown)
    for name, method in sorted(methods.items()):
        if name not in wanted and not name.startswith("_"):
            place = _at(method, shown, "").place
            where = (Related(side_effect.implementation.place, "declared here"),)
            message = f"`{found.node.name}.{name}` is public, and `{side_effect.header.name}` has no such operation."
            hint = f"Declare `{name.upper()}`, or call the method `_{name}`."
            yield Finding("C651", message, place, "no operation", where, hint)
    made = methods.get("__init__")
    if whole and (made is None or not _takes_place(made.node)):
        what = (
            "what it may know of the outside" if side_effect.semantics == "external" else "the place that it works on"
        )
        message = f"`{found.node.name}` is made with one argument, {what}."
        where = (_at(made or found, shown, "takes something else"),)
        yield Finding("C652", message, side_effect.implementation.place, "made otherwise", where)


@dataclass(frozen=True, slots=True)
class _Called:
    """A function as it is called: the first `bound` parameters are given by Python."""

    node: ast.FunctionDef | ast.ClassDef
    module: Module
    bound: int


def _parameters(called: _Called, inputs: Schema, declared: Word, shown: Callable[[Module], str]) -> Iterator[Finding]:
    if not isinstance(called.node, ast.FunctionDef):
        return
    arguments = called.node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    taken = {argument.arg for argument in [*positional[called.bound :], *arguments.kwonlyargs]}
    by_position = {argument.arg for argument in arguments.posonlyargs[called.bound :]}
    count = len(positional) - len(arguments.defaults)
    needed = {argument.arg for argument in positional[called.bound : count]}
    needed |= {a.arg for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is None}
    properties, required = _declared(inputs)
    name = called.node.name
    where = (_at(_Found(called.node, called.module), shown, "takes other names"),)
    wrong: list[str] = []
    if not arguments.kwarg:
        wrong += [f"does not take the input `{field}`" for field in sorted(properties - taken)]
    wrong += [f"takes `{field}` by position only, not by name" for field in sorted(by_position & properties)]
    wrong += [f"demands `{field}`, which is no input" for field in sorted(needed - properties)]
    wrong += [f"demands `{field}`, which may be absent" for field in sorted(needed & (properties - required))]
    if wrong:
        message = f"`{name}` {', and '.join(wrong)}."
        yield Finding("C652", message, declared.place, "called with its inputs", where)


def _declared(inputs: Schema) -> tuple[set[str], set[str]]:
    """The inputs, and those that are always there: required ones, and those with a default."""
    properties = inputs.get("properties")
    required = inputs.get("required")
    known = dict(properties) if isinstance(properties, dict) else {}
    needed = {str(name) for name in required} if isinstance(required, list) else set()
    filled = {name for name, schema in known.items() if isinstance(schema, dict) and "default" in schema}
    return set(known), needed | filled


def _takes_place(node: ast.FunctionDef | ast.ClassDef) -> bool:
    if not isinstance(node, ast.FunctionDef):
        return False
    arguments = node.args
    positional = len(arguments.posonlyargs) + len(arguments.args)
    at_most = positional >= 2 or arguments.vararg is not None
    needed_by_name = any(default is None for default in arguments.kw_defaults)
    return at_most and positional - len(arguments.defaults) <= 2 and not needed_by_name


def _is_plain(node: ast.FunctionDef | ast.ClassDef) -> bool:
    return isinstance(node, ast.FunctionDef) and not node.decorator_list


# --- looking up ----------------------------------------------------------------------------------


def _methods(found: _Found, parts: Mapping[str, Module]) -> tuple[dict[str, _Found], bool]:
    """The methods of a class with those of its bases, and whether that is all of them."""
    methods: dict[str, _Found] = {}
    whole = True
    node = found.node
    if not isinstance(node, ast.ClassDef):
        return methods, False
    for base in reversed(node.bases):
        named = base.value if isinstance(base, ast.Subscript) else base
        inner = _definition(parts, found.module.name, named.id) if isinstance(named, ast.Name) else None
        if inner is not None and inner.node is not node:
            inherited, known = _methods(inner, parts)
            methods |= inherited
            whole = whole and known
        elif ast.unparse(named).rpartition(".")[2] not in ("ABC", "Generic", "Protocol", "object"):
            whole = False
    for statement in node.body:
        match statement:
            case ast.FunctionDef(name=name):
                methods[name] = _Found(statement, found.module)
            case ast.AsyncFunctionDef(name=name):
                methods[name] = _Found(ast.ClassDef(name, [], [], [], []), found.module)
    return methods, whole


def _reference(word: Word) -> tuple[str, str]:
    module, _, name = word.text.partition(":")
    return module, name


def _definition(parts: Mapping[str, Module], module: str, name: str) -> _Found | None:
    """A function or class by its name in a module, wherever in the project it was imported from."""
    seen: set[tuple[str, str]] = set()
    while module in parts and (module, name) not in seen:
        seen.add((module, name))
        for statement in reversed(parts[module].tree.body):
            match statement:
                case ast.FunctionDef() | ast.ClassDef() if statement.name == name:
                    return _Found(statement, parts[module])
                case ast.ImportFrom(names=aliases):
                    original = next((a.name for a in aliases if (a.asname or a.name) == name), None)
                    if original is not None:
                        module, name = absolute(statement, parts[module].package), original
                        break
    return None


def _at(found: _Found, shown: Callable[[Module], str], label: str) -> Related:
    lines = (found.module.source or b"").splitlines()
    return Related(place_of(shown(found.module), lines, found.node), label)
