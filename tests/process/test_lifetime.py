"""Nothing that a body keeps can read or write the state once its transaction is over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pgs_process import DetachedError, ProcessEngine, process
from pgs_process.guard.layers import CONTEXTS
from pgs_process.guard.live import LIVE
from tests.process.contexts import System, Thing, ran, raw

FIELDS = [
    "domain.items",
    "domain.matrix",
    "domain.d",
    "domain.tags",
    "domain.queue",
    "domain.obj",
    "domain.objects",
    "domain.x",
]
KEEP: list[Callable[[object], object]] = [
    lambda ctx: ctx.domain.items,
    lambda ctx: ctx.domain.matrix[0],
    lambda ctx: ctx.domain.d,
    lambda ctx: ctx.domain.d.values(),
    lambda ctx: ctx.domain.tags,
    lambda ctx: ctx.domain.queue,
    lambda ctx: ctx.domain,
    lambda ctx: ctx,
    lambda ctx: ctx.domain.obj,
    lambda ctx: ctx.domain.objects[0],
]
USE: list[Callable[[object], object]] = [
    lambda v: v.append(9),
    lambda v: v.append(9),
    lambda v: v.update(q=1),
    lambda v: list(v),
    lambda v: v.add(9),
    lambda v: v.popleft(),
    lambda v: setattr(v, "x", 9),
    lambda v: setattr(v.domain, "x", 9),
    lambda v: setattr(v, "value", 9),
    lambda v: v.push(9),
]


@pytest.mark.parametrize("at", range(len(KEEP)))
@pytest.mark.parametrize("stands", [True, False])
@pytest.mark.parametrize("granted", ["inputs", "outputs"])
def test_tb068_what_was_kept_is_dead_and_says_so(at: int, stands: bool, granted: str) -> None:
    kept: list[object] = []

    def body(ctx: object) -> None:
        kept.append(KEEP[at](ctx))
        if not stands:
            raise ValueError

    system = System()
    paths = {granted: FIELDS}
    try:
        ran(body, paths.get("inputs", ()), paths.get("outputs", ()), system, errors=["ValueError"])
    except ValueError:
        assert not stands
    for act in (USE[at], repr, len, list) if at < 6 else (USE[at],):
        with pytest.raises(DetachedError):
            act(kept[0])  # type: ignore[operator, arg-type]
    assert (raw(system, "items"), raw(system, "matrix"), raw(system, "x")) == ([1, 2, 3], [[1], [2], [3]], 1)


def test_tb068_iterators_generators_and_bound_methods_are_dead_too() -> None:
    kept: list[Callable[[], object]] = []

    def body(ctx):  # type: ignore[no-untyped-def]
        walk, pairs, gen = iter(ctx.domain.items), iter(ctx.domain.d.items()), (row for row in ctx.domain.matrix)
        next(walk), next(pairs), next(gen)
        push, add = ctx.domain.obj.push, ctx.domain.items.append
        kept.extend([lambda: next(walk), lambda: next(pairs), lambda: next(gen), lambda: push(1), lambda: add(1)])

    _, system = ran(body, [], FIELDS)
    for act in kept:
        with pytest.raises(DetachedError):
            act()
    assert raw(system, "items") == [1, 2, 3]


def test_nothing_of_a_run_stays_in_the_tables_of_what_is_alive() -> None:
    before = len(LIVE), len(CONTEXTS)
    ran(lambda ctx: [repr(keep(ctx)) for keep in KEEP if keep not in (KEEP[6], KEEP[7])], [], FIELDS)
    with pytest.raises(ValueError, match="x"):
        ran(lambda ctx: [ctx.domain.items, int("x")], [], FIELDS, errors=["ValueError"])
    assert (len(LIVE), len(CONTEXTS)) == before


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (lambda ctx: setattr(ctx.domain, "matrix", ctx.domain.items), [1, 2, 3]),
        (lambda ctx: setattr(ctx.domain, "matrix", [{"a": ctx.domain.d}]), [{"a": {"a": 1, "n": [1], "b": 2}}]),
        (lambda ctx: ctx.domain.matrix.append(ctx.domain.d["n"]), [[1], [2], [3], [1]]),
        (lambda ctx: ctx.domain.matrix.extend([{"t": (ctx.domain.items,)}]), [[1], [2], [3], {"t": ([1, 2, 3],)}]),
        (lambda ctx: setattr(ctx.domain, "matrix", list(ctx.domain.d.values())), [1, [1], 2]),
        (lambda ctx: setattr(ctx.domain, "matrix", ctx.domain.d.values()), [1, [1], 2]),
        (lambda ctx: setattr(ctx.domain, "matrix", ctx.domain.matrix[1:]), [[2], [3]]),
    ],
)
@pytest.mark.parametrize("inputs", [["domain.items", "domain.d"], []])
def test_tb069_state_holds_plain_data_at_every_depth(body: object, expected: object, inputs: list[str]) -> None:
    outputs = ["domain.matrix"] if inputs else ["domain.matrix", "domain.items", "domain.d"]
    _, system = ran(body, inputs, outputs)  # type: ignore[arg-type]
    assert raw(system, "matrix") == expected
    assert_plain(raw(system, "matrix"))


def assert_plain(value: object) -> None:
    """No type but the built-in ones, all the way down."""
    assert type(value).__module__ in {"builtins", "collections"}
    assert type(value) in {list, dict, tuple, int, str, set}
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        assert_plain(item)


@pytest.mark.parametrize(
    "body",
    [
        lambda ctx: ctx.domain.items,
        lambda ctx: {"deep": (ctx.domain.d, [ctx.domain.matrix[0]])},
        lambda ctx: ctx.domain.d.keys(),
        lambda ctx: [*ctx.domain.d.items()],
    ],
)
def test_tb070_what_is_returned_is_plain_and_detached(body: object) -> None:
    value, system = ran(body, ["domain.items", "domain.d", "domain.matrix"])  # type: ignore[arg-type]
    assert_plain(value)
    if isinstance(value, list):
        value.append(9)
    assert raw(system, "items") == [1, 2, 3]


def test_what_the_caller_or_the_body_hands_in_is_not_the_states() -> None:
    mine: list[object] = [[1]]
    thing = Thing(5)

    def body(ctx, rows, it):  # type: ignore[no-untyped-def]
        ctx.domain.matrix = rows
        ctx.domain.obj = it

    system = System()
    engine = ProcessEngine(system)
    engine.register_process("p", process([], ["domain.matrix", "domain.obj"])(body))
    engine.run_process("p", rows=mine, it=thing)
    mine[0].append(2)  # type: ignore[attr-defined]
    thing.value = 6
    assert raw(system, "matrix") == [[1]]
    assert raw(system, "obj").value == 5  # type: ignore[attr-defined]
