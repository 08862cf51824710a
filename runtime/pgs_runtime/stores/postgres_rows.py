"""The rows of a PostgreSQL store: how a segment is checked and written, and how a run is read back.

Every function works in the caller's transaction. Questions that belong together go out together, and their cursors
are looked at when all have been answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from pgs_runtime.stores import postgres_subjects
from pgs_runtime.stores.errors import LawBroken
from pgs_runtime.stores.postgres_session import Cursor, Session
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

PLACE = "store = %s AND place = sha256(convert_to(%s, 'UTF8'))"
_CHANGE = {
    "registry": f"SELECT 1 FROM $.registry WHERE {PLACE}",
    "state": f"SELECT change FROM $.state WHERE {PLACE}",
}
_CHANGES = "SELECT changes FROM $.counters WHERE kind = %s AND store = %s"
_LENGTH = f"SELECT coalesce(max(n), 0) FROM $.events WHERE {PLACE}"
_META = "SELECT value FROM $.meta WHERE key = %s"

_INSERT = "INSERT INTO $.registry (store, key, value, run, line) VALUES (%s, %s, %s, %s, %s)"
_APPEND = "INSERT INTO $.events (store, stream, n, body, run, line) VALUES (%s, %s, %s, %s, %s, %s)"
_CREATE = """INSERT INTO $.state (value, version, run, line, change, store, key) VALUES (%s, %s, %s, %s,
    coalesce((SELECT changes FROM $.counters WHERE kind = 'state' AND store = %s), 0) + 1, %s, %s)"""
_UPDATE = f"""UPDATE $.state SET value = %s, version = %s, run = %s, line = %s,
    change = (SELECT changes + 1 FROM $.counters WHERE kind = 'state' AND store = %s) WHERE {PLACE}"""
_DELETE = f"DELETE FROM $.state WHERE {PLACE}"
_INTEND = "INSERT INTO $.effects (key, run, line, request, status, response) VALUES (%s, %s, %s, %s, %s, %s)"
_SETTLE = "UPDATE $.effects SET status = %s, response = %s WHERE key = %s AND run = %s AND request = %s"
_LINES = """INSERT INTO $.trace (run, n, line)
    SELECT %s, %s + place - 1, line FROM unnest(%s::bytea[]) WITH ORDINALITY AS given(line, place) ORDER BY place"""
_KEEP = "INSERT INTO $.kept (run, line, body) VALUES (%s, %s, %s)"
_UNLISTEN = "DELETE FROM $.listeners WHERE run = %s"
_LISTEN = "INSERT INTO $.listeners (run, event, names, match) VALUES (%s, %s, %s, %s)"
_SEND = """INSERT INTO $.outbox (run, n, event, fields, heard)
    SELECT %s, %s::bigint, %s, %s::bytea, string_agg(run, chr(10) ORDER BY run)
    FROM (SELECT DISTINCT run FROM $.listeners WHERE event = %s) heard HAVING count(*) > 0"""
_TELL = "INSERT INTO $.outbox (run, n, event, fields, heard) VALUES (%s, %s, %s, %s, %s)"
_TIMING = """INSERT INTO $.timing (run, line, at, took)
    SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[])"""
_LOG = "INSERT INTO $.log (n, run, line, digest) SELECT coalesce(max(n), -1) + 1, %s, %s, %s FROM $.log RETURNING n"

_COLUMNS = """run, workflow, snapshot, fingerprint, request, payload, payload_digest, actor,
    status, line, digest, exit, answer, epoch, owner, until"""
_START = f"""INSERT INTO $.runs ({_COLUMNS})
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_MOVE = """UPDATE $.runs SET status = %s, line = %s, digest = %s, exit = %s, answer = %s,
    epoch = %s, owner = %s, until = %s WHERE run = %s"""
_RUN = f"SELECT {_COLUMNS} FROM $.runs WHERE run = %s"
_RUN_BY_REQUEST = f"SELECT {_COLUMNS} FROM $.runs WHERE workflow = %s AND request = %s"
_RUNS = f"SELECT {_COLUMNS} FROM $.runs WHERE run > %s ORDER BY run LIMIT %s"
_RUNS_BY_STATUS = f"SELECT {_COLUMNS} FROM $.runs WHERE run > %s AND status = %s ORDER BY run LIMIT %s"
# Live runs are few among many: the planner takes their index only where its condition stands in the query.
_RUNS_LIVE = _RUNS_BY_STATUS.replace("status = %s", "status = %s AND status IN ('RUNNING', 'WAITING', 'IN_DOUBT')")
_WRITTEN = "SELECT line FROM $.trace WHERE run = %s AND n = %s"
_LOGGED = "SELECT n FROM $.log WHERE run = %s AND line = %s AND digest = %s ORDER BY n LIMIT 1"

