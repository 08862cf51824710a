"""What a run asks of a state store, in bytes.

Laws, held by every backend and by one suite of tests:
* a segment is written whole or not at all, and only if nothing that it read has changed since;
* registry rows, events, trace lines and log entries never change and never go; streams, traces and the log
  have no gaps;
* the version of a state cell counts its writes, and a key that was freed and set again is seen as changed;
* an ended run never changes, and a run is moved only by the owner of its latest lease epoch;
* a subject's key never changes; it ends once, when no live run belongs to the subject, and never comes back;
* keys, streams and ids are listed in the order of their UTF-8 bytes.

Single reads see the newest committed state, and two reads may see two states. So a run that ends in a fault
commits its read set like any other, and a `Conflict` tells that what it saw never was.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from pgs_runtime.stores.errors import Cause, LawBroken, StoreBusy, StoreMisused, StoreUnusable
from pgs_runtime.stores.records import (
    ENDED,
    LIVE,
    LONGEST_LEASE,
    OWN_FACTS,
    TO_MACHINES,
    Append,
    Cell,
    CellRead,
    Committed,
    Conflict,
    Delete,
    Effect,
    EffectStatus,
    Erasure,
    Event,
    Expected,
    Fenced,
    Head,
    Holding,
    Insert,
    Kept,
    Kind,
    Lease,
    LengthRead,
    Listener,
    LogEntry,
    Marks,
    Message,
    Put,
    Read,
    Request,
    Run,
    Scan,
    Segment,
    Status,
    StoreRead,
    Subject,
    SubjectRead,
    Table,
    Tally,
    Timing,
    Write,
)

__all__ = [
    "ENDED",
    "LIVE",
    "LONGEST_LEASE",
    "OWN_FACTS",
    "TO_MACHINES",
    "Append",
    "Cause",
    "Cell",
    "CellRead",
    "Committed",
    "Conflict",
    "Delete",
    "Effect",
    "EffectStatus",
    "Erasure",
    "Event",
    "Expected",
    "Fenced",
    "Head",
    "Holding",
    "Insert",
    "Kept",
    "Kind",
    "LawBroken",
    "Lease",
    "LengthRead",
    "Listener",
    "LogEntry",
    "Marks",
    "Message",
    "Put",
    "Read",
    "Request",
    "Run",
    "Scan",
    "Segment",
    "Status",
    "Store",
    "StoreBusy",
    "StoreMisused",
    "StoreRead",
    "StoreUnusable",
    "Subject",
    "SubjectRead",
    "Table",
    "Tally",
    "Timing",
    "Write",
]


class Store(Protocol):
    """A state store, owned by the process and thread that used it first.

    Every method may raise `StoreBusy`, `StoreUnusable` and `StoreMisused`. Ranges are half open.
    """

    def get(self, table: Table, store: str, key: str) -> Cell | None: ...

    def scan(self, table: Table, store: str, prefix: str = "") -> Scan: ...

    def count(self, kind: Kind, store: str) -> Tally: ...

    def tallies(self) -> tuple[Tally, ...]:
        """Every store that was ever written to, by kind and name."""

    def length(self, store: str, stream: str) -> int: ...

    def events(self, store: str, stream: str, start: int, stop: int) -> tuple[Event, ...]: ...

    def streams(self, store: str) -> tuple[str, ...]: ...

    def commit(self, segment: Segment) -> Committed | Conflict | Fenced:
        """Write a segment whole, or not at all.

        Raises:
            LawBroken: the segment contradicts itself or a law of the store.
        """

    def exclusive(self) -> AbstractContextManager[None]:
        """Keep every other writer out, until the commit inside the block or the end of the block."""

    def claim(self, run: str, lease: Lease, now: int, seen: int | None = None) -> Run | None:
        """Take the lease of a live run, which raises its epoch by one.

        None: there is no such run, it has ended, its epoch is not the one that was `seen`, or another owner holds it
        beyond `now` (µs since 1970 UTC). A lease that ends more than `LONGEST_LEASE` later was given by a clock that
        has jumped, and holds nothing.
        """

    def run(self, run: str) -> Run | None: ...

    def run_by_request(self, workflow: str, key: str) -> Run | None: ...

    def runs(self, after: str = "", limit: int = 100, status: Status | None = None) -> tuple[Run, ...]:
        """Up to `limit` runs whose ids follow `after`, in the order of ids."""

    def lines(self, run: str) -> tuple[bytes, ...]: ...

    def kept(self, run: str) -> tuple[Kept, ...]:
        """What it takes to do a run's segments again, in their order, as far as that was kept."""

    def listeners(self, event: str) -> tuple[Listener, ...]:
        """What live runs listen for, of one event, in the order of their ids."""

    def messages(self, limit: int = 100) -> tuple[Message, ...]:
        """Messages that were not taken out yet, in the order of runs and numbers."""

    def take_out(self, message: Message) -> None:
        """Take a message out: everybody who listened has been told."""

    def timing(self, run: str) -> tuple[Timing, ...]: ...

    def effect(self, key: str) -> Effect | None: ...

    def effects(self, run: str) -> tuple[Effect, ...]:
        """A run's effects in the order of their lines."""

    def subjects(self, ids: Sequence[str]) -> tuple[Subject, ...]:
        """Those of the subjects that are known, in the order of their ids."""

    def runs_of(self, subject: str) -> tuple[str, ...]:
        """The ids of the runs whose labelled values belong to a subject, in their order."""

    def holding(self, mark: bytes) -> tuple[Holding, ...]:
        """Where values are held that begin with a NUL and have these bytes in them; it looks at all of them.

        A key of the registry that an erasure has named is none of them.
        """

    def telling(self, mark: bytes) -> tuple[str, ...]:
        """The ids of the runs that have a line with these bytes in it, in their order; it looks at all lines."""

    def scrub(self) -> None:
        """Leave nothing of what was overwritten in the store's own files, as far as that is in its hands."""

    def log_size(self) -> int: ...

    def log(self, start: int, stop: int) -> tuple[LogEntry, ...]: ...

    def meta(self, key: str) -> bytes | None:
        """A fact about the store; `schema`, `store` (its id) and `secret` (32 bytes) are always there."""

    def swap_meta(self, key: str, expected: bytes | None, value: bytes) -> bool:
        """Set a fact if it still is what was expected (None: absent), and say whether it was.

        Raises:
            LawBroken: the key is one of those that the store sets itself.
        """

    def check(self) -> tuple[str, ...]:
        """What is wrong with the store's own structures; nothing when they are sound."""

    def close(self) -> None: ...
