"""What a PostgreSQL store is asked besides segments.

Every function works in the caller's transaction, or where there is none in one of its own for each statement.
"""

from __future__ import annotations

from pgs_runtime.stores import postgres_rows as rows
from pgs_runtime.stores.postgres_establish import differences
from pgs_runtime.stores.postgres_session import Session
from pgs_runtime.stores.records import (
    LONGEST_LEASE,
    Cell,
    Effect,
    Event,
    Head,
    Kept,
    Kind,
    Lease,
    Listener,
    LogEntry,
    Message,
    Run,
    Scan,
    Table,
    Tally,
    Timing,
)

_CELL = {
    "registry": f"SELECT key, value, 1, 1, run, line FROM $.registry WHERE {rows.PLACE}",
    "state": f"SELECT key, value, version, change, run, line FROM $.state WHERE {rows.PLACE}",
}
# The index of state holds the first 300 characters of a key: LIKE finds by them, starts_with by all.
_PREFIX = """WHERE store = %s AND "left"(key, 300) LIKE %s AND starts_with(key, %s) ORDER BY key"""
_CELLS = {
    "registry": f"SELECT key, value, 1, 1, run, line FROM $.registry {_PREFIX}",
    "state": f"SELECT key, value, version, change, run, line FROM $.state {_PREFIX}",
}
_LIKE = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})
_TALLY = "SELECT kind, store, rows, changes FROM $.counters WHERE kind = %s AND store = %s"
_TALLIES = "SELECT kind, store, rows, changes FROM $.counters ORDER BY kind, store"
_EVENTS = f"SELECT n, body, run, line FROM $.events WHERE {rows.PLACE} AND n >= %s AND n < %s ORDER BY n"
_STREAMS = "SELECT stream FROM $.events WHERE store = %s AND n = 1 ORDER BY stream"
_CLAIM = """UPDATE $.runs SET epoch = epoch + 1, owner = %s, until = %s
    WHERE run = %s AND epoch = coalesce(%s, epoch)
    AND status IN ('RUNNING', 'WAITING', 'IN_DOUBT') AND (owner IS NULL OR owner = %s OR until <= %s OR until > %s)"""
_EFFECT = "SELECT key, run, line, status, request, response FROM $.effects WHERE key = %s"
_EFFECTS = "SELECT key, run, line, status, request, response FROM $.effects WHERE run = %s ORDER BY line, key"

_PROBLEMS = """
SELECT 'the run `' || run || '` does not end at its last line' FROM $.runs r
  WHERE line IS DISTINCT FROM (SELECT max(n) FROM $.trace t WHERE t.run = r.run)
UNION ALL
SELECT 'the trace of `' || run || '` has a gap' FROM $.trace GROUP BY run HAVING max(n) <> count(*) - 1
UNION ALL
SELECT 'the stream `' || min(stream) || '` of `' || store || '` has a gap' FROM $.events
  GROUP BY store, place HAVING max(n) <> count(*)
UNION ALL
SELECT 'the log has a gap' FROM $.log HAVING max(n) <> count(*) - 1
UNION ALL
SELECT 'the rows of `' || c.store || '` are not as many as were counted' FROM $.counters c WHERE rows <> CASE kind
  WHEN 'registry' THEN (SELECT count(*) FROM $.registry x WHERE x.store = c.store)
    - (SELECT count(*) FROM $.gone x WHERE x.store = c.store)
  WHEN 'events' THEN (SELECT count(*) FROM $.events x WHERE x.store = c.store)
  ELSE (SELECT count(*) FROM $.state x WHERE x.store = c.store) END
LIMIT 100"""


def cell(session: Session, table: Table, store: str, key: str) -> Cell | None:
    row = session.execute(_CELL[table], (store, key)).fetchone()
    return None if row is None else Cell(*row)


def scan(session: Session, table: Table, store: str, prefix: str) -> Scan:
    # The counter first: a write between the two reads then shows as a conflict, and is never missed.
    changes = rows.changes(session, table, store)
    like = f"{prefix[:300].translate(_LIKE)}%"
    found = session.execute(_CELLS[table], (store, like, prefix)).fetchall()
    return Scan(tuple(Cell(*row) for row in found), changes)


