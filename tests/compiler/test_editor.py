"""The schemas for editors judge as the parser does, as far as a schema can, and have its keys, no more and no fewer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import jsonschema_rs
import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from pgs_compiler.editor.documents import NAMES, schema, text
from pgs_compiler.editor.kinds import KINDS_, NODES, STEPS
from pgs_compiler.editor.laws import REQUIREMENTS, RULES
from pgs_compiler.editor.processes import INVARIANTS
from pgs_compiler.findings import Finding, Place
from pgs_compiler.parse import _PARSERS, parse
from pgs_compiler.parse.assertions import FORMS as REQUIREMENT_FORMS
from pgs_compiler.parse.constitutions import RULES as RULES_OF_CONSTITUTIONS
from pgs_compiler.parse.contracts import _KINDS as STEP_KINDS
from pgs_compiler.parse.selectors import LABEL, SELECTORS
from pgs_compiler.parse.values import FORMS
from pgs_compiler.parse.workflows import _NODES as NODE_KINDS
from pgs_compiler.project import FILE
from pgs_compiler.read import read
from pgs_compiler.source import Entry, Mapping, Scalar, Sequence, SourceFile, Tree, to_value
from tests.compiler.test_cases import CASES

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    {
        *(ROOT / "protocols").rglob("*.yaml"),
        *(ROOT / "capabilities/pgs_capabilities/declarations").glob("*.yaml"),
        *(ROOT / "tests/compiler/programs").rglob("*.yaml"),
        *(ROOT / "tests/durable/buying").rglob("*.yaml"),
        *(ROOT / "tests/bank").rglob("*.yaml"),
    }
)
PROJECTS = [ROOT / FILE, *(file for file in SOURCES if file.name == FILE)]
DECLARATIONS = [file for file in SOURCES if file.name != FILE]

UNSEEN = {
    "D204-day-that-is-not-in-the-calendar": "it knows no calendar",
    "D207-last-name-twice": "the names in two references",
    "D207-two-rules-of-one-name": "the names in two items",
    "D210-constant-first": "a list whose items differ is written differently in the two dialects",
    "D210-list-of-values": "the same",
    "D211-idle-argument": "the placeholders in a text",
    "D211-misspelt-placeholder": "the same",
    "D211-single-brace": "the same",
    "D214-kind-not-first": "the order of keys",
    "D215-no-summary": "a warning",
    "D221-ended-long-ago": "what day it is",
    "D222-nothing-to-waive": "other files",
}
"""The mistakes of form that a schema cannot see, by case, and why."""


@cache
def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema(name))


def accepts(tree: Tree) -> bool:
    """Whether the schema of a document's kind accepts it, and that of any kind says the same."""
    kind = tree.entries[0].name if isinstance(tree, Mapping) and tree.entries else ""
    value = to_value(tree)
    any_kind = validator("protocol").is_valid(value)
    if kind in KINDS_:
        assert validator(kind).is_valid(value) == any_kind
    return any_kind


def refused(tree: Tree) -> list[Finding]:
    """The errors of the parser."""
    return [found for found in parse([tree]).findings if found.severity == "error"]


def documents() -> Iterator[Tree]:
    for file in DECLARATIONS:
        yield from read(SourceFile(file.name, file.read_bytes())).value or ()


# --- the schemas themselves ----------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one_in_both_dialects_that_editors_read(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))
    Draft7Validator.check_schema(schema(name))
    assert json.loads(text(name)) == schema(name)


def test_there_is_a_form_of_every_kind_node_and_step_that_the_parser_knows() -> None:
    assert set(KINDS_) == set(_PARSERS)
    assert set(NODES) == set(NODE_KINDS)
    assert set(STEPS) == set(STEP_KINDS)
    assert set(REQUIREMENTS) == set(REQUIREMENT_FORMS)
    assert set(RULES) == set(RULES_OF_CONSTITUTIONS)


# --- verdicts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", DECLARATIONS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_what_the_parser_takes_the_schemas_take(file: Path) -> None:
    for tree in read(SourceFile(file.name, file.read_bytes())).value or ():
        assert not refused(tree)
        assert accepts(tree), [
            error.message
            for error in jsonschema_rs.Draft202012Validator(schema("protocol")).iter_errors(to_value(tree))
        ]


