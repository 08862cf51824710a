"""What `core` declares is what its implementations do."""

from __future__ import annotations

import inspect
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import cast

import pytest

import pgs_capabilities
from pgs_capabilities.side_effects.counters import Counters
from pgs_capabilities.side_effects.events import Events
from pgs_capabilities.side_effects.names import Names
from pgs_capabilities.side_effects.registry import Registry
from pgs_capabilities.side_effects.state import State
from pgs_compiler.read import read
from pgs_compiler.source import SourceFile, to_value
from pgs_snapshot.values import Outcome, Value
from tests.capabilities.places import Keyed, Mutable, Stream

Record = dict[str, Value]

FOLDER = Path(pgs_capabilities.__file__).parent / "declarations"


def declared(kind: str) -> dict[str, Record]:
    """Every declaration of a kind in `core`, by name."""
    return {name: one for path in sorted(FOLDER.glob("*.yaml")) for name, one in declared_in(path, kind).items()}


def declared_in(path: Path, kind: str) -> dict[str, Record]:
    """Every declaration of a kind in one file, by name, as they stand there."""
    result = read(SourceFile(path.name, path.read_bytes()))
    assert not result.findings
    documents = [cast(Record, to_value(tree)) for tree in result.value or ()]
    return {str(document[kind]): document for document in documents if next(iter(document)) == kind}


def implementation(document: Record) -> object:
    module, _, attribute = str(document["implementation"]).partition(":")
    return getattr(import_module(module), attribute)


TRANSFORMS, SIDE_EFFECTS = declared("transform"), declared("side_effect")
EXAMPLES = [
    (f"{name.removeprefix('core::')}-{number}", document, cast(Record, example))
    for name, document in TRANSFORMS.items()
    for number, example in enumerate(cast(list[Value], document["examples"]), 1)
]
WITH_PLACE = [name for name, document in SIDE_EFFECTS.items() if document["semantics"] != "external"]
PLACES = {
    Registry: lambda: Keyed("core::ST_X_V0"),
    Events: Stream,
    State: Mutable,
    Counters: Mutable,
    Names: Mutable,
}


@pytest.mark.parametrize(("document", "example"), [one[1:] for one in EXAMPLES], ids=[one[0] for one in EXAMPLES])
def test_an_example_holds_both_times(document: Record, example: Record) -> None:
    transform = implementation(document)
    assert callable(transform)
    for _ in range(2):
        answer = transform(**cast(Record, example["inputs"]))
        outcome = answer if isinstance(answer, Outcome) else Outcome("SUCCESS", **answer)
        assert outcome == Outcome(str(example["outcome"]), **cast(Record, example.get("outputs", {})))


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_takes_its_declared_inputs_and_shows_every_outcome(name: str) -> None:
    document = TRANSFORMS[name]
    transform = implementation(document)
    assert callable(transform)
    assert list(inspect.signature(transform).parameters) == list(cast(Record, document["inputs"]))
    examples = [cast(Record, example) for example in cast(list[Value], document["examples"])]
    assert len(examples) >= 3
    assert {example["outcome"] for example in examples} == set(cast(Record, document["outcomes"]))


@pytest.mark.parametrize("name", SIDE_EFFECTS)
def test_a_side_effect_has_one_method_for_each_operation_with_its_inputs(name: str) -> None:
    document = SIDE_EFFECTS[name]
    kind = implementation(document)
    assert isinstance(kind, type)
    operations = cast(dict[str, Record], document["operations"])
    methods = [method for method in vars(kind) if not method.startswith("_") and method != "SETTINGS"]
    assert methods == [operation.lower() for operation in operations]
    for operation, method in zip(operations.values(), methods, strict=True):
        parameters = list(inspect.signature(getattr(kind, method)).parameters.values())[1:]
        assert [parameter.name for parameter in parameters] == list(cast(Record, operation["inputs"]))
        assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters)


@pytest.mark.parametrize("name", WITH_PLACE)
def test_an_operation_answers_every_declared_outcome_and_no_other(name: str) -> None:
    kind = implementation(SIDE_EFFECTS[name])
    assert isinstance(kind, type)
    operations = cast(dict[str, Record], SIDE_EFFECTS[name]["operations"])
    seen = set()
    x: Value = {"x": 1}
    calls = (("k", x), ("l", x), ("k", x), ("k", {"refused": 1}))
    for sequence in product(operations, repeat=len(calls)):
        effect = kind(PLACES[kind]())
        for operation, (key, value) in zip(sequence, calls, strict=True):
            taken = cast(dict[str, Record], operations[operation]["inputs"])
            given: Record = {"key": key, "name": key, "stream": "s", "value": value, "record": value, "set": value}
            given |= {"where": {}, "max": 1, "most": 1, "expected": taken.get("expected", {}).get("minimum")}
            inputs = {each: given[each] for each in given if each in taken}
            outcome = getattr(effect, operation.lower())(**inputs)
            seen.add((operation, outcome.name, *sorted(outcome.outputs)))
    assert seen == {
        (operation, outcome, *sorted(outputs))
        for operation, document in operations.items()
        for outcome, outputs in cast(dict[str, Record], document["outcomes"]).items()
    }
