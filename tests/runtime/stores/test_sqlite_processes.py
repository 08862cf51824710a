"""Many processes on one file: nothing is lost, nothing is doubled, nothing is seen half."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from types import FrameType

import pytest

from pgs_runtime.stores.errors import StoreBusy
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.stores.sqlite_file import Mode, SqliteOptions
from tests.runtime.stores.processes import ended, forked, insist, register, whole
from tests.runtime.stores.segments import ACTORS, EVENTS, LIMITS, bind, dump

MODES: list[Mode] = ["durable", "fast"]


@pytest.mark.parametrize("mode", MODES)
def test_of_two_racing_processes_no_commit_is_lost_and_none_is_doubled(path: Path, mode: Mode) -> None:
    def work(name: str) -> None:
        with closing(SqliteStore(path, SqliteOptions(mode=mode, patience=60))) as store:
            for n in range(200):
                insist(store, f"{name}{n}")

    children = [forked(partial(work, name)) for name in ("a", "b")]
    assert [ended(child) for child in children] == [0, 0]
    expected = {f"{name}{n}" for name in ("a", "b") for n in range(200)}
    with closing(SqliteStore(path, SqliteOptions(mode=mode))) as store:
        bodies = [event.body.decode() for event in store.events(EVENTS, "all", 1, 1000)]
        assert len(bodies) == 400
        assert set(bodies) == expected
        assert {cell.key for cell in store.scan("registry", ACTORS).cells} == expected
        total = store.get("state", LIMITS, "total")
        assert total is not None
        assert (total.value, total.version) == (b"400", 400)
        assert {run.id for run in store.runs(limit=1000)} == expected
        assert sorted(entry.run for entry in store.log(0, 1000)) == sorted(expected)
        assert store.check() == ()


class Dying(sqlite3.Connection):
    """A connection whose process is killed just before statement number `last`, once it is armed."""

    last: int | None = None

    def _count(self) -> None:
        if Dying.last is not None:
            Dying.last -= 1
            if Dying.last < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def execute(self, *arguments: object) -> sqlite3.Cursor:
        self._count()
        return super().execute(*arguments)  # type: ignore[arg-type]

    def executemany(self, *arguments: object) -> sqlite3.Cursor:
        self._count()
        return super().executemany(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", MODES)
def test_a_process_killed_at_any_statement_of_a_commit_leaves_all_of_it_or_nothing(path: Path, mode: Mode) -> None:
    options = SqliteOptions(mode=mode)
    connect = sqlite3.connect

    def commit_until(last: int) -> None:
        sqlite3.connect = lambda *a, **k: connect(*a, **k, factory=Dying)  # type: ignore[assignment]
        store = SqliteStore(path, options)
        segment = register(store, f"run{last}")
        Dying.last = last
        store.commit(segment)
        Dying.last = None
        store.close()

    killed = 0
    while ended(forked(partial(commit_until, killed))) == -signal.SIGKILL:
        with closing(SqliteStore(path, options)) as store:
            assert not whole(store, f"run{killed}")
            assert store.check() == ()
            insist(store, f"after{killed}")
        killed += 1
    assert killed > 8
    with closing(SqliteStore(path, options)) as store:
        assert whole(store, f"run{killed}")


@pytest.mark.parametrize("mode", MODES)
def test_a_process_killed_at_any_time_loses_nothing_that_it_was_told_was_committed(path: Path, mode: Mode) -> None:
    options = SqliteOptions(mode=mode)
    for turn in range(8):
        told, tell = os.pipe()

        def work(turn: int = turn, tell: int = tell) -> None:
            store = SqliteStore(path, options)
            for n in range(10_000):
                insist(store, f"{turn}-{n}")
                os.write(tell, b".")

        child = forked(work)
        os.close(tell)
        acknowledged = len(os.read(told, 1))
        time.sleep(turn / 150)
        os.kill(child, signal.SIGKILL)
        assert ended(child) == -signal.SIGKILL
        while more := os.read(told, 4096):
            acknowledged += len(more)
        os.close(told)
        with closing(SqliteStore(path, options)) as store:
            assert all(whole(store, f"{turn}-{n}") for n in range(acknowledged))
            whole(store, f"{turn}-{acknowledged}")
            assert store.check() == ()


@pytest.mark.parametrize("mode", MODES)
def test_a_reader_never_sees_half_of_a_run(path: Path, mode: Mode) -> None:
    options = SqliteOptions(mode=mode)

    def work() -> None:
        with closing(SqliteStore(path, options)) as store:
            for n in range(150):
                insist(store, f"run{n}")

    with closing(SqliteStore(path, options)) as store:
        child = forked(work)
        seen = 0
        while seen < 150:
            events = store.events(EVENTS, "all", seen + 1, 1000)
            for event in events:
                id = event.body.decode()
                run = store.run(id)
                assert run is not None
                assert len(store.lines(id)) == run.head.line + 1
                assert store.get("registry", ACTORS, id) is not None
            seen += len(events)
            keys = [cell.key for cell in store.scan("registry", ACTORS).cells]
            assert store.length(EVENTS, "all") >= len(keys)
        assert ended(child) == 0


@contextmanager
def held(path: Path, lock: str) -> Iterator[None]:
    """Another process holds a lock on the file."""
    told, tell = os.pipe()
    release, stop = os.pipe()

    def work() -> None:
        os.close(stop)
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute(f"BEGIN {lock}")
        os.write(tell, b".")
        os.read(release, 1)
        connection.execute("ROLLBACK")
        connection.close()

    child = forked(work)
    os.close(release)
    try:
        assert os.read(told, 1) == b"."
        yield
    finally:
        for end in (stop, told, tell):
            os.close(end)
        assert ended(child) == 0


@pytest.mark.parametrize("mode", MODES)
def test_a_writer_gives_up_at_its_own_deadline_and_may_try_again(path: Path, mode: Mode) -> None:
    with closing(SqliteStore(path, SqliteOptions(mode=mode, patience=0.05))) as store:
        bind(store, "r1", "a")
        before = dump(store)
        with held(path, "IMMEDIATE"):
            assert store.get("registry", ACTORS, "a") is not None
            with pytest.raises(StoreBusy, match="another process"):
                bind(store, "r2", "b")
            with pytest.raises(StoreBusy), store.exclusive():
                pass
            assert dump(store) == before
        bind(store, "r2", "b")


def test_reading_and_opening_give_up_while_a_rollback_journal_is_written(path: Path) -> None:
    options = SqliteOptions(patience=0.05, library=(3, 40, 1))
    with closing(SqliteStore(path, options)) as store, closing(SqliteStore(path, options)) as late:
        bind(store, "r1", "a")
        with held(path, "EXCLUSIVE"):
            with pytest.raises(StoreBusy):
                store.get("registry", ACTORS, "a")
            with pytest.raises(StoreBusy):
                late.meta("store")
        assert late.meta("store") == store.meta("store")


@pytest.mark.parametrize("mode", MODES)
def test_processes_that_open_a_new_store_at_once_agree_on_one(path: Path, mode: Mode) -> None:
    told, tell = os.pipe()
    start, go = os.pipe()

    def work() -> None:
        os.close(go)
        os.read(start, 1)
        with closing(SqliteStore(path, SqliteOptions(mode=mode))) as store:
            bind(store, str(os.getpid()), str(os.getpid()))
            os.write(tell, store.meta("store") or b"?")

    children = [forked(work) for _ in range(4)]
    os.close(go)
    assert [ended(child) for child in children] == [0] * 4
    names = os.read(told, 4096)
    for end in (told, tell, start):
        os.close(end)
    assert len(names) == 4 * 32
    assert len({names[n : n + 32] for n in range(0, 128, 32)}) == 1


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("moment", range(20))
def test_another_process_may_make_the_store_at_any_moment_of_an_open(path: Path, mode: Mode, moment: int) -> None:
    calls = count()

    def make(frame: FrameType, event: str, called: object) -> None:
        ran = event == "c_return" and isinstance(getattr(called, "__self__", None), sqlite3.Connection | sqlite3.Cursor)
        if ran and next(calls) == moment:
            sys.setprofile(None)
            with suppress(StoreBusy), closing(SqliteStore(path, SqliteOptions(mode=mode, patience=0))) as other:
                other.meta("store")

    with closing(SqliteStore(path, SqliteOptions(mode=mode))) as store:
        sys.setprofile(make)
        try:
            assert store.meta("store")
        finally:
            sys.setprofile(None)
