"""Runs without strict mode: on the state itself, with rules, and with nothing that is taken back."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

import pytest

from pgs_process import (
    AuditBlockError,
    AuditInterlockError,
    AuditRecipe,
    BaseDomainContext,
    BaseSystemContext,
    ConfigError,
    Delta,
    Done,
    ProcessEngine,
    ProcessRecipe,
    RuleSpec,
    SignalBus,
    process,
)


@dataclass
class Domain(BaseDomainContext):
    weights: list = field(default_factory=lambda: [0.0, 0.0])  # type: ignore[type-arg]
    step: int = 0
    sig_done: bool = False


@dataclass
class System(BaseSystemContext):
    domain: Domain = field(default_factory=Domain)


@process(inputs=[], outputs=["domain.step", "domain.sig_done"], errors=["ValueError"])
def train(ctx, by: float):  # type: ignore[no-untyped-def]
    ctx.domain.weights[0] += by  # not declared
    ctx.domain_ctx.step += 1
    ctx.local.last = by
    ctx.domain.sig_done = by > 5
    if by < 0:
        raise ValueError("negative")
    return ctx.domain.weights


def loop(*rules: RuleSpec, before: bool = True, bus: SignalBus | None = None) -> tuple[ProcessEngine, System]:
    recipe = ProcessRecipe("train", [*rules] if before else [], [] if before else [*rules])
    system = System()
    engine = ProcessEngine(system, strict_mode=False, audit_recipe=AuditRecipe({"train": recipe}), bus=bus)
    engine.register_process("train", train)
    return engine, system


def test_a_body_works_on_the_state_itself_and_gives_what_it_returns() -> None:
    engine, system = loop()
    assert engine.run_process("train", by=1.5) is system.domain.weights
    assert system.domain.weights == [1.5, 0.0]


def test_what_was_done_is_told_as_unguarded_and_without_a_delta() -> None:
    engine, _ = loop()
    done = engine.perform("train", by=1.0)
    assert done == Done([1.0, 0.0], Delta(), guarded=False)
    assert ProcessEngine(System()).strict


def test_nothing_is_taken_back_after_an_error() -> None:
    engine, system = loop()
    with pytest.raises(ValueError, match="negative"):
        engine.run_process("train", by=-1.0)
    assert (system.domain.weights[0], system.domain.step) == (-1.0, 1)


def test_a_rule_for_what_comes_in_keeps_the_body_from_running() -> None:
    engine, system = loop(RuleSpec("by", "max", 3, "B"))
    with pytest.raises(AuditBlockError):
        engine.run_process("train", by=4.0)
    assert system.domain.step == 0


def test_a_rule_for_what_comes_out_raises_and_takes_nothing_back() -> None:
    engine, system = loop(RuleSpec("domain.step", "max", 1, "S"), before=False)
    engine.run_process("train", by=1.0)
    with pytest.raises(AuditInterlockError):
        engine.run_process("train", by=1.0)
    assert system.domain.step == 2
    with pytest.raises(AuditInterlockError, match="the interlock is engaged"):
        engine.run_process("train", by=1.0)


def test_a_signal_that_is_set_is_told_once() -> None:
    bus = SignalBus()
    engine, _ = loop(bus=bus)
    for by in (1.0, 6.0, 7.0):
        engine.run_process("train", by=by)
    assert [bus.get(block=False), bus.get(block=False)] == ["sig_done", None]


def test_a_body_is_not_taken_for_somebody_outside(caplog: pytest.LogCaptureFixture) -> None:
    engine, system = loop()
    with caplog.at_level(logging.WARNING, "pgs_process"):
        engine.run_process("train", by=1.0)
        assert not caplog.records
        system.domain.step = 7
    assert ["outside of any process" in record.getMessage() for record in caplog.records] == [True]


def test_a_body_may_run_another_process() -> None:
    engine, system = loop()

    @process(inputs=[], outputs=["domain.step"])
    def twice(ctx):  # type: ignore[no-untyped-def]
        engine.run_process("train", by=1.0)
        engine.run_process("train", by=1.0)

    engine.register_process("twice", twice)
    engine.run_process("twice")
    assert system.domain.step == 2


def test_an_async_body_works_on_the_state_itself_too() -> None:
    engine, system = loop()

    @process(inputs=[], outputs=["domain.step"])
    async def later(ctx):  # type: ignore[no-untyped-def]
        await asyncio.sleep(0)
        ctx.domain.step = 9

    engine.register_process("later", later)
    asyncio.run(engine.run_process("later"))  # type: ignore[arg-type]
    assert system.domain.step == 9


def test_what_nothing_would_hold_is_refused() -> None:
    with pytest.raises(ConfigError, match="Without strict mode"):
        ProcessEngine(System(), strict_mode=False, invariants=[{"monotonic": "domain.step"}])
