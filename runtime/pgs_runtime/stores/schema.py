"""The tables of the SQLite store, their laws as triggers, and the way from one schema number to the next.

Why the laws look as they do:
* `INSERT OR REPLACE` deletes the old row without firing DELETE triggers (unless `recursive_triggers` is on),
  so an existing key is refused before every insert;
* every table is WITHOUT ROWID, because a rowid would be a second key to replace a row by;
* they are triggers; only the sets of states are CHECKs, which `PRAGMA ignore_check_constraints` turns off;
* a trigger uses no conflict clause, because that of the statement outside would override it.

Whoever can write the file can also drop a trigger: `has_schema` notices it at the next open. Against an
author of bytes only the trace's chain and checkpoints kept elsewhere help.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import TypeAlias

APPLICATION = 0x50475331  # "PGS1", in the file's header


def _never(table: str, event: str, why: str) -> str:
    return f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table}\nBEGIN SELECT RAISE(ABORT, '{why}'); END"


def _counted(table: str, event: str, rows: str) -> str:
    row = "OLD" if event == "DELETE" else "NEW"
    key = f"kind = '{table}' AND store = {row}.store"
    return (
        f"CREATE TRIGGER {table}_after_{event.lower()} AFTER {event} ON {table} BEGIN\n"  # noqa: S608 - constants
        f"  INSERT INTO counters (kind, store, rows, changes) SELECT '{table}', {row}.store, 0, 0\n"
        f"    WHERE NOT EXISTS (SELECT 1 FROM counters WHERE {key});\n"
        f"  UPDATE counters SET rows = rows {rows}, changes = changes + 1 WHERE {key};\n"
        f"END"
    )


_COUNTERS = (
    """CREATE TABLE counters (
  kind TEXT NOT NULL, store TEXT NOT NULL, rows INTEGER NOT NULL, changes INTEGER NOT NULL,
  PRIMARY KEY (kind, store)
) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER counters_insert BEFORE INSERT ON counters BEGIN
  SELECT RAISE(ABORT, 'a store has one counter')
    WHERE EXISTS (SELECT 1 FROM counters WHERE kind = NEW.kind AND store = NEW.store);
END""",
    """CREATE TRIGGER counters_update BEFORE UPDATE ON counters
WHEN NEW.kind IS NOT OLD.kind OR NEW.store IS NOT OLD.store OR NEW.changes IS NOT OLD.changes + 1
BEGIN SELECT RAISE(ABORT, 'a store''s changes are counted one by one'); END""",
    _never("counters", "DELETE", "a counter never goes"),
)

_REGISTRY = (
    """CREATE TABLE registry (
  store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, run TEXT NOT NULL, line INTEGER NOT NULL,
  PRIMARY KEY (store, key)
) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER registry_insert BEFORE INSERT ON registry BEGIN
  SELECT RAISE(ABORT, 'a registry key is bound once')
    WHERE EXISTS (SELECT 1 FROM registry WHERE store = NEW.store AND key = NEW.key);
END""",
    _never("registry", "UPDATE", "a registry row never changes"),
    _never("registry", "DELETE", "a registry row never goes"),
    _counted("registry", "INSERT", "+ 1"),
)

_EVENTS = (
    """CREATE TABLE events (
  store TEXT NOT NULL, stream TEXT NOT NULL, n INTEGER NOT NULL, body BLOB NOT NULL,
  run TEXT NOT NULL, line INTEGER NOT NULL,
  PRIMARY KEY (store, stream, n)
) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER events_insert BEFORE INSERT ON events BEGIN
  SELECT RAISE(ABORT, 'the events of a stream are numbered without a gap') WHERE NEW.n IS NOT
    (SELECT coalesce(max(n), 0) + 1 FROM events WHERE store = NEW.store AND stream = NEW.stream);
END""",
    _never("events", "UPDATE", "an event never changes"),
    _never("events", "DELETE", "an event never goes"),
    _counted("events", "INSERT", "+ 1"),
)

_STATE = (
    """CREATE TABLE state (
  store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
  version INTEGER NOT NULL, change INTEGER NOT NULL, run TEXT NOT NULL, line INTEGER NOT NULL,
  PRIMARY KEY (store, key)
) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER state_insert BEFORE INSERT ON state BEGIN
  SELECT RAISE(ABORT, 'a state key stands once')
    WHERE EXISTS (SELECT 1 FROM state WHERE store = NEW.store AND key = NEW.key);
  SELECT RAISE(ABORT, 'the version of a state cell counts its writes') WHERE NEW.version IS NOT 1;
  SELECT RAISE(ABORT, 'a write to a state cell is its store''s next change') WHERE NEW.change IS NOT
    coalesce((SELECT changes FROM counters WHERE kind = 'state' AND store = NEW.store), 0) + 1;
