"""The store in a PostgreSQL database: one schema, one connection a process, opened at first use.

What writes takes the lock of the writers first, one process at a time, as in SQLite. So nothing has to be checked
against what another transaction has not committed yet, and writers never wait for each other in a circle.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Literal, TypeVar

import psycopg

from pgs_runtime.stores import postgres_reads as reads
from pgs_runtime.stores import postgres_rows as rows
from pgs_runtime.stores import postgres_subjects
from pgs_runtime.stores.errors import LawBroken, StoreBusy, StoreMisused, StoreUnusable
from pgs_runtime.stores.ownership import Owner
from pgs_runtime.stores.postgres_address import Address
from pgs_runtime.stores.postgres_establish import NoStore, establish
from pgs_runtime.stores.postgres_faults import explained, fate_of, in_doubt, unreachable
from pgs_runtime.stores.postgres_session import PostgresOptions, Session, connect
from pgs_runtime.stores.records import (
    OWN_FACTS,
    Cell,
    Committed,
    Conflict,
    Effect,
    Event,
    Fenced,
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

_DEFAULT = PostgresOptions()
_TURNS = 10
"""How often a transaction is run that the server ends in favour of another one, or with its connection."""
_PAUSE = 0.05
"""Seconds between two tries to reach a server that was there."""

T = TypeVar("T")


class _Block:
    """An exclusive block: it holds its transaction, has ended it by a commit, or has lost it."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state: Literal["held", "over", "lost"] = "held"


