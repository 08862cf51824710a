"""Bodies that are written as for plain Python come out as there: what they assign, look up, compare and make."""

from __future__ import annotations

import dataclasses
import random
from array import array
from collections import Counter, defaultdict, deque, namedtuple
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from pgs_process import ConfigError, ContractViolationError, ProcessEngine, UndeclaredError, apply, process
from tests.process.contexts import Domain, System, ran, raw

Row = namedtuple("Row", "items n")


class Person:
    """An object that is only the same as itself, and hashed so."""

    def __init__(self, name: str) -> None:
        self.name = name


@dataclass(frozen=True)
class Point:
    x: int
    y: int


class Money:
    """A value whose methods look into others of its class, and make more of them."""

    unit = "EUR"

    def __init__(self, cents: int) -> None:
        self._cents = cents

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._cents == other._cents

    __hash__ = None  # type: ignore[assignment]

    def __lt__(self, other: Money) -> bool:
        return self._cents < other._cents

    def __add__(self, other: Money) -> Money:
        return type(self)(self._cents + other._cents)

    def alike(self, other: Money) -> bool:
        return type(self) is type(other) and type(self).unit == other.unit

    def told(self) -> str:
        return f"{self._cents} {self.unit}"


@dataclass
class Report:
    rows: object
    n: int = 0


PEOPLE = [Person("a"), Person("b")]


@dataclass
class Filled(Domain):
    people: list = field(default_factory=lambda: list(PEOPLE))
    known: set = field(default_factory=lambda: set(PEOPLE))
    ages: dict = field(default_factory=lambda: {PEOPLE[0]: 1, PEOPLE[1]: [2]})
    points: dict = field(default_factory=lambda: {Point(1, 2): 1, Point(3, 4): [1]})
    places: set = field(default_factory=lambda: {(1, 2), (3, 4)})
    purse: list = field(default_factory=lambda: [Money(3), Money(1)])
    dice: random.Random = field(default_factory=lambda: random.Random(3))  # noqa: S311 (no secret)
    weights: dict = field(default_factory=lambda: {"w": array("i", [1, 2])})
    counts: Counter = field(default_factory=lambda: Counter("aab"))


def augmented(target: str) -> Callable[..., object]:
    code = compile(target, "body", "exec")
    return lambda c: exec(code, {"c": c, "array": array, "Counter": Counter, "random": random})  # noqa: S102 (statements)


SAME: list[tuple[str, Callable[..., object]]] = [
    (text, augmented(text))
    for text in (
        "r = c.items; c.items += [4]; r.append(5)",
        "r = c.d['n']; c.d['n'] += [4]; r.append(5)",
        "r = c.matrix[0]; c.matrix[0] += [4]; r.append(5)",
        "r = c.obj.items; c.obj.items += [4]; r.append(5)",
        "r = c.tags; c.tags |= {'z'}; r.add('y')",
        "r = c.queue; c.queue += [7]; r.append(8)",
        "c.items = c.items",
        "c.raw += b'z'; c.raw[0] = 65",
        "r = c.raw; r.extend(b'z'); c.raw = bytearray(b'new')",
        "r = c.raw; c.raw = bytearray(b'new'); r.extend(b'z')",
        "c.raw.extend(b'z'); c.raw = c.raw + b'q'",
        "c.weights['w'] += array('i', [3])",
        "r = c.weights['w']; c.weights['w'] += array('i', [3]); r[0] = 9",
        "r = c.weights['w']; r[0] = 9; del c.weights['w']",
        "r = c.weights['w']; r[0] = 9; c.weights = {}",
        "c.items.append(array('i', [1])); c.items[-1] += array('i', [2]); c.items[-1][0] = 9",
        "c.counts -= Counter('a'); c.counts['q'] += 1",
        "c.dice.random(); c.dice = random.Random(5)",
        "c.d['z'] = 1\nfor k in c.d:\n    if k == 'z': c.d['a'] = 5",
        "for k in c.points: c.points[k] = 1",
        "for k in list(c.points): del c.points[k]",
        "for p in list(c.places): c.places.remove(p)",
        "c.purse.sort()",
    )
]


def state(domain: Domain) -> dict[str, object]:
    """Every field, in a form that can be compared."""
    return {f.name: shown(object.__getattribute__(domain, f.name)) for f in dataclasses.fields(domain)}


