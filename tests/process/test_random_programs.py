"""Random programs over random contexts, against a plain model: deep copy, run, keep or discard.

Guarded and plain have to agree in the state, in what the program returned or raised, and in the journal: applied to the
old state it gives the new one, inverted it gives the old one back. And with a fault at every operation, the context
is as before and every object in it the same one.
"""

from __future__ import annotations

import copy
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgs_process import BaseDomainContext, ProcessEngine, apply, process


class Node:
    """An object of the state, compared by what it holds."""

    def __init__(self, value: object, child: object) -> None:
        self.value, self.child = value, child

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and (self.value, self.child) == (other.value, other.child)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Node({self.value!r}, {self.child!r})"


@dataclass
class Fields(BaseDomainContext):
    a: object = None
    b: object = None
    n: int = 0


@dataclass
class Whole:
    domain: Fields = field(default_factory=Fields)


@dataclass(frozen=True)
class Step:
    """One operation: the way to a value, what to do there, with which key and value."""

    way: tuple[int, ...]
    act: int
    key: int
    value: object


atoms = st.one_of(st.integers(0, 5), st.sampled_from(["k0", "k1", "k2"]), st.none(), st.booleans())
values = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["k0", "k1", "k2", 0, 1]), inner, max_size=3),
        st.lists(inner, max_size=3).map(deque),
        st.sets(st.integers(0, 5), max_size=3),
        st.tuples(inner, inner),
        st.builds(Node, inner, inner),
    ),
    max_leaves=8,
)
steps = st.lists(
    st.builds(
        Step,
        st.lists(st.integers(0, 3), max_size=3).map(tuple),
        st.integers(0, 11),
        st.integers(-1, 3),
        values,
    ),
    max_size=12,
)


class Fault(Exception):
    """What stops a program in the middle."""


def follow(domain: object, way: tuple[int, ...]) -> object:
    """A value below one of the two fields."""
    value = domain.a if not way or way[0] % 2 == 0 else domain.b  # type: ignore[attr-defined]
    for turn in way[1:]:
        if isinstance(value, dict) and value:
            value = list(value.values())[turn % len(value)]
        elif isinstance(value, list | tuple) or hasattr(value, "appendleft"):
            if not len(value):  # type: ignore[arg-type]
                break
            value = value[turn % len(value)]  # type: ignore[index, arg-type]
        elif isinstance(value, Node):
            value = value.child if turn % 2 else value.value
    return value


def act(domain: object, step: Step) -> object:
    """Do one operation to whatever is there. Only what is attached to the state is written, and only values go in."""
    target, key, value = follow(domain, step.way), step.key, copy.deepcopy(step.value)
    which = step.act
    if which == 0:
        domain.n += 1  # type: ignore[attr-defined]
        return domain.n  # type: ignore[attr-defined]
    if which == 1:
        setattr(domain, "a" if key % 2 else "b", value)
        return None
    if isinstance(target, dict):
        name = ("k0", "k1", "k2", 0, 1)[key]
        return [
            lambda: target.__setitem__(name, value),
            lambda: target.pop(name, None),
            lambda: target.setdefault(name, value),
            lambda: target.update({name: value, "k1": 1}),
            lambda: target.popitem(),
            lambda: target.clear(),
            lambda: target[name],
            lambda: list(target.items()),
            lambda: target == value,
            lambda: target.__delitem__(name),
        ][which - 2]()
    if isinstance(target, list):
        return [
            lambda: target.append(value),
            lambda: target.pop(key),
            lambda: target.insert(key, value),
            lambda: target.__setitem__(key, value),
            lambda: target.extend([value, 1]),
            lambda: target.reverse(),
            lambda: target.__setitem__(slice(0, key), [value]),
            lambda: target[key],
            lambda: target.sort(key=repr),
            lambda: target.remove(value),
        ][which - 2]()
    if hasattr(target, "appendleft"):
        return [
            lambda: target.append(value),
            lambda: target.appendleft(value),
            lambda: target.pop(),
            lambda: target.popleft(),
            lambda: target.rotate(key),
            lambda: target.__setitem__(key, value),
            lambda: target.insert(key, value),
            lambda: target.clear(),
            lambda: list(target),
            lambda: target.__delitem__(key),
        ][which - 2]()
    if isinstance(target, Node):
        return [lambda: setattr(target, "value", value), lambda: setattr(target, "child", value), lambda: target.value][
            which % 3
        ]()
    if hasattr(target, "symmetric_difference_update"):
        return [
            lambda: target.add(key),
            lambda: target.discard(key),
            lambda: target.update({key, 9}),
            lambda: sorted(target),
        ][which % 4]()
    return target


def program(domain: object, todo: list[Step], fault: int | None = None) -> object:
    """All steps; what they gave. An error of a step is a result like others; a fault is none."""
    results: list[object] = []
    for number, step in enumerate(todo):
        if number == fault:
            raise Fault
        try:
            results.append(copy.deepcopy(act(domain, step)))
        except (LookupError, ValueError, TypeError) as error:
            results.append(type(error).__name__)
    if fault is not None and fault >= len(todo):
        raise Fault
    return results


def objects(value: object, found: list[tuple[object, object]]) -> list[tuple[object, object]]:
    """Every container in a state with a copy of what it held directly."""
    if isinstance(value, dict):
        found.append((value, list(value.items())))
    elif isinstance(value, list | deque | tuple):
        found.append((value, list(value)))
    elif isinstance(value, Node | Fields):
        found.append((value, list(vars(value).items())))
    elif isinstance(value, set):
        found.append((value, sorted(value)))
    inner = found[-1][1] if found and found[-1][0] is value else []
    for item in inner:  # type: ignore[attr-defined]
        objects(item[1] if isinstance(value, dict | Node | Fields) else item, found)
    return found


