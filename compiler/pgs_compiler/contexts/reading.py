"""The schema of a context as dataclasses state it, read off their source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from pgs_compiler.contexts.annotations import type_of
from pgs_process.paths import LAYERS
from pgs_process.schema import ContextSchema, FieldSpec, fits

_BASES = {"BaseGlobalContext": "global", "BaseDomainContext": "domain"}
_NOTHING = object()


class NoContext(Exception):
    """A source in which no class is a layer of a context, or one of which it cannot be told which it is."""


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes at the top of a module, by name."""

    by_name: dict[str, ast.ClassDef]

    def layer_of(self, name: str) -> str | None:
        """The layer that a class is by what it derives from."""
        for base in self.lineage(name):
            if base in _BASES:
                return _BASES[base]
        return None

    def lineage(self, name: str) -> Iterator[str]:
        """What a class derives from, at any depth; itself last."""
        waiting, seen = [name], set[str]()
        while waiting:
            one = waiting.pop(0)
            if one not in seen:
                seen.add(one)
                yield one
                node = self.by_name.get(one)
                waiting += [ast.unparse(base).rpartition(".")[2] for base in node.bases] if node else []

    def fields(self, name: str) -> dict[str, FieldSpec]:
        """The public fields of a class, those that it derives first."""
        found: dict[str, FieldSpec] = {}
        for one in reversed(list(self.lineage(name))):
            node = self.by_name.get(one)
            for statement in node.body if node is not None else ():
                match statement:
                    case ast.AnnAssign(target=ast.Name(id=field), annotation=annotation, value=value):
                        if not field.startswith("_") and not _is_of_the_class(annotation):
                            found[field] = _spec(field, annotation, value)
        return found


def schema_of(tree: ast.Module) -> ContextSchema:
    """The schema of the context that a module declares.

    A class is a layer because a field of another class says so (`domain: BankDomain`), because it derives from
    `BaseDomainContext` or `BaseGlobalContext`, or because `Domain` or `Global` is in its name.

    Raises:
        NoContext: no class is one, or several are the same one.
    """
    classes = Classes({node.name: node for node in tree.body if isinstance(node, ast.ClassDef)})
    layers: dict[str, FieldsOf] = {}
    for way in (_by_fields, _by_bases, _by_names):
        for layer, name in way(classes):
            if layer not in layers:
                layers[layer] = FieldsOf(way.__name__, name)
            elif layers[layer].way == way.__name__ and layers[layer].name != name:
                raise NoContext(f"`{layers[layer].name}` and `{name}` both are the layer `{layer}`.")
    if not layers:
        raise NoContext(
            "No class is a layer of a context: none derives from `BaseDomainContext` or `BaseGlobalContext`."
        )
    found = {layer: classes.fields(of.name) for layer, of in layers.items()}
    return ContextSchema(found.get("global", {}), found.get("domain", {}))


@dataclass(frozen=True, slots=True)
class FieldsOf:
    """The class of a layer, and how that is known."""

    way: str
    name: str


def _by_fields(classes: Classes) -> Iterator[tuple[str, str]]:
    for node in classes.by_name.values():
        for statement in node.body:
            match statement:
                case ast.AnnAssign(target=ast.Name(id=field), annotation=annotation) if field in LAYERS:
                    name = ast.unparse(annotation).strip("'\"").partition(" ")[0].rpartition(".")[2]
                    if name in classes.by_name and LAYERS[field] != "local":
                        yield LAYERS[field], name


def _by_bases(classes: Classes) -> Iterator[tuple[str, str]]:
    derived = {base for name in classes.by_name for base in list(classes.lineage(name))[1:] if classes.layer_of(name)}
    for name in classes.by_name:
        layer = classes.layer_of(name)
        if layer is not None and name not in derived:
            yield layer, name


def _by_names(classes: Classes) -> Iterator[tuple[str, str]]:
    for name, node in classes.by_name.items():
        if any(isinstance(statement, ast.AnnAssign) for statement in node.body):
            for word, layer in (("Domain", "domain"), ("Global", "global")):
                if word in name:
                    yield layer, name


def _is_of_the_class(annotation: ast.expr) -> bool:
    return ast.unparse(annotation).rpartition(".")[2].startswith(("ClassVar", "InitVar", "KW_ONLY"))


def _spec(name: str, annotation: ast.expr, value: ast.expr | None) -> FieldSpec:
    kind, required = type_of(annotation)
    default = _default(value)
    if default is None:  # `x: int = None` says that it may be null, whatever the annotation says
        return FieldSpec(name, kind, required and kind == "null")
    spec = FieldSpec(name, kind, required)
    return FieldSpec(name, kind, required, default) if default is not _NOTHING and fits(spec, default) else spec


def _default(value: ast.expr | None) -> object:
    """What a field is at first, where that is written out and YAML can say it."""
    match value:
        case None:
            return _NOTHING
        case ast.Call(func=ast.Name("field") | ast.Attribute(attr="field"), keywords=keywords):
            given = {keyword.arg: keyword.value for keyword in keywords}
            if "default" in given:
                return _default(given["default"])
            factory = given.get("default_factory")
            if isinstance(factory, ast.Lambda):
                return _default(factory.body)
            empty: dict[str, object] = {"list": [], "dict": {}, "str": "", "int": 0, "float": 0.0, "bool": False}
            return empty.get(factory.id, _NOTHING) if isinstance(factory, ast.Name) else _NOTHING
        case _:
            try:
                found = ast.literal_eval(value)
            except (ValueError, TypeError, MemoryError, RecursionError):
                return _NOTHING
            return found if is_plain(found) else _NOTHING


def is_plain(value: object) -> bool:
    """Whether YAML says a value as it is: no sets, tuples, bytes, endless numbers, and texts for keys."""
    match value:
        case None | bool() | int() | str():
            return True
        case float():
            return value - value == 0
        case list():
            return all(map(is_plain, value))
        case dict():
            return all(isinstance(key, str) and is_plain(item) for key, item in value.items())
    return False
