"""`frozen` makes what `dataclass(frozen=True, slots=True)` makes."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace

import pytest

from pgs_snapshot.frozen import frozen


@frozen
class Ours:
    """A class of each kind of field."""

    name: str
    number: int = 7
    members: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Theirs:
    """The same, made by the standard library."""

    name: str
    number: int = 7
    members: Mapping[str, int] = field(default_factory=dict)


def test_it_is_a_dataclass_with_the_same_fields_and_defaults() -> None:
    assert is_dataclass(Ours)
    assert [found.name for found in fields(Ours)] == [found.name for found in fields(Theirs)]
    assert repr(Ours("a")).replace("Ours", "Theirs") == repr(Theirs("a"))
    assert Ours("a").members is not Ours("a").members


def test_equality_and_hash_are_those_of_the_fields_and_the_class() -> None:
    other: object = Theirs("a")
    assert Ours("a") == Ours(name="a", number=7, members={})
    assert Ours("a") != Ours("a", 8)
    assert Ours("a") != other
    with pytest.raises(TypeError):
        hash(Ours("a"))  # a dict is in it
    assert hash(Ours("a", 1, members=None)) == hash(Ours("a", 1, None))  # type: ignore[arg-type]


def test_nothing_of_it_can_be_changed_and_nothing_be_added() -> None:
    ours = Ours("a")
    with pytest.raises(FrozenInstanceError):
        ours.name = "b"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del ours.name
    with pytest.raises(FrozenInstanceError):
        ours.other = 1  # type: ignore[attr-defined]
    assert not hasattr(ours, "__dict__")


@pytest.mark.parametrize(
    ("args", "given"), [((), {}), (("a", 1, {}, 2), {}), (("a",), {"name": "b"}), (("a",), {"other": 1})]
)
def test_wrong_arguments_are_refused(args: tuple[object, ...], given: Mapping[str, object]) -> None:
    with pytest.raises(TypeError):
        Ours(*args, **given)  # type: ignore[arg-type]


def test_it_is_replaced_copied_pickled_and_matched() -> None:
    ours = Ours("a", 1, {"x": 1})
    assert replace(ours, number=2) == Ours("a", 2, {"x": 1})
    assert copy.deepcopy(ours) == ours
    assert pickle.loads(pickle.dumps(ours)) == ours  # noqa: S301 - our own bytes
    match ours:
        case Ours(name, number=number):
            assert (name, number) == ("a", 1)
