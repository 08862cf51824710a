"""The subjects of a SQLite store: whose keys there are, which runs belong to them, and where their values are held.

Every function works in the caller's transaction, if there is one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from pgs_runtime.stores.errors import LawBroken
from pgs_runtime.stores.records import Conflict, Erasure, Holding, Segment, Subject, SubjectRead

_MOST = 500  # placeholders in one statement

_SUBJECT = "SELECT key FROM subjects WHERE id = ?"
_ENTER = "INSERT INTO subjects (id, key) SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM subjects WHERE id = ?1)"
_CONCERN = """INSERT INTO concerns (subject, run) SELECT ?1, ?2
    WHERE NOT EXISTS (SELECT 1 FROM concerns WHERE subject = ?1 AND run = ?2)"""
_ERASE = "UPDATE subjects SET key = NULL, erased = ? WHERE id = ?"
_GO = "INSERT INTO gone (store, key) VALUES (?, ?)"
_HOLDING = """SELECT kind, store, key, n FROM (
    SELECT 'registry' AS kind, store, key, 0 AS n, value FROM registry
      WHERE NOT EXISTS (SELECT 1 FROM gone WHERE gone.store = registry.store AND gone.key = registry.key)
    UNION ALL SELECT 'state', store, key, 0, value FROM state
    UNION ALL SELECT 'events', store, stream, n, body FROM events)
  WHERE substr(value, 1, 1) = x'00' AND instr(value, ?) > 0 ORDER BY kind, store, key, n"""


def subjects(connection: sqlite3.Connection, ids: Sequence[str]) -> tuple[Subject, ...]:
    found: list[Subject] = []
    for first in range(0, len(ids), _MOST):
        some = ids[first : first + _MOST]
        query = f"SELECT id, key, coalesce(erased, '') FROM subjects WHERE id IN ({', '.join('?' * len(some))})"  # noqa: S608
        found += (Subject(*row) for row in connection.execute(query, some))
    return tuple(sorted(found))


def runs_of(connection: sqlite3.Connection, subject: str) -> tuple[str, ...]:
    query = "SELECT run FROM concerns WHERE subject = ? ORDER BY run"
    return tuple(row[0] for row in connection.execute(query, (subject,)))


def holding(connection: sqlite3.Connection, mark: bytes) -> tuple[Holding, ...]:
    return tuple(Holding(*row) for row in connection.execute(_HOLDING, (mark,)))


def changed(connection: sqlite3.Connection, segment: Segment) -> Conflict | None:
    """Find the first subject that has another key than the segment was made with, or none any more."""
    for subject in segment.subjects:
        row = connection.execute(_SUBJECT, (subject.id,)).fetchone()
        if row is not None and row[0] != subject.key:
            return Conflict(SubjectRead(subject.id))
    return None


def enter(connection: sqlite3.Connection, segment: Segment) -> None:
    """Write whom a segment's run belongs to, and whose key ends with it."""
    for subject in segment.subjects:
        connection.execute(_ENTER, (subject.id, subject.key))
        connection.execute(_CONCERN, (subject.id, segment.run.id))
    if segment.erasure is not None:
        _erase(connection, segment.erasure)


def _erase(connection: sqlite3.Connection, erasure: Erasure) -> None:
    if connection.execute(_ERASE, (erasure.at, erasure.subject)).rowcount == 0:
        raise LawBroken("The segment erases a subject that is not known.")
    connection.executemany(_GO, erasure.keys)
