"""What is committed stands in the caller's own objects, whatever their classes are."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec

import pytest

from pgs_process import BaseDomainContext, ContractViolationError
from tests.process.contexts import Grid, System, Thing, ran, raw


def test_tb054_objects_are_committed_in_place() -> None:
    system = System()
    thing = raw(system, "obj")
    ran(lambda ctx: ctx.domain.obj.push(5), [], ["domain.obj"], system)
    assert isinstance(thing, Thing)
    assert raw(system, "obj") is thing
    assert (thing.items, thing._hidden) == ([1, 5], [0, 5])


def arrays() -> list[tuple[object, Callable[[object], object], object]]:
    """Opaque values, what a body does to them, and what they are then; numpy's where it is installed."""
    found: list[tuple[object, Callable[[object], object], object]] = [
        (bytearray(b"abc"), lambda value: value.__setitem__(0, 100), bytearray(b"dbc")),
        (deque([1], 5), lambda value: value.append(2), deque([1, 2])),
        ({1}, lambda value: value.add(2), {1, 2}),
        (Grid(1, 2), lambda value: value.__setitem__(0, 9), [9, 2]),
        (OrderedThing(a=[1]), lambda value: value["a"].append(2), {"a": [1, 2]}),
    ]
    if find_spec("numpy") is not None:
        import numpy

        found.append((numpy.zeros(2), lambda value: value.__setitem__(0, 5), [5, 0]))
    return found


class OrderedThing(dict):
    """A dict of a class of its own."""


@pytest.mark.parametrize("number", range(len(arrays())))
def test_tb056_tb066_whatever_a_value_is_a_change_of_it_is_committed_in_place(number: int) -> None:
    value, change, expected = arrays()[number]
    system = System()
    domain = object.__getattribute__(system, "domain_ctx")
    object.__setattr__(domain, "obj", value)
    kept: list[object] = []

    def body(ctx):  # type: ignore[no-untyped-def]
        kept.append(ctx.domain.obj)
        change(ctx.domain.obj)

    ran(body, [], ["domain.obj"], system)
    held = raw(system, "obj")
    assert held is value
    assert (held.numbers if isinstance(held, Grid) else list(held) if hasattr(held, "dtype") else held) == expected
    assert held is not kept[0]


def test_an_opaque_value_that_cannot_be_filled_anew_is_replaced() -> None:
    system, numbers = System(), array("i", [1, 2])
    object.__setattr__(object.__getattribute__(system, "domain_ctx"), "obj", [numbers, (array("i", [3]), 1)])
    ran(lambda ctx: ctx.domain.obj[0].append(3), [], ["domain.obj"], system)
    assert raw(system, "obj")[0] == array("i", [1, 2, 3])  # type: ignore[index]
    assert numbers == array("i", [1, 2])
    with pytest.raises(ContractViolationError, match="cannot be replaced where it is"):
        ran(lambda ctx: ctx.domain.obj[1][0].append(3), [], ["domain.obj"], system)


def test_tb066_a_new_array_is_committed() -> None:
    _, system = ran(lambda ctx: setattr(ctx.domain, "raw", bytearray(ctx.domain.raw + b"!")), [], ["domain.raw"])
    assert raw(system, "raw") == b"abc!"


@dataclass(slots=True)
class Slotted(BaseDomainContext):
    x: int = 1
    items: list = field(default_factory=list)


class PlainLayer:
    def __init__(self) -> None:
        self.x = 1
        self.items: list[int] = []


class Checking:
    """A layer as pydantic makes them: it has a say when an attribute is set."""

    def __init__(self) -> None:
        self.__dict__.update(x=1, y=1, items=[])

    def __setattr__(self, name: str, value: object) -> None:
        if not isinstance(value, int | list):
            raise TypeError(f"{name} takes an int")
        super().__setattr__(name, value)


@pytest.mark.parametrize("layer", [Slotted, PlainLayer, Checking])
def test_tb057_tb058_any_object_is_a_layer(layer: type) -> None:
    class Any_:
        domain = layer()

    def body(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.x = 5
        ctx.domain.items.append(1)

    held = Any_.domain
    items = object.__getattribute__(held, "items")
    ran(body, [], ["domain.x", "domain.items"], Any_())  # type: ignore[arg-type]
    assert (object.__getattribute__(held, "x"), items) == (5, [1])


def test_tb058_a_class_that_refuses_a_value_at_the_commit_leaves_nothing_done() -> None:
    class Any_:
        def __init__(self) -> None:
            self.domain = Checking()

    def body(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.items.append(1)
        ctx.domain.x = 5
        ctx.domain.y = "no"

    system = Any_()
    with pytest.raises(ContractViolationError, match="y takes an int"):
        ran(body, [], ["domain.x", "domain.y", "domain.items"], system)  # type: ignore[arg-type]
    assert system.domain.__dict__ == {"x": 1, "y": 1, "items": []}
