"""Where inside a value something stands, and how a reference reads with one step written otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from pgs_compiler.declarations import Constant, EdgeSyntax, ListForm, RecordForm, Reference, ValueSyntax
from pgs_compiler.findings import Place
from pgs_compiler.source import Mapping, Sequence, Tree
from pgs_snapshot.values import escape


def at(place: Place) -> str:
    """The author's line, as snapshots and traces have it."""
    return f"{place.path}:{place.line}"


def step_place(syntax: Reference, index: int) -> Place:
    """The place of one step of a reference, 0 being its root; the whole where it is spelt otherwise."""
    place = syntax.place
    quotes = place.end_column - place.column - len(syntax.text)
    if place.line != place.end_line or quotes not in (0, 2):
        return place
    start, end = _span(syntax, index)
    start += syntax.text[start] == "."
    column = place.column + quotes // 2
    return Place(place.path, place.line, column + start, place.line, column + end)


def with_step(syntax: Reference, index: int, name: str) -> str:
    """The reference with another name at one step, 0 being its root."""
    start, end = _span(syntax, index)
    return f"{syntax.text[:start]}.{name}{syntax.text[end:]}"


def _span(syntax: Reference, index: int) -> tuple[int, int]:
    root = f".{syntax.path.root}"
    first = 1 + len(root) if syntax.text.startswith(root, 1) else 1 + len(f"['{syntax.path.root}']")
    ends = (1, first, *syntax.path.ends)
    return ends[index], ends[index + 1]


def references(syntax: object) -> Iterator[Reference]:
    """Every reference in a part of a declaration, but for what edges carry elsewhere."""
    if isinstance(syntax, Reference):
        yield syntax
    elif isinstance(syntax, tuple):
        for item in syntax:
            yield from references(item)
    elif is_dataclass(syntax) and not isinstance(syntax, EdgeSyntax):
        for field in fields(syntax):
            yield from references(getattr(syntax, field.name))


def part_place(syntax: ValueSyntax, pointer: str) -> Place:
    """The place of what a JSON Pointer leads to in a value, as far as the value is written out."""
    return part_of(syntax, pointer)[0].place


def name_place(syntax: ValueSyntax, pointer: str) -> Place | None:
    """The place of the name of a member that a JSON Pointer leads to, where the object is written out."""
    before, _, name = pointer.rpartition("/")
    match part_of(syntax, before):
        case RecordForm(members=members), "":
            return next((bound.name.place for bound in members if escape(bound.name.text) == name), None)
        case ((Constant(tree=Mapping(entries=entries)) | Mapping(entries=entries)), ""):
            return next((entry.key.place for entry in entries if escape(entry.name) == name), None)
    return None


def part_of(syntax: ValueSyntax, pointer: str) -> tuple[ValueSyntax | Tree, str]:
    """What a JSON Pointer leads to in a value as far as that is written out, and the rest of the pointer."""
    here: ValueSyntax | Tree = syntax
    steps = pointer.split("/")[1:]
    for index, step in enumerate(steps):
        there = _part(here, step)
        if there is None:
            return here, "".join(f"/{left}" for left in steps[index:])
        here = there
    return here, ""


def _part(here: ValueSyntax | Tree, step: str) -> ValueSyntax | Tree | None:
    match here:
        case Constant(tree=Mapping() | Sequence() as tree):
            return _part(tree, step)
        case RecordForm(members=members):
            return next((bound.value for bound in members if escape(bound.name.text) == step), None)
        case Mapping(entries=entries):
            return next((entry.value for entry in entries if escape(entry.name) == step), None)
        case Sequence(items=items) | ListForm(items=items) if step.isdecimal() and int(step) < len(items):
            return items[int(step)]
    return None