def tally(session: Session, kind: Kind, store: str) -> Tally:
    row = session.execute(_TALLY, (kind, store)).fetchone()
    return Tally(kind, store, 0, 0) if row is None else Tally(*row)


def tallies(session: Session) -> tuple[Tally, ...]:
    return tuple(Tally(*row) for row in session.execute(_TALLIES).fetchall())


def events(session: Session, store: str, stream: str, span: range) -> tuple[Event, ...]:
    found = session.execute(_EVENTS, (store, stream, span.start, span.stop))
    return tuple(Event(*row) for row in found.fetchall())


def streams(session: Session, store: str) -> tuple[str, ...]:
    return tuple(row[0] for row in session.execute(_STREAMS, (store,)).fetchall())


def claim(session: Session, run: str, lease: Lease, now: int, seen: int | None) -> Run | None:
    # The update locks the run's row, and looks at it again if another one had it: of two claims one gets the lease.
    asked = (lease.owner, lease.until, run, seen, lease.owner, now, now + LONGEST_LEASE)
    return rows.run(session, run) if session.execute(_CLAIM, asked).rowcount else None


def lines(session: Session, run: str) -> tuple[bytes, ...]:
    found = session.execute("SELECT line FROM $.trace WHERE run = %s ORDER BY n", (run,))
    return tuple(row[0] for row in found.fetchall())


def telling(session: Session, mark: bytes) -> tuple[str, ...]:
    query = "SELECT DISTINCT run FROM $.trace WHERE position(%s::bytea IN line) > 0 ORDER BY run"
    return tuple(row[0] for row in session.execute(query, (mark,)).fetchall())


def kept(session: Session, run: str) -> tuple[Kept, ...]:
    found = session.execute("SELECT line, body FROM $.kept WHERE run = %s ORDER BY line", (run,))
    return tuple(Kept(*row) for row in found.fetchall())


def listeners(session: Session, event: str) -> tuple[Listener, ...]:
    query = "SELECT run, event, names, match FROM $.listeners WHERE event = %s ORDER BY run, names, match"
    return tuple(Listener(*row) for row in session.execute(query, (event,)).fetchall())


def messages(session: Session, limit: int) -> tuple[Message, ...]:
    query = "SELECT run, n, event, fields, heard FROM $.outbox ORDER BY run, n LIMIT %s"
    found = session.execute(query, (limit,)).fetchall()
    return tuple(Message(run, n, event, fields, tuple(heard.split("\n"))) for run, n, event, fields, heard in found)


def take_out(session: Session, message: Message) -> None:
    session.execute("DELETE FROM $.outbox WHERE run = %s AND n = %s", (message.run, message.n))


def timing(session: Session, run: str) -> tuple[Timing, ...]:
    found = session.execute("SELECT line, at, took FROM $.timing WHERE run = %s ORDER BY line", (run,))
    return tuple(Timing(*row) for row in found.fetchall())


def effect(session: Session, key: str) -> Effect | None:
    row = session.execute(_EFFECT, (key,)).fetchone()
    return None if row is None else Effect(*row)


def effects(session: Session, run: str) -> tuple[Effect, ...]:
    return tuple(Effect(*row) for row in session.execute(_EFFECTS, (run,)).fetchall())


def log_size(session: Session) -> int:
    row = session.execute("SELECT coalesce(max(n), -1) + 1 FROM $.log").fetchone()
    return 0 if row is None else int(row[0])


def log(session: Session, start: int, stop: int) -> tuple[LogEntry, ...]:
    found = session.execute("SELECT n, run, line, digest FROM $.log WHERE n >= %s AND n < %s ORDER BY n", (start, stop))
    return tuple(LogEntry(n, run, Head(line, digest)) for n, run, line, digest in found.fetchall())


def swap_meta(session: Session, key: str, expected: bytes | None, value: bytes) -> bool:
    if rows.meta(session, key) != expected:
        return False
    if expected is None:
        session.execute("INSERT INTO $.meta (key, value) VALUES (%s, %s)", (key, value))
    else:
        session.execute("UPDATE $.meta SET value = %s WHERE key = %s", (value, key))
    return True


def problems(session: Session) -> tuple[str, ...]:
    """Where the schema is not as its number says, and where rows break what its laws hold at every write."""
    return (*differences(session), *(row[0] for row in session.execute(_PROBLEMS).fetchall()))
