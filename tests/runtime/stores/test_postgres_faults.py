"""A PostgreSQL server that goes away, or ends a transaction in favour of another: one commit or none, and never two."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from typing import Literal

import psycopg
import pytest

from pgs_runtime.stores.errors import StoreBusy, StoreMisused, StoreUnusable
from pgs_runtime.stores.postgres import PostgresStore
from pgs_runtime.stores.postgres_session import PostgresOptions
from pgs_runtime.stores.records import Append, CellRead, Committed, Conflict, Insert, Lease, Put
from tests.postgres import Server
from tests.runtime.stores.processes import ended, forked, insist, register, whole
from tests.runtime.stores.proxy import Cut, Proxy
from tests.runtime.stores.segments import ACTORS, EVENTS, LIMITS, bind, committed, dump, first, reading


@pytest.fixture
def proxy(postgres: Server) -> Iterator[Proxy]:
    proxy = Proxy(postgres.port)
    yield proxy
    proxy.close()


@pytest.fixture
def store(postgres: Server, proxy: Proxy) -> Iterator[PostgresStore]:
    """A store behind the proxy, in use."""
    store = PostgresStore(postgres.address(port=proxy.port, mode="fast"))
    bind(store, "before", "b")
    yield store
    store.close()


WHERE: list[Literal["before", "behind"]] = ["before", "behind"]


# --- a COMMIT whose answer never comes -----------------------------------------------------------


@pytest.mark.parametrize("where", WHERE)
def test_pg_02_a_commit_whose_answer_is_lost_is_looked_for_and_stands_once(
    store: PostgresStore, proxy: Proxy, where: Literal["before", "behind"]
) -> None:
    segment = register(store, "r1")
    proxy.arm(Cut(where=where))
    assert store.commit(segment) == Committed(1)
    assert proxy.happened
    assert whole(store, "r1")
    assert [entry.run for entry in store.log(0, 9)] == ["before", "r1"]
    total = store.get("state", LIMITS, "total")
    assert total is not None
    assert (total.value, total.version) == (b"1", 1)


def test_pg_02_a_commit_that_stands_is_found_though_the_run_has_moved_on(
    store: PostgresStore, proxy: Proxy, postgres: Server
) -> None:
    """Another worker claims the run between our COMMIT and our looking for it."""
    run = committed(store, first("r1", status="WAITING"))
    segment = replace(first("r2", status="RUNNING"), run=replace(first("r2", status="RUNNING").run, lease=None))

    def meanwhile() -> None:
        schema = store._address.schema
        with closing(PostgresStore(postgres.address(schema, mode="fast"))) as other:
            while not proxy.happened:
                time.sleep(0.001)
            while other.claim("r2", Lease("other", 10**9), now=1) is None:
                time.sleep(0.001)

    rival = threading.Thread(target=meanwhile)
    rival.start()
    proxy.arm(Cut())
    assert store.commit(segment) == Committed(2)
    rival.join()
    assert store.run("r1") == run


@pytest.mark.parametrize("where", WHERE)
def test_pg_02_a_commit_of_an_exclusive_block_stands_or_its_lock_was_lost(
    store: PostgresStore, proxy: Proxy, where: Literal["before", "behind"]
) -> None:
    with store.exclusive():
        segment = register(store, "r1")
        proxy.arm(Cut(where=where))
        if where == "behind":
            assert store.commit(segment) == Committed(1)
        else:
            with pytest.raises(StoreBusy, match="nothing of it was written"):
                store.commit(segment)
    assert whole(store, "r1") == (where == "behind")
    insist(store, "r2")


@pytest.mark.parametrize("where", WHERE)
def test_pg_02_a_claim_whose_answer_is_lost_is_made_under_the_newest_epoch(
    store: PostgresStore, proxy: Proxy, where: Literal["before", "behind"]
) -> None:
    committed(store, first("r1", status="WAITING"))
    proxy.arm(Cut(where=where))
    claimed = store.claim("r1", Lease("me", 50), now=10)
    assert claimed == store.run("r1")
    assert claimed is not None
    assert claimed.epoch == (2 if where == "behind" else 1)
    assert store.claim("r1", Lease("you", 60), now=10) is None


@pytest.mark.parametrize("where", WHERE)
def test_pg_02_a_claim_that_names_the_epoch_is_made_once_though_its_answer_is_lost(
    store: PostgresStore, proxy: Proxy, where: Literal["before", "behind"]
) -> None:
    run = committed(store, first("r1", status="WAITING"))
    proxy.arm(Cut(where=where))
    claimed = store.claim("r1", Lease("me", 50), now=10, seen=run.epoch)
    assert claimed == store.run("r1")
    assert claimed is not None
    assert claimed.epoch == 1


@pytest.mark.parametrize("where", WHERE)
def test_pg_02_a_fact_whose_swap_was_not_answered_is_swapped(
    store: PostgresStore, proxy: Proxy, where: Literal["before", "behind"]
) -> None:
    proxy.arm(Cut(where=where))
    assert store.swap_meta("accepted/acme", None, b"1")
    assert not store.swap_meta("accepted/acme", None, b"1")


def test_pg_02_where_nobody_can_be_asked_the_answer_says_that_it_is_not_known(proxy: Proxy, postgres: Server) -> None:
    address = postgres.address(port=proxy.port, mode="fast")
    with closing(PostgresStore(address, PostgresOptions(patience=0.2))) as store:
        segment = register(store, "r1")
        proxy.arm(Cut(closed=True))
        with pytest.raises(StoreUnusable, match="it is not known whether that stands") as caught:
            store.commit(segment)
    assert caught.value.cause == "unreachable"
    assert "`pgs_runtime list`" in caught.value.hint
    with closing(PostgresStore(postgres.address(address.schema, mode="fast"))) as store:
        assert whole(store, "r1")


@pytest.mark.parametrize("where", WHERE)
def test_a_way_that_breaks_at_any_message_of_a_commit_gives_one_commit(
    store: PostgresStore, proxy: Proxy, where: Literal["before", "behind"]
) -> None:
    at = 0
    while True:
        at += 1
        segment = register(store, f"r{at}")
        proxy.arm(Cut(at, where))
        assert store.commit(segment) == Committed(at)
        assert whole(store, f"r{at}")
        if not proxy.happened:
            break
    assert at > 3
    total = store.get("state", LIMITS, "total")
    assert total is not None
    assert total.value == b"%d" % at
    assert store.check() == ()


def test_a_way_that_breaks_while_a_store_is_made_gives_one_store(postgres: Server, proxy: Proxy) -> None:
    for at in range(1, 12):
        address = postgres.address(port=proxy.port, mode="fast")
        proxy.arm(Cut(at))
        with closing(PostgresStore(address)) as store:
            with suppress(StoreUnusable):  # where it was never reached, nobody waits for it
                store.meta("store")
            bind(store, "r1", "a")
            assert store.check() == ()


# --- a server that ends our connections, or itself -----------------------------------------------


def terminate(postgres: Server) -> None:
    """End every connection but our own."""
    with postgres.connect() as connection:
        others = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'tests'"
        )
        connection.execute(others)


def test_a_connection_that_was_ended_while_idle_is_made_anew(store: PostgresStore, postgres: Server) -> None:
    terminate(postgres)
    assert store.get("registry", ACTORS, "b") is not None
    terminate(postgres)
    bind(store, "r1", "a")
    terminate(postgres)
    with store.exclusive():
        bind(store, "r2", "c")


def test_an_exclusive_block_whose_connection_was_ended_goes_no_further(store: PostgresStore, postgres: Server) -> None:
    before = dump(store)
    with store.exclusive():
        terminate(postgres)
        with pytest.raises(StoreBusy):
            store.get("registry", ACTORS, "b")
        for _ in range(2):  # it would see and write what others did meanwhile
            with pytest.raises(StoreBusy):
                store.commit(first("r1", Insert(ACTORS, "a", b"1", 1)))
    assert dump(store) == before
    with store.exclusive():
        terminate(postgres)
        with pytest.raises(StoreBusy):
            store.commit(first("r1", Insert(ACTORS, "a", b"1", 1)))
    bind(store, "r1", "a")


def test_an_exclusive_block_that_sleeps_too_long_is_ended_for_the_others(postgres: Server) -> None:
    address = postgres.address(mode="fast")
    with closing(PostgresStore(address, PostgresOptions(idle=0.05))) as store:
        with closing(PostgresStore(address)) as other, store.exclusive():
            bind(other, "r1", "a")
            with pytest.raises(StoreBusy):
                store.commit(first("r2"))
        assert [run.id for run in store.runs()] == ["r1"]


@pytest.fixture
def own() -> Iterator[Server]:
    """A server that the test may stop."""
    server = Server()
    yield server
    server.remove()


def test_pg_01_a_server_that_crashes_and_comes_back_has_all_that_was_committed(own: Server) -> None:
    """Two workers go on through crashes of the server, and one more is killed between two of them."""
    address = own.address()
    told, tell = os.pipe()

    def work(name: str, most: int) -> None:
        with closing(PostgresStore(address, PostgresOptions(patience=60))) as store:
            for id in (f"{name}-{n:04}" for n in range(most)):
                done = False
                while not done:
                    with suppress(StoreBusy):  # the lock of an exclusive block goes with its connection
                        insist(store, id)
                        done = True
                os.write(tell, f"{id}\n".encode())

    with closing(PostgresStore(address, PostgresOptions(patience=60))) as store:
        store.meta("store")
        workers = [forked(partial(work, name, 60)) for name in ("a", "b")]
        zombie = forked(partial(work, "z", 10_000))
        os.close(tell)
        said = b""
        for turn in range(1, 5):
            while said.count(b"\n") < 20 * turn:
                said += os.read(told, 4096)
            if turn == 3:
                os.kill(zombie, signal.SIGKILL)
            own.stop(signal.SIGQUIT)
            own.start()
        assert [ended(worker) for worker in workers] == [0, 0]
        assert ended(zombie) == -signal.SIGKILL
        while more := os.read(told, 4096):
            said += more
        os.close(told)
        acknowledged = said.decode().split()
        assert {f"{name}-{n:04}" for name in "ab" for n in range(60)} <= set(acknowledged)
        stands = [event.body.decode() for event in store.events(EVENTS, "all", 1, 10_000)]
        assert len(stands) == len(set(stands))
        assert set(acknowledged) <= set(stands)
        assert all(whole(store, id) for id in stands[:: len(stands) // 20])
        total = store.get("state", LIMITS, "total")
        assert total is not None
        assert (total.value, total.version) == (b"%d" % len(stands), len(stands))
        assert sorted(entry.run for entry in store.log(0, 10_000)) == sorted(stands)
        assert store.check() == ()


def test_a_server_that_does_not_come_back_is_given_up_at_our_own_deadline(own: Server) -> None:
    with closing(PostgresStore(own.address(), PostgresOptions(patience=0.2))) as store:
        bind(store, "r1", "a")
        own.stop()
        for use in (lambda: store.meta("store"), lambda: bind(store, "r2", "b")):
            with pytest.raises(StoreUnusable) as caught:
                use()
            assert caught.value.cause == "unreachable"
        own.start()
        assert store.run("r2") is None
        bind(store, "r2", "b")


def test_a_server_that_hangs_is_given_up_and_used_again_when_it_goes_on(
    own: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    options = PostgresOptions(patience=0.5, silence=1.5)
    with closing(PostgresStore(own.address(), options)) as store:
        bind(store, "r1", "a")
        own.freeze()
        try:
            for use in (lambda: store.meta("store"), lambda: bind(store, "r2", "b")):
                with pytest.raises(StoreUnusable) as caught:
                    use()
                assert caught.value.cause == "unreachable"
            with closing(PostgresStore(own.address(), options)) as another, pytest.raises(StoreUnusable):
                another.meta("store")
        finally:
            own.freeze(False)
        assert store.run("r2") is None
        bind(store, "r2", "b")
        assert store.check() == ()
    assert capfd.readouterr() == ("", "")


def test_a_server_that_hangs_within_an_exclusive_block_has_written_nothing_of_it(own: Server) -> None:
    with closing(PostgresStore(own.address(), PostgresOptions(patience=0.5, silence=1.5))) as store:
        bind(store, "r1", "a")
        with store.exclusive():
            own.freeze()
            try:
                with pytest.raises(StoreBusy, match="nothing of it was written"):
                    bind(store, "r2", "b")
            finally:
                own.freeze(False)
        assert store.run("r2") is None
        assert store.check() == ()


# --- transactions in each other's way ------------------------------------------------------------


def test_pg_03_a_commit_that_the_server_ends_for_a_deadlock_is_run_again_and_leaves_one_trace(
    postgres: Server,
) -> None:
    """Our own commits never wait in a circle; another program may lock a row first and the writers afterwards."""
    address = postgres.address(mode="fast")
    with closing(PostgresStore(address)) as store, postgres.connect() as other:
        committed(store, first("r0", Put(LIMITS, "a", b"0", 1, 0)))
        before = postgres.log().count("ERROR:  deadlock detected")
        other.execute("SET deadlock_timeout = '60s'")  # so that it is we who are ended
        other.execute("BEGIN")
        other.execute(f"SELECT * FROM {address.schema}.state FOR UPDATE")

        def cross() -> None:
            with postgres.connect() as watcher:
                while not watcher.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
                    time.sleep(0.001)
            other.execute(f"LOCK TABLE {address.schema}.writers IN EXCLUSIVE MODE")
            other.execute("COMMIT")

        rival = threading.Thread(target=cross)
        rival.start()
        segment = first("r1", Put(LIMITS, "a", b"1", 2, 1), Append(EVENTS, "s", 1, b"1", 1))
        assert store.commit(segment) == Committed(1)
        rival.join()
        assert store.lines("r1") == segment.lines
        assert store.length(EVENTS, "s") == 1
        assert postgres.log().count("ERROR:  deadlock detected") == before + 1


def test_a_writer_gives_up_at_its_own_deadline_and_may_try_again(postgres: Server) -> None:
    address = postgres.address(mode="fast")
    with (
        closing(PostgresStore(address, PostgresOptions(patience=0.05))) as store,
        closing(PostgresStore(address)) as holder,
    ):
        bind(store, "r1", "a")
        committed(store, first("r9", status="WAITING"))
        before = dump(store)
        with holder.exclusive():
            assert store.get("registry", ACTORS, "a") is not None
            with pytest.raises(StoreBusy, match="another process"):
                bind(store, "r2", "b")
            with pytest.raises(StoreBusy):
                store.claim("r9", Lease("me", 5), now=1)
            with pytest.raises(StoreBusy), store.exclusive():
                pass
            assert dump(store) == before
        bind(store, "r2", "b")


def test_a_conflict_is_seen_after_waiting_for_the_writer_who_caused_it(postgres: Server) -> None:
    address = postgres.address(mode="fast")
    with closing(PostgresStore(address)) as store, closing(PostgresStore(address)) as other:
        bind(store, "r0", "z")
        read = CellRead("registry", ACTORS, "a", 0)
        segment = reading(first("r1", Insert(ACTORS, "a", b"1", 1)), read)
        answers: list[object] = []

        def wait() -> None:
            with closing(PostgresStore(address)) as late:
                answers.append(late.commit(segment))

        with other.exclusive():
            rival = threading.Thread(target=wait)
            rival.start()
            with postgres.connect() as watcher:
                while not watcher.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
                    time.sleep(0.001)
            bind(other, "r2", "a")
        rival.join()
        assert answers == [Conflict(read)]


def test_a_claim_or_a_fact_inside_an_exclusive_block_ends_it_like_a_commit(postgres: Server) -> None:
    address = postgres.address(mode="fast")
    with closing(PostgresStore(address)) as store, closing(PostgresStore(address)) as other:
        committed(store, first("r1", status="WAITING"))
        with store.exclusive():
            assert store.claim("r1", Lease("me", 5), now=1) is not None
            bind(other, "r2", "a")
            with pytest.raises(StoreMisused), store.exclusive():
                pass
            assert store.get("registry", ACTORS, "a") is not None
        with store.exclusive():
            assert store.swap_meta("k", None, b"1")
            bind(other, "r3", "b")


def test_a_statement_that_the_server_cancels_is_busy_and_nothing_is_written(postgres: Server) -> None:
    address = postgres.address(mode="fast")
    with postgres.connect() as connection:
        connection.execute("CREATE ROLE hasty LOGIN SUPERUSER")
        connection.execute("ALTER ROLE hasty SET statement_timeout = '50ms'")
        connection.execute("ALTER ROLE hasty SET default_transaction_isolation = 'serializable'")
        connection.execute("ALTER ROLE hasty SET default_transaction_read_only = on")
    hasty = replace(address, parameters={**address.parameters, "user": "hasty"})
    with closing(PostgresStore(address)) as holder, closing(PostgresStore(hasty)) as store:
        bind(holder, "r1", "a")
        bind(store, "r2", "b")
        with holder.exclusive(), pytest.raises(StoreBusy):
            bind(store, "r3", "c")
        assert store.run("r3") is None


def test_a_connection_of_the_test_is_not_the_stores(postgres: Server) -> None:
    with postgres.connect() as connection, pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("SELECT * FROM runs")
