"""A run among others, and over a store that breaks: all of it is written or nothing."""

from __future__ import annotations

import pytest

from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.errors import Cause
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import StoreBusy, StoreUnusable
from tests.runtime.desk import (
    Failing,
    Watched,
    desk,
    logged,
    neighbour,
    order,
    orders,
    place,
)

# --- conflicts -----------------------------------------------------------------------------------


def disturbed(times: int) -> tuple[Runtime, Watched]:
    """A desk where another writer gets in before each of the first commits."""
    store = Watched()
    ours, theirs = desk(store), neighbour(store)
    # Each disturbance commits through the same store, so it needs a pass of its own in the list.
    for number in range(times):
        store.meanwhile += [lambda number=number: place(theirs, order(f"their {number}")), lambda: None]  # type: ignore[misc]
    return ours, store


@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_a_run_that_met_conflicts_is_made_anew_until_what_it_saw_still_holds(times: int) -> None:
    ours, store = disturbed(times)
    outcome = place(ours, order("ours"))
    assert outcome.kind == "COMPLETED"
    assert outcome.result["before"] == times
    assert (orders(store), logged(store), len(store.runs())) == (times + 1, times + 1, times + 1)
    assert store.commits == 2 * times + 1
    assert store.alone == (times == 3)


def test_a_run_keeps_its_id_and_time_over_conflicts_and_leaves_one_trace() -> None:
    calm, _ = disturbed(0)
    troubled, store = disturbed(2)
    first, second = place(calm, order("ours")), place(troubled, order("ours"))
    assert first.trace_id == second.trace_id
    assert store.lines(second.trace_id)[:2] == calm.trace(first.trace_id)[:2]
    assert len(store.lines(second.trace_id)) == 6


def test_a_fault_over_what_was_not_one_state_is_no_fault() -> None:
    """A run that saw something half way is run again, whatever it ended in."""
    ours, store = disturbed(1)
    outcome = place(ours, order("ours", how="fail"))
    assert outcome.exit == "R021"
    assert store.commits == 3


def test_a_store_that_conflicts_while_it_is_ours_alone_is_a_mistake_of_ours() -> None:
    ours, _ = disturbed(4)
    with pytest.raises(AssertionError, match="ours alone"):
        place(ours, order("ours"))


# --- trouble with the store ------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["read", "commit"])
@pytest.mark.parametrize(
    "error",
    [StoreUnusable("full", "The disk is full."), StoreBusy("busy"), StoreUnusable("io", "gone")],
    ids=repr,
)
def test_a_store_that_breaks_ends_the_request_and_nothing_is_written(error: Exception, when: str) -> None:
    store = Failing(error, when)
    runtime = desk(store)
    with pytest.raises(type(error)) as raised:
        place(runtime, order(), "r-1")
    assert raised.value is error
    store.when = "never"
    assert (store.runs(), orders(store), logged(store), store.log_size()) == ((), 0, 0, 0)
    assert not place(runtime, order(), "r-1").repeated


def test_an_interruption_leaves_nothing_and_the_next_run_goes_on() -> None:
    ours, store = disturbed(0)
    with pytest.raises(KeyboardInterrupt):
        place(ours, order(how="interrupt"))
    assert (store.runs(), orders(store)) == ((), 0)
    assert place(ours, order()).kind == "COMPLETED"


def test_an_interruption_while_the_store_is_ours_alone_gives_it_back() -> None:
    ours, store = disturbed(3)

    class Stop(KeyboardInterrupt):
        pass

    def stop() -> None:
        raise Stop

    store.meanwhile.append(stop)
    with pytest.raises(Stop):
        place(ours, order("ours"))
    with store.exclusive():
        pass


@pytest.mark.parametrize("lost", ["secret", "store"])
def test_a_store_that_has_lost_its_facts_is_not_used(lost: str) -> None:
    class Lossy(MemoryStore):
        def meta(self, key: str) -> bytes | None:
            return None if key == lost else super().meta(key)

    with pytest.raises(StoreUnusable) as unusable:
        desk(Lossy())
    cause: Cause = "altered"
    assert unusable.value.cause == cause
