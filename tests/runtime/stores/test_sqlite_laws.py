"""The laws of the store hold against any SQL that another program may send to the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pgs_runtime.stores import schema
from pgs_runtime.stores.errors import StoreUnusable
from pgs_runtime.stores.records import Append, Effect, Erasure, Insert, Listener, Message, Put, Subject
from pgs_runtime.stores.sqlite import SqliteStore
from tests.runtime.stores.segments import affecting, committed, dump, first

INTENT = Effect("intended", "live", 1, "INTENT", b"{}")
DONE = Effect("settled", "live", 1, "DONE", b"{}", b"{}")


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(path)
    writes = (
        Insert("actors", "a", b"1", 0),
        Insert("actors", "b", b"1", 0),
        Append("events", "s", 1, b"1", 0),
        Put("limits", "a", b"1", 1, 0),
    )
    committed(store, first("ended", *writes, key="k"))
    committed(store, replace(first("erased"), subjects=(Subject("gone", b"k"),)))
    committed(store, replace(first("erasing"), erasure=Erasure("gone", "then", (("actors", "b"),))))
    intents = (INTENT, Effect("settled", "live", 1, "INTENT", b"{}"), DONE)
    listener, message = Listener("live", "EV", b"[]", ""), Message("live", 0, "EV", b"{}")
    live = replace(first("live", status="RUNNING"), kept=b"{}", listeners=(listener,), messages=(message,))
    committed(store, affecting(replace(live, subjects=(Subject("there", b"k"),)), *intents))
    yield store
    store.close()


@pytest.fixture
def raw(store: SqliteStore, path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


UNLAWFUL = {
    "a subject stands once": ["INSERT OR REPLACE INTO subjects VALUES ('gone', x'01', NULL)"],
    "a subject begins with a key": [
        "INSERT INTO subjects VALUES ('new', NULL, NULL)",
        "INSERT INTO subjects VALUES ('new', x'01', 'now')",
    ],
    "a subject's key only ends, and once": [
        "UPDATE subjects SET key = x'01', erased = NULL WHERE id = 'gone'",
        "UPDATE subjects SET key = x'01' WHERE id = 'there'",
        "UPDATE subjects SET key = NULL WHERE id = 'there'",
        "UPDATE subjects SET erased = 'later' WHERE id = 'gone'",
        "UPDATE OR REPLACE subjects SET id = 'gone' WHERE id = 'there'",
        "UPDATE subjects SET id = 'new', key = NULL, erased = 'now' WHERE id = 'there'",
    ],
    "a subject is not erased while a run of it goes on": [
        "UPDATE subjects SET key = NULL, erased = 'now' WHERE id = 'there'",
    ],
    "a subject never goes": ["DELETE FROM subjects"],
    "a run belongs to a subject once": ["REPLACE INTO concerns VALUES ('there', 'live')"],
    "no run belongs to a subject that was erased": [
        "INSERT INTO concerns VALUES ('gone', 'live')",
        "INSERT INTO concerns VALUES ('nobody', 'live')",
    ],
    "whom a run belongs to never changes": ["UPDATE concerns SET run = 'ended'"],
    "whom a run belongs to never goes": ["DELETE FROM concerns"],
    "a registry key is erased once": ["REPLACE INTO gone VALUES ('actors', 'b')"],
    "a registry key that was erased is bound": ["INSERT INTO gone VALUES ('actors', 'z')"],
    "what was erased stays so": ["UPDATE gone SET key = 'a'", "DELETE FROM gone"],
    "a trace line never changes": [
        "UPDATE trace SET line = x'00'",
        "UPDATE OR REPLACE trace SET n = 1 WHERE n = 0",
        "UPDATE OR IGNORE trace SET run = 'live' WHERE run = 'ended'",
    ],
    "a trace line never goes": ["DELETE FROM trace", "DELETE FROM trace WHERE n = 1"],
    "the lines of a trace are numbered without a gap": [
        "INSERT OR REPLACE INTO trace VALUES ('ended', 1, x'00')",
        "REPLACE INTO trace VALUES ('live', 0, x'00')",
        "INSERT INTO trace VALUES ('live', 3, x'00')",
        "INSERT INTO trace VALUES ('new', 1, x'00')",
        "INSERT INTO trace VALUES ('live', 1, x'00') ON CONFLICT (run, n) DO UPDATE SET line = excluded.line",
    ],
    "an event never changes": ["UPDATE events SET body = x'00'", "UPDATE OR REPLACE events SET n = 2"],
    "an event never goes": ["DELETE FROM events", "DELETE FROM events WHERE n > 0"],
    "the events of a stream are numbered without a gap": [
        "INSERT OR REPLACE INTO events VALUES ('events', 's', 1, x'00', 'r', 0)",
        "REPLACE INTO events VALUES ('events', 's', 1, x'00', 'r', 0)",
        "INSERT INTO events VALUES ('events', 's', 3, x'00', 'r', 0)",
        "INSERT INTO events VALUES ('events', 't', 0, x'00', 'r', 0)",
    ],
    "a registry row never changes": [
        "UPDATE registry SET value = x'00'",
        "UPDATE OR REPLACE registry SET key = 'b'",
    ],
    "a registry row never goes": ["DELETE FROM registry"],
    "a registry key is bound once": [
        "INSERT OR REPLACE INTO registry VALUES ('actors', 'a', x'00', 'r', 0)",
        "REPLACE INTO registry VALUES ('actors', 'a', x'00', 'r', 0)",
        """INSERT INTO registry VALUES ('actors', 'a', x'00', 'r', 0)
            ON CONFLICT (store, key) DO UPDATE SET value = excluded.value""",
    ],
    "the version of a state cell counts its writes": [
        "UPDATE state SET value = x'00'",
        "UPDATE state SET version = version - 1",
        "UPDATE state SET version = version + 2, change = 2",
        "INSERT INTO state VALUES ('limits', 'b', x'00', 7, 2, 'r', 0)",
    ],
    "a write to a state cell is its store": [
        "UPDATE state SET version = 2",
        "UPDATE state SET version = 2, change = 9",
        "INSERT INTO state VALUES ('limits', 'b', x'00', 1, 1, 'r', 0)",
    ],
    "a state key stands once": ["REPLACE INTO state VALUES ('limits', 'a', x'00', 2, 2, 'r', 0)"],
    "a state key never changes": ["UPDATE OR REPLACE state SET key = 'b', version = 2, change = 2"],
    "a store has one counter": ["REPLACE INTO counters VALUES ('registry', 'actors', 0, 0)"],
    "changes are counted one by one": ["UPDATE counters SET changes = 0", "UPDATE counters SET rows = 0"],
    "a counter never goes": ["DELETE FROM counters"],
    "an ended run never changes": [
        "UPDATE runs SET status = 'RUNNING' WHERE run = 'ended'",
        "UPDATE OR REPLACE runs SET answer = x'00' WHERE run = 'ended'",
        "INSERT INTO trace VALUES ('ended', 2, x'00')",
    ],
    "the head of a run only grows": [
        "UPDATE runs SET line = 0 WHERE run = 'live'",
        "UPDATE runs SET digest = 'another' WHERE run = 'live'",
    ],
    "the head of a run is its last line": [
        "UPDATE runs SET line = 7, digest = 'another' WHERE run = 'live'",
        """INSERT INTO runs VALUES ('new', 'w', '', '', NULL, x'', '', x'', 'RUNNING', 0, '', NULL, NULL, 0,
            NULL, NULL)""",
    ],
    "the epoch of a run only grows": ["UPDATE runs SET epoch = -1 WHERE run = 'live'"],
    "what was asked never changes": [
        "UPDATE runs SET payload = x'00' WHERE run = 'live'",
        "UPDATE OR REPLACE runs SET run = 'ended' WHERE run = 'live'",
        "UPDATE runs SET request = NULL WHERE run = 'live'",
    ],
    "a run stands once": ["INSERT OR REPLACE INTO runs SELECT * FROM runs"],
    "a request of a workflow makes one run": [
        """INSERT OR REPLACE INTO runs SELECT 'new', workflow, '', '', request, x'', '', x'', 'RUNNING', 0,
            '', NULL, NULL, 0, NULL, NULL FROM runs WHERE run = 'ended'"""
    ],
    "a run never goes": ["DELETE FROM runs", "DELETE FROM runs WHERE run = 'live'"],
    "CHECK": ["UPDATE runs SET status = 'DONE' WHERE run = 'live'"],
    "an effect stands once": ["REPLACE INTO effects SELECT key, run, line, 'INTENT', x'00', NULL FROM effects"],
    "an effect starts as an intent": ["INSERT INTO effects VALUES ('new', 'r', 0, 'DONE', x'00', NULL)"],
    "the intent of an effect never changes": [
        "UPDATE effects SET request = x'00', status = 'DONE' WHERE key = 'intended'",
        "UPDATE OR REPLACE effects SET key = 'settled', status = 'DONE' WHERE key = 'intended'",
    ],
    "a settled effect never changes": [
        "UPDATE effects SET status = 'FAILED' WHERE key = 'settled'",
        "UPDATE effects SET response = x'00' WHERE key = 'settled'",
    ],
    "an effect is never intended again": ["UPDATE effects SET status = 'INTENT' WHERE key = 'intended'"],
    "an effect never goes": ["DELETE FROM effects"],
    "a message stands once": ["REPLACE INTO outbox VALUES ('live', 0, 'EV', x'00', '')"],
    "a message never changes": ["UPDATE outbox SET fields = x'00'"],
    "what a segment takes is kept once": ["REPLACE INTO kept VALUES ('live', 0, x'00')"],
    "what is kept of a segment never changes": ["UPDATE kept SET body = x'00'"],
    "what is kept of a segment never goes": ["DELETE FROM kept"],
    "an entry of the log never changes": [
        "UPDATE log SET digest = 'another'",
        "UPDATE OR REPLACE log SET n = 1",
    ],
    "an entry of the log never goes": ["DELETE FROM log"],
    "the entries of the log are numbered without a gap": [
        "REPLACE INTO log VALUES (0, 'r', 0, 'another')",
        "INSERT INTO log VALUES (7, 'r', 0, 'another')",
    ],
    "the store keeps its id and its secret": [
        "UPDATE meta SET value = x'00' WHERE key = 'secret'",
        "UPDATE meta SET value = x'00' WHERE key = 'store'",
        "UPDATE OR REPLACE meta SET key = 'store' WHERE key = 'schema'",
    ],
    "the schema number only grows": ["UPDATE meta SET value = CAST('0' AS BLOB) WHERE key = 'schema'"],
    "a fact stands once": ["REPLACE INTO meta VALUES ('secret', x'00')"],
    "a fact never goes": ["DELETE FROM meta"],
}


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize(
    ("law", "statement"),
    [(law, statement) for law, statements in UNLAWFUL.items() for statement in statements],
)
def test_no_statement_gets_round_a_law(
    store: SqliteStore, raw: sqlite3.Connection, law: str, statement: str, recursive: str
) -> None:
    before = dump(store)
    raw.execute(f"PRAGMA recursive_triggers = {recursive}")
    with pytest.raises(sqlite3.IntegrityError, match=law):
        raw.execute(statement)
    assert dump(store) == before


@pytest.mark.parametrize("table", ["trace", "events", "registry", "state", "runs", "effects", "log", "meta", "timing"])
def test_no_table_has_a_rowid_to_replace_a_row_by(raw: sqlite3.Connection, table: str) -> None:
    with pytest.raises(sqlite3.OperationalError, match="rowid"):
        raw.execute(f"SELECT rowid FROM {table}")  # noqa: S608


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE state SET value = 'text', version = 2, change = 2",
        "INSERT INTO log VALUES (2, 'r', 'one', 'digest')",
        "INSERT INTO timing VALUES ('r', 0, 1.5, 0)",
    ],
)
def test_a_value_of_another_type_is_refused(raw: sqlite3.Connection, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="cannot store"):
        raw.execute(statement)


def test_a_lawful_write_from_outside_is_counted_so_that_readers_notice(
    store: SqliteStore, raw: sqlite3.Connection
) -> None:
    seen = store.count("state", "limits")
    raw.execute("UPDATE state SET value = x'32', version = 2, change = 2")
    raw.execute("DELETE FROM state")
    assert (seen.changes, store.count("state", "limits").changes) == (1, 3)
    assert store.count("state", "limits").rows == 0


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER trace_delete",
        "DROP INDEX runs_request",
        "CREATE TRIGGER spy AFTER INSERT ON trace BEGIN DELETE FROM timing; END",
        "CREATE TABLE more (x)",
        "ALTER TABLE timing ADD COLUMN more INTEGER",
    ],
)
def test_a_schema_altered_from_outside_is_refused_at_the_next_open(
    store: SqliteStore, raw: sqlite3.Connection, path: Path, statement: str
) -> None:
    raw.execute(statement)
    again = SqliteStore(path)
    with pytest.raises(StoreUnusable) as caught:
        again.meta("store")
    assert caught.value.cause == "altered"
    again.close()


def test_statistics_for_the_query_planner_are_no_alteration(
    store: SqliteStore, raw: sqlite3.Connection, path: Path
) -> None:
    raw.execute("ANALYZE")
    again = SqliteStore(path)
    assert again.meta("store") == store.meta("store")
    again.close()


STEPS = (
    *schema.MIGRATIONS,
    ("CREATE TABLE later (x INTEGER) STRICT", "INSERT INTO later SELECT count(*) FROM trace"),
)


def test_an_older_store_is_brought_forward_with_its_rows(store: SqliteStore, raw: sqlite3.Connection) -> None:
    before = (dump(store), store.meta("store"), store.meta("secret"))
    raw.execute("BEGIN IMMEDIATE")
    schema.migrate(raw, {"store": b"not taken"}, STEPS)
    raw.execute("COMMIT")
    assert schema.number(raw) == len(STEPS)
    assert raw.execute("SELECT x FROM later").fetchall() == [(8,)]
    assert (dump(store), store.meta("store"), store.meta("secret")) == before


def test_migrating_the_newest_schema_changes_nothing(raw: sqlite3.Connection) -> None:
    schema.migrate(raw, {})
    assert raw.total_changes == 0


def test_a_store_of_a_later_version_is_refused(raw: sqlite3.Connection, path: Path) -> None:
    raw.execute("UPDATE meta SET value = CAST('9' AS BLOB) WHERE key = 'schema'")
    newer = SqliteStore(path)
    with pytest.raises(StoreUnusable, match="schema 9") as caught:
        newer.meta("store")
    assert caught.value.cause == "newer"
