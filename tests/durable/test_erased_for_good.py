"""What an erasure leaves of a key: in the file of a store, beside it, in a database, and of what was to be told."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from psycopg import sql

from pgs_runtime.stores.port import Store
from pgs_runtime.stores.postgres import PostgresStore
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.stores.sqlite_file import SqliteOptions
from tests.durable.test_redactor_breaks import waiting_message
from tests.durable.ward import CID, RUNS, Ward
from tests.postgres import Server

FAST = SqliteOptions(mode="fast")
"""With a write-ahead log."""


def key_of(store: Store, run: str) -> bytes:
    """The one key that the labelled values of a run are sealed under."""
    (subject,) = json.loads(store.lines(run)[0])["header"]["subjects"]
    (found,) = store.subjects([subject])
    assert found.key is not None
    return found.key


def treated(store: Store) -> tuple[Ward, bytes]:
    """A treatment that has ended, and its key."""
    ward = Ward(store=store)
    RUNS["treated"](ward)
    return ward, key_of(store, ward.run)


def erase(ward: Ward, run: str) -> None:
    assert ward.runtime.erase(f"run:{run}", CID, "asked for").runs == 1


def holding(folder: Path, key: bytes) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if file.is_file() and key in file.read_bytes())


def test_neither_the_file_nor_its_write_ahead_log_has_a_key_that_was_erased(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "state.db", FAST)) as store:
        ward, key = treated(store)
        assert holding(tmp_path, key)
        erase(ward, ward.run)
        assert holding(tmp_path, key) == []
    assert holding(tmp_path, key) == []


def test_a_reader_at_work_keeps_the_write_ahead_log_and_the_next_erasure_empties_it(tmp_path: Path) -> None:
    # The reader stays however long it is waited for.
    with closing(SqliteStore(tmp_path / "state.db", replace(FAST, patience=0.2))) as store:
        ward, key = treated(store)
        other = Ward(store=store)
        with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM runs").fetchone()
            erase(ward, ward.run)
            assert holding(tmp_path, key) == ["state.db-wal"]
        other.runtime.store.scrub()
        assert holding(tmp_path, key) == []


def test_a_database_keeps_the_old_row_until_the_table_is_vacuumed_in_full(postgres: Server) -> None:
    address = postgres.address()
    with closing(PostgresStore(address)) as store:
        ward, key = treated(store)
        erase(ward, ward.run)
        assert in_tables(postgres, key)
        with postgres.connect() as connection:
            table = sql.Identifier(address.schema, "subjects")
            connection.execute(sql.SQL("VACUUM FULL {}").format(table))
        assert not in_tables(postgres, key)


def in_tables(postgres: Server, key: bytes) -> list[Path]:
    """The files of tables that hold a key; the server's log, which holds it until it is recycled, is none."""
    return [file for file in postgres.holding(key) if file.parts[0] == "base"]


def test_a_message_that_nobody_was_told_yet_goes_with_whom_it_is_of() -> None:
    at = next(at for at in range(99) if waiting_message(Ward(), at))
    ward = Ward()
    assert waiting_message(ward, at)
    (message,) = ward.runtime.store.messages()
    erase(ward, message.run)
    ward.runtime.deliver()
    assert ward.runtime.store.messages() == ()
    assert not [line for line in ward.lines if b'"kind":"signal"' in line]
    assert ward.runtime.resume(ward.run).kind == "WAITING"
