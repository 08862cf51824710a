"""The rows of a SQLite store: how a segment is checked and written, and how a run is read back.

Every function works in the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from typing import TypeAlias

from pgs_runtime.stores import sqlite_subjects
from pgs_runtime.stores.errors import LawBroken
from pgs_runtime.stores.records import (
    LIVE,
    Append,
    CellRead,
    Conflict,
    Delete,
    Effect,
    Fenced,
    Head,
    Insert,
    Kind,
    Lease,
    LengthRead,
    Put,
    Read,
    Request,
    Run,
    Segment,
    Status,
    StoreRead,
    Write,
)

_CHANGE = {
    "registry": "SELECT 1 FROM registry WHERE store = ? AND key = ?",
    "state": "SELECT change FROM state WHERE store = ? AND key = ?",
}
_INSERT = "INSERT INTO registry (store, key, value, run, line) VALUES (?, ?, ?, ?, ?)"
_APPEND = "INSERT INTO events (store, stream, n, body, run, line) VALUES (?, ?, ?, ?, ?, ?)"
_UPDATE = """UPDATE state SET value = ?, version = ?, run = ?, line = ?,
    change = (SELECT changes + 1 FROM counters WHERE kind = 'state' AND store = ?)
    WHERE store = ? AND key = ?"""
_CREATE = """INSERT INTO state (value, version, run, line, change, store, key) VALUES (?, ?, ?, ?,
    coalesce((SELECT changes FROM counters WHERE kind = 'state' AND store = ?), 0) + 1, ?, ?)"""
_DELETE = "DELETE FROM state WHERE store = ? AND key = ?"
_INTEND = "INSERT INTO effects (key, run, line, request, status, response) VALUES (?, ?, ?, ?, ?, ?)"
_SETTLE = "UPDATE effects SET status = ?, response = ? WHERE key = ? AND run = ? AND request = ?"
_KEEP = "INSERT INTO kept (run, line, body) VALUES (?, ?, ?)"
_UNLISTEN = "DELETE FROM listeners WHERE run = ?"
_LISTEN = "INSERT OR IGNORE INTO listeners (run, event, names, match) VALUES (?, ?, ?, ?)"
_SEND = """INSERT INTO outbox (run, n, event, fields, heard) SELECT ?, ?, ?, ?, group_concat(run, char(10))
    FROM (SELECT DISTINCT run FROM listeners WHERE event = ? ORDER BY run) HAVING count(*) > 0"""
_TELL = "INSERT INTO outbox (run, n, event, fields, heard) VALUES (?, ?, ?, ?, ?)"
_LINE = "INSERT INTO trace (run, n, line) VALUES (?, ?, ?)"
_TIMING = "INSERT INTO timing (run, line, at, took) VALUES (?, ?, ?, ?)"
_LOG = "INSERT INTO log (n, run, line, digest) SELECT coalesce(max(n), -1) + 1, ?, ?, ? FROM log RETURNING n"

_COLUMNS = """run, workflow, snapshot, fingerprint, request, payload, payload_digest, actor,
    status, line, digest, exit, answer, epoch, owner, until"""
_START = f"INSERT INTO runs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_MOVE = """UPDATE runs SET status = ?, line = ?, digest = ?, exit = ?, answer = ?,
    epoch = ?, owner = ?, until = ? WHERE run = ?"""
_RUN = f"SELECT {_COLUMNS} FROM runs WHERE run = ?"  # noqa: S608
_RUN_BY_REQUEST = f"SELECT {_COLUMNS} FROM runs WHERE workflow = ? AND request = ?"  # noqa: S608
_RUNS = f"SELECT {_COLUMNS} FROM runs WHERE run > ? ORDER BY run LIMIT ?"  # noqa: S608
_RUNS_BY_STATUS = f"SELECT {_COLUMNS} FROM runs WHERE run > ? AND status = ? ORDER BY run LIMIT ?"  # noqa: S608
# Live runs are few among many: the planner takes their index only where its condition stands in the query.
_RUNS_LIVE = _RUNS_BY_STATUS.replace("status = ?", "status = ? AND status IN ('RUNNING', 'WAITING', 'IN_DOUBT')")

Row: TypeAlias = tuple[
    str, str, str, str, str | None, bytes, str, bytes,
    Status, int, str, str | None, bytes | None, int, str | None, int | None,
]  # fmt: skip

# --- reading -------------------------------------------------------------------------------------


def changes(connection: sqlite3.Connection, kind: Kind, store: str) -> int:
    query = "SELECT changes FROM counters WHERE kind = ? AND store = ?"
    row: tuple[int] | None = connection.execute(query, (kind, store)).fetchone()
    return 0 if row is None else row[0]


def length(connection: sqlite3.Connection, store: str, stream: str) -> int:
    query = "SELECT coalesce(max(n), 0) FROM events WHERE store = ? AND stream = ?"
    row: tuple[int] = connection.execute(query, (store, stream)).fetchone()
    return row[0]


def meta(connection: sqlite3.Connection, key: str) -> bytes | None:
    row: tuple[bytes] | None = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else row[0]


def run(connection: sqlite3.Connection, id: str) -> Run | None:
    row: Row | None = connection.execute(_RUN, (id,)).fetchone()
    return None if row is None else _run(row)


def run_by_request(connection: sqlite3.Connection, workflow: str, key: str) -> Run | None:
    row: Row | None = connection.execute(_RUN_BY_REQUEST, (workflow, key)).fetchone()
    return None if row is None else _run(row)


def runs(connection: sqlite3.Connection, after: str, limit: int, status: Status | None) -> tuple[Run, ...]:
    if status is None:
        found = connection.execute(_RUNS, (after, limit))
    else:
        query = _RUNS_LIVE if status in LIVE else _RUNS_BY_STATUS
        found = connection.execute(query, (after, status, limit))
    return tuple(_run(row) for row in found)


def _run(row: Row) -> Run:
    id, workflow, snapshot, fingerprint, key, payload, payload_digest, actor = row[:8]
    status, line, digest, exit, answer, epoch, owner, until = row[8:]
    request = Request(workflow, snapshot, fingerprint, key, payload, payload_digest, actor)
    lease = None if owner is None or until is None else Lease(owner, until)
    return Run(id, request, status, Head(line, digest), exit, answer, epoch, lease)


# --- checking a segment --------------------------------------------------------------------------


def fenced(connection: sqlite3.Connection, segment: Segment) -> Fenced | None:
    """Tell where the run is, unless it is where the segment left from."""
    wanted = segment.run
    if segment.expected is None:
        there = run(connection, wanted.id)
        if there is None and wanted.request.key is not None:
            there = run_by_request(connection, wanted.request.workflow, wanted.request.key)
        return None if there is None else Fenced(there)
    head = segment.expected.head
    found = connection.execute("SELECT line, digest, epoch FROM runs WHERE run = ?", (wanted.id,)).fetchone()
    if found == (head.line, head.digest, segment.expected.epoch):
        return None
    return Fenced(run(connection, wanted.id))


def stale(connection: sqlite3.Connection, reads: tuple[Read, ...]) -> Conflict | None:
    """Find the first read that would see something else now."""
    for read in reads:
        match read:
            case CellRead(table, store, key, change):
                row = connection.execute(_CHANGE[table], (store, key)).fetchone()
                unchanged = change == (0 if row is None else row[0])
            case StoreRead(kind, store, count):
                unchanged = count == changes(connection, kind, store)
            case LengthRead(store, stream, count):
                unchanged = count == length(connection, store, stream)
        if not unchanged:
            return Conflict(read)
    return None


# --- writing a segment ---------------------------------------------------------------------------


def apply(connection: sqlite3.Connection, segment: Segment) -> int:
    """Write all that a checked segment holds, and give its place in the log.

    The lines come before the run: the schema lets a head stand only on the last line there is.
    """
    run = segment.run
    for write in segment.writes:
        _write(connection, run.id, write)
    for effect in segment.effects:
        _settle(connection, effect)
    lines = enumerate(segment.lines, segment.first_line)
    connection.executemany(_LINE, [(run.id, n, line) for n, line in lines])
    if segment.kept is not None:
        connection.execute(_KEEP, (run.id, segment.first_line, segment.kept))
    if segment.listeners is not None:
        connection.execute(_UNLISTEN, (run.id,))
        connection.executemany(_LISTEN, segment.listeners)
    if segment.messages:
        named = [(*message[:4], "\n".join(message.heard)) for message in segment.messages if message.heard]
        connection.executemany(_TELL, named)
        heard = [(*message[:4], message.event) for message in segment.messages if not message.heard]
        connection.executemany(_SEND, heard)
    if segment.subjects or segment.erasure:
        sqlite_subjects.enter(connection, segment)
    if segment.timing:
        connection.executemany(_TIMING, [(run.id, *timed) for timed in segment.timing])
    _move(connection, run, known=segment.expected is not None)
    place: int = connection.execute(_LOG, (run.id, run.head.line, run.head.digest)).fetchone()[0]
    return place


def _write(connection: sqlite3.Connection, run: str, write: Write) -> None:
    match write:
        case Insert(store, key, value, line):
            connection.execute(_INSERT, (store, key, value, run, line))
        case Append(store, stream, n, body, line):
            connection.execute(_APPEND, (store, stream, n, body, run, line))
        case Put(store, key, value, version, line):
            row = (value, version, run, line, store, store, key)
            if connection.execute(_UPDATE, row).rowcount == 0:
                connection.execute(_CREATE, row)
        case Delete(store, key):
            connection.execute(_DELETE, (store, key))


def _settle(connection: sqlite3.Connection, effect: Effect) -> None:
    if effect.status == "INTENT":
        intent = (effect.key, effect.run, effect.line, effect.request, effect.status, effect.response)
        connection.execute(_INTEND, intent)
        return
    reply = (effect.status, effect.response, effect.key, effect.run, effect.request)
    if connection.execute(_SETTLE, reply).rowcount == 0:
        raise LawBroken("The segment settles an effect that was never intended.")


def _move(connection: sqlite3.Connection, run: Run, *, known: bool) -> None:
    owner, until = (None, None) if run.lease is None else (run.lease.owner, run.lease.until)
    now = (run.status, run.head.line, run.head.digest, run.exit, run.answer, run.epoch, owner, until)
    if known:
        connection.execute(_MOVE, (*now, run.id))
        return
    asked = run.request
    connection.execute(
        _START,
        (
            run.id,
            asked.workflow,
            asked.snapshot,
            asked.fingerprint,
            asked.key,
            asked.payload,
            asked.payload_digest,
            asked.actor,
            *now,
        ),
    )