@pytest.mark.parametrize("file", PROJECTS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_the_schema_of_the_project_file_takes_every_project(file: Path) -> None:
    (tree,) = read(SourceFile(file.name, file.read_bytes())).value or ()
    assert validator("project").is_valid(to_value(tree))


def test_both_dialects_read_a_schema_alike() -> None:
    older, newer = Draft7Validator(schema("protocol")), Draft202012Validator(schema("protocol"))
    for tree in documents():
        value = to_value(tree)
        assert older.is_valid(value) == newer.is_valid(value) is True


OF_FORM = [case for case in CASES if case.name[0] == "D"]


@pytest.mark.parametrize("case", OF_FORM, ids=lambda case: case.name)
def test_a_mistake_of_form_is_one_to_the_schemas_too(case: Path) -> None:
    verdicts = [
        validator("project").is_valid(to_value(tree)) if file.name == FILE else accepts(tree)
        for file in sorted(case.rglob("*.yaml"))
        for tree in read(SourceFile(file.name, file.read_bytes())).value or ()
    ]
    assert all(verdicts) == (case.name in UNSEEN)


# --- the same mistakes everywhere ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spot:
    """A mapping in a document: the keys and indexes that lead there."""

    way: tuple[str | int, ...]
    tree: Mapping


def spots(tree: Tree, way: tuple[str | int, ...] = ()) -> Iterator[Spot]:
    if isinstance(tree, Mapping):
        yield Spot(way, tree)
        for entry in tree:
            yield from spots(entry.value, (*way, entry.name))
    elif isinstance(tree, Sequence):
        for index, item in enumerate(tree):
            yield from spots(item, (*way, index))


def put(tree: Tree, way: tuple[str | int, ...], new: Tree) -> Tree:
    """The document with something else at a spot."""
    if not way:
        return new
    if isinstance(tree, Mapping):
        return replace(
            tree,
            entries=tuple(
                replace(entry, value=put(entry.value, way[1:], new)) if entry.name == way[0] else entry
                for entry in tree
            ),
        )
    assert isinstance(tree, Sequence)
    return replace(
        tree, items=tuple(put(item, way[1:], new) if index == way[0] else item for index, item in enumerate(tree))
    )


NOWHERE = Place("x.yaml", 1, 1, 1, 2)
CLOSED = jsonschema_rs.ValidationErrorKind.AdditionalProperties


def with_key(spot: Spot, key: str) -> Mapping:
    return replace(spot.tree, entries=(*spot.tree.entries, Entry(Scalar(key, NOWHERE), Scalar(1, NOWHERE))))


def known(tree: Tree, spot: Spot) -> frozenset[str] | None:
    """The keys that the parser knows at a spot, as it says itself; None where keys are the author's own."""
    for found in refused(put(tree, spot.way, with_key(spot, "zzzzzz"))):
        if found.code == "D201" and "`zzzzzz`" in found.message:
            return frozenset(filter(None, found.label.removeprefix("known: ").split(", ")))
    return None


def closed_keys(tree: Tree, way: tuple[str | int, ...]) -> set[str]:
    """The keys that the schema says do not belong at a spot."""
    keys: set[str] = set()
    for error in jsonschema_rs.Draft202012Validator(schema(str(tree.entries[0].name))).iter_errors(to_value(tree)):  # type: ignore[union-attr]
        if error.instance_path == list(way) and isinstance(error.kind, CLOSED):
            keys |= set(error.kind.unexpected)
    return keys


def forms() -> list[tuple[Tree, Spot, frozenset[str]]]:
    """One spot for every form that the examples show."""
    seen: dict[tuple[str, frozenset[str]], tuple[Tree, Spot, frozenset[str]]] = {}
    for tree in documents():
        kind = tree.entries[0].name  # type: ignore[union-attr]
        for spot in spots(tree):
            keys = known(tree, spot)
            if keys is not None:
                seen.setdefault((kind, keys), (tree, spot, keys))
    return list(seen.values())


def test_every_form_has_the_keys_that_the_parser_knows_and_no_others() -> None:
    found = forms()
    universe = {*re.findall(r"[a-zA-Z_$]+", text("protocol")), *(key for _, _, keys in found for key in keys)}
    for tree, spot, keys in found:
        there = {entry.name for entry in spot.tree}
        # What tells forms apart would make it another form.
        added = sorted(
            universe - there - {*NODES, *STEPS, *KINDS_, *FORMS, *REQUIREMENTS, *SELECTORS, LABEL, *RULES, *INVARIANTS}
        )
        entries = (*spot.tree.entries, *(Entry(Scalar(key, NOWHERE), Scalar(1, NOWHERE)) for key in added))
        closed = closed_keys(put(tree, spot.way, replace(spot.tree, entries=entries)), spot.way)
        assert {key for key in added if key not in closed} == keys & set(added), (tree.place, spot.way)


def test_the_examples_show_every_node_step_and_kind() -> None:
    shown = {key for _, _, keys in forms() for key in keys}
    assert {*KINDS_, *NODES, *STEPS} <= shown


def mutants() -> Iterator[Tree]:
    """Every example with one key too many, one too few, or a list in the place of what a key holds."""
    for tree in documents():
        for spot in spots(tree):
            yield put(tree, spot.way, with_key(spot, "zzzzzz"))
            for entry in spot.tree:
                rest = tuple(other for other in spot.tree.entries if other is not entry)
                yield put(tree, spot.way, replace(spot.tree, entries=rest))
                swapped = Entry(entry.key, Sequence((), NOWHERE))
                yield put(
                    tree,
                    spot.way,
                    replace(spot.tree, entries=tuple(swapped if e is entry else e for e in spot.tree.entries)),
                )


def test_a_mutant_is_refused_by_both_or_by_neither() -> None:
    """What a schema cannot see are the rules on schemas beyond their keywords: T423, T430, T432 and so on."""
    differing = []
    for tree in mutants():
        codes = {found.code for found in refused(tree)}
        if bool(codes) == accepts(tree) and not (accepts(tree) and codes <= BEYOND):
            differing.append((codes, json.dumps(to_value(tree))[:300]))
    assert differing == []


BEYOND = {"T422", "T423", "T424", "T425", "T426", "T427", "T430", "T431", "T432", "D207", "D211"}
