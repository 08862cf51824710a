"""The embedded store: one SQLite file, one connection a process, opened at first use."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

from pgs_runtime.stores import sqlite_rows as rows
from pgs_runtime.stores import sqlite_subjects
from pgs_runtime.stores.errors import LawBroken, StoreMisused, StoreUnusable
from pgs_runtime.stores.ownership import Owner
from pgs_runtime.stores.records import (
    LONGEST_LEASE,
    OWN_FACTS,
    Cell,
    Committed,
    Conflict,
    Effect,
    Event,
    Fenced,
    Head,
    Holding,
    Kept,
    Kind,
    Lease,
    Listener,
    LogEntry,
    Message,
    Run,
    Scan,
    Segment,
    Status,
    Subject,
    Table,
    Tally,
    Timing,
)
from pgs_runtime.stores.sqlite_faults import explained
from pgs_runtime.stores.sqlite_file import SqliteOptions, connect

_DEFAULT = SqliteOptions()

_CELL = {
    "registry": "SELECT key, value, 1, 1, run, line FROM registry WHERE store = ? AND key = ?",
    "state": "SELECT key, value, version, change, run, line FROM state WHERE store = ? AND key = ?",
}
_CELLS = {
    "registry": "SELECT key, value, 1, 1, run, line FROM registry WHERE store = ? AND key >= ? ORDER BY key",
    "state": """SELECT key, value, version, change, run, line FROM state
        WHERE store = ? AND key >= ? ORDER BY key""",
}
_CLAIM = """UPDATE runs SET epoch = epoch + 1, owner = ?, until = ? WHERE run = ? AND epoch = coalesce(?, epoch)
    AND status IN ('RUNNING', 'WAITING', 'IN_DOUBT') AND (owner IS NULL OR owner = ? OR until <= ? OR until > ?)"""


class SqliteStore:
    """A store in one file.

    Args:
        path: the file; it and the folders that lead to it are made when they are missing.
        options: how to open it.
    """

    def __init__(self, path: Path, options: SqliteOptions = _DEFAULT) -> None:
        self._path = path.absolute()
        self._options = options
        self._owner = Owner()
        self._connection: sqlite3.Connection | None = None
        self._broken: StoreUnusable | None = None

    # --- reads ---

    def get(self, table: Table, store: str, key: str) -> Cell | None:
        with self._session() as connection:
            row = connection.execute(_CELL[table], (store, key)).fetchone()
        return None if row is None else Cell(*row)

    def scan(self, table: Table, store: str, prefix: str = "") -> Scan:
        with self._session() as connection:
            # The counter first: a write between the two reads then shows as a conflict, and is never missed.
            changes = rows.changes(connection, table, store)
            cursor = connection.execute(_CELLS[table], (store, prefix))
            cells = takewhile(lambda cell: cell.key.startswith(prefix), (Cell(*row) for row in cursor))
            scan = Scan(tuple(cells), changes)
            cursor.close()  # an unfinished SELECT would keep its lock
        return scan

    def count(self, kind: Kind, store: str) -> Tally:
        query = "SELECT kind, store, rows, changes FROM counters WHERE kind = ? AND store = ?"
        with self._session() as connection:
            row = connection.execute(query, (kind, store)).fetchone()
        return Tally(kind, store, 0, 0) if row is None else Tally(*row)

    def tallies(self) -> tuple[Tally, ...]:
        query = "SELECT kind, store, rows, changes FROM counters ORDER BY kind, store"
        with self._session() as connection:
            return tuple(Tally(*row) for row in connection.execute(query))

    def length(self, store: str, stream: str) -> int:
        with self._session() as connection:
            return rows.length(connection, store, stream)

    def events(self, store: str, stream: str, start: int, stop: int) -> tuple[Event, ...]:
        query = """SELECT n, body, run, line FROM events
            WHERE store = ? AND stream = ? AND n >= ? AND n < ? ORDER BY n"""
        with self._session() as connection:
            return tuple(Event(*row) for row in connection.execute(query, (store, stream, start, stop)))

    def streams(self, store: str) -> tuple[str, ...]:
        query = "SELECT stream FROM events WHERE store = ? AND n = 1 ORDER BY stream"
        with self._session() as connection:
            return tuple(row[0] for row in connection.execute(query, (store,)))

    # --- writes ---

    def commit(self, segment: Segment) -> Committed | Conflict | Fenced:
        with self._session() as connection, _transaction(connection):
            refusal = rows.fenced(connection, segment) or rows.stale(connection, segment.reads)
            refusal = refusal or sqlite_subjects.changed(connection, segment)
            if refusal is None:
                place = rows.apply(connection, segment)
                connection.execute("COMMIT")
                return Committed(place)
        return refusal

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        with self._session() as connection:
            if connection.in_transaction:
                raise StoreMisused("The store is already held exclusively.")
            connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            with self._session() as connection:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def claim(self, run: str, lease: Lease, now: int, seen: int | None = None) -> Run | None:
        with self._session() as connection, _transaction(connection):
            latest = now + LONGEST_LEASE
            cursor = connection.execute(_CLAIM, (lease.owner, lease.until, run, seen, lease.owner, now, latest))
            if cursor.rowcount == 0:
                return None
            claimed = rows.run(connection, run)
            connection.execute("COMMIT")
        return claimed

    # --- runs ---

    def run(self, run: str) -> Run | None:
        with self._session() as connection:
            return rows.run(connection, run)

    def run_by_request(self, workflow: str, key: str) -> Run | None:
        with self._session() as connection:
            return rows.run_by_request(connection, workflow, key)

    def runs(self, after: str = "", limit: int = 100, status: Status | None = None) -> tuple[Run, ...]:
        with self._session() as connection:
            return rows.runs(connection, after, limit, status)

    def lines(self, run: str) -> tuple[bytes, ...]:
        query = "SELECT line FROM trace WHERE run = ? ORDER BY n"
        with self._session() as connection:
            return tuple(row[0] for row in connection.execute(query, (run,)))

    def telling(self, mark: bytes) -> tuple[str, ...]:
        query = "SELECT DISTINCT run FROM trace WHERE instr(line, ?) ORDER BY run"
        with self._session() as connection:
            return tuple(row[0] for row in connection.execute(query, (mark,)))

    def kept(self, run: str) -> tuple[Kept, ...]:
        query = "SELECT line, body FROM kept WHERE run = ? ORDER BY line"
        with self._session() as connection:
            return tuple(Kept(*row) for row in connection.execute(query, (run,)))

    def listeners(self, event: str) -> tuple[Listener, ...]:
        query = "SELECT run, event, names, match FROM listeners WHERE event = ? ORDER BY run, names, match"
        with self._session() as connection:
            return tuple(Listener(*row) for row in connection.execute(query, (event,)))

    def messages(self, limit: int = 100) -> tuple[Message, ...]:
        query = "SELECT run, n, event, fields, heard FROM outbox ORDER BY run, n LIMIT ?"
        with self._session() as connection:
            found = connection.execute(query, (limit,))
            return tuple(
                Message(run, n, event, fields, tuple(heard.split("\n"))) for run, n, event, fields, heard in found
            )

    def take_out(self, message: Message) -> None:
        with self._session() as connection, _transaction(connection):
            connection.execute("DELETE FROM outbox WHERE run = ? AND n = ?", (message.run, message.n))
            connection.execute("COMMIT")

    def timing(self, run: str) -> tuple[Timing, ...]:
        query = "SELECT line, at, took FROM timing WHERE run = ? ORDER BY line"
        with self._session() as connection:
            return tuple(Timing(*row) for row in connection.execute(query, (run,)))

    def effect(self, key: str) -> Effect | None:
        query = "SELECT key, run, line, status, request, response FROM effects WHERE key = ?"
        with self._session() as connection:
            row = connection.execute(query, (key,)).fetchone()
        return None if row is None else Effect(*row)

    def effects(self, run: str) -> tuple[Effect, ...]:
        query = """SELECT key, run, line, status, request, response FROM effects
            WHERE run = ? ORDER BY line, key"""
        with self._session() as connection:
            return tuple(Effect(*row) for row in connection.execute(query, (run,)))

    def subjects(self, ids: Sequence[str]) -> tuple[Subject, ...]:
        with self._session() as connection:
            return sqlite_subjects.subjects(connection, ids)

    def runs_of(self, subject: str) -> tuple[str, ...]:
        with self._session() as connection:
            return sqlite_subjects.runs_of(connection, subject)

    def holding(self, mark: bytes) -> tuple[Holding, ...]:
        with self._session() as connection:
            return sqlite_subjects.holding(connection, mark)

    def scrub(self) -> None:
        with self._session() as connection:
            # The write-ahead log keeps pages as they were; a reader at work keeps it, and the next one ends it.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def log_size(self) -> int:
        with self._session() as connection:
            size: int = connection.execute("SELECT coalesce(max(n), -1) + 1 FROM log").fetchone()[0]
        return size

    def log(self, start: int, stop: int) -> tuple[LogEntry, ...]:
        query = "SELECT n, run, line, digest FROM log WHERE n >= ? AND n < ? ORDER BY n"
        with self._session() as connection:
            found = connection.execute(query, (start, stop))
            return tuple(LogEntry(n, run, Head(line, digest)) for n, run, line, digest in found)

    # --- the store itself ---

    def meta(self, key: str) -> bytes | None:
        with self._session() as connection:
            return rows.meta(connection, key)

    def swap_meta(self, key: str, expected: bytes | None, value: bytes) -> bool:
        if key in OWN_FACTS:
            raise LawBroken(f"The store sets `{key}` itself.")
        with self._session() as connection, _transaction(connection):
            if rows.meta(connection, key) != expected:
                return False
            if expected is None:
                connection.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (key, value))
            else:
                connection.execute("UPDATE meta SET value = ? WHERE key = ?", (value, key))
            connection.execute("COMMIT")
        return True

    def check(self) -> tuple[str, ...]:
        with self._session() as connection:
            found = tuple(row[0] for row in connection.execute("PRAGMA quick_check"))
        return () if found == ("ok",) else found

    def close(self) -> None:
        """Close the connection; not in a forked child, where that could remove the parent's side files."""
        if self._connection is not None and self._owner.is_here():
            self._connection.close()
            self._connection = None

    # --- the connection ---

    @contextmanager
    def _session(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to its owner, and turn what SQLite reports into the port's errors."""
        self._owner.check()
        if self._broken is not None:
            raise self._broken
        try:
            if self._connection is None:
                self._connection = connect(self._path, self._options)
            yield self._connection
        except (sqlite3.Error, UnicodeDecodeError) as error:
            reason = explained(error, self._path, self._connection)
            if reason is None:
                raise
            if isinstance(reason, StoreUnusable) and reason.cause in ("corrupt", "io"):
                self._broken = reason  # what a later read says can no longer be trusted
            raise reason from error


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold the write lock, unless an exclusive block already does; what is not committed inside is undone."""
    if not connection.in_transaction:
        connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