END""",
    """CREATE TRIGGER state_update BEFORE UPDATE ON state BEGIN
  SELECT RAISE(ABORT, 'a state key never changes')
    WHERE NEW.store IS NOT OLD.store OR NEW.key IS NOT OLD.key;
  SELECT RAISE(ABORT, 'the version of a state cell counts its writes')
    WHERE NEW.version IS NOT OLD.version + 1;
  SELECT RAISE(ABORT, 'a write to a state cell is its store''s next change') WHERE NEW.change IS NOT
    (SELECT changes + 1 FROM counters WHERE kind = 'state' AND store = NEW.store);
END""",
    _counted("state", "INSERT", "+ 1"),
    _counted("state", "UPDATE", "+ 0"),
    _counted("state", "DELETE", "- 1"),
)

_RUNS = (
    """CREATE TABLE runs (
  run TEXT NOT NULL PRIMARY KEY, workflow TEXT NOT NULL, snapshot TEXT NOT NULL, fingerprint TEXT NOT NULL,
  request TEXT, payload BLOB NOT NULL, payload_digest TEXT NOT NULL, actor BLOB NOT NULL,
  status TEXT NOT NULL, line INTEGER NOT NULL, digest TEXT NOT NULL, exit TEXT, answer BLOB,
  epoch INTEGER NOT NULL, owner TEXT, until INTEGER,
  CHECK (status IN ('RUNNING', 'WAITING', 'IN_DOUBT',
    'COMPLETED', 'DENIED', 'REJECTED', 'FAILED', 'FAULTED', 'STOPPED', 'CANCELLED'))
) STRICT, WITHOUT ROWID""",
    "CREATE UNIQUE INDEX runs_request ON runs (workflow, request) WHERE request IS NOT NULL",
    "CREATE INDEX runs_live ON runs (status, run) WHERE status IN ('RUNNING', 'WAITING', 'IN_DOUBT')",
    """CREATE TRIGGER runs_insert BEFORE INSERT ON runs BEGIN
  SELECT RAISE(ABORT, 'a run stands once') WHERE EXISTS (SELECT 1 FROM runs WHERE run = NEW.run);
  SELECT RAISE(ABORT, 'a request of a workflow makes one run') WHERE NEW.request IS NOT NULL AND EXISTS
    (SELECT 1 FROM runs WHERE workflow = NEW.workflow AND request = NEW.request);
  SELECT RAISE(ABORT, 'the head of a run is its last line')
    WHERE NEW.line IS NOT (SELECT max(n) FROM trace WHERE run = NEW.run);
END""",
    """CREATE TRIGGER runs_identity
BEFORE UPDATE OF run, workflow, snapshot, fingerprint, request, payload, payload_digest, actor ON runs
BEGIN SELECT RAISE(ABORT, 'what was asked never changes'); END""",
    """CREATE TRIGGER runs_update BEFORE UPDATE ON runs BEGIN
  SELECT RAISE(ABORT, 'an ended run never changes')
    WHERE OLD.status NOT IN ('RUNNING', 'WAITING', 'IN_DOUBT');
  SELECT RAISE(ABORT, 'the head of a run only grows')
    WHERE NEW.line < OLD.line OR (NEW.line = OLD.line AND NEW.digest IS NOT OLD.digest);
  SELECT RAISE(ABORT, 'the head of a run is its last line')
    WHERE NEW.line IS NOT (SELECT max(n) FROM trace WHERE run = NEW.run);
  SELECT RAISE(ABORT, 'the epoch of a run only grows') WHERE NEW.epoch < OLD.epoch;
END""",
    _never("runs", "DELETE", "a run never goes"),
)

_TRACE = (
    """CREATE TABLE trace (
  run TEXT NOT NULL, n INTEGER NOT NULL, line BLOB NOT NULL,
  PRIMARY KEY (run, n)
) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER trace_insert BEFORE INSERT ON trace BEGIN
  SELECT RAISE(ABORT, 'the lines of a trace are numbered without a gap')
    WHERE NEW.n IS NOT (SELECT coalesce(max(n), -1) + 1 FROM trace WHERE run = NEW.run);
  SELECT RAISE(ABORT, 'an ended run never changes') WHERE EXISTS
    (SELECT 1 FROM runs WHERE run = NEW.run AND status NOT IN ('RUNNING', 'WAITING', 'IN_DOUBT'));
