"""A connection to the server of a PostgreSQL store, and what is demanded before it is used.

Nothing outlives a transaction: no session settings, advisory locks or prepared statements. So a pooler may give each
transaction another connection, as pgbouncer does in its transaction mode.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from pathlib import Path
from typing import Any, Literal, TypeAlias

import psycopg
from psycopg.pq import TransactionStatus

from pgs_runtime.stores.errors import StoreUnusable
from pgs_runtime.stores.postgres_address import Address
from pgs_runtime.stores.postgres_faults import unreachable
from pgs_runtime.stores.postgres_objects import qualified
from pgs_runtime.stores.postgres_silence import SILENCE, Connection

Cursor: TypeAlias = "psycopg.Cursor[tuple[Any, ...]]"
Parameter: TypeAlias = str | int | bytes | list[bytes] | list[int] | list[str] | None
Lock: TypeAlias = Literal["alone", "beside"]

_OLDEST = 130000
_FACTS = """SELECT current_setting('server_version_num')::bigint, pg_is_in_recovery(),
    current_setting('fsync'), current_setting('full_page_writes'),
    current_setting('synchronous_commit'), current_setting('server_encoding')"""
_SETTINGS = """SELECT set_config('lock_timeout', %s, true), set_config('synchronous_commit', %s, true),
    set_config('idle_in_transaction_session_timeout', %s, true)"""
_LOCK: dict[Lock, str] = {
    "alone": "LOCK TABLE $.writers IN EXCLUSIVE MODE",
    "beside": "LOCK TABLE $.writers IN ROW EXCLUSIVE MODE",
}


@dataclass(frozen=True, slots=True)
class PostgresOptions:
    """How to open a PostgreSQL store.

    Attributes:
        patience: how long to wait for other processes, or for a server that restarts, in seconds.
        silence: how long to wait for the answer to a statement, in seconds; longer than `patience`, for which the
            server makes a writer wait for others.
        idle: how long an exclusive block may leave its transaction alone until the server ends it, in seconds.
        entropy: gives so many random bytes, for a new store's id and secret.
        make: whether a store is made where there is none.
        companion: a folder; where something is in it there was a store, and none is made anew.
    """

    patience: float = 10.0
    silence: float = SILENCE
    idle: float = 300.0
    entropy: Callable[[int], bytes] = secrets.token_bytes
    make: bool = True
    companion: Path | None = None


class Session:
    """A connection, and the schema that it works in."""

    __slots__ = ("_connection", "_synchronous", "schema")

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]], schema: str, synchronous: str) -> None:
        self._connection = connection
        self._synchronous = synchronous
        self.schema = schema

    def execute(self, statement: str, parameters: Iterable[Parameter] = ()) -> Cursor:
        """Run one statement, in which `$.` stands for the schema."""
        cursor = self._connection.cursor(binary=True)
        return cursor.execute(_bytes(statement, self.schema), list(parameters))

    @contextmanager
    def pipeline(self) -> Iterator[None]:
        """Send what is executed inside without waiting for each answer; look at the cursors behind the block."""
        if not psycopg.Pipeline.is_supported():
            yield
            return
        with self._connection.pipeline():
            yield

    def begin(self, lock: Lock, patience: float, idle: float) -> None:
        """Begin a transaction, unless one is open.

        Args:
            lock: writers are `alone`, one at a time; what moves a single row goes `beside` others of its kind.
        """
        if self.in_transaction:
            return
        # READ COMMITTED: what is read behind the lock is what the last writer left.
        self.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        self.execute(_SETTINGS, (_ms(patience), self._synchronous, _ms(idle)))
        self.execute(_LOCK[lock])

    def commit(self) -> None:
        """Commit.

        Raises:
            StoreUnusable: the server rolled back and said so only in passing.
        """
        done = self.execute("COMMIT").statusmessage
        if done != "COMMIT":
            raise StoreUnusable("unknown", f"The store answered a COMMIT with `{done}`.")

    def rollback(self) -> None:
        self.execute("ROLLBACK")

    @property
    def in_transaction(self) -> bool:
        return self._connection.info.transaction_status != TransactionStatus.IDLE

    @property
    def is_lost(self) -> bool:
        """Whether the connection is known to be gone; one that is may not be known to be."""
        return self._connection.closed

    def close(self) -> None:
        self._connection.close()


def connect(address: Address, patience: float, silence: float = SILENCE) -> Session:
    """Connect, and refuse a server that cannot keep what the mode promises.

    Args:
        silence: seconds after which a server that says nothing is given up.

    Raises:
        StoreUnusable: nothing answers there, or the server is not fit.
        psycopg.Error: the server refused what it was asked; `postgres_faults` tells why.
    """
    try:
        # The last two: every statement is planned when it runs, and a transaction begins where we say so.
        connection = Connection.connect(**_settings(address, patience), prepare_threshold=None, autocommit=True)
    except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
        raise unreachable(error, address) from None  # the chain would show what was connected with
    connection.silence = silence
    try:
        synchronous = _demand_fitness(connection, address)
    except BaseException:
        connection.close()
        raise
    return Session(connection, address.schema, synchronous)


def _settings(address: Address, patience: float) -> dict[str, Any]:
    """What libpq connects with. A peer that has gone without a word is noticed within about the patience."""
    seconds = max(2, ceil(patience))
    return {
        **address.parameters,
        "password": address.password,
        "connect_timeout": seconds,
        "fallback_application_name": "pgs_runtime",
        "keepalives_idle": seconds,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": seconds * 1000,
    }


def _demand_fitness(connection: psycopg.Connection[tuple[Any, ...]], address: Address) -> str:
    """The `synchronous_commit` that transactions are to have."""
    row = connection.execute(_FACTS).fetchone()
    if row is None:
        raise AssertionError("a SELECT without FROM has one row")
    number, standby, fsync, pages, synchronous, encoding = row
    refused = _unfit(address, "PostgreSQL 13 is the oldest that it can be") if number < _OLDEST else None
    if encoding != "UTF8":
        refused = _unfit(
            address, f"its database is in {encoding}", "Make one in UTF8: `createdb -E UTF8 -T template0`."
        )
    if standby:
        refused = _unfit(address, "it is a standby, which takes no writes", "Name the primary server.")
    if refused is None and address.mode == "durable":
        settings = {"fsync": fsync, "full_page_writes": pages, "synchronous_commit": synchronous}
        off = [name for name, value in settings.items() if value == "off"]
        if off:
            hint = f"Set `{off[0]} = on` on the server, or add `mode=fast` to the address, which promises less."
            refused = _unfit(address, f"`{off[0]}` is off: a commit would not survive a power cut", hint)
    if refused is not None:
        raise refused
    return "off" if address.mode == "fast" else str(synchronous)


def _unfit(address: Address, why: str, hint: str = "") -> StoreUnusable:
    return StoreUnusable("unsupported", f"The store `{address.shown}` cannot keep its promises: {why}.", hint)


def _ms(seconds: float) -> str:
    """A timeout as the server reads it, where 0 would be none."""
    return f"{max(1, round(seconds * 1000))}ms"


@lru_cache(maxsize=512)
def _bytes(statement: str, schema: str) -> bytes:
    return qualified(statement, schema).encode()
