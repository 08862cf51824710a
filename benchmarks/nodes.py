"""Nodes that do nothing, or hand a number on: what the engine takes to pass one and to write its trace line.

A chain's time less that of the shortest, for each node more, is free of what a run costs whatever its length.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from benchmarks import baseline
from benchmarks.measure import Series, seconds_more, take_turns
from benchmarks.protocols import NUMBER, WALKER, chains, hand_on, walk
from benchmarks.table import Row, table
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Store
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.stores.sqlite_file import SqliteOptions, journal_of
from pgs_snapshot.snapshot import Snapshot

Prepare: TypeAlias = Callable[[int], Callable[[], object]]
"""Makes what goes along a chain of that many nodes once."""

ENGINE, BY_HAND = "pgs_runtime", "by hand"
SHORTEST = 1
LENGTHS = (10, 100, 1000)
LONG = (100, 1000)  # nine nodes are lost in what a commit takes more or less
SECONDS = 0.2  # a measurement takes that long
MICROSECONDS = 1e6


def benchmark(folder: Path, turns: int) -> Iterator[str]:
    """A table for the store in memory and one for SQLite; `folder` is empty."""
    snapshot = chains(SHORTEST, *LENGTHS)
    yield _in_memory(snapshot, turns)
    yield _with_values(snapshot, turns)
    yield _in_sqlite(folder, snapshot, turns)


def _in_memory(snapshot: Snapshot, turns: int) -> str:
    def by_hand(length: int) -> Callable[[], object]:
        nodes = baseline.chain(length)
        return lambda: baseline.walk(baseline.Trace("run"), nodes, "n0")

    title = "one more node that does nothing, with its trace line, in memory"
    # A store of its own for each measurement, which would otherwise grow by a gigabyte.
    contenders = _contenders(lambda length: _run(snapshot, MemoryStore(), walk(length)), by_hand, LENGTHS)
    return _table(title, take_turns(contenders, turns), LENGTHS, "≤ 3 µs")


def _with_values(snapshot: Snapshot, turns: int) -> str:
    def by_hand(length: int) -> Callable[[], object]:
        nodes = baseline.chain(length)
        return lambda: baseline.hand_on(baseline.Trace("run"), nodes, "n0", dict(NUMBER))

    title = "one more node that takes a number from the one before and gives it, in memory"
    contenders = _contenders(lambda length: _run(snapshot, MemoryStore(), hand_on(length)), by_hand, LONG)
    return _table(title, take_turns(contenders, turns), LONG, "")


def _in_sqlite(folder: Path, snapshot: Snapshot, turns: int) -> str:
    journal, synchronous = journal_of("fast", sqlite3.sqlite_version_info)
    store = SqliteStore(folder / "state.db", SqliteOptions(mode="fast"))
    connection = baseline.connect(folder / "by_hand.db", journal, synchronous)
    facts = baseline.Facts()

    def by_hand(length: int) -> Callable[[], object]:
        nodes = baseline.chain(length)

        def run() -> None:
            trace = baseline.Trace(facts.identify())
            baseline.walk(trace, nodes, "n0")
            connection.execute("BEGIN IMMEDIATE")
            baseline.save(connection, trace)
            connection.execute("COMMIT")

        return run

    title = f"one more node that does nothing, committed to SQLite, fast ({journal}, {synchronous})"
    contenders = _contenders(lambda length: _run(snapshot, store, walk(length)), by_hand, LONG)
    return _table(title, take_turns(contenders, turns), LONG, "")


def _run(snapshot: Snapshot, store: Store, chain: str) -> Callable[[], object]:
    """A run along a chain, linked."""
    runtime = Runtime(snapshot, store)
    runtime.run(chain, NUMBER, WALKER)
    return lambda: runtime.run(chain, NUMBER, WALKER)


def _contenders(engine: Prepare, by_hand: Prepare, lengths: Sequence[int]) -> dict[str, Callable[[], float]]:
    return {
        _name(who, length): _timed(prepare, length)
        for who, prepare in {ENGINE: engine, BY_HAND: by_hand}.items()
        for length in lengths
    }


def _table(title: str, each: Mapping[str, Series], lengths: Sequence[int], aim: str) -> str:
    rows = [Row(name, series, "µs", aim if name.startswith(ENGINE) else "") for name, series in each.items()]
    for length in lengths:
        times = each[_name(ENGINE, length)].over(each[_name(BY_HAND, length)])
        rows.append(Row(_name(f"{ENGINE} ÷ {BY_HAND}", length), times, "×"))
    return table(title, rows)


def _timed(prepare: Prepare, length: int) -> Callable[[], float]:
    """A measurement of the microseconds for each node that a chain has more than the shortest."""

    def measure() -> float:
        more = seconds_more(prepare(length), prepare(SHORTEST), SECONDS)
        return more / (length - SHORTEST) * MICROSECONDS

    return measure


def _name(who: str, length: int) -> str:
    return f"{who}, {length} nodes"