END""",
    _never("trace", "UPDATE", "a trace line never changes"),
    _never("trace", "DELETE", "a trace line never goes"),
    """CREATE TABLE timing (
  run TEXT NOT NULL, line INTEGER NOT NULL, at INTEGER NOT NULL, took INTEGER NOT NULL,
  PRIMARY KEY (run, line)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE log (
  n INTEGER NOT NULL PRIMARY KEY, run TEXT NOT NULL, line INTEGER NOT NULL, digest TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER log_insert BEFORE INSERT ON log BEGIN
  SELECT RAISE(ABORT, 'the entries of the log are numbered without a gap')
    WHERE NEW.n IS NOT (SELECT coalesce(max(n), -1) + 1 FROM log);
END""",
    _never("log", "UPDATE", "an entry of the log never changes"),
    _never("log", "DELETE", "an entry of the log never goes"),
)

_EFFECTS = (
    """CREATE TABLE effects (
  key TEXT NOT NULL PRIMARY KEY, run TEXT NOT NULL, line INTEGER NOT NULL, status TEXT NOT NULL,
  request BLOB NOT NULL, response BLOB,
  CHECK (status IN ('INTENT', 'DONE', 'FAILED', 'IN_DOUBT'))
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX effects_run ON effects (run, line, key)",
    """CREATE TRIGGER effects_insert BEFORE INSERT ON effects BEGIN
  SELECT RAISE(ABORT, 'an effect stands once') WHERE EXISTS (SELECT 1 FROM effects WHERE key = NEW.key);
  SELECT RAISE(ABORT, 'an effect starts as an intent') WHERE NEW.status IS NOT 'INTENT';
END""",
    """CREATE TRIGGER effects_intent BEFORE UPDATE OF key, run, line, request ON effects
BEGIN SELECT RAISE(ABORT, 'the intent of an effect never changes'); END""",
    """CREATE TRIGGER effects_update BEFORE UPDATE ON effects BEGIN
  SELECT RAISE(ABORT, 'a settled effect never changes') WHERE OLD.status IN ('DONE', 'FAILED');
  SELECT RAISE(ABORT, 'an effect is never intended again') WHERE NEW.status IS 'INTENT';
END""",
    _never("effects", "DELETE", "an effect never goes"),
)

_META = (
    "CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TRIGGER meta_insert BEFORE INSERT ON meta BEGIN
  SELECT RAISE(ABORT, 'a fact stands once') WHERE EXISTS (SELECT 1 FROM meta WHERE key = NEW.key);
END""",
    """CREATE TRIGGER meta_update BEFORE UPDATE ON meta BEGIN
  SELECT RAISE(ABORT, 'the store keeps its id and its secret')
    WHERE OLD.key IN ('store', 'secret') OR NEW.key IS NOT OLD.key;
  SELECT RAISE(ABORT, 'the schema number only grows') WHERE OLD.key = 'schema'
    AND CAST(CAST(NEW.value AS TEXT) AS INTEGER) <= CAST(CAST(OLD.value AS TEXT) AS INTEGER);
END""",
    _never("meta", "DELETE", "a fact never goes"),
)

_KEPT = (
    """CREATE TABLE kept (
  run TEXT NOT NULL, line INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (run, line)
) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER kept_insert BEFORE INSERT ON kept BEGIN
  SELECT RAISE(ABORT, 'what a segment takes is kept once')
    WHERE EXISTS (SELECT 1 FROM kept WHERE run = NEW.run AND line = NEW.line);
END""",
    _never("kept", "UPDATE", "what is kept of a segment never changes"),
    _never("kept", "DELETE", "what is kept of a segment never goes"),
)

_OUTBOX = (
    """CREATE TABLE listeners (
  run TEXT NOT NULL, event TEXT NOT NULL, names BLOB NOT NULL, match TEXT NOT NULL,
  PRIMARY KEY (run, event, names, match)
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX listeners_event ON listeners (event, run)",
    """CREATE TABLE outbox (
  run TEXT NOT NULL, n INTEGER NOT NULL, event TEXT NOT NULL, fields BLOB NOT NULL, heard TEXT NOT NULL,
  PRIMARY KEY (run, n)
) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER outbox_insert BEFORE INSERT ON outbox BEGIN
  SELECT RAISE(ABORT, 'a message stands once') WHERE EXISTS (SELECT 1 FROM outbox WHERE run = NEW.run AND n = NEW.n);
END""",
    _never("outbox", "UPDATE", "a message never changes"),
)

_SUBJECTS = (
    """CREATE TABLE subjects (
  id TEXT NOT NULL PRIMARY KEY, key BLOB, erased TEXT
) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER subjects_insert BEFORE INSERT ON subjects BEGIN
  SELECT RAISE(ABORT, 'a subject stands once') WHERE EXISTS (SELECT 1 FROM subjects WHERE id = NEW.id);
  SELECT RAISE(ABORT, 'a subject begins with a key') WHERE NEW.key IS NULL OR NEW.erased IS NOT NULL;
END""",
    """CREATE TRIGGER subjects_update BEFORE UPDATE ON subjects BEGIN
  SELECT RAISE(ABORT, 'a subject''s key only ends, and once')
    WHERE NEW.id IS NOT OLD.id OR OLD.key IS NULL OR NEW.key IS NOT NULL OR NEW.erased IS NULL;
  SELECT RAISE(ABORT, 'a subject is not erased while a run of it goes on') WHERE EXISTS
    (SELECT 1 FROM concerns JOIN runs ON runs.run = concerns.run
      WHERE concerns.subject = OLD.id AND runs.status IN ('RUNNING', 'WAITING', 'IN_DOUBT'));
END""",
    _never("subjects", "DELETE", "a subject never goes"),
    """CREATE TABLE concerns (
  subject TEXT NOT NULL, run TEXT NOT NULL,
  PRIMARY KEY (subject, run)
) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER concerns_insert BEFORE INSERT ON concerns BEGIN
  SELECT RAISE(ABORT, 'a run belongs to a subject once')
    WHERE EXISTS (SELECT 1 FROM concerns WHERE subject = NEW.subject AND run = NEW.run);
  SELECT RAISE(ABORT, 'no run belongs to a subject that was erased')
    WHERE NOT EXISTS (SELECT 1 FROM subjects WHERE id = NEW.subject AND key IS NOT NULL);
END""",
    _never("concerns", "UPDATE", "whom a run belongs to never changes"),
    _never("concerns", "DELETE", "whom a run belongs to never goes"),
    """CREATE TABLE gone (
  store TEXT NOT NULL, key TEXT NOT NULL,
  PRIMARY KEY (store, key)
) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER gone_insert BEFORE INSERT ON gone BEGIN
  SELECT RAISE(ABORT, 'a registry key is erased once')
    WHERE EXISTS (SELECT 1 FROM gone WHERE store = NEW.store AND key = NEW.key);
  SELECT RAISE(ABORT, 'a registry key that was erased is bound')
    WHERE NOT EXISTS (SELECT 1 FROM registry WHERE store = NEW.store AND key = NEW.key);
END""",
    """CREATE TRIGGER gone_after_insert AFTER INSERT ON gone BEGIN
  UPDATE counters SET rows = rows - 1, changes = changes + 1 WHERE kind = 'registry' AND store = NEW.store;
END""",
    _never("gone", "UPDATE", "what was erased stays so"),
    _never("gone", "DELETE", "what was erased stays so"),
)

Steps: TypeAlias = Sequence[Sequence[str]]

_FIRST = (*_META, *_COUNTERS, *_REGISTRY, *_EVENTS, *_STATE, *_TRACE, *_RUNS, *_EFFECTS)
MIGRATIONS: Steps = (_FIRST, _KEPT, _OUTBOX, _SUBJECTS)
"""The statements that lead from schema number i to i + 1. Once released, an item never changes."""


def number(connection: sqlite3.Connection) -> int | None:
    """The schema number of the connected store: 0 for an empty file, None for a database that is no store."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application == APPLICATION:
        row = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
        return int(row[0]) if row is not None and row[0].isdigit() else None
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    return 0 if application == 0 and tables == 0 else None


def migrate(connection: sqlite3.Connection, facts: Mapping[str, bytes], steps: Steps = MIGRATIONS) -> None:
    """Bring an empty or older store to the newest schema, in the caller's transaction.

    Args:
        connection: holds a write transaction.
        facts: what a new store's `meta` starts with.
        steps: the migrations from number 0 on.
    """
    found = number(connection) or 0
    for statements in steps[found:]:
        for statement in statements:
            connection.execute(statement)
    newest = str(len(steps)).encode()
    fact = "INSERT INTO meta (key, value) VALUES (?, ?)"
    if found == 0:
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.executemany(fact, [("schema", newest), *facts.items()])
    elif found < len(steps):
        connection.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (newest,))


def has_schema(connection: sqlite3.Connection, number: int) -> bool:
    """Whether the connected store has exactly the tables, indexes and triggers of a schema number."""
    found = connection.execute("SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    return {row[0] for row in found} == {statement for step in MIGRATIONS[:number] for statement in step}
