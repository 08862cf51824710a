"""Processes at one store: under blows, side by side, and all at one key. Each of it on SQLite and on PostgreSQL."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.port import Store
from pgs_runtime.stores.postgres import PostgresStore
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_snapshot.snapshot import Snapshot
from tests.durable.crowds import Told, crowd
from tests.durable.shop import ADA, COUNTS, Shop
from tests.durable.soaking.report import Task, folder, latencies
from tests.durable.storms import Weather, storm
from tests.postgres import Server

STORM = 2000
"""Runs under blows."""
KEPT = 500
"""Registrations with a change of state, for each of two processes."""
HOT = 200
"""Increments of one counter, for each of eight processes."""
COUNT, KEEP = "buying::WF_COUNT_V0", "buying::WF_KEEP_V0"


@contextmanager
def sqlite(snapshot: Snapshot, in_memory: bool = False) -> Iterator[Shop]:
    with folder(in_memory) as place:
        yield _shop(snapshot, place, lambda: SqliteStore(place / "data" / "state.db"))


@contextmanager
def postgres(snapshot: Snapshot, server: Server) -> Iterator[Shop]:
    with folder(in_memory=True) as place:
        address = server.address()
        yield _shop(snapshot, place, lambda: PostgresStore(address))


def _shop(snapshot: Snapshot, place: Path, store: Callable[[], Store]) -> Shop:
    return Shop(snapshot, store, place)


@contextmanager
def served() -> Iterator[Server]:
    server = Server()
    try:
        yield server
    finally:
        server.remove()


def processes(snapshot: Snapshot, task: Task) -> int:
    """Runs under SIGKILL and SIGSTOP on SQLite, on a disk and in memory."""
    wrong = 0
    for in_memory in (False, True):
        with sqlite(snapshot, in_memory) as shop:
            wrong += _stormed("SQLite, in memory" if in_memory else "SQLite, on disk", shop, task, Weather())
    return wrong


def on_postgres(snapshot: Snapshot, task: Task) -> int:
    """The same on PostgreSQL, whose server is restarted at once now and then."""
    with served() as server, postgres(snapshot, server) as shop:

        def restart() -> None:
            server.stop()
            server.start()

        return _stormed("PostgreSQL", shop, task, Weather(restart=restart))


def _stormed(name: str, shop: Shop, task: Task, weather: Weather) -> int:
    weather.patience = task.seconds or 3600.0
    found = storm(shop, task.times(STORM), task.seed, weather)
    return _said(f"{name}, {weather.workers} processes: {found}", found.wrong)


def hot(snapshot: Snapshot, task: Task) -> int:
    """Two processes that register, eight at one key, on SQLite and on PostgreSQL."""
    with sqlite(snapshot) as shop:
        wrong = side_by_side("SQLite", shop, task.times(KEPT))
    with sqlite(snapshot) as shop:
        wrong += at_one_key("SQLite", shop, task.times(HOT))
    with served() as server:
        with postgres(snapshot, server) as shop:
            wrong += side_by_side("PostgreSQL", shop, task.times(KEPT))
        with postgres(snapshot, server) as shop:
            wrong += at_one_key("PostgreSQL", shop, task.times(HOT))
    return wrong


def side_by_side(name: str, shop: Shop, times: int) -> int:
    """Let two processes register and change so many times, in part the same keys, and look for all of it."""
    shop.runtime().close()

    def turn(runtime: Runtime, worker: int, number: int) -> Told:
        mine = f"{worker}-{number}"
        shared = f"shared-{random.Random(number).randrange(50)}"  # noqa: S311
        own = runtime.run(KEEP, {"key": mine, "title": mine}, ADA)
        common = runtime.run(KEEP, {"key": shared, "title": "everybody's"}, ADA)
        return {"ids": [own.trace_id, common.trace_id], "kinds": [own.kind, common.kind], "keys": [mine, shared]}

    found = crowd(shop, workers=2, turns=times, turn=turn)
    runtime = shop.runtime()
    store = runtime.store
    ids = [id for told in found.told for id in told["ids"]]  # type: ignore[attr-defined]
    keys = {key for told in found.told for key in told["keys"]}  # type: ignore[attr-defined]
    bound = {cell.key for cell in store.scan("registry", "buying::ST_KEPT_V0").cells}
    writes = sum(cell.version for cell in store.scan("state", COUNTS).cells)
    there = sum(store.run(id) is not None for id in ids)
    facts = {
        "told of something else": {kind for told in found.told for kind in told["kinds"]} != {"COMPLETED"},  # type: ignore[attr-defined]
        "acknowledged and not there": there != len(ids),
        "run twice": len(set(ids)) != len(ids) or store.log_size() != len(ids),
        "keys lost or too many": bound != keys,
        "changes of state lost or twice": writes != len(keys),
        "the store is unsound": store.check() != (),
    }
    runtime.close()
    shape = (
        f"{name}, 2 processes × {times} × 2 registrations with a change of state: {len(ids)} runs, {latencies(found)}"
    )
    return _said(shape, [what for what, so in facts.items() if so])


def at_one_key(name: str, shop: Shop, times: int) -> int:
    """Let eight processes count up one key so many times each, and look at the sum."""
    shop.runtime().close()

    def turn(runtime: Runtime, worker: int, number: int) -> Told:
        return {"n": runtime.run(COUNT, {"key": "hot"}, ADA).result["n"]}

    found = crowd(shop, workers=8, turns=times, turn=turn)
    runtime = shop.runtime()
    cell = runtime.store.get("state", COUNTS, "hot")
    numbers = sorted(int(str(told["n"])) for told in found.told)
    facts = {
        "the sum is another": cell is None or cell.version != 8 * times,
        "a number was told twice or never": numbers != list(range(1, 8 * times + 1)),
        "the store is unsound": runtime.store.check() != (),
    }
    runtime.close()
    shape = f"{name}, 8 processes × {times} increments of one counter: {len(numbers)} runs, {latencies(found)}"
    return _said(shape, [what for what, so in facts.items() if so])


def _said(line: str, wrong: list[str]) -> int:
    print(f"  {line}; {len(wrong)} differences", flush=True)
    for each in wrong[:20]:
        print(f"    {each}", flush=True)
    return len(wrong)
