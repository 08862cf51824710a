"""Guarded collections behave as the built-in ones, which is shown by doing the same to both."""

from __future__ import annotations

import copy
import json
import operator
import pickle
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import pytest

from pgs_process import BaseDomainContext, ContractViolationError, ProcessEngine, process
from tests.process.contexts import System, Thing, ran, raw

Use = Callable[[object], object]


@dataclass
class Values(BaseDomainContext):
    li: list = field(default_factory=lambda: [3, 1, 2, 1])
    deep: list = field(default_factory=lambda: [[1], {"a": [2]}, (3, [4])])
    di: dict = field(default_factory=lambda: {"b": 1, "a": 2, "n": {"x": [1]}})
    se: set = field(default_factory=lambda: {1, 2, 3})
    de: deque = field(default_factory=lambda: deque([3, 1, 2], maxlen=4))


def unpickled(value: object) -> object:
    """What a pickle of the value holds."""
    return pickle.loads(pickle.dumps(value))  # noqa: S301 (made in this line)


class Holder:
    def __init__(self) -> None:
        self.domain = Values()


LIST: list[Use] = [
    lambda v: v[0],
    lambda v: v[-1],
    lambda v: v[-2],
    lambda v: v[0:2],
    lambda v: v[::-1],
    lambda v: v[5:],
    lambda v: v == [3, 1, 2, 1],
    lambda v: v == [3, 1, 2, 1],
    lambda v: v != [1],
    lambda v: v != [1],
    lambda v: v == (3,),
    lambda v: operator.eq([3, 1, 2, 1], v),
    lambda v: operator.ne([1], v),
    lambda v: operator.gt([4], v),
    lambda v: v.index(1),
    lambda v: v.index(1, 2),
    lambda v: v.count(1),
    lambda v: v.copy(),
    lambda v: len(v),
    lambda v: 2 in v,
    lambda v: list(v),
    lambda v: list(reversed(v)),
    lambda v: sorted(v),
    lambda v: operator.add(v, [9]),
    lambda v: operator.add([9], v),
    lambda v: v * 2,
    lambda v: 2 * v,
    lambda v: v < [4],
    lambda v: v < [4],
    lambda v: v <= v,
    lambda v: v >= [1],
    lambda v: max(v),
    lambda v: sum(v),
    lambda v: [*v],
    lambda v: tuple(v),
    lambda v: dict(enumerate(v)),
    lambda v: json.dumps(v),
    lambda v: repr(v),
    lambda v: str(v),
    lambda v: isinstance(v, list),
    lambda v: bool(v),
    lambda v: copy.copy(v),
    lambda v: copy.deepcopy(v),
    lambda v: unpickled(v),
    lambda v: f"{v}",
    lambda v: v[9],
    lambda v: v["a"],
    lambda v: v.index(7),
    lambda v: v.append(9),
    lambda v: v.extend((7, 8)),
    lambda v: v.extend(v),
    lambda v: v.insert(1, 9),
    lambda v: v.insert(-1, 9),
    lambda v: v.insert(99, 9),
    lambda v: v.pop(),
    lambda v: v.pop(0),
    lambda v: v.pop(-2),
    lambda v: v.pop(9),
    lambda v: v.remove(1),
    lambda v: v.remove(7),
    lambda v: v.clear(),
    lambda v: v.sort(),
    lambda v: v.sort(reverse=True),
    lambda v: v.sort(key=lambda x: -x),
    lambda v: v.reverse(),
    lambda v: v.__setitem__(0, 9),
    lambda v: v.__setitem__(-1, 9),
    lambda v: v.__setitem__(9, 9),
    lambda v: v.__setitem__(slice(1, 3), [7, 8, 9]),
    lambda v: v.__setitem__(slice(None, None, 2), [7, 8]),
    lambda v: v.__setitem__(slice(None, None, 2), [7]),
    lambda v: v.__delitem__(0),
    lambda v: v.__delitem__(slice(0, 2)),
    lambda v: v.__delitem__(9),
    lambda v: v.__iadd__([5]) and None,
    lambda v: v.__imul__(3) and None,
    lambda v: v.__imul__(0) and None,
    lambda v: (v.append(1), v.pop(), v.append(2), v.pop(0), v.append(3)),
    lambda v: [v.pop() for _ in range(4)],
    lambda v: (v.pop(), v.append(5), v.__setitem__(3, 6), v[3], v.insert(0, 1)),
]
DICT: list[Use] = [
    lambda v: v["a"],
    lambda v: v["zz"],
    lambda v: v.get("a"),
    lambda v: v.get("zz"),
    lambda v: v.get("zz", 5),
    lambda v: "a" in v,
    lambda v: len(v),
    lambda v: list(v),
    lambda v: list(reversed(v)),
    lambda v: list(v.keys()),
    lambda v: list(v.values()),
    lambda v: list(v.items()),
    lambda v: list(reversed(v.items())),
    lambda v: v == {"b": 1},
    lambda v: v != 5,
    lambda v: v == 5,
    lambda v: v != {"b": 1},
    lambda v: v == {"b": 1, "a": 2, "n": {"x": [1]}},
    lambda v: v.copy(),
    lambda v: v | {"z": 1},
    lambda v: {"z": 1} | v,
    lambda v: {**v},
    lambda v: dict(v),
    lambda v: json.dumps(v),
    lambda v: json.dumps(v, indent=1),
    lambda v: repr(v),
    lambda v: isinstance(v, dict),
    lambda v: copy.deepcopy(v),
    lambda v: unpickled(v),
    lambda v: v.keys() & {"a", "q"},
    lambda v: v.keys() == {"a", "b", "n"},
    lambda v: ("a", 2) in v.items(),
    lambda v: 2 in v.values(),
    lambda v: len(v.keys()),
    lambda v: bool(v),
    lambda v: sorted(v),
    lambda v: v.__setitem__("a", 5),
    lambda v: v.__setitem__("zz", 5),
    lambda v: v.__delitem__("a"),
    lambda v: v.__delitem__("zz"),
    lambda v: v.pop("a"),
    lambda v: v.pop("zz"),
    lambda v: v.pop("zz", 7),
    lambda v: v.popitem(),
    lambda v: v.setdefault("a", 9),
    lambda v: v.setdefault("zz"),
    lambda v: v.setdefault("zz", 1),
    lambda v: v.update({"a": 9}),
    lambda v: v.update([("q", 1)]),
    lambda v: v.update(k=1),
    lambda v: v.update({"q": 1}, k=2),
    lambda v: v.__ior__({"q": 1}) and None,
    lambda v: v.__ior__([("q", 1)]) and None,
    lambda v: v.clear(),
    lambda v: (v.pop("b"), v.__setitem__("b", 3), list(v)),
    lambda v: (v.clear(), v.update(z=1), v.popitem(), len(v)),
    lambda v: [v.__setitem__(k, 1) for k in v],
    lambda v: [v.__setitem__(k + "2", 1) for k in v],
    lambda v: [v.pop(k) for k in v],
    lambda v: v.fromkeys("ab"),
    lambda v: json.dumps(v.clear() or v),
]
SET: list[Use] = [
    lambda v: 1 in v,
    lambda v: len(v),
    lambda v: sorted(v),
    lambda v: v == {1, 2, 3},
    lambda v: {1} == v,
    lambda v: v != {1},
    lambda v: v | {9},
    lambda v: {9} | v,
    lambda v: v & {1, 9},
    lambda v: v - {1},
    lambda v: {1, 9} - v,
    lambda v: v ^ {1, 9},
    lambda v: v <= {1, 2, 3, 4},
    lambda v: {1} < v,
    lambda v: v > {1},
    lambda v: v.issubset([1]),
    lambda v: v.isdisjoint([9]),
    lambda v: v.union([9], [8]),
    lambda v: v.intersection([1]),
    lambda v: v.difference([1]),
    lambda v: v.symmetric_difference([1]),
    lambda v: set(v),
    lambda v: frozenset(v),
    lambda v: v.copy(),
    lambda v: copy.copy(v),
    lambda v: unpickled(v),
    lambda v: set().union(v),
    lambda v: {9}.issuperset(v),
    lambda v: v.add(9),
    lambda v: v.add(1),
    lambda v: v.discard(1),
    lambda v: v.discard(9),
    lambda v: v.remove(1),
    lambda v: v.remove(9),
    lambda v: v.clear(),
    lambda v: v.update([7], [8]),
    lambda v: v.difference_update([1]),
    lambda v: v.intersection_update([1, 2]),
    lambda v: v.symmetric_difference_update([1, 9]),
    lambda v: v.__ior__({9}) and None,
    lambda v: v.__isub__({1}) and None,
    lambda v: v.__iand__({1}) and None,
    lambda v: v.__ixor__({1, 9}) and None,
    lambda v: (v.add(9), v.discard(9), v.discard(1), v.add(1)),
    lambda v: repr(v),
    lambda v: v.add([1]),
    lambda v: v.superset_of_what,
]
DEQUE: list[Use] = [
    lambda v: v[0],
    lambda v: v[-1],
    lambda v: v[9],
    lambda v: len(v),
    lambda v: list(v),
    lambda v: list(reversed(v)),
    lambda v: v.maxlen,
    lambda v: v == deque([3, 1, 2]),
    lambda v: deque([3, 1, 2]) == v,
    lambda v: v < deque([4]),
    lambda v: 1 in v,
    lambda v: v.count(1),
    lambda v: v.index(2),
    lambda v: v.copy(),
    lambda v: v + deque([5]),
    lambda v: deque(v),
    lambda v: copy.deepcopy(v),
    lambda v: repr(v),
    lambda v: unpickled(v),
    lambda v: v.append(9),
    lambda v: v.appendleft(9),
    lambda v: (v.append(8), v.append(9)),
    lambda v: (v.appendleft(8), v.appendleft(9)),
    lambda v: v.pop(),
    lambda v: v.popleft(),
    lambda v: [v.popleft() for _ in range(4)],
    lambda v: v.extend([7, 8]),
    lambda v: v.extendleft([7, 8]),
    lambda v: v.rotate(1),
    lambda v: v.rotate(-2),
    lambda v: v.reverse(),
    lambda v: v.clear(),
    lambda v: v.remove(1),
    lambda v: v.remove(9),
    lambda v: v.insert(1, 9),
    lambda v: v.__setitem__(0, 9),
    lambda v: v.__delitem__(1),
    lambda v: v.__iadd__([5]) and None,
    lambda v: v.__imul__(2) and None,
    lambda v: (v.popleft(), v.append(5), v.appendleft(6), v.pop(), v[0]),
    lambda v: v[1:2],
]
DEEP: list[Use] = [
    lambda v: v[0] + [2],
    lambda v: v[1]["a"][0],
    lambda v: v[2][1][0],
    lambda v: [type(x).__name__ for x in v],
    lambda v: json.dumps(v),
    lambda v: v == [[1], {"a": [2]}, (3, [4])],
    lambda v: copy.deepcopy(v),
    lambda v: v[0].append(5),
    lambda v: v[1]["a"].append(5),
    lambda v: v[2][1].append(5),
    lambda v: [x.append(1) for x in v if isinstance(x, list)],
    lambda v: v.pop(0),
    lambda v: v.insert(0, v[0]),
    lambda v: v.reverse() or v[-1].append(7),
    lambda v: (v[0].append(2), v.insert(0, 0), v[1].append(3)),
    lambda v: v.index([1]),
    lambda v: v.remove([1]),
    lambda v: [1] in v,
    lambda v: v.count({"a": [2]}),
    lambda v: (v[1].update(b=[1]), v[1]["b"].append(2)),
    lambda v: v[1].setdefault("c", []).append(1),
    lambda v: v.__setitem__(0, [v[0]]),
    lambda v: v.sort(key=str) or v[0],
    lambda v: v.extend([[9]]) or v[-1].append(8),
    lambda v: v.append({"q": v[1]}),
    lambda v: v.clear() or v.append([1]) or v[0].append(2),
]
ALL = [
    (name, at)
    for name, uses in (("li", LIST), ("di", DICT), ("se", SET), ("de", DEQUE), ("deep", DEEP))
    for at in range(len(uses))
]
USES = {"li": LIST, "di": DICT, "se": SET, "de": DEQUE, "deep": DEEP}


