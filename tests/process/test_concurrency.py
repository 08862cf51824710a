"""Runs follow one another, within one another, in threads and in tasks; and the state is locked outside of them."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest

from pgs_process import ContractViolationError, InvariantError, LockViolationError, ProcessEngine, process
from tests.process.contexts import System, ran, raw


def engine_with(**bodies: object) -> ProcessEngine:
    """An engine whose processes may write every field of the domain."""
    engine = ProcessEngine(System(), patience=2)
    for name, body in bodies.items():
        engine.register_process(name, process([], ["domain"], errors=["ValueError"])(body))  # type: ignore[type-var]
    return engine


def bump(ctx):  # type: ignore[no-untyped-def]
    ctx.domain.x += 1
    ctx.domain.items.append(ctx.domain.x)


def test_tb062_another_thread_sees_the_old_value_until_the_commit() -> None:
    seen: list[object] = []
    system = System()

    def body(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.x = 5
        ctx.domain.items.append(9)
        other = threading.Thread(target=lambda: seen.append((system.domain_ctx.x, list(system.domain_ctx.items))))
        other.start()
        other.join()

    ran(body, [], ["domain"], system)
    assert seen == [(1, [1, 2, 3])]
    assert (system.domain_ctx.x, system.domain_ctx.items) == (5, [1, 2, 3, 9])


def test_tb072_threads_follow_one_another() -> None:
    engine = engine_with(bump=bump)
    start = threading.Barrier(4)

    def many() -> None:
        start.wait()
        for _ in range(50):
            engine.run_process("bump")

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raw(engine.system, "x") == 201  # type: ignore[arg-type]
    assert raw(engine.system, "items") == [1, 2, 3, *range(2, 202)]  # type: ignore[arg-type]


def test_tb073_a_process_within_a_process_is_a_savepoint() -> None:
    def outer(ctx):  # type: ignore[no-untyped-def]
        items = ctx.domain.items
        items.append(100)
        ctx.domain.x = 10
        engine.run_process("bump")
        assert (ctx.domain.x, list(items)) == (11, [1, 2, 3, 100, 11])
        with pytest.raises(ValueError, match="no"):
            engine.run_process("fails")
        assert (ctx.domain.x, list(items), list(ctx.domain.items)) == (11, [1, 2, 3, 100, 11], [1, 2, 3, 100, 11])
        items.append(200)

    def fails(ctx):  # type: ignore[no-untyped-def]
        assert ctx.domain.items[-1] == 11
        ctx.domain.items.pop()
        ctx.domain.items[0] = 0
        ctx.domain.x = 77
        engine.run_process("bump")
        ctx.domain.d["n"].append(5)
        raise ValueError("no")

    engine = engine_with(outer=outer, fails=fails, bump=bump)
    delta = engine.perform("outer").delta
    system = engine.system
    assert (raw(system, "x"), raw(system, "items"), raw(system, "d")["n"]) == (11, [1, 2, 3, 100, 11, 200], [1])  # type: ignore[arg-type, index]
    assert [change.place for change in delta] == [
        "domain.items[3]",
        "domain.x",
        "domain.x",
        "domain.items[4]",
        "domain.items[5]",
    ]


def test_tb073_when_the_outer_one_fails_nothing_of_the_inner_one_stands() -> None:
    def outer(ctx):  # type: ignore[no-untyped-def]
        engine.run_process("bump")
        raise ValueError("no")

    engine = engine_with(outer=outer, bump=bump)
    with pytest.raises(ValueError, match="no"):
        engine.run_process("outer")
    assert (raw(engine.system, "x"), raw(engine.system, "items")) == (1, [1, 2, 3])  # type: ignore[arg-type]


def test_tb073_an_edit_within_an_edit_is_one_too() -> None:
    engine = engine_with(bump=bump)
    with engine.edit() as outer:
        outer.domain_ctx.x = 5
        with engine.edit() as inner:
            inner.domain_ctx.x += 1
        engine.run_process("bump")
        with pytest.raises(ValueError, match="no"), engine.edit() as failing:  # noqa: PT012
            failing.domain_ctx.x = 99
            raise ValueError("no")
        assert outer.domain_ctx.x == 7
    assert raw(engine.system, "x") == 7  # type: ignore[arg-type]


def test_tb073_a_thread_of_the_body_that_calls_the_engine_gets_an_answer_in_the_end() -> None:
    errors: list[BaseException] = []

    def outer(ctx):  # type: ignore[no-untyped-def]
        def inner() -> None:
            try:
                engine.run_process("bump")
            except LockViolationError as error:
                errors.append(error)

        thread = threading.Thread(target=inner)
        thread.start()
        thread.join()

    engine = engine_with(outer=outer, bump=bump)
    engine._turn.patience = 0.05
    engine.run_process("outer")
    assert "waited 0.05 seconds" in str(errors[0])


def test_an_edit_within_a_process_that_breaks_an_invariant_is_taken_back() -> None:
    system = System()
    engine = ProcessEngine(system, invariants=[{"unchanged_unless": {"path": "domain.y", "by": ["p"]}}])

    def body(ctx):  # type: ignore[no-untyped-def]
        with pytest.raises(InvariantError), engine.edit() as c:
            c.domain.x, c.domain.y = 5, 5
        ctx.domain.count = ctx.domain.x

    engine.register_process("p", process([], ["domain"])(body))
    engine.run_process("p")
    assert (raw(system, "x"), raw(system, "y"), raw(system, "count")) == (1, 2, 1)


def test_two_engines_over_one_context_take_turns() -> None:
    system, engines = System(), []
    for name in ("first", "second"):
        engine = ProcessEngine(system)
        engine.register_process(name, process([], ["domain"])(bump))
        engines.append((name, engine))
    threads = [
        threading.Thread(target=lambda name=name, engine=engine: [engine.run_process(name) for _ in range(200)])
        for name, engine in engines
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raw(system, "x") == 401


def test_a_process_gets_copies_of_what_the_process_around_it_hands_it() -> None:
    def outer(ctx):  # type: ignore[no-untyped-def]
        return engine.run_process("inner", items=ctx.domain.items)

    def inner(ctx, items):  # type: ignore[no-untyped-def]
        items.append(9)
        return items

    engine = engine_with(outer=outer, inner=inner)
    assert engine.run_process("outer") == [1, 2, 3, 9]
    assert raw(engine.system, "items") == [1, 2, 3]  # type: ignore[arg-type]


def test_async_processes_follow_one_another_and_nest() -> None:
    async def slow(ctx, by):  # type: ignore[no-untyped-def]
        before = ctx.domain.x
        await asyncio.sleep(0.001)
        ctx.domain.x = before + by
        return await engine.run_process("inner")

    async def inner(ctx):  # type: ignore[no-untyped-def]
        await asyncio.sleep(0)
        ctx.domain.count += 1
        return ctx.domain.items

    async def fails(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.x = 99
        raise ValueError("no")

    async def main() -> None:
        results = await asyncio.gather(*(engine.run_process("slow", by=n) for n in range(1, 5)))
        assert results == [[1, 2, 3]] * 4
        with pytest.raises(ValueError, match="no"):
            await engine.run_process("fails")

    engine = engine_with(slow=slow, inner=inner, fails=fails)
    asyncio.run(main())
    assert (raw(engine.system, "x"), raw(engine.system, "count")) == (11, 4)  # type: ignore[arg-type]


def test_a_synchronous_call_while_an_async_run_is_under_way_in_the_same_thread_is_refused_and_does_not_hang() -> None:
    async def slow(ctx):  # type: ignore[no-untyped-def]
        await asyncio.sleep(0.01)

    async def main() -> None:
        task = asyncio.create_task(engine.run_process("slow"))
        await asyncio.sleep(0.001)
        with pytest.raises(LockViolationError, match="another task"):
            engine.run_process("bump")
        await task
        engine.run_process("bump")

    engine = engine_with(slow=slow, bump=bump)
    asyncio.run(main())


def test_tb077_without_strict_mode_a_write_from_outside_is_allowed_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    system = System()
    ProcessEngine(system, strict_mode=False)
    with caplog.at_level(logging.WARNING, "pgs_process"):
        system.domain_ctx.x = 5
    assert raw(system, "x") == 5
    assert "`domain.x` is written outside of any process." in caplog.text


@pytest.mark.parametrize(
    "write",
    [
        lambda s: setattr(s.domain_ctx, "x", 5),
        lambda s: delattr(s.domain_ctx, "x"),
        lambda s: setattr(s, "domain_ctx", None),
        lambda s: s.domain_ctx.items.append(5),
        lambda s: s.domain_ctx.matrix[0].append(5),
        lambda s: s.domain_ctx.d.update(a=5),
        lambda s: s.domain_ctx.tags.add(5),
        lambda s: s.domain_ctx.queue.popleft(),
        lambda s: s.domain_ctx.tup[0].append(5),
        lambda s: setattr(s.domain_ctx.obj, "value", 5),
        lambda s: s.domain_ctx.obj.push(5),
        lambda s: next(iter(s.domain_ctx.matrix)).append(5),
    ],
)
def test_tb078_a_write_from_outside_is_refused_in_strict_mode(write: object) -> None:
    system = System()
    ProcessEngine(system, strict_mode=True)
    with pytest.raises(LockViolationError):
        write(system)  # type: ignore[operator]
    fresh = System()
    assert system.domain_ctx.items == fresh.domain_ctx.items
    assert raw(system, "matrix") == raw(fresh, "matrix")
    assert raw(system, "obj") == raw(fresh, "obj")
    assert system.domain_ctx.x == 1


def test_tb078_of_an_opaque_value_the_outside_sees_a_copy() -> None:
    system = System()
    ProcessEngine(system, strict_mode=True)
    system.domain_ctx.raw[0] = 0
    assert raw(system, "raw") == b"abc"
    assert system.domain_ctx.heavy_blob is raw(system, "heavy_blob")


def test_tb078_a_write_past_the_lock_is_noticed_at_the_commit() -> None:
    system = System()
    items, domain = raw(system, "items"), object.__getattribute__(system, "domain_ctx")

    def appends(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.items[0] = 5
        items.append(4)  # type: ignore[attr-defined]

    def sets(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.x = 5
        object.__setattr__(domain, "x", 7)

    for body in (appends, sets):
        with pytest.raises(LockViolationError, match="from outside while"):
            ran(body, [], ["domain"], system)
    assert (raw(system, "items"), raw(system, "x")) == ([1, 2, 3, 4], 7)


def test_tb079_an_edit_writes_without_a_contract_and_whole() -> None:
    system = System()
    engine = ProcessEngine(system, strict_mode=True)
    with engine.edit() as c:
        c.domain_ctx.x = 5
        c.domain_ctx.items.append(5)
        c.global_ctx.limit = 3
        c.domain_ctx.meta_t += 1
    assert (raw(system, "x"), raw(system, "items"), system.global_ctx.limit) == (5, [1, 2, 3, 5], 3)
    with pytest.raises(ValueError, match="no"), engine.edit() as c:  # noqa: PT012
        c.domain_ctx.x = 6
        raise ValueError("no")
    assert raw(system, "x") == 5


@pytest.mark.parametrize("name", ["THEUS_STRICT_MODE", "POP_STRICT_MODE"])
@pytest.mark.parametrize(("value", "strict"), [("1", True), ("true", True), ("0", False), ("no", False)])
def test_tb080_the_environment_decides_everywhere_where_nothing_is_given(
    name: str, value: str, strict: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    system = System()
    engine = ProcessEngine(system)
    assert engine.strict is strict
    signal = process(["domain.sig_go"], [])(lambda ctx: None)
    if strict:
        with pytest.raises(LockViolationError):
            system.domain_ctx.x = 5
        with pytest.raises(ContractViolationError):
            engine.register_process("p", signal)
    else:
        system.domain_ctx.x = 5
        engine.register_process("p", signal)
    assert ProcessEngine(System(), strict_mode=not strict).strict is not strict
