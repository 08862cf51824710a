"""On any sequence of segments, lawful or not, the backends answer alike and hold the same."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pgs_runtime.stores.errors import LawBroken
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Store
from pgs_runtime.stores.postgres import PostgresStore
from pgs_runtime.stores.records import (
    ENDED,
    LIVE,
    Append,
    CellRead,
    Delete,
    Effect,
    EffectStatus,
    Insert,
    Kind,
    Lease,
    LengthRead,
    Put,
    Read,
    Segment,
    StoreRead,
    Table,
    Write,
)
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.stores.sqlite_file import SqliteOptions
from tests.postgres import Server
from tests.runtime.stores.segments import dump, first, following

STORES = st.sampled_from(["x", "y"])
KEYS = st.sampled_from(["a", "é", "\uff5e", "\U0001f600"])
VALUES = st.sampled_from([b"1", b"2"])
TABLES: tuple[Table, ...] = ("registry", "state")
KINDS: tuple[Kind, ...] = ("registry", "events", "state")
EFFECT_STATES: tuple[EffectStatus, ...] = ("INTENT", "DONE", "FAILED", "IN_DOUBT")
OFF = st.sampled_from([0, 0, 0, 0, 1, -1])
"""How far a number is from the lawful one."""


@st.composite
def writes(draw: st.DrawFn, store: Store) -> Write:
    place, key, value, off = draw(STORES), draw(KEYS), draw(VALUES), draw(OFF)
    kind = draw(st.sampled_from([Insert, Append, Put, Delete]))
    if kind is Insert:
        return Insert(place, key, value, 0)
    if kind is Append:
        return Append(place, key, store.length(place, key) + 1 + off, value, 0)
    if kind is Put:
        cell = store.get("state", place, key)
        return Put(place, key, value, (cell.version if cell else 0) + 1 + off, 1)
    return Delete(place, key)


@st.composite
def reads(draw: st.DrawFn, store: Store) -> Read:
    place, key, off = draw(STORES), draw(KEYS), draw(OFF)
    kind = draw(st.sampled_from([CellRead, StoreRead, LengthRead]))
    if kind is CellRead:
        table = draw(st.sampled_from(TABLES))
        cell = store.get(table, place, key)
        return CellRead(table, place, key, (cell.change if cell else 0) + off)
    if kind is StoreRead:
        rows = draw(st.sampled_from(KINDS))
        return StoreRead(rows, place, store.count(rows, place).changes + off)
    return LengthRead(place, key, store.length(place, key) + off)


@st.composite
def effects(draw: st.DrawFn) -> Effect:
    status, response = draw(st.sampled_from(EFFECT_STATES)), draw(st.none() | VALUES)
    return Effect(draw(KEYS), draw(KEYS), draw(st.integers(0, 2)), status, b"request", response)


@st.composite
def segments(draw: st.DrawFn, store: Store) -> Segment:
    id, status = draw(KEYS), draw(st.sampled_from([*LIVE, *ENDED]))
    run = store.run(id)
    if run is None or draw(OFF):
        segment = first(id, status=status, key=draw(st.none() | KEYS))
    else:
        segment = following(run, status=status)
    return replace(
        segment,
        reads=tuple(draw(st.lists(reads(store), max_size=2))),
        writes=tuple(draw(st.lists(writes(store), max_size=3))),
        effects=tuple(draw(st.lists(effects(), max_size=1))),
    )


def answer(store: Store, segment: Segment) -> object:
    try:
        return store.commit(segment)
    except LawBroken:
        return LawBroken


def agree(data: st.DataObject, other: Store) -> None:
    """Do the same to a store in memory and to another one, and find the same."""
    memory = MemoryStore()
    for turn in range(data.draw(st.integers(1, 10))):
        segment = data.draw(segments(memory))
        assert answer(other, segment) == answer(memory, segment)
        id, lease = data.draw(KEYS), Lease(data.draw(KEYS), turn + data.draw(st.integers(0, 3)))
        seen = data.draw(st.none() | st.integers(0, 2))
        assert other.claim(id, lease, turn, seen) == memory.claim(id, lease, turn, seen)
        assert dump(other) == dump(memory)


@given(data=st.data())
def test_any_sequence_of_segments_and_claims_gives_the_same_in_sqlite(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data" / "state.db"
        with closing(SqliteStore(path, SqliteOptions(mode="fast"))) as store:
            agree(data, store)


@given(data=st.data())
def test_any_sequence_of_segments_and_claims_gives_the_same_in_postgresql(
    postgres: Server, data: st.DataObject
) -> None:
    with closing(PostgresStore(postgres.address(mode="fast"))) as store:
        agree(data, store)
        assert store.check() == ()
