"""A store that breaks off at any statement: the process goes on with the run, and it ends as if nothing had been."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

import psycopg
import pytest

from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.errors import StoreBusy, StoreUnusable
from pgs_runtime.stores.postgres import PostgresOptions, PostgresStore
from pgs_runtime.stores.postgres_session import Cursor, Parameter, Session
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.stores.sqlite_file import SqliteOptions
from pgs_snapshot.snapshot import Snapshot
from tests.durable.kills import points
from tests.durable.scenarios import EVERY, SCENARIOS, Scenario
from tests.durable.shop import Shop, chance, dump
from tests.postgres import Server

Held = str | int | bytes | None


def seen(shop: Shop, runtime: Runtime) -> dict[str, object]:
    return {**dump(runtime.store), "paid": shop.paid, "refunded": shop.refunded, "check": runtime.store.check()}


class FullDisk:
    """A connection to SQLite whose statement of that number finds no room; 0: all find it."""

    def __init__(self, connection: sqlite3.Connection, at: int) -> None:
        self._connection = connection
        self._at = at
        self.count = 0

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, statement: str, parameters: Iterable[Held] = ()) -> sqlite3.Cursor:
        if statement != "ROLLBACK":
            self._find_room()
        return self._connection.execute(statement, tuple(parameters))

    def executemany(self, statement: str, rows: Iterable[Sequence[Held]]) -> sqlite3.Cursor:
        self._find_room()
        return self._connection.executemany(statement, rows)

    def _find_room(self) -> None:
        self.count += 1
        if self.count == self._at:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_FULL, "SQLITE_FULL"
            raise error

    def close(self) -> None:
        self._connection.close()


def on_sqlite(snapshot: Snapshot, place: Path, scenario: Scenario, at: int) -> tuple[int, dict[str, object]]:
    """How many statements there were, and what is left, where one of them found no room and the caller tried again."""
    place.mkdir()
    store = SqliteStore(place / "data" / "state.db", SqliteOptions(entropy=chance))
    shop = Shop(snapshot, lambda: store, place)
    runtime = shop.runtime()
    full = FullDisk(store._connection, at)  # type: ignore[arg-type]
    store._connection = full  # type: ignore[assignment]
    with suppress(StoreUnusable, StoreBusy):
        scenario.work(runtime)
    total = full.count
    scenario.work(runtime)
    found = seen(shop, runtime)
    runtime.close()
    return total, found


@pytest.mark.parametrize("scenario", EVERY, ids=lambda scenario: scenario.name)
def test_crash_06_a_statement_that_finds_no_room_leaves_a_run_that_goes_on(
    scenario: Scenario, snapshot: Snapshot, tmp_path: Path
) -> None:
    total, undisturbed = on_sqlite(snapshot, tmp_path / "0", scenario, 0)
    for at in points(total, 25):
        assert on_sqlite(snapshot, tmp_path / str(at), scenario, at)[1] == undisturbed


How = Literal["again", "lost before", "lost behind"]


class Shaky(Session):
    """A session with PostgreSQL whose statement of that number is broken off; 0: none is."""

    __slots__ = ("at", "count", "how")

    def __init__(self, session: Session, how: How, at: int) -> None:
        super().__init__(session._connection, session.schema, session._synchronous)
        self.how = how
        self.at = at
        self.count = 0

    def execute(self, statement: str, parameters: Iterable[Parameter] = ()) -> Cursor:
        self.count += 1
        if self.count != self.at:
            return super().execute(statement, parameters)
        if self.how == "again":
            raise psycopg.errors.SerializationFailure("could not serialize access")
        if self.how == "lost behind":
            super().execute(statement, parameters)
        self._connection.close()
        raise psycopg.OperationalError("the connection is lost")


def on_postgres(
    snapshot: Snapshot, place: Path, scenario: Scenario, server: Server, shaken: tuple[How, int]
) -> tuple[int, dict[str, object]]:
    place.mkdir()
    store = PostgresStore(server.address(), PostgresOptions(entropy=chance))
    shop = Shop(snapshot, lambda: store, place)
    runtime = shop.runtime()
    assert store._session is not None
    shaky = store._session = Shaky(store._session, *shaken)
    scenario.work(runtime)
    total = shaky.count
    found = seen(shop, runtime)
    runtime.close()
    return total, found


@pytest.mark.parametrize("how", ["again", "lost before", "lost behind"])
@pytest.mark.parametrize("scenario", SCENARIOS[1:], ids=lambda scenario: scenario.name)
def test_pg_03_a_transaction_that_is_broken_off_is_made_again_and_its_caller_sees_nothing_of_it(
    scenario: Scenario, how: How, snapshot: Snapshot, tmp_path: Path, postgres: Server
) -> None:
    total, undisturbed = on_postgres(snapshot, tmp_path / "0", scenario, postgres, (how, 0))
    for at in points(total, 8):
        assert on_postgres(snapshot, tmp_path / str(at), scenario, postgres, (how, at))[1] == undisturbed
