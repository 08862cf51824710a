"""Tells what an error of SQLite means for the user of a store."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pgs_runtime.stores.errors import Cause, LawBroken, StoreBusy, StoreUnusable

_WRITABLE = "Make the file and its folder writable for you."
_RESTORE = "Restore the file from a backup."

# By primary result code (sqlite.org/rescode.html).
_CAUSES: dict[int, tuple[Cause, str, str]] = {
    sqlite3.SQLITE_NOTADB: ("foreign", "is not a SQLite database", "Name another data root."),
    sqlite3.SQLITE_CORRUPT: ("corrupt", "is corrupt", _RESTORE),
    sqlite3.SQLITE_READONLY: ("readonly", "is read-only", _WRITABLE),
    sqlite3.SQLITE_PERM: ("permission", "may not be opened", _WRITABLE),
    sqlite3.SQLITE_AUTH: ("permission", "may not be opened", _WRITABLE),
    sqlite3.SQLITE_CANTOPEN: ("permission", "cannot be opened", _WRITABLE),
    sqlite3.SQLITE_FULL: ("full", "has no room left", "Free some disk space; what was committed stands."),
    sqlite3.SQLITE_IOERR: ("io", "cannot be read or written", "Look at the disk and the system's log."),
}


def explained(
    error: sqlite3.Error | UnicodeDecodeError, path: Path, connection: sqlite3.Connection | None
) -> StoreBusy | StoreUnusable | LawBroken | None:
    """What to raise in place of an error that SQLite reported; None when it reports a mistake of our own."""
    if isinstance(error, UnicodeDecodeError) or not hasattr(error, "sqlite_errorcode"):
        # Python itself raises an OperationalError only for text that is not UTF-8, which we never wrote.
        foreign_text = isinstance(error, UnicodeDecodeError | sqlite3.OperationalError)
        return _unusable(sqlite3.SQLITE_CORRUPT, path, "a text is not UTF-8") if foreign_text else None
    primary = error.sqlite_errorcode & 0xFF
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusy(f"The store `{path}` is held by another process; try again.")
    if primary == sqlite3.SQLITE_CONSTRAINT:
        return LawBroken(f"The segment breaks a law of the store: {error}.")
    if primary == sqlite3.SQLITE_CORRUPT and connection is not None:
        return _unusable(primary, path, _first_problem(connection) or error.sqlite_errorname)
    if primary in _CAUSES:
        return _unusable(primary, path, error.sqlite_errorname)
    return StoreUnusable("unknown", f"The store `{path}` answers `{error.sqlite_errorname}`: {error}.")


def _first_problem(connection: sqlite3.Connection) -> str:
    """The first thing that SQLite's own check finds wrong, or "" if it cannot even check."""
    try:
        found: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error:
        return ""
    return found.splitlines()[-1]


def _unusable(primary: int, path: Path, detail: str) -> StoreUnusable:
    cause, what, hint = _CAUSES[primary]
    return StoreUnusable(cause, f"The store `{path}` {what} ({detail}).", hint)
