"""A run stands whole or not at all, in the caller's own objects, and its journal tells every operation."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from pgs_process import (
    MISSING,
    ContractViolationError,
    ProcessEngine,
    UndeclaredError,
    apply,
    process,
)
from tests.process.contexts import Color, Domain, System, Thing, ran, raw

Body = Callable[[object], object]


class Boom(Exception):
    """What bodies of these tests raise."""


def undone(body: Body, *paths: str) -> None:
    """Run a body that ends with a declared error: the state has to be as before, and every object the same one."""
    system = System()
    domain = object.__getattribute__(system, "domain_ctx")
    objects = {name: object.__getattribute__(domain, name) for name in domain.__dict__}

    def fails(ctx: object) -> None:
        body(ctx)
        raise Boom

    with pytest.raises(Boom):
        ran(fails, [], paths, system, errors=["Boom"])
    fresh = Domain()
    for name, value in objects.items():
        assert object.__getattribute__(domain, name) is value
        if name not in {"net"}:
            assert value == object.__getattribute__(fresh, name), name
    assert raw(system, "net").w == 1  # type: ignore[attr-defined]


def test_tb028_a_declared_error_reaches_the_caller_as_it_is_after_rollback() -> None:
    error = ValueError("mine")

    def body(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.x = 5
        raise error

    system = System()
    with pytest.raises(ValueError, match="mine") as caught:
        ran(body, [], ["domain.x"], system, errors=["ValueError"])
    assert caught.value is error
    assert raw(system, "x") == 1


def test_tb031_an_error_of_the_system_is_undeclared_like_any_other_and_no_breach_of_the_guard() -> None:
    def body(ctx):  # type: ignore[no-untyped-def]
        raise PermissionError("the disk")

    with pytest.raises(UndeclaredError) as caught:
        ran(body)
    assert isinstance(caught.value.__cause__, PermissionError)
    with pytest.raises(ContractViolationError) as breach:
        ran(lambda ctx: ctx.domain.x)
    assert type(breach.value) is ContractViolationError
    assert not isinstance(breach.value, PermissionError)


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_tb032_interrupts_pass_through_after_rollback(interrupt: type[BaseException]) -> None:
    def body(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.x = 5
        ctx.domain.items.append(5)
        raise interrupt

    system = System()
    with pytest.raises(interrupt):
        ran(body, [], ["domain.x", "domain.items"], system)
    assert (raw(system, "x"), raw(system, "items")) == (1, [1, 2, 3])


def test_tb033_nothing_is_written_to_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for body in (lambda ctx: 1 / 0, lambda ctx: ctx.domain.x, lambda ctx: setattr(ctx.domain, "x", 1)):
        with pytest.raises(ContractViolationError):
            ran(body)
    assert list(tmp_path.iterdir()) == []


def test_tb048_one_entry_an_operation_enough_to_do_it_again_and_to_take_it_back() -> None:
    def body(ctx):  # type: ignore[no-untyped-def]
        items, d = ctx.domain.items, ctx.domain.d
        items.append(9)
        items.insert(1, 8)
        items.extend([7, 6])
        items.pop(0)
        items.remove(8)
        items[0] = 5
        items.sort()
        items.reverse()
        items.clear()
        d["a"] = 3
        d["c"] = [1]
        d["c"].append(2)
        d.pop("n")
        d.popitem()
        del d["b"]
        d.clear()
        ctx.domain.x += 1

    system = System()
    before = copy.deepcopy(raw(system, "d")), [1, 2, 3]
    engine = ProcessEngine(system)
    engine.register_process("p", process([], ["domain.items", "domain.d", "domain.x"])(body))
    delta = engine.perform("p").delta
    assert [(change.op, change.place) for change in delta] == [
        ("APPEND", "domain.items[3]"),
        ("INSERT", "domain.items[1]"),
        ("EXTEND", "domain.items[5]"),
        ("POP", "domain.items[0]"),
        ("REMOVE", "domain.items[0]"),
        ("SET", "domain.items[0]"),
        ("SORT", "domain.items"),
        ("REVERSE", "domain.items"),
        ("CLEAR", "domain.items"),
        ("SET", "domain.d.a"),
        ("SET", "domain.d.c"),
        ("APPEND", "domain.d.c[0]" if False else "domain.d.c[1]"),
        ("POP", "domain.d.n"),
        ("POPITEM", "domain.d.c"),
        ("POP", "domain.d.b"),
        ("CLEAR", "domain.d"),
        ("SET", "domain.x"),
    ]
    assert (delta[9].old, delta[9].new, delta[10].old) == (1, 3, MISSING)
    assert delta[13].old == [1, 2]
    fresh = System()
    apply(delta, fresh)
    assert (raw(fresh, "items"), raw(fresh, "d"), raw(fresh, "x")) == ([], {}, 2)
    apply(delta.inverse, fresh)
    assert (raw(fresh, "d"), raw(fresh, "items"), raw(fresh, "x")) == (*before, 1)


def test_tb049_tb050_numbers_and_lists_are_committed() -> None:
    def body(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.count += 1
        ctx.domain.items.append(99)

    system = System()
    items = raw(system, "items")
    ran(body, [], ["domain.count", "domain.items"], system)
    assert (raw(system, "count"), raw(system, "items")) == (1, [1, 2, 3, 99])
    assert raw(system, "items") is items


def half_way() -> object:
    yield "k1", 1
    yield "k2", 2
    raise Boom


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("d", lambda ctx: ctx.domain.d.update(half_way())),
        ("matrix", lambda ctx: ctx.domain.matrix[0].append(9)),
        ("items", lambda ctx: ctx.domain.items.extend(value for _, value in half_way())),
    ],
)
def test_tb052_what_was_done_half_way_is_undone(path: str, body: Body) -> None:
    undone(body, f"domain.{path}")


@pytest.mark.parametrize(
    "body",
    [
        lambda ctx: [row.append(9) for row in ctx.domain.matrix],
        lambda ctx: [value.append(9) for value in ctx.domain.d.values() if isinstance(value, list)],
        lambda ctx: [value.append(9) for _, value in ctx.domain.d.items() if isinstance(value, list)],
        lambda ctx: ctx.domain.d.setdefault("n", []).append(9),
        lambda ctx: ctx.domain.d.pop("n").append(9),
        lambda ctx: ctx.domain.matrix.pop(0).append(9),
        lambda ctx: ctx.domain.tup[0].append(9),
        lambda ctx: ctx.domain.queue.append(9),
        lambda ctx: ctx.domain.tags.add("z"),
        lambda ctx: ctx.domain.raw.extend(b"more"),
    ],
)
def test_tb053_whatever_the_way_to_it_it_is_rolled_back(body: Body) -> None:
    undone(body, *(f"domain.{name}" for name in ("matrix", "d", "tup", "queue", "tags", "raw")))


@pytest.mark.parametrize(
    "body",
    [
        lambda ctx: setattr(ctx.domain.objects[0], "value", 5),
        lambda ctx: ctx.domain.obj.items.append(5),
        lambda ctx: ctx.domain.obj.push(5),
        lambda ctx: setattr(ctx.domain.net, "w", 5),
        lambda ctx: setattr(ctx.domain.obj, "double", 8),
        lambda ctx: [thing.push(1) for thing in ctx.domain.objects],
    ],
)
def test_tb054_objects_are_rolled_back_by_whatever_they_were_changed(body: Body) -> None:
    undone(body, "domain.objects", "domain.obj", "domain.net")


@pytest.mark.parametrize("read_first", [True, False])
def test_tb060_an_object_under_an_input_and_an_output_is_noticed(read_first: bool) -> None:
    system = System()
    domain = object.__getattribute__(system, "domain_ctx")
    object.__setattr__(domain, "matrix", object.__getattribute__(domain, "items"))

    def body(ctx):  # type: ignore[no-untyped-def]
        if read_first:
            _ = ctx.domain.matrix[0]
        ctx.domain.items.append(9)

    with pytest.raises(ContractViolationError, match="same object"):
        ran(body, ["domain.matrix"], ["domain.items"], system)
    assert raw(system, "items") == [1, 2, 3]


def test_tb060_also_where_it_is_found_only_further_down() -> None:
    system = System()
    row = raw(system, "matrix")[0]  # type: ignore[index]
    raw(system, "d")["n"] = row  # type: ignore[index]

    def body(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.d["n"].append(9)
        return ctx.domain.matrix[0][-1]

    with pytest.raises(ContractViolationError, match="same object"):
        ran(body, ["domain.matrix"], ["domain.d"], system)
    assert row == [1]


def test_two_outputs_that_are_one_object_stay_one() -> None:
    system = System()
    domain = object.__getattribute__(system, "domain_ctx")
    object.__setattr__(domain, "matrix", object.__getattribute__(domain, "items"))

    def body(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.items.append(9)
        ctx.domain.matrix.append(8)
        return list(ctx.domain.items)

    assert ran(body, [], ["domain.items", "domain.matrix"], system)[0] == [1, 2, 3, 9, 8]
    assert raw(system, "items") is raw(system, "matrix")
    assert raw(system, "items") == [1, 2, 3, 9, 8]


def test_of_two_fields_that_are_one_object_one_may_get_another_value() -> None:
    system = System()
    domain = object.__getattribute__(system, "domain_ctx")
    object.__setattr__(domain, "matrix", object.__getattribute__(domain, "items"))

    def body(ctx):  # type: ignore[no-untyped-def]
        rows = ctx.domain.matrix
        ctx.domain.items = []
        rows.append(9)
        ctx.domain.matrix.append(8)

    ran(body, [], ["domain.items", "domain.matrix"], system)
    assert (raw(system, "items"), raw(system, "matrix")) == ([], [1, 2, 3, 9, 8])


def test_tb063_what_a_body_reaches_past_its_context_is_refused() -> None:
    system = System()

    def body(ctx):  # type: ignore[no-untyped-def]
        system.domain_ctx.x = 9

    def appends(ctx):  # type: ignore[no-untyped-def]
        system.domain_ctx.items.append(9)

    from pgs_process import LockViolationError

    for each in (body, appends):
        with pytest.raises(LockViolationError):
            ran(each, [], ["domain.x", "domain.items"], system)
    assert (raw(system, "x"), raw(system, "items")) == (1, [1, 2, 3])


def test_tb065_an_enum_is_itself() -> None:
    assert ran(lambda ctx: (ctx.domain.color is Color.RED, ctx.domain.color == Color.RED), ["domain.color"])[0] == (
        True,
        True,
    )


def test_tb067_an_object_is_one_of_its_class() -> None:
    assert ran(lambda ctx: isinstance(ctx.domain.obj, Thing), ["domain.obj"])[0] is True
    assert ran(lambda ctx: isinstance(ctx.domain.obj, Thing), [], ["domain.obj"])[0] is True
    assert ran(lambda ctx: isinstance(ctx.domain, Domain), ["domain.obj"])[0] is True


def test_built_in_code_that_looks_past_the_methods_is_refused_and_not_lost() -> None:
    import heapq

    for body in (
        lambda ctx: heapq.heappush(ctx.domain.items, 0),
        lambda ctx: list.append(ctx.domain.items, 0),
        lambda ctx: dict.__setitem__(ctx.domain.d, "q", 0),
        lambda ctx: dict.clear(ctx.domain.d),
    ):
        system = System()
        with pytest.raises(ContractViolationError):
            ran(body, [], ["domain.items", "domain.d"], system)
        assert raw(system, "items") == [1, 2, 3]


def test_what_was_taken_out_of_the_state_is_no_longer_written() -> None:
    def popped(ctx):  # type: ignore[no-untyped-def]
        row = ctx.domain.matrix[0]
        ctx.domain.matrix.pop(0)
        row.append(1)

    def replaced(ctx):  # type: ignore[no-untyped-def]
        items = ctx.domain.items
        ctx.domain.items = []
        items.append(1)

    for body in (popped, replaced):
        with pytest.raises(ContractViolationError, match="taken out"):
            ran(body, [], ["domain.matrix", "domain.items"])


def test_the_journal_follows_an_item_that_moves() -> None:
    def body(ctx):  # type: ignore[no-untyped-def]
        row = ctx.domain.matrix[0]
        ctx.domain.matrix.insert(0, [0])
        row.append(9)

    system = System()
    engine = ProcessEngine(system)
    engine.register_process("p", process([], ["domain.matrix"])(body))
    assert [change.place for change in engine.perform("p").delta] == ["domain.matrix[0]", "domain.matrix[1][1]"]
    assert raw(system, "matrix") == [[0], [1, 9], [2], [3]]