def shown(value: object) -> object:
    if isinstance(value, random.Random):
        return value.getstate()
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    return [shown(item) for item in value] if isinstance(value, list) else getattr(value, "__dict__", value)


@pytest.mark.parametrize(("text", "body"), SAME, ids=[text for text, _ in SAME])
def test_what_a_body_does_comes_out_as_in_plain_python_and_its_delta_does_and_undoes_it(
    text: str, body: Callable[..., object]
) -> None:
    plain, system, again = Filled(), System(domain_ctx=Filled()), System(domain_ctx=Filled())
    body(plain)
    engine = ProcessEngine(system, strict_mode=True)
    engine.register_process("body", process([], ["domain"])(lambda ctx: body(ctx.domain)))
    delta = engine.perform("body").delta
    domain = object.__getattribute__(again, "domain_ctx")
    assert state(object.__getattribute__(system, "domain_ctx")) == state(plain)
    apply(delta, again)
    assert state(domain) == state(plain)
    apply(delta.inverse, again)
    assert state(domain) == state(Filled())


@pytest.mark.parametrize("name", ["weights", "dice", "raw"])
def test_what_a_process_within_did_to_an_opaque_value_is_taken_back_with_it(name: str) -> None:
    def change(ctx: object) -> None:
        value = ctx.domain.weights["w"] if name == "weights" else getattr(ctx.domain, name)  # type: ignore[attr-defined]
        value.random() if name == "dice" else value.extend([7])

    def fail(ctx: object) -> None:
        change(ctx)
        raise ValueError

    def body(ctx: object) -> None:
        change(ctx)
        with pytest.raises(ValueError, match=r"^$"):
            engine.run_process("fail")
        change(ctx)

    system, once = System(domain_ctx=Filled()), System(domain_ctx=Filled())
    engine = ProcessEngine(system, strict_mode=True)
    engine.register_process("fail", process([], ["domain"], errors=["ValueError"])(fail))
    engine.register_process("body", process([], ["domain"])(body))
    engine.run_process("body")
    plain = ProcessEngine(once, strict_mode=True)
    plain.register_process("change", process([], ["domain"])(change))
    for _ in range(2):
        plain.run_process("change")
    assert shown(raw(system, name)) == shown(raw(once, name))


def test_what_is_changed_by_its_own_operator_stays_the_callers_object() -> None:
    system = System(domain_ctx=Filled())
    before = raw(system, "items")
    ran(augmented_body("c.items += [4]"), [], ["domain"], system)
    assert raw(system, "items") is before == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "text", ["r = c.items; c.items = []; r.append(5)", "o = c.obj; c.obj = type(o)(5); o.value = 50"]
)
def test_what_was_replaced_is_not_written(text: str) -> None:
    with pytest.raises(ContractViolationError, match="taken out of the state or replaced"):
        ran(augmented_body(text), [], ["domain"])


def augmented_body(text: str) -> Callable[..., object]:
    return lambda ctx: augmented(text)(ctx.domain)


PEOPLES: dict[str, Callable[..., object]] = {
    "look up": lambda c: [c.ages[p] for p in c.ages] == [1, [2]],
    "ask": lambda c: [p in c.ages for p in c.people] == [True, True],
    "pairs": lambda c: [(p.name, age) for p, age in c.ages.items()] == [("a", 1), ("b", [2])],
    "get": lambda c: c.ages.get(c.people[0]) == 1 and c.ages.setdefault(c.people[0], 7) == 1,
    "set": lambda c: [c.ages.__setitem__(p, 5) for p in c.ages] and list(c.ages.values()) == [5, 5],
    "take": lambda c: [c.ages.pop(p) for p in list(c.ages)] == [1, [2]] and len(c.ages) == 0,
    "take the last": lambda c: c.ages.popitem()[0].name == "b" and len(c.ages) == 1,
    "member": lambda c: all(p in c.known for p in c.people),
    "discard": lambda c: [c.known.discard(p) for p in list(c.known)] and len(c.known) == 0,
    "remove": lambda c: [c.known.remove(p) for p in list(c.known)] and len(c.known) == 0,
    "pop": lambda c: c.known.pop().name in "ab" and len(c.known) == 1,
    "clear": lambda c: c.known.clear() is None and len(c.known) == 0,
    "add again": lambda c: c.known.add(c.people[0]) is None and len(c.known) == 2,
    "difference": lambda c: [p.name for p in c.known - {c.people[0]}] == ["b"],
    "intersection": lambda c: c.known.intersection_update([c.people[0]]) is None and len(c.known) == 1,
    "subset": lambda c: c.known <= set(c.people) and c.known == set(c.people),
    "type": lambda c: isinstance(c.known, set) and isinstance(c.queue, deque),
}


