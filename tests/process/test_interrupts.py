"""An interrupt may come at any moment: the state is as before a run or as after it, and nothing stays locked."""

from __future__ import annotations

import random
import signal
from collections import deque
from types import FrameType

import pytest

from pgs_process import ProcessEngine, process
from pgs_process.guard.layers import CONTEXTS
from pgs_process.guard.live import LIVE
from tests.process.contexts import System, raw

TIMES = 300
_CAME: list[int] = []
"""Python drops an exception that comes up while it calls back for something that is collected; this tells of it too."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # what Python drops, it warns of
def test_interrupts_at_any_moment_leave_the_state_whole_and_the_context_free() -> None:
    system, chance = System(), random.Random(7)  # noqa: S311 (no secret)
    domain = object.__getattribute__(system, "domain_ctx")
    domain.accounts, domain.queue = dict.fromkeys(range(20), 10), deque([1] * 20)
    engine = ProcessEngine(system, patience=5)

    def move(ctx):  # type: ignore[no-untyped-def]
        one, other = chance.sample(range(20), 2)
        ctx.domain.accounts[one] -= 1
        ctx.domain.queue.append(ctx.domain.queue.popleft())
        ctx.domain.accounts[other] += 1
        ctx.domain.count += 1

    def outer(ctx):  # type: ignore[no-untyped-def]
        engine.run_process("move")

    for name, body in (("move", move), ("outer", outer)):
        engine.register_process(name, process([], ["domain"])(body))
    alive = len(LIVE), len(CONTEXTS)
    runs, interrupts = 0, 0
    before = signal.signal(signal.SIGALRM, _interrupt)
    try:
        while interrupts < TIMES:
            _CAME.clear()
            try:
                signal.setitimer(signal.ITIMER_REAL, chance.random() * 0.0004 + 1e-6)
                while not _CAME:
                    engine.run_process("outer" if runs % 2 else "move")
                    runs += 1
            except KeyboardInterrupt:
                pass
            interrupts += 1
            assert sum(raw(system, "accounts").values()) == 200  # type: ignore[attr-defined]
            assert raw(system, "queue") == deque([1] * 20)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    count = raw(system, "count")
    assert isinstance(count, int)
    assert runs <= count <= runs + interrupts
    assert (len(LIVE), len(CONTEXTS)) == alive
    engine.run_process("outer")
    assert raw(system, "count") == count + 1


def _interrupt(number: int, frame: FrameType | None) -> None:
    _CAME.append(number)
    raise KeyboardInterrupt
