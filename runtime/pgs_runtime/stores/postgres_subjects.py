"""The subjects of a PostgreSQL store: whose keys there are, which runs belong to them, where their values are held.

Every function works in the caller's transaction, or where there is none in one of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgs_runtime.stores.postgres_session import Cursor, Session
from pgs_runtime.stores.records import Conflict, Holding, Segment, Subject, SubjectRead

_SUBJECTS = "SELECT id, key, coalesce(erased, '') FROM $.subjects WHERE id = ANY(%s) ORDER BY id"
_ENTER = "INSERT INTO $.subjects (id, key) VALUES (%s, %s) ON CONFLICT (id) DO NOTHING"
_CONCERN = "INSERT INTO $.concerns (subject, run) VALUES (%s, %s) ON CONFLICT (subject, run) DO NOTHING"
_ERASE = "UPDATE $.subjects SET key = NULL, erased = %s WHERE id = %s"
_GO = "INSERT INTO $.gone (store, key) VALUES (%s, %s)"
_HOLDING = """SELECT kind, store, key, n FROM (
    SELECT 'registry' AS kind, store, key, 0 AS n, value FROM $.registry r
      WHERE NOT EXISTS (SELECT 1 FROM $.gone g WHERE g.store = r.store AND g.place = r.place)
    UNION ALL SELECT 'state', store, key, 0, value FROM $.state
    UNION ALL SELECT 'events', store, stream, n, body FROM $.events) held
  WHERE substring(value FROM 1 FOR 1) = '\\x00'::bytea AND position(%s::bytea IN value) > 0
  ORDER BY kind, store, key, n"""


def subjects(session: Session, ids: Sequence[str]) -> tuple[Subject, ...]:
    return tuple(Subject(*row) for row in session.execute(_SUBJECTS, (list(ids),)).fetchall())


def runs_of(session: Session, subject: str) -> tuple[str, ...]:
    found = session.execute("SELECT run FROM $.concerns WHERE subject = %s ORDER BY run", (subject,))
    return tuple(row[0] for row in found.fetchall())


def holding(session: Session, mark: bytes) -> tuple[Holding, ...]:
    return tuple(Holding(*row) for row in session.execute(_HOLDING, (mark,)).fetchall())


def changed(answer: Cursor, segment: Segment) -> Conflict | None:
    """The first subject that has another key than the segment was made with, or none any more."""
    keys = {id: key for id, key, _ in answer.fetchall()}
    for subject in segment.subjects:
        if keys.get(subject.id, subject.key) != subject.key:
            return Conflict(SubjectRead(subject.id))
    return None


def asked(session: Session, segment: Segment) -> Cursor | None:
    """Ask for the keys that a segment was made with."""
    ids = [subject.id for subject in segment.subjects]
    return session.execute(_SUBJECTS, (ids,)) if ids else None


def entered(session: Session, segment: Segment) -> Iterator[Cursor]:
    """Write whom a segment's run belongs to and whose key ends with it; cursors of what must have found a subject."""
    for subject in segment.subjects:
        session.execute(_ENTER, (subject.id, subject.key))
        session.execute(_CONCERN, (subject.id, segment.run.id))
    if segment.erasure is not None:
        yield session.execute(_ERASE, (segment.erasure.at, segment.erasure.subject))
        for place in segment.erasure.keys:
            session.execute(_GO, place)