@pytest.mark.parametrize("name", PEOPLES)
def test_an_object_that_is_a_key_or_a_member_is_found_by_itself(name: str) -> None:
    assert ran(lambda ctx: PEOPLES[name](ctx.domain), [], ["domain"], System(domain_ctx=Filled()))[0]


def test_methods_look_into_others_of_their_class_and_make_more_of_it() -> None:
    def body(ctx: object) -> object:
        three, one = ctx.domain.purse  # type: ignore[attr-defined]  # it is a context
        return (
            [one < three, one == three, one == Money(1), one.alike(three)],
            (one + three).told(),
            max(ctx.domain.purse).told(),  # type: ignore[attr-defined]  # as above
            sorted(name for name in dir(one) if name in {"told", "_cents", "unit"}),
        )

    assert ran(body, ["domain.purse"], [], System(domain_ctx=Filled()))[0] == (
        [True, False, True, True],
        "4 EUR",
        "3 EUR",
        ["told", "unit"],
    )


def test_what_is_on_the_left_tells_what_sets_and_queues_make() -> None:
    def body(ctx: object) -> object:
        domain = ctx.domain  # type: ignore[attr-defined]  # it is a context
        return frozenset({1}) | domain.tags, deque([0]) + domain.queue

    assert ran(body, ["domain"])[0] == (frozenset({1, "p", "q"}), deque([0, 1, 2, 3]))


RETURNED: dict[str, tuple[Callable[..., object], object]] = {
    "a named tuple": (lambda c: Row(c.items, 1), Row([1, 2, 3], 1)),
    "a dataclass": (lambda c: Report({"r": c.matrix}), Report({"r": [[1], [2], [3]]})),
    "a default dict": (lambda c: defaultdict(list, a=c.items), defaultdict(list, a=[1, 2, 3])),
    "keys": (lambda c: [c.d.keys()], [["a", "n", "b"]]),
}


@pytest.mark.parametrize("name", RETURNED)
def test_tb070_whatever_holds_it_what_is_returned_is_plain(name: str) -> None:
    make, expected = RETURNED[name]
    assert ran(lambda ctx: make(ctx.domain), ["domain"])[0] == expected


def test_a_result_that_holds_itself_is_returned() -> None:
    def body(ctx: object) -> object:
        ring: list[object] = []
        ring.append(ring)
        return ring

    result, _ = ran(body)
    assert isinstance(result, list)
    assert result[0] is result


def test_what_an_error_carries_is_plain() -> None:
    def body(ctx: object) -> None:
        error = ValueError("too long", ctx.domain.items)  # type: ignore[attr-defined]  # it is a context
        error.rows = ctx.domain.matrix  # type: ignore[attr-defined]  # errors take attributes
        raise error

    with pytest.raises(ValueError, match="too long") as declared:
        ran(body, ["domain.items", "domain.matrix"], errors=["ValueError"])
    assert declared.value.args == ("too long", [1, 2, 3])
    assert declared.value.rows == [[1], [2], [3]]  # type: ignore[attr-defined]  # set above
    with pytest.raises(UndeclaredError) as other:
        ran(body, ["domain.items", "domain.matrix"])
    assert str(other.value.__cause__) == "('too long', [1, 2, 3])"


def test_a_layer_is_not_carried_out_by_an_error() -> None:
    def body(ctx: object) -> None:
        raise ValueError(ctx.domain)  # type: ignore[attr-defined]  # it is a context

    with pytest.raises(ContractViolationError, match="declared in part"):
        ran(body, ["domain.x"], errors=["ValueError"])


def generates(ctx: object) -> object:
    yield 1


async def generates_later(ctx: object) -> object:
    yield 1


@pytest.mark.parametrize("body", [generates, generates_later])
def test_a_generator_is_no_process(body: Callable[..., object]) -> None:
    line = body.__code__.co_firstlineno
    with pytest.raises(ConfigError, match=f"test_as_plain.py:{line}: `body` is a generator"):
        ran(body)
