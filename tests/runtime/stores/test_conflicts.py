"""A segment is written only if nothing that it read has changed, on every backend."""

from __future__ import annotations

import pytest

from pgs_runtime.stores.errors import LawBroken, StoreMisused
from pgs_runtime.stores.port import Store
from pgs_runtime.stores.records import (
    Append,
    CellRead,
    Committed,
    Conflict,
    Delete,
    Insert,
    LengthRead,
    Put,
    Read,
    StoreRead,
    Write,
)
from tests.runtime.stores.segments import ACTORS, EVENTS, LIMITS, bind, committed, dump, first, reading

SETUP = (
    Insert(ACTORS, "held", b"0", 0),
    Append(EVENTS, "s", 1, b"0", 0),
    Put(LIMITS, "held", b"0", 1, 0),
    Put(LIMITS, "gone", b"0", 1, 0),
)


@pytest.mark.parametrize(
    ("read", "rival"),
    [
        pytest.param(CellRead("registry", ACTORS, "a", 0), Insert(ACTORS, "a", b"1", 0), id="key bound"),
        pytest.param(CellRead("state", LIMITS, "a", 0), Put(LIMITS, "a", b"1", 1, 0), id="key set"),
        pytest.param(CellRead("state", LIMITS, "held", 1), Put(LIMITS, "held", b"1", 2, 0), id="key changed"),
        pytest.param(CellRead("state", LIMITS, "gone", 2), Delete(LIMITS, "gone"), id="key freed"),
        pytest.param(StoreRead("registry", ACTORS, 1), Insert(ACTORS, "a", b"1", 0), id="registry counted"),
        pytest.param(StoreRead("registry", "new", 0), Insert("new", "a", b"1", 0), id="empty store counted"),
        pytest.param(StoreRead("state", LIMITS, 2), Put(LIMITS, "a", b"1", 1, 0), id="list grew"),
        pytest.param(StoreRead("state", LIMITS, 2), Put(LIMITS, "held", b"1", 2, 0), id="list changed"),
        pytest.param(StoreRead("state", LIMITS, 2), Delete(LIMITS, "gone"), id="list shrank"),
        pytest.param(StoreRead("events", EVENTS, 1), Append(EVENTS, "t", 1, b"1", 0), id="events counted"),
        pytest.param(LengthRead(EVENTS, "s", 1), Append(EVENTS, "s", 2, b"1", 0), id="stream grew"),
        pytest.param(LengthRead(EVENTS, "t", 0), Append(EVENTS, "t", 1, b"1", 0), id="stream began"),
    ],
)
def test_a_read_that_would_see_something_else_now_is_a_conflict_and_nothing_is_written(
    store: Store, read: Read, rival: Write
) -> None:
    committed(store, first("setup", *SETUP))
    segment = reading(first("r1", Insert("mine", "k", b"1", 1)), read)
    committed(store, first("rival", rival))
    before = dump(store)
    assert store.commit(segment) == Conflict(read)
    assert dump(store) == before


@pytest.mark.parametrize(
    ("read", "other"),
    [
        (CellRead("registry", ACTORS, "held", 1), Insert(ACTORS, "a", b"1", 0)),
        (CellRead("registry", ACTORS, "b", 0), Insert(ACTORS, "a", b"1", 0)),
        (CellRead("state", LIMITS, "held", 1), Put(LIMITS, "gone", b"1", 2, 0)),
        (CellRead("state", LIMITS, "b", 0), Delete(LIMITS, "gone")),
        (StoreRead("registry", ACTORS, 1), Insert(LIMITS, "a", b"1", 0)),
        (StoreRead("state", LIMITS, 2), Insert(LIMITS, "a", b"1", 0)),
        (StoreRead("state", LIMITS, 2), Delete(LIMITS, "never there")),
        (LengthRead(EVENTS, "s", 1), Append(EVENTS, "t", 1, b"1", 0)),
    ],
)
def test_a_write_elsewhere_is_no_conflict(store: Store, read: Read, other: Write) -> None:
    committed(store, first("setup", *SETUP))
    segment = reading(first("r1", Insert("mine", "k", b"1", 1)), read)
    committed(store, first("other", other))
    assert isinstance(store.commit(segment), Committed)


def test_a_key_that_was_freed_and_set_to_the_same_value_is_a_conflict(store: Store) -> None:
    committed(store, first("setup", *SETUP))
    cell = store.get("state", LIMITS, "held")
    assert cell is not None
    committed(store, first("r1", Delete(LIMITS, "held")))
    committed(store, first("r2", Put(LIMITS, "held", b"0", 1, 0)))
    read = CellRead("state", LIMITS, "held", cell.change)
    assert store.commit(reading(first("r3"), read)) == Conflict(read)


def test_the_first_of_several_changed_reads_is_named(store: Store) -> None:
    committed(store, first("setup", *SETUP))
    steady, stale, staler = (CellRead("registry", ACTORS, "held", change) for change in (1, 0, 7))
    assert store.commit(reading(first("r1"), steady, stale, staler)) == Conflict(stale)


def test_count_then_register_never_exceeds_the_cap(store: Store) -> None:
    counted = store.count("registry", ACTORS).changes
    rivals = [
        reading(first(f"r{n}", Insert(ACTORS, f"a{n}", b"1", 1)), StoreRead("registry", ACTORS, counted))
        for n in range(3)
    ]
    answers = [store.commit(rival) for rival in rivals]
    assert [type(answer) for answer in answers] == [Committed, Conflict, Conflict]
    assert store.count("registry", ACTORS).rows == 1


def test_an_exclusive_block_reads_and_commits_without_a_conflict(store: Store) -> None:
    bind(store, "r1", "a")
    with store.exclusive():
        seen = StoreRead("registry", ACTORS, store.count("registry", ACTORS).changes)
        assert isinstance(store.commit(reading(first("r2", Insert(ACTORS, "b", b"2", 1)), seen)), Committed)
    assert store.count("registry", ACTORS).rows == 2


def test_an_exclusive_block_without_a_commit_gives_the_lock_back(store: Store) -> None:
    with store.exclusive():
        assert store.get("registry", ACTORS, "a") is None
    with pytest.raises(ZeroDivisionError), store.exclusive():
        _ = 1 / 0
    bind(store, "r1", "a")


def test_a_refused_commit_ends_its_exclusive_block(store: Store) -> None:
    bind(store, "r1", "a")
    with store.exclusive(), pytest.raises(LawBroken):
        store.commit(first("r2", Insert(ACTORS, "a", b"2", 1)))
    bind(store, "r3", "b")
    assert store.run("r2") is None


def test_one_exclusive_block_inside_another_is_refused(store: Store) -> None:
    with store.exclusive(), pytest.raises(StoreMisused), store.exclusive():
        pass
    bind(store, "r1", "a")
