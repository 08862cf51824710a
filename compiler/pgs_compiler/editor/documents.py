"""Whole schemas: one a kind, one for a file of declarations of any kind, one for `pgs.yaml`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pgs_compiler.editor import laws
from pgs_compiler.editor.kinds import KINDS_, document
from pgs_compiler.editor.parts import Form, by_key, definitions
from pgs_compiler.editor.project import PROJECT
from pgs_snapshot.values import Value

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ANY_KIND = "protocol"
PROJECT_FILE = "project"
NAMES = (ANY_KIND, *KINDS_, PROJECT_FILE)
"""Every schema by its name."""


def file_of(name: str) -> str:
    """The file in which a schema lies: `workflow.schema.json`."""
    return f"{name}.schema.json"


def schema(name: str) -> Form:
    """The schema of that name, one of `NAMES`.

    Raises:
        KeyError: there is none.
    """
    form = _any_kind() if name == ANY_KIND else PROJECT if name == PROJECT_FILE else document(name)
    titled: Form = {"$schema": DIALECT, "title": name, **form}
    return {**titled, "$defs": _needed(titled)}


def text(name: str) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema(name), indent=2, ensure_ascii=True) + "\n"


def _any_kind() -> Form:
    return by_key({kind: document(kind) for kind in _told_apart()})


def _told_apart() -> list[str]:
    """The kinds in an order in which the first that fits is right.

    The first key of a document says its kind, and a schema sees no order of keys: a store has a key `side_effect`
    and a side effect none called `store`, so that stores are asked for first.
    """
    left = {kind: _keys(kind) & KINDS_.keys() - {kind} for kind in KINDS_}
    ordered: list[str] = []
    while left:
        # A kind whose name another kind left over uses as a key has to wait for that one.
        free = [kind for kind in left if not any(kind in keys for keys in left.values())]
        if not free:
            raise ValueError(f"documents of {', '.join(left)} cannot be told apart by their keys")
        ordered += free
        left = {kind: keys for kind, keys in left.items() if kind not in free}
    return ordered


def _keys(kind: str) -> set[str]:
    """The keys that a document of a kind can have at its top."""
    return set(_properties(document(kind)))


def _properties(form: Value) -> Iterator[str]:
    if not isinstance(form, dict):
        return
    properties = form.get("properties")
    yield from properties if isinstance(properties, dict) else ()
    for part in (form.get("then"), form.get("else")):
        yield from _properties(part)
    chosen = form.get("allOf")
    for part in chosen if isinstance(chosen, list) else ():
        yield from _properties(part)


def _needed(form: Value) -> dict[str, Value]:
    """The definitions that a form refers to, however far."""
    known = {**definitions(), **laws.definitions()}
    needed: dict[str, Value] = {}
    waiting = [*_references(form)]
    while waiting:
        part = waiting.pop()
        if part not in needed:
            needed[part] = known[part]
            waiting += _references(known[part])
    return {part: needed[part] for part in sorted(needed)}


def _references(form: Value) -> Iterator[str]:
    if isinstance(form, dict):
        target = form.get("$ref")
        if isinstance(target, str):
            yield target.removeprefix("#/$defs/")
        for part in form.values():
            yield from _references(part)
    elif isinstance(form, list):
        for part in form:
            yield from _references(part)
