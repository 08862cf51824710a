"""The same work leaves the same bytes in memory, in SQLite and in PostgreSQL: waits, effects, undo, several at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Store
from pgs_runtime.stores.postgres import PostgresOptions, PostgresStore
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.stores.sqlite_file import SqliteOptions
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Outcome
from tests.durable.scenarios import buy, note, pay, undo
from tests.durable.shop import ADA, BEN, CORA, DAN, DECIDED, HOUR, WITHDRAWN, Shop, chance, dump
from tests.postgres import Server

Work = Callable[[Shop, Runtime], None]
YES = {"title": "T", "agreed": True}


def several(shop: Shop, runtime: Runtime) -> None:
    runtime.run("buying::WF_PAY_ALL_V0", {"prices": [3, 500, 4]}, ADA, request_id="several")


def agreed(shop: Shop, runtime: Runtime) -> None:
    """Three who wait at once: one is agreed to, one is withdrawn, one comes to the end of its time."""
    asked = {"titles": ["T", "é \U0001f600", "U"], "until": "2026-03-02T09:00:00Z"}
    id = runtime.run("buying::WF_AGREE_ALL_V0", asked, ADA, request_id="agreed").trace_id
    for title, who in (("T", BEN), ("é \U0001f600", CORA), ("é \U0001f600", ADA), ("X", BEN), ("T", DAN)):
        shop.now += 60_000_001
        runtime.signal(id, DECIDED, {"title": title, "agreed": True}, who)
    runtime.signal(id, WITHDRAWN, {"why": "no"}, BEN)
    shop.now += 30 * HOUR
    runtime.resume(id)


def doubted(shop: Shop, runtime: Runtime) -> None:
    """Nobody knows, and a person says what became of it; another one is given up, and the last one is cancelled."""
    for title, verdict in (("A", "done"), ("B", "retry"), ("C", "give_up")):
        shop.behaves("lossy")
        asked = {"title": title, "price": 5}
        run = runtime.run("buying::WF_PAY_SUSPEND_V0", asked, ADA, request_id=f"doubted-{title}")
        told = Outcome("SUCCESS", receipt="R") if verdict == "done" else None
        runtime.reconcile(run.trace_id, verdict, BEN, "so it is", told=told)  # type: ignore[arg-type]
    run = runtime.run("buying::WF_BUY_TWO_V0", {"title": "T", "second": "S", "price": 7}, ADA, request_id="cancelled")
    runtime.signal(run.trace_id, DECIDED, YES, BEN)
    runtime.cancel(run.trace_id, CORA, "no")


WORKS: dict[str, Work] = {
    "note": lambda shop, runtime: note(runtime),
    "pay": lambda shop, runtime: pay(runtime),
    "buy": lambda shop, runtime: buy(runtime),
    "undo": lambda shop, runtime: undo(runtime),
    "several": several,
    "agreed": agreed,
    "doubted": doubted,
}


def left(snapshot: Snapshot, place: Path, store: Store, work: Work) -> dict[str, object]:
    """What a store holds after the work, but for leases."""
    place.mkdir()
    shop = Shop(snapshot, lambda: store, place)
    work(shop, shop.runtime())
    runs = [run.id for run in store.runs()]
    kept = {id: (store.kept(id), store.timing(id)) for id in runs}
    found = {**dump(store), "kept": kept, "paid": shop.paid, "asked": shop.asked, "check": store.check()}
    store.close()
    return found


@pytest.mark.parametrize("name", WORKS)
def test_pg_04_the_same_work_leaves_the_same_in_every_store(
    name: str, snapshot: Snapshot, tmp_path: Path, postgres: Server
) -> None:
    sqlite = SqliteStore(tmp_path / "data" / "state.db", SqliteOptions(entropy=chance))
    server = PostgresStore(postgres.address(), PostgresOptions(entropy=chance))
    memory = left(snapshot, tmp_path / "memory", MemoryStore(chance), WORKS[name])
    assert left(snapshot, tmp_path / "sqlite", sqlite, WORKS[name]) == memory
    assert left(snapshot, tmp_path / "postgres", server, WORKS[name]) == memory
    assert len(memory["lines"]) > 0  # type: ignore[arg-type]