class PostgresStore:
    """A store in one schema of a database.

    Args:
        address: where it is.
        options: how to open it.
    """

    def __init__(self, address: Address, options: PostgresOptions = _DEFAULT) -> None:
        self._address = address
        self._options = options
        self._owner = Owner()
        self._session: Session | None = None
        self._reached = False
        self._block: _Block | None = None

    # --- reads ---

    def get(self, table: Table, store: str, key: str) -> Cell | None:
        return self._read(lambda session: reads.cell(session, table, store, key))

    def scan(self, table: Table, store: str, prefix: str = "") -> Scan:
        return self._read(lambda session: reads.scan(session, table, store, prefix))

    def count(self, kind: Kind, store: str) -> Tally:
        return self._read(lambda session: reads.tally(session, kind, store))

    def tallies(self) -> tuple[Tally, ...]:
        return self._read(reads.tallies)

    def length(self, store: str, stream: str) -> int:
        return self._read(lambda session: rows.length(session, store, stream))

    def events(self, store: str, stream: str, start: int, stop: int) -> tuple[Event, ...]:
        return self._read(lambda session: reads.events(session, store, stream, range(start, stop)))

    def streams(self, store: str) -> tuple[str, ...]:
        return self._read(lambda session: reads.streams(session, store))

    # --- writes ---

    def commit(self, segment: Segment) -> Committed | Conflict | Fenced:
        held = self._block is not None and self._block.state == "held"

        def work(session: Session, doubt: bool) -> Committed | Conflict | Fenced:
            with session.pipeline():
                session.begin("alone", self._options.patience, self._options.patience)
                check = rows.Check(session, segment)
            if doubt:
                place = rows.written(session, segment)
                if place is not None:
                    return Committed(place)
                if held:  # others may have written since the block lost its lock
                    raise self._let_go()
            return check.refusal() or Committed(rows.apply(session, segment))

        return self._write(work)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        self._owner.check()
        if self._block is not None:
            raise StoreMisused("The store is already held exclusively.")
        idle = self._options.idle
        self._insist(lambda session, doubt: session.begin("alone", self._options.patience, idle), writes=False)
        block = self._block = _Block()
        try:
            yield
        finally:
            self._block = None
            if block.state == "held":
                self._undo()

    def claim(self, run: str, lease: Lease, now: int, seen: int | None = None) -> Run | None:
        def work(session: Session, doubt: bool) -> Run | None:
            session.begin("beside", self._options.patience, self._options.patience)
            if doubt and seen is not None:
                there = rows.run(session, run)
                if there is not None and (there.epoch, there.lease) == (seen + 1, lease):
                    return there  # the claim stands, and only its answer was lost
            return reads.claim(session, run, lease, now, seen)

        return self._write(work)

    # --- runs ---

    def run(self, run: str) -> Run | None:
        return self._read(lambda session: rows.run(session, run))

    def run_by_request(self, workflow: str, key: str) -> Run | None:
        return self._read(lambda session: rows.run_by_request(session, workflow, key))

    def runs(self, after: str = "", limit: int = 100, status: Status | None = None) -> tuple[Run, ...]:
        return self._read(lambda session: rows.runs(session, after, limit, status))

    def lines(self, run: str) -> tuple[bytes, ...]:
        return self._read(lambda session: reads.lines(session, run))

    def telling(self, mark: bytes) -> tuple[str, ...]:
        return self._read(lambda session: reads.telling(session, mark))

    def kept(self, run: str) -> tuple[Kept, ...]:
        return self._read(lambda session: reads.kept(session, run))

    def listeners(self, event: str) -> tuple[Listener, ...]:
        return self._read(lambda session: reads.listeners(session, event))

    def messages(self, limit: int = 100) -> tuple[Message, ...]:
        return self._read(lambda session: reads.messages(session, limit))

    def take_out(self, message: Message) -> None:
        def work(session: Session, doubt: bool) -> None:
            session.begin("beside", self._options.patience, self._options.patience)
            reads.take_out(session, message)

        self._write(work)

    def timing(self, run: str) -> tuple[Timing, ...]:
        return self._read(lambda session: reads.timing(session, run))

    def effect(self, key: str) -> Effect | None:
        return self._read(lambda session: reads.effect(session, key))

    def effects(self, run: str) -> tuple[Effect, ...]:
        return self._read(lambda session: reads.effects(session, run))

    def subjects(self, ids: Sequence[str]) -> tuple[Subject, ...]:
        return self._read(lambda session: postgres_subjects.subjects(session, ids))

    def runs_of(self, subject: str) -> tuple[str, ...]:
        return self._read(lambda session: postgres_subjects.runs_of(session, subject))

    def holding(self, mark: bytes) -> tuple[Holding, ...]:
        return self._read(lambda session: postgres_subjects.holding(session, mark))

    def scrub(self) -> None:
        """Nothing: what its pages and its log still hold is the server's, and its owner's to vacuum."""

    def log_size(self) -> int:
        return self._read(reads.log_size)

    def log(self, start: int, stop: int) -> tuple[LogEntry, ...]:
        return self._read(lambda session: reads.log(session, start, stop))

    # --- the store itself ---

    def exists(self) -> bool:
        """Whether there is a store; it is made by asking, unless the options say otherwise."""
        try:
            self.meta("store")
        except NoStore:
            return False
        return True

    def meta(self, key: str) -> bytes | None:
        return self._read(lambda session: rows.meta(session, key))

    def swap_meta(self, key: str, expected: bytes | None, value: bytes) -> bool:
        if key in OWN_FACTS:
            raise LawBroken(f"The store sets `{key}` itself.")

        def work(session: Session, doubt: bool) -> bool:
            session.begin("alone", self._options.patience, self._options.patience)
            if doubt and rows.meta(session, key) == value:
                return True  # it was wanted, and it stands, whoever set it
            return reads.swap_meta(session, key, expected, value)

        return self._write(work)

    def check(self) -> tuple[str, ...]:
        return self._read(reads.problems)

    def close(self) -> None:
        """Close the connection; not in a forked child, which would say good-bye on the parent's behalf."""
        if self._owner.is_here():
            self._drop()

    # --- transactions ---

    def _read(self, query: Callable[[Session], T]) -> T:
        block = self._block
        if block is None or block.state == "over":
            return self._insist(lambda session, doubt: query(session), writes=False)
        with self._within(block) as session:
            return query(session)

    def _write(self, work: Callable[[Session, bool], T]) -> T:
        """Do work and commit it; inside an exclusive block in its transaction or not at all."""
        block = self._block
        if block is None or block.state == "over":
            return self._insist(work, writes=True)
        with self._within(block) as session:
            answer = work(session, False)
            block.state = "over"
            try:
                session.commit()
            except psycopg.Error as error:
                if fate_of(error) != "lost":
                    raise
                self._drop()
                return self._insist(work, writes=True, doubt=True)
            return answer

    @contextmanager
    def _within(self, block: _Block) -> Iterator[Session]:
        """Use the transaction of a block. Whatever ends it early lets go of the lock, and nothing goes on without."""
        self._owner.check()
        if block.state == "lost" or self._session is None:
            raise self._let_go()
        try:
            yield self._session
        except psycopg.Error as error:
            block.state = "lost" if block.state == "held" else block.state
            raise (self._let_go() if fate_of(error) != "final" else self._given_up(error)) from error
        except LawBroken:
            block.state = "over"
            raise
        finally:
            if block.state != "held":
                self._undo()

    def _insist(self, work: Callable[[Session, bool], T], *, writes: bool, doubt: bool = False) -> T:
        """Do work, and commit if it `writes`; anew where another one was in the way or the connection was lost.

        Args:
            doubt: whether an earlier commit of it may stand, which the work is told.
        """
        self._owner.check()
        deadline = time.monotonic() + self._options.patience
        for turn in count(1):
            late = time.monotonic() > deadline or turn == _TURNS
            sent = done = False
            try:
                session = self._connected(deadline)
                answer = work(session, doubt)
                if writes:
                    sent = True
                    session.commit()
                done = True
                return answer
            except psycopg.Error as error:
                fate = fate_of(error)
                doubt = doubt or (sent and fate == "lost")
                if fate == "final" or late:
                    raise (in_doubt(self._address) if doubt else self._given_up(error)) from error
                if fate == "lost":
                    self._drop()
            except StoreUnusable as unusable:
                if doubt:
                    raise in_doubt(self._address) from unusable
                raise
            finally:
                if not done:
                    self._undo()
        raise AssertionError("the count never ends")

    # --- the connection ---

    def _connected(self, deadline: float) -> Session:
        """The connection, made where there is none.

        A server that was there may come back, as it restarts or another one takes its place: it is waited for.
        """
        while self._session is None:
            try:
                session = connect(self._address, self._options.patience, self._options.silence)
            except StoreUnusable as unusable:
                if unusable.cause != "unreachable" or not self._reached or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE)
                continue
            try:
                establish(session, self._address, self._options)
            except BaseException:
                session.close()
                raise
            self._session, self._reached = session, True
        return self._session

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _undo(self) -> None:
        """Roll back what is open."""
        if self._session is not None and self._session.in_transaction:
            try:
                self._session.rollback()
            except psycopg.Error:  # the server does it when the connection ends
                self._drop()

    def _given_up(self, error: psycopg.Error) -> Exception:
        """What to raise in place of an error that is not to be tried again."""
        fate = fate_of(error)
        if fate == "lost":
            return unreachable(error, self._address)
        return self._let_go() if fate == "again" else explained(error, self._address) or error

    def _let_go(self) -> StoreBusy:
        return StoreBusy(f"The store `{self._address.shown}` let go of this transaction; nothing of it was written.")
