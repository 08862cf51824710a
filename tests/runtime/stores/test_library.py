"""The side effects of `core` over every backend: what one run has committed, the next one finds, and counts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pgs_capabilities.side_effects.counters import Counters
from pgs_capabilities.side_effects.names import Names
from pgs_capabilities.side_effects.registry import Registry
from pgs_capabilities.side_effects.state import State
from pgs_runtime.link.places import WITHDRAWN, Access, Keyed, Mutable
from pgs_runtime.stores.overlay import Overlay
from pgs_runtime.stores.port import Committed, Conflict, Segment, Store
from pgs_snapshot.canonical import digest_of
from pgs_snapshot.values import Outcome, Value
from tests.runtime.stores.segments import first, reading

NAME = "blockchain::ST_KEPT_V0"
KEYS = ["a/1", "a/2", "a/é", "a/\U0001f600", "b/1"]


def access(holds: Callable[[Value], bool] = lambda value: True) -> Access:
    return Access(NAME, "blockchain::EN_KEPT_V0", holds, writes=True)


class Runs:
    """One run after the other over a store; each sees what those before it have committed."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.overlay = Overlay(store, 10_000)
        self._n = 0

    def commit(self) -> None:
        assert isinstance(self.store.commit(self.segment()), Committed)
        self.overlay = Overlay(self.store, 10_000)

    def segment(self) -> Segment:
        self._n += 1
        return reading(first(f"run {self._n}", *self.overlay.writes), *self.overlay.reads)

    @property
    def registry(self) -> Registry:
        return Registry(Keyed(self.overlay, access()))

    @property
    def state(self) -> State:
        return State(Mutable(self.overlay, access(lambda value: isinstance(value, dict) and "refused" not in value)))


@pytest.fixture
def runs(store: Store) -> Runs:
    return Runs(store)


@pytest.mark.parametrize("at_once", [True, False], ids=["in one run", "in a run each"])
def test_what_is_deregistered_is_gone_and_its_key_stays_taken(runs: Runs, at_once: bool) -> None:
    def ended() -> None:
        if not at_once:
            runs.commit()

    address = digest_of([NAME, "k"])
    assert runs.registry.deregister(key="k") == Outcome("NOT_FOUND")
    for key in ("k", "l"):
        runs.registry.register(key=key, value=1)
    ended()
    assert runs.registry.deregister(key="k") == Outcome("SUCCESS", address=address)
    ended()
    assert runs.registry.resolve(key="k") == Outcome("NOT_FOUND")
    assert runs.registry.exists(key="k") == Outcome("NOT_FOUND")
    assert runs.registry.count() == Outcome("SUCCESS", n=1)
    assert runs.registry.register(key="k", value=1) == Outcome("CONFLICT")
    assert runs.registry.register(key="l", value=1).name == "ALREADY_EXISTS"
    assert runs.registry.deregister(key="k") == Outcome("ALREADY_DEREGISTERED", address=address)
    runs.commit()
    assert {tally.store: tally.rows for tally in runs.store.tallies()} == {NAME: 2, NAME + WITHDRAWN: 1}


def test_of_two_that_resolve_and_deregister_at_once_one_begins_anew(runs: Runs) -> None:
    runs.registry.register(key="k", value=1)
    runs.commit()
    runs.registry.resolve(key="k")
    late = runs.segment()
    runs.overlay = Overlay(runs.store, 10_000)
    runs.registry.deregister(key="k")
    runs.commit()
    assert isinstance(runs.store.commit(late), Conflict)


@pytest.fixture
def kept(runs: Runs) -> Runs:
    for place, key in enumerate(KEYS):
        runs.state.write(key=key, value={"status": "PENDING" if place % 2 == 0 else "DONE", "by": None})
    runs.commit()
    return runs


