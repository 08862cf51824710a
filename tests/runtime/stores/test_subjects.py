"""Subjects in every backend: keys that begin with a run, end once, and never while a run goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgs_runtime.stores.port import LawBroken, Store
from pgs_runtime.stores.records import (
    Append,
    Cell,
    Committed,
    Conflict,
    Delete,
    Erasure,
    Holding,
    Insert,
    Put,
    Segment,
    StoreRead,
    Subject,
    SubjectRead,
)
from tests.runtime.stores.segments import ACTORS, EVENTS, LIMITS, committed, dump, first, following, reading

ADA, BOB = Subject("a" * 64, b"a" * 32), Subject("b" * 64, b"b" * 32)
AT = "2026-03-01T09:00:00.000Z"
GONE = Subject(ADA.id, None, AT)


def of(segment: Segment, *subjects: Subject) -> Segment:
    return replace(segment, subjects=subjects)


def erasing(run: str, *keys: tuple[str, str], subject: Subject = ADA) -> Segment:
    return replace(first(run), erasure=Erasure(subject.id, AT, keys))


def test_a_subject_is_known_from_the_first_run_that_belongs_to_it(store: Store) -> None:
    assert store.subjects([ADA.id]) == ()
    committed(store, of(first("r1"), ADA, BOB))
    committed(store, of(first("r2"), ADA))
    assert store.subjects([BOB.id, "c" * 64, ADA.id]) == (ADA, BOB)
    assert (store.runs_of(ADA.id), store.runs_of(BOB.id)) == (("r1", "r2"), ("r1",))
    assert store.subjects([]) == ()


def test_a_run_belongs_to_more_as_it_goes_on(store: Store) -> None:
    live = committed(store, of(first("r1", status="RUNNING"), ADA))
    committed(store, of(following(live), ADA, BOB))
    assert (store.runs_of(ADA.id), store.runs_of(BOB.id)) == (("r1",), ("r1",))


def test_a_segment_made_with_another_key_is_a_conflict(store: Store) -> None:
    committed(store, of(first("r1"), ADA))
    before = dump(store)
    other = of(first("r2"), BOB, Subject(ADA.id, b"x" * 32))
    assert store.commit(other) == Conflict(SubjectRead(ADA.id))
    assert (dump(store), store.subjects([BOB.id])) == (before, ())


def test_an_erased_key_is_gone_and_no_run_can_use_it_again(store: Store) -> None:
    committed(store, of(first("r1"), ADA, BOB))
    committed(store, erasing("r2"))
    assert store.subjects([ADA.id, BOB.id]) == (GONE, BOB)
    assert store.runs_of(ADA.id) == ("r1",)
    assert store.commit(of(first("r3"), ADA)) == Conflict(SubjectRead(ADA.id))
    assert isinstance(store.commit(of(first("r4"), BOB)), Committed)


def test_nothing_is_erased_twice_nor_what_nobody_knows(store: Store) -> None:
    with pytest.raises(LawBroken):
        store.commit(erasing("r1"))
    committed(store, of(first("r1"), ADA))
    committed(store, erasing("r2"))
    before = dump(store)
    with pytest.raises(LawBroken):
        store.commit(erasing("r3"))
    assert dump(store) == before


def test_nobody_is_erased_while_a_run_goes_on(store: Store) -> None:
    live = committed(store, of(first("r1", status="WAITING"), ADA))
    before = dump(store)
    with pytest.raises(LawBroken):
        store.commit(erasing("r2"))
    assert (dump(store), store.subjects([ADA.id])) == (before, (ADA,))
    committed(store, of(following(live), ADA))
    committed(store, erasing("r2"))
    assert store.subjects([ADA.id]) == (GONE,)


def test_an_erased_key_of_the_registry_counts_no_more_and_whoever_counted_notices(store: Store) -> None:
    committed(store, of(first("r1", Insert(ACTORS, "k", b"\0k", 1), Insert(ACTORS, "l", b"\0l", 1)), ADA))
    seen = store.count("registry", ACTORS)
    committed(store, erasing("r2", (ACTORS, "k")))
    tally = store.count("registry", ACTORS)
    assert (seen.rows, tally.rows, tally.changes) == (2, 1, 3)
    read = StoreRead("registry", ACTORS, seen.changes)
    assert store.commit(reading(first("r3"), read)) == Conflict(read)
    assert store.get("registry", ACTORS, "k") == Cell("k", b"\0k", 1, 1, "r1", 1)
    assert store.check() == ()
    with pytest.raises(LawBroken):
        store.commit(first("r4", Insert(ACTORS, "k", b"1", 1)))


def test_a_key_that_is_not_bound_cannot_be_erased(store: Store) -> None:
    committed(store, of(first("r1"), ADA))
    with pytest.raises(LawBroken):
        store.commit(erasing("r2", (ACTORS, "k")))
    assert store.subjects([ADA.id]) == (ADA,)


def test_a_mark_is_found_in_what_is_sealed_and_not_in_what_is_clear(store: Store) -> None:
    mark = bytes(range(32))
    sealed = b"\0" + mark + b"x"
    committed(store, of(first("r1", Insert(ACTORS, "k", sealed, 1), Insert(ACTORS, "l", b'"' + mark + b'"', 1)), ADA))
    writes = (
        Append(EVENTS, "s", 1, b"{}", 1),
        Append(EVENTS, "s", 2, sealed, 1),
        Put(LIMITS, "m", sealed, 1, 1),
        Put(LIMITS, "n", b"\0", 1, 1),
    )
    committed(store, of(first("r2", *writes), ADA))
    events, registry = Holding("events", EVENTS, "s", 2), Holding("registry", ACTORS, "k")
    assert store.holding(mark) == (events, registry, Holding("state", LIMITS, "m"))
    committed(store, replace(erasing("r3", (ACTORS, "k")), run=first("r3").run, writes=(Delete(LIMITS, "m"),)))
    assert store.holding(mark) == (events,)
    store.scrub()
    assert store.holding(mark) == (events,)