@pytest.mark.parametrize(("name", "at"), ALL, ids=[f"{name}{at}" for name, at in ALL])
def test_tb043_tb044_tb045_whatever_is_done_to_a_guarded_collection_comes_out_as_with_the_built_in_one(
    name: str, at: int
) -> None:
    use, plain, holder = USES[name][at], Values(), Holder()
    expected = outcome(lambda: use(getattr(plain, name)))
    engine = ProcessEngine(holder)
    path = f"domain.{name}"
    engine.register_process("p", process([], [path], errors=["Exception"])(lambda ctx: use(getattr(ctx.domain, name))))
    before = copy.deepcopy(object.__getattribute__(holder.domain, name))
    got = outcome(lambda: engine.run_process("p"))
    assert got == expected
    assert type(got[1]) is type(expected[1])
    raised = isinstance(got[0], type)
    held = object.__getattribute__(holder.domain, name)
    assert held == (before if raised else getattr(plain, name))
    assert list(held) == list(before if raised else getattr(plain, name)) or name == "se"


@pytest.mark.parametrize(("name", "at"), ALL, ids=[f"{name}{at}" for name, at in ALL])
def test_tb042_reading_an_input_comes_out_as_with_the_built_in_collection(name: str, at: int) -> None:
    use, plain, holder = USES[name][at], Values(), Holder()
    before = copy.deepcopy(getattr(plain, name))
    expected = outcome(lambda: use(getattr(plain, name)))
    engine = ProcessEngine(holder)
    engine.register_process(
        "p",
        process([f"domain.{name}"], [], errors=["LookupError", "ValueError", "AttributeError", "TypeError"])(
            lambda ctx: use(getattr(ctx.domain, name))
        ),
    )
    got = outcome(lambda: engine.run_process("p"))
    assert got == expected or got[0] is ContractViolationError
    if got[0] is ContractViolationError:
        assert getattr(plain, name) != before or "domain." in str(got[1])
    assert object.__getattribute__(holder.domain, name) == before


