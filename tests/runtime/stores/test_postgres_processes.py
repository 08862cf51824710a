"""Many processes on one database: nothing is lost, nothing is doubled, nothing is seen half."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from functools import partial

from pgs_runtime.stores.postgres import PostgresStore
from pgs_runtime.stores.postgres_session import PostgresOptions, Session
from pgs_runtime.stores.records import CellRead, Committed, Lease, Put
from tests.postgres import Server
from tests.runtime.stores.processes import ended, forked, insist, register, whole
from tests.runtime.stores.segments import ACTORS, EVENTS, LIMITS, bind, committed, first, reading

PATIENT = PostgresOptions(patience=60)


def test_of_three_racing_processes_no_commit_is_lost_and_none_is_doubled(postgres: Server) -> None:
    address = postgres.address(mode="fast")

    def work(name: str) -> None:
        with closing(PostgresStore(address, PATIENT)) as store:
            for n in range(60):
                insist(store, f"{name}{n}")

    children = [forked(partial(work, name)) for name in ("a", "b", "c")]
    assert [ended(child) for child in children] == [0, 0, 0]
    expected = {f"{name}{n}" for name in ("a", "b", "c") for n in range(60)}
    with closing(PostgresStore(address)) as store:
        bodies = [event.body.decode() for event in store.events(EVENTS, "all", 1, 1000)]
        assert len(bodies) == 180
        assert set(bodies) == expected
        assert {cell.key for cell in store.scan("registry", ACTORS).cells} == expected
        total = store.get("state", LIMITS, "total")
        assert total is not None
        assert (total.value, total.version) == (b"180", 180)
        assert {run.id for run in store.runs(limit=1000)} == expected
        assert sorted(entry.run for entry in store.log(0, 1000)) == sorted(expected)
        assert store.check() == ()


def test_pg_03_two_processes_that_cross_keys_never_wait_for_each_other_in_a_circle(postgres: Server) -> None:
    address = postgres.address(mode="fast")
    before = postgres.log().count("deadlock detected")

    def turn(store: PostgresStore, id: str, keys: list[str]) -> bool:
        cells = [(key, store.get("state", LIMITS, key)) for key in keys]
        puts = [Put(LIMITS, key, id.encode(), cell.version + 1 if cell else 1, 1) for key, cell in cells]
        reads = [CellRead("state", LIMITS, key, cell.change if cell else 0) for key, cell in cells]
        return isinstance(store.commit(reading(first(id, *puts), *reads)), Committed)

    def work(name: str, keys: list[str]) -> None:
        with closing(PostgresStore(address, PATIENT)) as store:
            for n in range(40):
                while not turn(store, f"{name}{n}", keys):
                    pass

    children = [forked(partial(work, name, keys)) for name, keys in (("a", ["x", "y"]), ("b", ["y", "x"]))]
    assert [ended(child) for child in children] == [0, 0]
    with closing(PostgresStore(address)) as store:
        cells = [store.get("state", LIMITS, key) for key in ("x", "y")]
        assert [cell and cell.version for cell in cells] == [80, 80]
        assert len({cell and cell.value for cell in cells}) == 1
        assert {len(store.lines(run.id)) for run in store.runs(limit=100)} == {2}
    assert postgres.log().count("deadlock detected") == before


def test_a_process_killed_at_any_statement_of_a_commit_leaves_all_of_it_or_nothing(postgres: Server) -> None:
    address = postgres.address(mode="fast")

    def commit_until(last: int) -> None:
        store = PostgresStore(address)
        segment = register(store, f"run{last}")
        execute = Session.execute
        left = [last]

        def counted(session: Session, statement: str, parameters: tuple[object, ...] = ()) -> object:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(session, statement, parameters)  # type: ignore[arg-type]

        Session.execute = counted  # type: ignore[method-assign, assignment]
        store.commit(segment)
        store.close()

    killed = 0
    with closing(PostgresStore(address, PATIENT)) as store:
        while ended(forked(partial(commit_until, killed))) == -signal.SIGKILL:
            assert not whole(store, f"run{killed}")
            insist(store, f"after{killed}")
            killed += 1
        assert killed > 8
        assert whole(store, f"run{killed}")
        assert store.check() == ()


def test_a_process_killed_at_any_time_loses_nothing_that_it_was_told_was_committed(postgres: Server) -> None:
    address = postgres.address()
    for turn in range(6):
        told, tell = os.pipe()

        def work(turn: int = turn, tell: int = tell) -> None:
            store = PostgresStore(address)
            for n in range(10_000):
                insist(store, f"{turn}-{n}")
                os.write(tell, b".")

        child = forked(work)
        os.close(tell)
        acknowledged = len(os.read(told, 1))
        time.sleep(turn / 100)
        os.kill(child, signal.SIGKILL)
        assert ended(child) == -signal.SIGKILL
        while more := os.read(told, 4096):
            acknowledged += len(more)
        os.close(told)
        with closing(PostgresStore(address)) as store:
            assert all(whole(store, f"{turn}-{n}") for n in range(acknowledged))
            insist(store, f"after {turn}")  # the server has ended what the dead one had begun
            whole(store, f"{turn}-{acknowledged}")
            assert store.check() == ()


def test_a_reader_never_sees_half_of_a_run(postgres: Server) -> None:
    address = postgres.address(mode="fast")

    def work() -> None:
        with closing(PostgresStore(address)) as store:
            for n in range(100):
                insist(store, f"run{n}")

    with closing(PostgresStore(address)) as store:
        store.meta("store")
        child = forked(work)
        seen = 0
        while seen < 100:
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


def test_processes_that_open_a_new_store_at_once_agree_on_one(postgres: Server) -> None:
    for made in (False, True):  # the schema, by somebody else
        address = postgres.address(mode="fast")
        if made:
            with postgres.connect() as connection:
                connection.execute(f"CREATE SCHEMA {address.schema}")
        told, tell = os.pipe()
        start, go = os.pipe()

        def work(address=address, start: int = start, go: int = go, tell: int = tell) -> None:  # type: ignore[no-untyped-def]
            os.close(go)
            os.read(start, 1)
            with closing(PostgresStore(address, PATIENT)) as store:
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


def test_of_many_claims_of_one_run_one_gets_the_lease(postgres: Server) -> None:
    address = postgres.address(mode="fast")
    with closing(PostgresStore(address)) as store:
        for n in range(10):
            committed(store, first(f"r{n}", status="WAITING"))
        told, tell = os.pipe()

        def work(name: str) -> None:
            with closing(PostgresStore(address, PATIENT)) as mine:
                for n in range(10):
                    claimed = mine.claim(f"r{n}", Lease(name, 100), now=1)
                    if claimed is not None:
                        assert (claimed.epoch, claimed.lease) == (1, Lease(name, 100))
                        os.write(tell, f"r{n}\n".encode())

        children = [forked(partial(work, name)) for name in ("a", "b", "c")]
        assert [ended(child) for child in children] == [0] * 3
        assert sorted(os.read(told, 4096).decode().split()) == [f"r{n}" for n in range(10)]
        os.close(told)
        os.close(tell)
        assert {run.epoch for run in store.runs()} == {1}