Row: TypeAlias = tuple[
    str, str, str, str, str | None, bytes, str, bytes,
    Status, int, str, str | None, bytes | None, int, str | None, int | None,
]  # fmt: skip

# --- reading -------------------------------------------------------------------------------------


def changes(session: Session, kind: Kind, store: str) -> int:
    row: tuple[int] | None = session.execute(_CHANGES, (kind, store)).fetchone()
    return 0 if row is None else row[0]


def length(session: Session, store: str, stream: str) -> int:
    row = session.execute(_LENGTH, (store, stream)).fetchone()
    return 0 if row is None else int(row[0])


def meta(session: Session, key: str) -> bytes | None:
    row: tuple[bytes] | None = session.execute(_META, (key,)).fetchone()
    return None if row is None else row[0]


def run(session: Session, id: str) -> Run | None:
    return _one(session.execute(_RUN, (id,)))


def run_by_request(session: Session, workflow: str, key: str) -> Run | None:
    return _one(session.execute(_RUN_BY_REQUEST, (workflow, key)))


def runs(session: Session, after: str, limit: int, status: Status | None) -> tuple[Run, ...]:
    if status is None:
        found = session.execute(_RUNS, (after, limit))
    else:
        query = _RUNS_LIVE if status in LIVE else _RUNS_BY_STATUS
        found = session.execute(query, (after, status, limit))
    return tuple(_run(row) for row in found.fetchall())


def _one(cursor: Cursor) -> Run | None:
    row: Row | None = cursor.fetchone()
    return None if row is None else _run(row)


def _run(row: Row) -> Run:
    id, workflow, snapshot, fingerprint, key, payload, payload_digest, actor = row[:8]
    status, line, digest, exit, answer, epoch, owner, until = row[8:]
    request = Request(workflow, snapshot, fingerprint, key, payload, payload_digest, actor)
    lease = None if owner is None or until is None else Lease(owner, until)
    return Run(id, request, status, Head(line, digest), exit, answer, epoch, lease)


# --- checking a segment --------------------------------------------------------------------------


class Check:
    """What a segment was made from, asked of the server now and judged when all answers are there."""

    def __init__(self, session: Session, segment: Segment) -> None:
        self._segment = segment
        asked = segment.run.request
        self._there = session.execute(_RUN, (segment.run.id,))
        new = segment.expected is None and asked.key is not None
        self._same = session.execute(_RUN_BY_REQUEST, (asked.workflow, asked.key)) if new else None
        self._reads = [(read, _asked(session, read)) for read in segment.reads]
        self._subjects = postgres_subjects.asked(session, segment)

    def refusal(self) -> Fenced | Conflict | None:
        """Why nothing may be written: where the run is, or the first read that would see something else now."""
        there = _one(self._there)
        expected = self._segment.expected
        if expected is None:
            if there is None and self._same is not None:
                there = _one(self._same)
            if there is not None:
                return Fenced(there)
        elif there is None or (there.head, there.epoch) != (expected.head, expected.epoch):
            return Fenced(there)
        conflict = next((Conflict(read) for read, answer in self._reads if _changed(read, answer)), None)
        if conflict is None and self._subjects is not None:
            conflict = postgres_subjects.changed(self._subjects, self._segment)
        return conflict


def _asked(session: Session, read: Read) -> Cursor:
    match read:
        case CellRead(table, store, key):
            return session.execute(_CHANGE[table], (store, key))
        case StoreRead(kind, store):
            return session.execute(_CHANGES, (kind, store))
        case LengthRead(store, stream):
            return session.execute(_LENGTH, (store, stream))


def _changed(read: Read, answer: Cursor) -> bool:
    row: tuple[int] | None = answer.fetchone()
    now = 0 if row is None else row[0]
    match read:
        case CellRead(change=then) | StoreRead(changes=then) | LengthRead(length=then):
            return now != then


