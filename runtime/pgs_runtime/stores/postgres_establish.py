"""Finds the store in a schema of the database, makes it where there is none, and brings an older one up to date."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import errors

from pgs_runtime.stores.errors import StoreUnusable
from pgs_runtime.stores.postgres_address import Address
from pgs_runtime.stores.postgres_objects import CATALOG, facts_of
from pgs_runtime.stores.postgres_schema import MIGRATIONS, Steps, objects
from pgs_runtime.stores.postgres_session import PostgresOptions, Session

_HERE = "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = %s"
_META = """SELECT count(*) FROM pg_catalog.pg_class
    WHERE relname = 'meta' AND relkind = 'r' AND relnamespace = %s::pg_catalog.regnamespace"""
_NUMBER = "SELECT value FROM $.meta WHERE key = 'schema'"
_FACT = "INSERT INTO $.meta (key, value) VALUES (%s, %s)"

# Another process made the same thing at the same moment.
_RACED = (errors.DuplicateSchema, errors.DuplicateTable, errors.DuplicateFunction, errors.UniqueViolation)
_TURNS = 5


class NoStore(StoreUnusable):
    """There is no store, and none is to be made."""


def establish(session: Session, address: Address, options: PostgresOptions, steps: Steps = MIGRATIONS) -> None:
    """Make sure of the store in the schema of the address, as one process of many that do so at once.

    Raises:
        NoStore: there is none, and `options.make` does not hold.
        StoreUnusable: it is another program's, altered, of a later version, or was there and is gone.
        psycopg.Error: the server refused.
    """
    for turn in range(_TURNS):
        try:
            if _is_ready(session, address, options, steps):
                return
        except _RACED:
            session.rollback()
            if turn == _TURNS - 1:
                raise
        finally:
            if session.in_transaction and not session.is_lost:
                session.rollback()


def _is_ready(session: Session, address: Address, options: PostgresOptions, steps: Steps) -> bool:
    """Whether the newest schema stands; if it does not, it is made now, and looked at again."""
    # Looked at first: where another process makes the store at this moment, the companion comes after it.
    used = options.companion is not None and _is_filled(options.companion)
    session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    found = _accepted(session, address, steps)
    session.rollback()
    if found == len(steps):
        return True
    if found == 0 and not options.make:
        raise NoStore("unreachable", f"There is no store at `{address.shown}`.", "A first run makes it.")
    if found == 0 and used and options.companion is not None:
        raise _lost(address, options.companion)
    session.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
    if found:
        session.execute("LOCK TABLE $.writers IN EXCLUSIVE MODE")
        _accepted(session, address, steps)
    migrate(session, {"store": options.entropy(16).hex().encode(), "secret": options.entropy(32)}, steps)
    session.commit()
    return False


def number(session: Session) -> int | None:
    """The schema number of the store: 0 where there is nothing yet, None where there is something else."""
    if not _count(session, _HERE, session.schema):
        return 0
    if not _count(session, _META, f'"{session.schema}"'):
        return None if _facts(session) else 0
    try:
        row = session.execute(_NUMBER).fetchone()
    except (
        errors.UndefinedColumn,
        errors.UndefinedFunction,
        errors.DatatypeMismatch,
        psycopg.DataError,
    ):  # another program has a table of this name
        return None
    value = row[0] if row is not None else None
    return int(value) if isinstance(value, bytes) and value.isdigit() else None


def migrate(session: Session, facts: Mapping[str, bytes], steps: Steps = MIGRATIONS) -> None:
    """Bring an empty or older store to the newest schema, in the caller's transaction.

    Args:
        session: has a transaction open, and the lock of the writers where there is a store.
        facts: what a new store's `meta` starts with.
        steps: the migrations from number 0 on.
    """
    found = number(session) or 0
    if found == 0 and not _count(session, _HERE, session.schema):
        session.execute(f'CREATE SCHEMA "{session.schema}"')
    with session.pipeline():
        for item in (item for step in steps[found:] for item in step):
            for statement in item.statements():
                session.execute(statement)
        newest = str(len(steps)).encode()
        if found == 0:
            for key, value in (("schema", newest), *facts.items()):
                session.execute(_FACT, (key, value))
        elif found < len(steps):
            session.execute("UPDATE $.meta SET value = %s WHERE key = 'schema'", (newest,))


def differences(session: Session) -> tuple[str, ...]:
    """What the schema has otherwise than its number says, each in a line."""
    expected, found = facts_of(objects(number(session) or 0), session.schema), _facts(session)
    missing = [f"missing: {fact}" for fact in sorted(expected - found)]
    return (*missing, *(f"added: {fact}" for fact in sorted(found - expected)))


def _accepted(session: Session, address: Address, steps: Steps) -> int:
    """The schema number of a store that may be opened, or migrated and then opened."""
    found, newest = number(session), len(steps)
    if found is None:
        message = f"The schema `{session.schema}` of `{address.shown}` belongs to another program."
        raise StoreUnusable("foreign", message, "Name another with `schema=…` in the address.")
    if found > newest:
        raise StoreUnusable(
            "newer",
            f"The store `{address.shown}` has schema {found}, and this program knows schemas up to {newest}.",
            "Upgrade pgs-python, or name another store.",
        )
    if found and _facts(session) != facts_of(objects(found, steps), session.schema):
        raise StoreUnusable(
            "altered",
            f"The tables or triggers of the store `{address.shown}` were altered from outside.",
            "Restore the schema from a backup.",
        )
    return found


def _facts(session: Session) -> frozenset[str]:
    rows = session.execute(CATALOG, (f'"{session.schema}"',) * 2).fetchall()
    return frozenset(row[0] for row in rows)


def _count(session: Session, query: str, name: str) -> int:
    row = session.execute(query, (name,)).fetchone()
    return 0 if row is None else int(row[0])


def _is_filled(folder: Path) -> bool:
    if folder.is_symlink() or not folder.is_dir():  # what is odd is refused where it is used
        return False
    with os.scandir(folder) as entries:
        return next(entries, None) is not None


def _lost(address: Address, companion: Path) -> StoreUnusable:
    return StoreUnusable(
        "altered",
        f"There is no store at `{address.shown}`, and what stands in `{companion}` says that there was one.",
        f"Name the store that it was, or restore it from a backup. To begin with nothing, take away `{companion}` too.",
    )
