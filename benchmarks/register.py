"""Registering actors: the example workflow against the same by hand, in both modes of the SQLite store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias, get_args

from benchmarks.baseline import Commits, Facts, Registration, connect
from benchmarks.measure import Series, seconds, take_turns
from benchmarks.protocols import OPERATOR, REGISTER, actors, example_files
from benchmarks.table import Row, ratio, table
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.stores.sqlite_file import Mode, SqliteOptions, journal_of
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value

Run: TypeAlias = Callable[[dict[str, Value]], object]

ENGINE = "pgs_runtime"
MIX = 10  # a payload of `actors` is one of a mix of ten
SECONDS = 0.5  # a measurement takes that long


def benchmark(folder: Path, turns: int) -> Iterator[str]:
    """A table for each mode of the store; `folder` is empty."""
    snapshot = Snapshot(verify(example_files()))
    for mode in get_args(Mode):
        place = folder / mode
        place.mkdir(mode=0o700)
        yield _mode(place, mode, snapshot, turns)


def _mode(folder: Path, mode: Mode, snapshot: Snapshot, turns: int) -> str:
    journal, synchronous = journal_of(mode, sqlite3.sqlite_version_info)
    runtime = Runtime(snapshot, SqliteStore(folder / "state.db", SqliteOptions(mode=mode)))
    contenders = {ENGINE: _timed(lambda payload: runtime.run(REGISTER, payload, OPERATOR))}
    for commits in get_args(Commits):
        connection = connect(folder / f"{commits}.db", journal, synchronous)
        registration = Registration(connection, commits, Facts())
        contenders[f"by hand, {commits}"] = _timed(registration.run)
    found = take_turns(contenders, turns)
    title = f"register an actor, {mode} ({journal}, {synchronous}): 80 % new, 10 % seen again, 10 % refused"
    aim = "≤ 0.80" if mode == "durable" else ""
    rows = [Row(name, _per_second(found[name]), "runs/s") for name in contenders]
    rows.append(ratio(found, ENGINE, "by hand, three commits", aim))
    rows.append(ratio(found, ENGINE, "by hand, one commit"))
    return table(title, rows)


def _timed(run: Run) -> Callable[[], float]:
    """A measurement of seconds a run, over whole mixes."""
    payloads = actors()

    def mix() -> None:
        for _ in range(MIX):
            run(next(payloads))

    return lambda: seconds(mix, SECONDS) / MIX


def _per_second(found: Series) -> Series:
    return found.each(lambda took: 1 / took)
