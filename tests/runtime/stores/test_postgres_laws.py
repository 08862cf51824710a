"""The laws of the store hold against any SQL that another program may send to the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from pgs_runtime.stores import postgres_establish, postgres_schema
from pgs_runtime.stores.errors import StoreUnusable
from pgs_runtime.stores.postgres import PostgresStore
from pgs_runtime.stores.postgres_address import Address
from pgs_runtime.stores.postgres_objects import Change, Table
from pgs_runtime.stores.postgres_session import PostgresOptions, connect
from pgs_runtime.stores.records import Append, CellRead, Conflict, Effect, Erasure, Insert, Put, Subject
from tests.postgres import Server
from tests.runtime.stores.segments import affecting, committed, dump, first, reading

INTENT = Effect("intended", "live", 1, "INTENT", b"{}")
DONE = Effect("settled", "live", 1, "DONE", b"{}", b"{}")

Raw = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def address(postgres: Server) -> Address:
    return postgres.address(mode="fast")


@pytest.fixture
def store(address: Address) -> Iterator[PostgresStore]:
    store = PostgresStore(address)
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
    live = replace(first("live", status="RUNNING"), subjects=(Subject("there", b"k"),))
    committed(store, affecting(live, *intents))
    yield store
    store.close()


@pytest.fixture
def raw(postgres: Server, store: PostgresStore, address: Address) -> Iterator[Raw]:
    """A connection of the server's superuser, at the store's schema."""
    with postgres.connect() as connection:
        connection.execute(f"SET search_path = {address.schema}")
        yield connection


TABLES = ("trace", "events", "registry", "state", "runs", "effects", "log", "meta", "counters")
NEW_RUN = "'w', '', '', NULL, '', '', '', 'RUNNING', 0, '', NULL, NULL, 0, NULL, NULL"

UNLAWFUL = {
    "subjects_key": ["INSERT INTO subjects VALUES ('there', '\\x01', NULL)"],
    "a subject begins with a key": [
        "INSERT INTO subjects VALUES ('new', NULL, NULL)",
        "INSERT INTO subjects VALUES ('new', '\\x01', 'now')",
    ],
    "a subject's key only ends, and once": [
        "UPDATE subjects SET key = '\\x01', erased = NULL WHERE id = 'gone'",
        "UPDATE subjects SET key = '\\x01' WHERE id = 'there'",
        "UPDATE subjects SET key = NULL WHERE id = 'there'",
        "UPDATE subjects SET erased = 'later' WHERE id = 'gone'",
        "UPDATE subjects SET id = 'new', key = NULL, erased = 'now' WHERE id = 'there'",
    ],
    "a subject is not erased while a run of it goes on": [
        "UPDATE subjects SET key = NULL, erased = 'now' WHERE id = 'there'",
    ],
    "a subject never goes": ["DELETE FROM subjects", "TRUNCATE subjects"],
    "concerns_key": ["INSERT INTO concerns VALUES ('there', 'live')"],
    "no run belongs to a subject that was erased": [
        "INSERT INTO concerns VALUES ('gone', 'live')",
        "INSERT INTO concerns VALUES ('nobody', 'live')",
    ],
    "whom a run belongs to never changes": ["UPDATE concerns SET run = 'ended'"],
    "whom a run belongs to never goes": ["DELETE FROM concerns", "TRUNCATE concerns"],
    "gone_key": ["INSERT INTO gone (store, key) VALUES ('actors', 'b')"],
    "a registry key that was erased is bound": ["INSERT INTO gone (store, key) VALUES ('actors', 'z')"],
    "what was erased never changes": ["UPDATE gone SET key = 'a'"],
    "what was erased never goes": ["DELETE FROM gone", "TRUNCATE gone"],
    "a trace line never changes": [
        "UPDATE trace SET line = ''",
        "UPDATE trace SET run = 'live' WHERE run = 'ended'",
        "INSERT INTO trace VALUES ('live', 2, '') ON CONFLICT DO NOTHING; UPDATE trace SET n = 9 WHERE n = 2",
        "MERGE INTO trace USING (SELECT 1) AS s ON n = 0 WHEN MATCHED THEN UPDATE SET line = ''",
    ],
    "a trace line never goes": ["DELETE FROM trace", "DELETE FROM trace WHERE n = 1", "TRUNCATE trace"],
    "the lines of a trace are numbered without a gap": [
        "INSERT INTO trace VALUES ('live', 3, '')",
        "INSERT INTO trace VALUES ('new', 1, '')",
        "INSERT INTO trace VALUES ('live', 1, '') ON CONFLICT (run, n) DO UPDATE SET line = excluded.line",
    ],
    "an event never changes": ["UPDATE events SET body = ''", "UPDATE events SET n = 2"],
    "an event never goes": ["DELETE FROM events", "DELETE FROM events WHERE n > 0", "TRUNCATE events"],
    "the events of a stream are numbered without a gap": [
        "INSERT INTO events (store, stream, n, body, run, line) VALUES ('events', 's', 1, '', 'r', 0)",
        "INSERT INTO events (store, stream, n, body, run, line) VALUES ('events', 's', 3, '', 'r', 0)",
        "INSERT INTO events (store, stream, n, body, run, line) VALUES ('events', 't', 0, '', 'r', 0)",
        "INSERT INTO events SELECT store, '', stream, n, body, run, line FROM events",
    ],
    "a registry row never changes": [
        "UPDATE registry SET value = ''",
        "UPDATE registry SET key = 'b'",
        """INSERT INTO registry (store, key, value, run, line) VALUES ('actors', 'a', '', 'r', 0)
            ON CONFLICT (store, place) DO UPDATE SET value = excluded.value""",
    ],
    "a registry row never goes": ["DELETE FROM registry", "TRUNCATE registry"],
    "registry_key": [
        "INSERT INTO registry (store, key, value, run, line) VALUES ('actors', 'a', '', 'r', 0)",
        "INSERT INTO registry (store, place, key, value, run, line) VALUES ('actors', 'other', 'a', '', 'r', 0)",
    ],
    "the version of a state cell counts its writes": [
        "UPDATE state SET value = ''",
        "UPDATE state SET version = version - 1",
        "UPDATE state SET version = version + 2, change = 2",
        """INSERT INTO state (store, key, value, version, change, run, line)
            VALUES ('limits', 'b', '', 7, 2, 'r', 0)""",
    ],
    "a write to a state cell is its store": [
        "UPDATE state SET version = 2",
        "UPDATE state SET version = 2, change = 9",
        """INSERT INTO state (store, key, value, version, change, run, line)
            VALUES ('limits', 'b', '', 1, 1, 'r', 0)""",
    ],
    "state_key": [
        """INSERT INTO state (store, key, value, version, change, run, line)
            VALUES ('limits', 'a', '', 1, 2, 'r', 0)""",
    ],
    "a state key never changes": [
        "UPDATE state SET key = 'b', version = 2, change = 2",
        "UPDATE state SET place = '', version = 2, change = 2",
    ],
    "what a store counts never goes": ["TRUNCATE state"],
    "counters_key": ["INSERT INTO counters VALUES ('registry', 'actors', 0, 0)"],
    "changes are counted one by one": ["UPDATE counters SET changes = 0", "UPDATE counters SET rows = 0"],
    "a counter never goes": ["DELETE FROM counters", "TRUNCATE counters"],
    "an ended run never changes": [
        "UPDATE runs SET status = 'RUNNING' WHERE run = 'ended'",
        "UPDATE runs SET answer = '' WHERE run = 'ended'",
        "INSERT INTO trace VALUES ('ended', 2, '')",
    ],
    "the head of a run only grows": [
        "UPDATE runs SET line = 0 WHERE run = 'live'",
        "UPDATE runs SET digest = 'another' WHERE run = 'live'",
    ],
    "the head of a run is its last line": [
        "UPDATE runs SET line = 7, digest = 'another' WHERE run = 'live'",
        f"INSERT INTO runs VALUES ('new', {NEW_RUN})",
    ],
    "the epoch of a run only grows": ["UPDATE runs SET epoch = -1 WHERE run = 'live'"],
    "what was asked never changes": [
        "UPDATE runs SET payload = 'x' WHERE run = 'live'",
        "UPDATE runs SET run = 'other' WHERE run = 'live'",
        "UPDATE runs SET request = 'x' WHERE run = 'live'",
    ],
    "runs_key": [
        f"INSERT INTO trace VALUES ('live', 2, ''); INSERT INTO runs VALUES ('live', {NEW_RUN.replace('0', '2', 1)})"
    ],
    "runs_request": [
        """INSERT INTO trace VALUES ('new', 0, ''); INSERT INTO runs SELECT 'new', workflow, '', '', request, '', '',
            '', 'RUNNING', 0, '', NULL, NULL, 0, NULL, NULL FROM runs WHERE run = 'ended'"""
    ],
    "a run never goes": ["DELETE FROM runs", "DELETE FROM runs WHERE run = 'live'", "TRUNCATE runs"],
    "a run has one of the states that there are": ["UPDATE runs SET status = 'DONE' WHERE run = 'live'"],
    "effects_key": ["INSERT INTO effects SELECT key, run, line, 'INTENT', '', NULL FROM effects"],
    "an effect starts as an intent": ["INSERT INTO effects VALUES ('new', 'r', 0, 'DONE', '', NULL)"],
    "the intent of an effect never changes": [
        "UPDATE effects SET request = '', status = 'DONE' WHERE key = 'intended'",
        "UPDATE effects SET key = 'settled', status = 'DONE' WHERE key = 'intended'",
    ],
    "a settled effect never changes": [
        "UPDATE effects SET status = 'FAILED' WHERE key = 'settled'",
        "UPDATE effects SET response = '' WHERE key = 'settled'",
    ],
    "an effect is never intended again": ["UPDATE effects SET status = 'INTENT' WHERE key = 'intended'"],
    "an effect has one of the states that there are": ["UPDATE effects SET status = 'GONE' WHERE key = 'intended'"],
    "an effect never goes": ["DELETE FROM effects", "TRUNCATE effects"],
    "an entry of the log never changes": ["UPDATE log SET digest = 'another'", "UPDATE log SET n = 1"],
    "an entry of the log never goes": ["DELETE FROM log", "TRUNCATE log"],
    "the entries of the log are numbered without a gap": [
        "INSERT INTO log VALUES (0, 'r', 0, 'another')",
        "INSERT INTO log VALUES (7, 'r', 0, 'another')",
    ],
    "the store keeps its id and its secret": [
        "UPDATE meta SET value = '' WHERE key = 'secret'",
        "UPDATE meta SET value = '' WHERE key = 'store'",
        "UPDATE meta SET key = 'other' WHERE key = 'schema'",
    ],
    "the schema number only grows": ["UPDATE meta SET value = '0' WHERE key = 'schema'"],
    "meta_key": ["INSERT INTO meta VALUES ('secret', '')"],
    "a fact never goes": ["DELETE FROM meta", "TRUNCATE meta"],
}


@pytest.mark.parametrize("role", ["origin", "replica"])
@pytest.mark.parametrize(
    ("law", "statement"),
    [(law, statement) for law, statements in UNLAWFUL.items() for statement in statements],
)
def test_no_statement_gets_round_a_law(store: PostgresStore, raw: Raw, law: str, statement: str, role: str) -> None:
    if statement.startswith("MERGE") and raw.info.server_version < 150000:
        statement = UNLAWFUL[law][0]
    before = dump(store)
    raw.execute(f"SET session_replication_role = {role}")  # where triggers do not fire unless they always do
    with pytest.raises(psycopg.DatabaseError, match=law), raw.transaction():
        raw.execute(statement)
    assert dump(store) == before


@pytest.mark.parametrize("table", [*TABLES, "timing"])
def test_a_row_is_whole(raw: Raw, table: str) -> None:
    with pytest.raises(psycopg.DatabaseError):
        raw.execute(f"INSERT INTO {table} DEFAULT VALUES")


def test_a_lawful_write_from_outside_is_counted_so_that_readers_notice(store: PostgresStore, raw: Raw) -> None:
    seen = store.count("state", "limits")
    raw.execute("UPDATE state SET value = '2', version = 2, change = 2")
    raw.execute("DELETE FROM state")
    assert (seen.changes, store.count("state", "limits").changes) == (1, 3)
    assert store.count("state", "limits").rows == 0
    read = CellRead("state", "limits", "a", 1)
    assert store.commit(reading(first("r9"), read)) == Conflict(read)


def test_a_key_of_any_length_is_kept_and_bound_once(store: PostgresStore, raw: Raw) -> None:
    keys = ["é" * 5000, "é" * 5000 + "a", "é" * 300, "%_\\" * 1000]
    committed(store, first("r1", *(Put("long", key, b"1", 1, 0) for key in keys)))
    assert [cell.key for cell in store.scan("state", "long").cells] == sorted(keys, key=str.encode)
    assert [cell.key for cell in store.scan("state", "long", "é" * 4000).cells] == keys[:2]
    assert [cell.key for cell in store.scan("state", "long", "%_\\").cells] == keys[3:]
    assert store.get("state", "long", keys[0]) is not None
    plan = "EXPLAIN SELECT 1 FROM state WHERE store = 'long' AND \"left\"(key, 300) LIKE 'ab%'"
    raw.execute("SET enable_seqscan = off")
    assert any("state_keys" in row[0] for row in raw.execute(plan).fetchall())


ALTERATIONS = [
    "DROP TRIGGER trace_delete ON trace",
    "DROP INDEX runs_request",
    "ALTER TABLE trace DISABLE TRIGGER trace_delete",
    "ALTER TABLE trace ENABLE REPLICA TRIGGER trace_delete",
    "CREATE OR REPLACE FUNCTION trace_delete() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN OLD; END$$",
    "ALTER FUNCTION trace_delete() SECURITY DEFINER",
    "CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$",
    "CREATE TRIGGER spy AFTER INSERT ON trace EXECUTE FUNCTION trace_delete()",
    "CREATE RULE nothing AS ON DELETE TO trace DO INSTEAD NOTHING",
    "CREATE TABLE more (x bigint)",
    "CREATE VIEW more AS SELECT 1 AS x",
    "CREATE TABLE more (x bigint) INHERITS (timing)",
    "ALTER TABLE timing ADD COLUMN more bigint",
    "ALTER TABLE timing ALTER COLUMN took DROP NOT NULL",
    "ALTER TABLE timing ALTER COLUMN took SET DEFAULT 0",
    "ALTER TABLE timing ALTER COLUMN took TYPE numeric",
    'ALTER TABLE timing ALTER COLUMN run TYPE text COLLATE "POSIX"',
    "ALTER TABLE timing DROP CONSTRAINT timing_key",
    "ALTER TABLE timing ADD CHECK (took > 0)",
    "ALTER TABLE trace SET UNLOGGED",
    "ALTER TABLE trace ENABLE ROW LEVEL SECURITY",
]


@pytest.mark.parametrize("statement", ALTERATIONS)
def test_a_schema_altered_from_outside_is_refused_at_the_next_open_and_found_by_a_check(
    store: PostgresStore, raw: Raw, address: Address, statement: str
) -> None:
    assert store.check() == ()
    raw.execute(statement)
    again = PostgresStore(address)
    with pytest.raises(StoreUnusable) as caught:
        again.meta("store")
    assert caught.value.cause == "altered"
    assert store.check()
    again.close()


def test_what_an_administrator_does_for_speed_and_rights_is_no_alteration(
    store: PostgresStore, raw: Raw, address: Address
) -> None:
    raw.execute("CREATE ROLE reader")
    for statement in (
        "ANALYZE",
        "VACUUM FREEZE trace",
        "ALTER TABLE trace SET (autovacuum_enabled = off)",
        "CLUSTER trace USING trace_key",
        "REINDEX TABLE trace",
        f"GRANT USAGE ON SCHEMA {address.schema} TO reader",
        "GRANT SELECT ON trace TO reader",
        "COMMENT ON TABLE trace IS 'lines'",
    ):
        raw.execute(statement)
    again = PostgresStore(address)
    assert again.meta("store") == store.meta("store")
    again.close()


def test_a_check_finds_rows_that_break_the_laws_of_every_write(store: PostgresStore, raw: Raw) -> None:
    raw.execute("ALTER TABLE trace DISABLE TRIGGER trace_delete")
    raw.execute("DELETE FROM trace WHERE run = 'live' AND n = 1")
    raw.execute("ALTER TABLE trace ENABLE ALWAYS TRIGGER trace_delete")
    assert store.check() == ("the run `live` does not end at its last line",)


STEPS = (
    *postgres_schema.MIGRATIONS,
    (Table("later", "x bigint", ("x",)), Change("INSERT INTO $.later SELECT count(*) FROM $.trace")),
)


def test_an_older_store_is_brought_forward_with_its_rows(store: PostgresStore, raw: Raw, address: Address) -> None:
    before = (dump(store), store.meta("store"), store.meta("secret"))
    session = connect(address, patience=5)
    session.begin("alone", 5, 5)
    postgres_establish.migrate(session, {"store": b"not taken"}, STEPS)
    session.commit()
    assert postgres_establish.number(session) == len(STEPS)
    session.close()
    assert raw.execute("SELECT x FROM later").fetchall() == [(8,)]
    assert (dump(store), store.meta("store"), store.meta("secret")) == before


def test_a_store_of_an_older_version_is_brought_forward_when_it_is_opened(
    store: PostgresStore, raw: Raw, address: Address
) -> None:
    session = connect(address, patience=5)
    for _ in range(2):  # by the first that opens it
        postgres_establish.establish(session, address, PostgresOptions(), STEPS)
        assert raw.execute("SELECT x FROM later").fetchall() == [(8,)]
        assert store.meta("schema") == str(len(STEPS)).encode()
    raw.execute("DROP TABLE later")
    with pytest.raises(StoreUnusable) as caught:
        postgres_establish.establish(session, address, PostgresOptions(), STEPS)
    assert caught.value.cause == "altered"
    session.close()


def test_migrating_the_newest_schema_changes_nothing(store: PostgresStore, raw: Raw, address: Address) -> None:
    before = raw.execute("SELECT xmin, * FROM meta").fetchall()
    session = connect(address, patience=5)
    postgres_establish.migrate(session, {})
    session.close()
    assert raw.execute("SELECT xmin, * FROM meta").fetchall() == before


def test_a_store_of_a_later_version_is_refused(raw: Raw, address: Address) -> None:
    later = len(postgres_schema.MIGRATIONS) + 1
    raw.execute("UPDATE meta SET value = %s WHERE key = 'schema'", (str(later).encode(),))
    newer = PostgresStore(address)
    with pytest.raises(StoreUnusable, match=f"schema {later}") as caught:
        newer.meta("store")
    assert caught.value.cause == "newer"
    newer.close()