def outcome(act: Callable[[], object]) -> tuple[object, object]:
    """What an act gives, or the error that it ends with."""
    try:
        return None, act()
    except ContractViolationError as error:
        return ContractViolationError, str(error)
    except (LookupError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        return type(error), None


def test_tb042_negative_places_and_slices_of_an_input() -> None:
    def body(ctx):  # type: ignore[no-untyped-def]
        return ctx.domain.items[-1], ctx.domain.items[-2], ctx.domain.items[0:2]

    assert ran(body, ["domain.items"])[0] == (3, 2, [1, 2])


def test_tb045_the_standard_library_takes_guarded_objects_for_what_they_are() -> None:
    @dataclass
    class Row:
        cells: list

    system = System()
    object.__setattr__(object.__getattribute__(system, "domain_ctx"), "obj", Row([1, [2]]))
    assert ran(lambda ctx: asdict(ctx.domain.obj), ["domain.obj"], [], system)[0] == {"cells": [1, [2]]}
    assert ran(lambda ctx: asdict(ctx.domain.obj), [], ["domain.obj"], system)[0] == {"cells": [1, [2]]}


def test_an_object_is_iterated_compared_and_measured_by_its_own_methods() -> None:
    def body(ctx):  # type: ignore[no-untyped-def]
        thing = ctx.domain.obj
        return len(thing), thing == Thing(1), thing.double, thing.label, isinstance(thing, Thing)

    assert ran(body, ["domain.obj"])[0] == (1, True, 2, "thing", True)


def test_copies_are_detached() -> None:
    kept: list[list[object]] = []

    def body(ctx):  # type: ignore[no-untyped-def]
        kept.append(ctx.domain.matrix.copy())
        kept.append(ctx.domain.matrix[:])

    _, system = ran(body, [], ["domain.matrix"])
    kept[0][0].append(9)  # type: ignore[attr-defined]
    assert raw(system, "matrix") == [[1], [2], [3]]
    with pytest.raises(ContractViolationError):
        kept[1][0].append(9)  # type: ignore[attr-defined]