def test_records_are_read_by_what_they_hold_in_the_order_of_their_keys(kept: Runs) -> None:
    kept.state.write(key="a/0", value={"status": "PENDING"})
    kept.state.delete(key="b/1")
    rows = kept.state.read_where(where={"status": "PENDING"})
    assert [(row["key"], row["version"]) for row in rows.outputs["rows"]] == [("a/0", 1), ("a/1", 1), ("a/é", 1)]  # type: ignore[index,union-attr,call-overload]
    assert kept.state.read_where(where={"status": "PENDING", "by": None}, prefix="a/", max=2).name == "SUCCESS"
    assert kept.state.read_where(where={}, max=4) == Outcome("TOO_MANY", count=5)
    assert kept.state.read_where(where={"absent": None}) == Outcome("SUCCESS", rows=[])


def test_records_are_changed_together_once_and_are_then_no_longer_meant(kept: Runs) -> None:
    claim: dict[str, Value] = {"status": "CLAIMED", "by": "V1"}
    changed = kept.state.update_where(where={"status": "PENDING"}, set=claim)
    assert changed == Outcome("SUCCESS", keys=["a/1", "a/é", "b/1"])
    kept.commit()
    assert kept.state.read(key="a/1") == Outcome("SUCCESS", value=claim, version=2)
    assert kept.state.read(key="a/2") == Outcome("SUCCESS", value={"status": "DONE", "by": None}, version=1)
    assert kept.state.update_where(where={"status": "PENDING"}, set=claim) == Outcome("NOT_FOUND")
    released = kept.state.update_where(where=claim, set={"status": "PENDING"}, remove=["by"], prefix="a/")
    assert released == Outcome("SUCCESS", keys=["a/1", "a/é"])
    assert kept.state.read(key="a/1") == Outcome("SUCCESS", value={"status": "PENDING"}, version=3)


def test_nothing_is_changed_beyond_the_limit_or_to_what_the_store_does_not_take(kept: Runs) -> None:
    assert kept.state.update_where(where={}, set={}, max=4) == Outcome("TOO_MANY", count=5)
    assert kept.state.delete_where(where={}, max=4) == Outcome("TOO_MANY", count=5)
    assert kept.state.update_where(where={}, set={"refused": 1}) == Outcome("VIOLATION", key="a/1")
    assert not kept.overlay.writes


def test_records_are_deleted_by_what_they_hold(kept: Runs) -> None:
    assert kept.state.delete_where(where={"status": "DONE"}) == Outcome("SUCCESS", keys=["a/2", "a/\U0001f600"])
    kept.commit()
    assert kept.state.list() == Outcome("SUCCESS", keys=["a/1", "a/é", "b/1"])
    assert kept.state.delete_where(where={"status": "DONE"}) == Outcome("NOT_FOUND")


def test_of_two_claims_at_once_one_begins_anew(kept: Runs) -> None:
    kept.state.update_where(where={"status": "PENDING"}, set={"status": "CLAIMED"})
    late = kept.segment()
    kept.overlay = Overlay(kept.store, 10_000)
    kept.state.write(key="c", value={"status": "PENDING"})
    kept.commit()
    assert isinstance(kept.store.commit(late), Conflict)


def test_a_counter_and_a_name_are_found_by_the_next_run(runs: Runs) -> None:
    def counters() -> Counters:
        return Counters(Mutable(runs.overlay, access()))

    def names() -> Names:
        return Names(Mutable(runs.overlay, access()))

    assert counters().increment(key="n", by=3, most=5) == Outcome("SUCCESS", n=3)
    assert names().register(name="ada@example.org", value={"to": "0x1"}) == Outcome("SUCCESS", version=1)
    runs.commit()
    assert counters().increment(key="n", by=3, most=5) == Outcome("EXHAUSTED", n=3)
    assert counters().decrement(key="n", by=4) == Outcome("NOT_ENOUGH", n=3)
    assert names().register(name="ada@example.org", value={"to": "0x2"}) == Outcome("TAKEN")
    assert names().change(name="ada@example.org", value={"to": "0x2"}, expected=1) == Outcome("SUCCESS", version=2)
    runs.commit()
    assert names().resolve(name="ada@example.org") == Outcome("SUCCESS", value={"to": "0x2"}, version=2)
    assert names().release(name="ada@example.org", expected=1) == Outcome("STALE", version=2)
    assert names().release(name="ada@example.org", expected=2) == Outcome("SUCCESS")
    runs.commit()
    assert names().resolve(name="ada@example.org") == Outcome("NOT_FOUND")
