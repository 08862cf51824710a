"""What the importer writes in the words of `core` is in `core`, with those inputs, outputs and outcomes."""

from __future__ import annotations

import pytest

from pgs_compiler.importing.draft import member
from pgs_compiler.importing.known import EXTERNAL, HELD, NEAR, OPERATIONS, TRANSFORMS, WRITTEN
from pgs_compiler.read import read
from pgs_compiler.source import Mapping, to_value
from pgs_compiler.workspace import core_files

CORE = {
    str(to_value(document.entries[0].value)): document
    for file in core_files()
    for document in read(file).value or ()
    if isinstance(document, Mapping)
}


def names(tree: object) -> set[str]:
    assert isinstance(tree, Mapping)
    return {entry.name for entry in tree}


def operation(side_effect: str, op: str) -> Mapping:
    found = member(member(CORE[f"core::{side_effect}"], "operations"), op)
    assert isinstance(found, Mapping), f"{side_effect} has no {op}"
    return found


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_is_there_with_its_outputs_and_failures(name: str) -> None:
    known = TRANSFORMS[name]
    outcomes = member(CORE[f"core::{known.core}"], "outcomes")
    assert names(outcomes) - {"SUCCESS"} == set(known.failures)
    assert set(known.outputs.values()) <= names(member(outcomes, "SUCCESS"))


@pytest.mark.parametrize("key", OPERATIONS, ids=lambda key: ".".join(key))
def test_an_operation_is_there_with_what_it_takes_gives_and_ends_as(key: tuple[str, str]) -> None:
    known = OPERATIONS[key]
    found = operation(known.side_effect, known.op)
    heads = {path.partition(".")[0] for path in known.inputs.values()}
    assert heads | set(known.given) <= names(member(found, "inputs"))
    outcomes = member(found, "outcomes")
    assert {path.partition(".")[0] for path in known.outputs.values()} <= names(member(outcomes, "SUCCESS"))
    assert set(known.outcomes) <= names(outcomes)
    own = names(outcomes) - set(known.outcomes) - {"SUCCESS"}
    assert own <= {"ALREADY_EXISTS", "NOT_FOUND", "VIOLATION"}


def test_what_is_kept_and_what_was_kept_are_inputs_and_outputs() -> None:
    for (side_effect, op), name in WRITTEN.items():
        assert name in names(member(operation(side_effect, op), "inputs"))
    for (side_effect, op), name in HELD.items():
        assert name in names(member(member(operation(side_effect, op), "outcomes"), "SUCCESS"))


def test_what_is_near_and_what_is_external_is_in_core() -> None:
    assert {f"core::{name}" for name in (*NEAR.values(), *EXTERNAL)} <= CORE.keys()
    assert not NEAR.keys() & TRANSFORMS.keys()
