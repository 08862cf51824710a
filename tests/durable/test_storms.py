"""Processes under SIGKILL and SIGSTOP beyond the lease, on both stores. `make soak` does it with thousands of runs."""

from __future__ import annotations

from pathlib import Path

from pgs_runtime.stores.postgres import PostgresStore
from pgs_snapshot.snapshot import Snapshot
from tests.durable.shop import Shop
from tests.durable.storms import KINDS, Weather, storm
from tests.postgres import Server

RUNS = 6 * len(KINDS)


def test_crash_02_every_run_is_done_once_though_processes_are_killed_and_stopped(shop: Shop) -> None:
    found = storm(shop, RUNS, seed=2, weather=Weather(pause=0.05, blows=15))
    assert found.wrong == []
    assert set(found.told) <= {"R082", "R084", "busy"}
    assert found.kills > 0


def test_pg_01_every_run_is_done_once_though_the_server_is_restarted_as_well(
    snapshot: Snapshot, tmp_path: Path, postgres: Server
) -> None:
    address = postgres.address()

    def restart() -> None:
        postgres.stop()
        postgres.start()

    shop = Shop(snapshot, lambda: PostgresStore(address), tmp_path)
    weather = Weather(pause=0.05, blows=12, restart=restart, restarts=0.2)
    found = storm(shop, RUNS, seed=3, weather=weather)
    assert found.wrong == []
    assert set(found.told) <= {"R082", "R084", "busy", "unreachable-at-first"}
    assert found.kills > 0
