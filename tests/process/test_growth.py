"""What a run needs does not grow with the state, only with what it touches."""

from __future__ import annotations

import gc
import tracemalloc
from collections import deque
from collections.abc import Callable

import pytest

from pgs_process import ProcessEngine, process
from tests.process.contexts import System


def peak(size: int, body: Callable[[object], object], stands: bool) -> int:
    """The most memory, in bytes, that a run of a body takes over a state of this size."""
    system = System()
    domain = object.__getattribute__(system, "domain_ctx")
    domain.accounts = {f"u{number}": number for number in range(size)}
    domain.items = list(range(size))
    domain.queue = deque(range(size))
    domain.tags = set(range(size))
    engine = ProcessEngine(system, invariants=[{"conserved": "sum(domain.accounts)"}])

    def run(ctx: object) -> object:
        result = body(ctx)
        if not stands:
            raise ValueError
        return result

    paths = ["domain.accounts", "domain.items", "domain.queue", "domain.tags"]
    engine.register_process("p", process([], paths, errors=["ValueError"])(run))
    once(engine)
    gc.collect()
    tracemalloc.start()
    once(engine)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def once(engine: ProcessEngine) -> None:
    try:
        engine.run_process("p")
    except ValueError:
        return


def transfer(ctx):  # type: ignore[no-untyped-def]
    ctx.domain.accounts["u1"] -= 1
    ctx.domain.accounts["u2"] += 1


def sequences(ctx):  # type: ignore[no-untyped-def]
    ctx.domain.items[5] += 1
    ctx.domain.items.append(1)
    ctx.domain.items.pop()
    ctx.domain.queue.appendleft(ctx.domain.queue.popleft())
    ctx.domain.tags.discard(3)
    ctx.domain.tags.add(3)


@pytest.mark.parametrize("stands", [True, False])
@pytest.mark.parametrize(
    "body", [lambda ctx: ctx.domain.accounts["u5"], transfer, sequences], ids=["read", "transfer", "sequences"]
)
def test_tb150_a_run_takes_as_much_memory_over_a_large_state_as_over_a_small_one(
    body: Callable[[object], object], stands: bool
) -> None:
    small, large = peak(10, body, stands), peak(100_000, body, stands)
    assert large < small + 4096
    assert large < 40_000