def engine_for(whole: Whole, todo: list[Step], fault: int | None) -> ProcessEngine:
    engine = ProcessEngine(whole)
    body = process([], ["domain"], errors=["Fault"])(lambda ctx: program(ctx.domain, todo, fault))
    engine.register_process("p", body)
    return engine


QUIET = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def shared(a: object, b: object, how: int) -> tuple[object, object]:
    """Two values, of which one may be found in the other, or be the other."""
    return [(a, b), (a, [a, b]), (a, a), ({"k0": b, "k1": b}, b)][how]


@QUIET
@given(values, values, steps, st.integers(0, 3))
def test_a_guarded_program_does_what_the_plain_one_does_and_its_journal_tells_all_of_it(
    a: object, b: object, todo: list[Step], how: int
) -> None:
    model = Fields(*shared(a, b, how))
    whole = Whole(copy.deepcopy(model))
    before, old = copy.deepcopy(model), copy.deepcopy(whole)
    expected = program(model, todo)
    done = engine_for(whole, todo, None).perform("p")
    assert done.value == expected
    assert (whole.domain.a, whole.domain.b, whole.domain.n) == (model.a, model.b, model.n)
    if how:
        return  # a journal of paths does not know that two of them lead to one object
    apply(done.delta, old)
    assert (old.domain.a, old.domain.b, old.domain.n) == (model.a, model.b, model.n)
    apply(done.delta.inverse, old)
    assert (old.domain.a, old.domain.b, old.domain.n) == (before.a, before.b, before.n)
    apply(done.delta.inverse.inverse, old)
    assert (old.domain.a, old.domain.b, old.domain.n) == (model.a, model.b, model.n)
    apply(done.delta.inverse, whole)
    assert (whole.domain.a, whole.domain.b, whole.domain.n) == (before.a, before.b, before.n)


@settings(QUIET, max_examples=60)
@given(values, values, steps)
def test_a_fault_at_any_operation_leaves_the_context_and_every_object_in_it(
    a: object, b: object, todo: list[Step]
) -> None:
    whole = Whole(Fields(a, b))
    raw = whole.domain
    found = objects(raw, [])
    for fault in range(len(todo) + 1):
        with pytest.raises(Fault):
            engine_for(whole, todo, fault).run_process("p")
        for value, held in found:
            now: object = (
                list(vars(value).items())
                if isinstance(value, Node | Fields)
                else (
                    list(value.items())
                    if isinstance(value, dict)
                    else sorted(value)
                    if isinstance(value, set)
                    else list(value)  # type: ignore[call-overload]
                )
            )
            same(now, held)


def same(now: object, held: object) -> None:
    """The same objects in the same places."""
    assert isinstance(now, list)
    assert isinstance(held, list)
    assert len(now) == len(held)
    for one, other in zip(now, held, strict=True):
        if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == 2:
            assert one[0] == other[0]
            assert one[1] is other[1] or one is other
        else:
            assert one is other


@settings(QUIET, max_examples=60)
@given(values, values, steps, steps, steps)
def test_a_program_within_a_program_is_a_savepoint(
    a: object, b: object, first: list[Step], within: list[Step], last: list[Step]
) -> None:
    for fails in (False, True):
        model, whole = Fields(copy.deepcopy(a), copy.deepcopy(b)), Whole(Fields(copy.deepcopy(a), copy.deepcopy(b)))
        old = copy.deepcopy(whole)
        program(model, first)
        kept = copy.deepcopy(model)
        program(model, within)
        model = kept if fails else model
        expected = program(model, last)
        engine = ProcessEngine(whole)

        def outer(ctx: object, engine: ProcessEngine = engine) -> object:
            program(ctx.domain, first)  # type: ignore[attr-defined]
            with suppress(Fault):
                engine.run_process("within")
            return program(ctx.domain, last)  # type: ignore[attr-defined]

        def inner(ctx: object, fails: bool = fails) -> object:
            return program(ctx.domain, within, len(within) if fails else None)  # type: ignore[attr-defined]

        engine.register_process("outer", process([], ["domain"])(outer))
        engine.register_process("within", process([], ["domain"], errors=["Fault"])(inner))
        done = engine.perform("outer")
        assert done.value == expected
        assert (whole.domain.a, whole.domain.b, whole.domain.n) == (model.a, model.b, model.n)
        apply(done.delta, old)
        assert (old.domain.a, old.domain.b, old.domain.n) == (model.a, model.b, model.n)


def test_a_fault_while_a_class_takes_its_values_leaves_nothing_done() -> None:
    class Refusing(Fields):
        left = 0

        def __setattr__(self, name: str, value: object) -> None:
            if self.left == 0 and "_pgs" not in name:
                self.refuse()
            object.__setattr__(self, "left", self.left - 1)
            object.__setattr__(self, name, value)

        def refuse(self) -> NoReturn:
            raise Fault

    for writes in range(3):
        layer = object.__new__(Refusing)
        rows = [1]
        for name, value in (("a", rows), ("b", 2), ("n", 3)):
            object.__setattr__(layer, name, value)
        whole = Whole(layer)
        engine = ProcessEngine(whole)

        def body(ctx):  # type: ignore[no-untyped-def]
            ctx.domain.a.append(5)
            ctx.domain.b, ctx.domain.n, ctx.domain.a = 7, 8, [9]

        engine.register_process("p", process([], ["domain"], errors=["Fault"])(body))
        object.__setattr__(layer, "left", writes)
        with pytest.raises(Exception, match="refused a value"):
            engine.run_process("p")
        held = [object.__getattribute__(layer, name) for name in ("a", "b", "n")]
        assert (held, rows) == ([rows, 2, 3], [1])
        assert held[0] is rows
