"""Tells what an error of PostgreSQL means: for the transaction it struck, and for the user of a store."""

from __future__ import annotations

from typing import Literal, TypeAlias

import psycopg
from psycopg import errors

from pgs_runtime.stores.errors import Cause, LawBroken, StoreBusy, StoreUnusable
from pgs_runtime.stores.postgres_address import Address
from pgs_runtime.stores.postgres_objects import LAW

Fate: TypeAlias = Literal["again", "lost", "final"]

_REACH = "See whether the server runs, and whether this user may connect to this database from here."
_LOG = "Look at the server's log."

# By SQLSTATE, or by its class, the first two characters (postgresql.org/docs/current/errcodes-appendix.html).
_AGAIN = {"40001", "40P01"}  # another transaction was in the way: the same one may pass now
_LOST = {"08", "57P01", "57P02", "57P03", "57P05", "25P03", "25P04"}
_BUSY = {"55P03", "57014", "53300"}
_LAWS = {LAW, "23", "22003", "22021", "54000"}
_CAUSES: dict[str, tuple[Cause, str, str]] = {
    "25006": ("readonly", "takes no writes", "Name the primary server."),
    "28": ("permission", "does not let this user in", _REACH),
    "3D": ("unreachable", "is in no database that there is", "Make the database: `createdb NAME`."),
    "3F000": ("altered", "has lost its schema", "Restore the database from a backup."),
    "42501": (
        "permission",
        "does not let this user do that",
        "As the schema's owner, grant this user USAGE on the schema, and SELECT, INSERT, UPDATE, DELETE on its tables.",
    ),
    "42703": ("altered", "has lost a column", "Restore the database from a backup."),
    "42883": ("altered", "has lost a function", "Restore the database from a backup."),
    "42P01": ("altered", "has lost a table", "Restore the database from a backup."),
    "53100": ("full", "has no room left", "Free some disk space on the server; what was committed stands."),
    "58": ("io", "cannot be read or written", _LOG),
    "XX001": ("corrupt", "is corrupt", "Restore the database from a backup."),
    "XX002": ("corrupt", "is corrupt", "Restore the database from a backup."),
}


def fate_of(error: psycopg.Error) -> Fate:
    """What becomes of the transaction: it may be run `again`, the connection is `lost`, or this is `final`."""
    state = error.sqlstate
    if state is None:
        lost = isinstance(error, psycopg.OperationalError) and not isinstance(error, errors.PipelineAborted)
        return "lost" if lost else "final"
    if state in _AGAIN:
        return "again"
    return "lost" if _known(state, _LOST) else "final"


def explained(error: psycopg.Error, address: Address) -> StoreBusy | StoreUnusable | LawBroken | None:
    """What to raise in place of a final error; None when it reports a mistake of our own."""
    state = error.sqlstate
    if state is None:
        nul = isinstance(error, psycopg.DataError)  # psycopg itself refuses no other text
        return LawBroken("A key of the store holds no NUL character.") if nul else None
    said = error.diag.message_primary or type(error).__name__
    if _known(state, _BUSY):
        return StoreBusy(f"The store `{address.shown}` is held by another process; try again.")
    if _known(state, _LAWS):
        return LawBroken(f"The segment breaks a law of the store: {said}.")
    known = _known(state, _CAUSES)
    if known:
        cause, what, hint = _CAUSES[known]
        return StoreUnusable(cause, f"The store `{address.shown}` {what} (SQLSTATE {state}).", hint)
    return StoreUnusable("unknown", f"The store `{address.shown}` answers {state}: {said}.")


def unreachable(error: psycopg.Error, address: Address) -> StoreUnusable:
    """No connection came about. libpq says why; nothing of a password is in that, and this makes sure of it."""
    said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    said = said.removeprefix("connection failed: ")
    if address.password:
        said = said.replace(address.password, "…")
    return StoreUnusable("unreachable", f"The store `{address.shown}` cannot be reached: {said}.", _REACH)


def in_doubt(address: Address) -> StoreUnusable:
    """A COMMIT went out, no answer came, and nobody could be asked."""
    return StoreUnusable(
        "unreachable",
        f"The store `{address.shown}` was lost in the middle of a commit, and it is not known whether that stands.",
        "Once the server runs: `pgs_runtime list` shows the run if it stands; the same `--request-id` runs it once.",
    )


def _known(state: str, table: set[str] | dict[str, tuple[Cause, str, str]]) -> str:
    """The entry for a SQLSTATE or for its class, or ""."""
    return next((entry for entry in (state, state[:2]) if entry in table), "")