def written(session: Session, segment: Segment) -> int | None:
    """The place in the log of a segment that stands already, as its last line shows, or None."""
    head = segment.run.head
    line = session.execute(_WRITTEN, (segment.run.id, head.line)).fetchone()
    if line is None or line[0] != segment.lines[-1]:
        return None
    place = session.execute(_LOGGED, (segment.run.id, head.line, head.digest)).fetchone()
    return None if place is None else int(place[0])


# --- writing a segment ---------------------------------------------------------------------------


def _say(session: Session, segment: Segment) -> None:
    """Write what the run listens for from now on, and what it tells those who listen."""
    if segment.listeners is not None:
        session.execute(_UNLISTEN, (segment.run.id,))
        for listener in dict.fromkeys(segment.listeners):
            session.execute(_LISTEN, listener)
    for message in segment.messages:
        if message.heard:
            session.execute(_TELL, (*message[:4], "\n".join(message.heard)))
        else:
            session.execute(_SEND, (*message[:4], message.event))


def apply(session: Session, segment: Segment) -> int:
    """Write all that a checked segment holds, and give its place in the log.

    The lines come before the run: the schema lets a head stand only on the last line there is.

    Raises:
        LawBroken: a cell or an effect that the segment goes on from is not there; the caller rolls back.
    """
    run = segment.run
    with session.pipeline():
        moved = [*_written(session, segment)]
        settled = [*_settled(session, segment)]
        erased = [*postgres_subjects.entered(session, segment)]
        session.execute(_LINES, (run.id, segment.first_line, list(segment.lines)))
        if segment.kept is not None:
            session.execute(_KEEP, (run.id, segment.first_line, segment.kept))
        _say(session, segment)
        timed = tuple(segment.timing)
        if timed:
            lines, at, took = (list(column) for column in zip(*timed, strict=True))
            session.execute(_TIMING, (run.id, lines, at, took))
        _move(session, run, known=segment.expected is not None)
        logged = session.execute(_LOG, (run.id, run.head.line, run.head.digest))
    if any(cursor.rowcount == 0 for cursor in moved):
        raise LawBroken("The segment breaks a law of the store: the version of a state cell counts its writes.")
    if any(cursor.rowcount == 0 for cursor in settled):
        raise LawBroken("The segment settles an effect that was never intended.")
    if any(cursor.rowcount == 0 for cursor in erased):
        raise LawBroken("The segment erases a subject that is not known.")
    place = logged.fetchone()
    if place is None:
        raise AssertionError("INSERT … RETURNING has one row")
    return int(place[0])


def _written(session: Session, segment: Segment) -> Iterator[Cursor]:
    """Apply the writes, and give the cursors of those that must have found a cell."""
    for write in segment.writes:
        cursor = _write(session, segment.run.id, write)
        if isinstance(write, Put) and write.version != 1:
            yield cursor


def _write(session: Session, run: str, write: Write) -> Cursor:
    match write:
        case Insert(store, key, value, line):
            return session.execute(_INSERT, (store, key, value, run, line))
        case Append(store, stream, n, body, line):
            return session.execute(_APPEND, (store, stream, n, body, run, line))
        case Put(store, key, value, version, line):
            statement = _CREATE if version == 1 else _UPDATE
            return session.execute(statement, (value, version, run, line, store, store, key))
        case Delete(store, key):
            return session.execute(_DELETE, (store, key))


def _settled(session: Session, segment: Segment) -> Iterator[Cursor]:
    """Write the effects, and give the cursors of those that must have found an intent."""
    for effect in segment.effects:
        cursor = _settle(session, effect)
        if effect.status != "INTENT":
            yield cursor


def _settle(session: Session, effect: Effect) -> Cursor:
    if effect.status == "INTENT":
        intent = (effect.key, effect.run, effect.line, effect.request, effect.status, effect.response)
        return session.execute(_INTEND, intent)
    return session.execute(_SETTLE, (effect.status, effect.response, effect.key, effect.run, effect.request))


def _move(session: Session, run: Run, *, known: bool) -> None:
    owner, until = (None, None) if run.lease is None else (run.lease.owner, run.lease.until)
    now = (run.status, run.head.line, run.head.digest, run.exit, run.answer, run.epoch, owner, until)
    if known:
        session.execute(_MOVE, (*now, run.id))
        return
    asked = run.request
    identity = (asked.workflow, asked.snapshot, asked.fingerprint, asked.key)
    session.execute(_START, (run.id, *identity, asked.payload, asked.payload_digest, asked.actor, *now))
