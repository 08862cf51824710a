"""What crosses the port of a state store: rows in bytes, what a segment read, and what it writes.

Rows are named tuples: a class of them is made ten times as fast as a frozen dataclass, and every start makes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

from pgs_runtime.stores.errors import LawBroken

Table: TypeAlias = Literal["registry", "state"]
Kind: TypeAlias = Literal["registry", "events", "state"]

Status: TypeAlias = Literal[
    "RUNNING",
    "WAITING",
    "IN_DOUBT",
    "COMPLETED",
    "DENIED",
    "REJECTED",
    "FAILED",
    "FAULTED",
    "STOPPED",
    "CANCELLED",
]

LIVE: tuple[Status, ...] = ("RUNNING", "WAITING", "IN_DOUBT")
ENDED: tuple[Status, ...] = ("COMPLETED", "DENIED", "REJECTED", "FAILED", "FAULTED", "STOPPED", "CANCELLED")

OWN_FACTS = ("schema", "store", "secret")
"""The keys of `meta` that the store sets itself."""

# --- what is read --------------------------------------------------------------------------------


class Cell(NamedTuple):
    """What a key holds, and the run and trace line that wrote it.

    Attributes:
        version: counts the writes since the key was last free, from 1.
        change: the number of that write among the changes of its store; never used twice.
        subjects: the ids of those whom the value belongs to, if it was sealed; no backend knows.
    """

    key: str
    value: bytes
    version: int
    change: int
    run: str
    line: int
    subjects: tuple[str, ...] = ()


class Tally(NamedTuple):
    """How many rows a store holds now, and how often it has changed since it was made."""

    kind: Kind
    store: str
    rows: int
    changes: int


class Scan(NamedTuple):
    """Cells in the order of their keys. `changes` is never newer than they are."""

    cells: tuple[Cell, ...]
    changes: int


class Event(NamedTuple):
    """One event of a stream; `n` counts from 1, and `subjects` are as those of a cell."""

    n: int
    body: bytes
    run: str
    line: int
    subjects: tuple[str, ...] = ()


class CellRead(NamedTuple):
    """A cell was read with this `change`; 0 says that the key was free."""

    table: Table
    store: str
    key: str
    change: int


class StoreRead(NamedTuple):
    """A count or a list was read when the store had changed this often."""

    kind: Kind
    store: str
    changes: int


class LengthRead(NamedTuple):
    """A stream had this many events. Events themselves never change, so reading them needs no entry."""

    store: str
    stream: str
    length: int


Read: TypeAlias = CellRead | StoreRead | LengthRead


class Subject(NamedTuple):
    """Somebody whom labelled values belong to.

    Attributes:
        id: 64 hexadecimal digits that say nothing of who it is.
        key: 32 bytes, under which the values are sealed; None once it was erased.
        erased: when that was, as a trace writes time, or "".
    """

    id: str
    key: bytes | None
    erased: str = ""


class SubjectRead(NamedTuple):
    """A subject had the key that a segment was made with, or was not known yet."""

    id: str


class Holding(NamedTuple):
    """Where a value is held; `n` is the number of a record in its stream, `key`, and else 0."""

    kind: Kind
    store: str
    key: str
    n: int = 0


# --- what is written -----------------------------------------------------------------------------


class Insert(NamedTuple):
    """Bind a key of the registry, once. `line` is the trace line that tells of the write, here and below."""

    store: str
    key: str
    value: bytes
    line: int


class Append(NamedTuple):
    """Add event `n` to a stream; `n` is its length plus 1."""

    store: str
    stream: str
    n: int
    body: bytes
    line: int


class Put(NamedTuple):
    """Set a state cell; `version` is its version plus 1, or 1 if the key is free."""

    store: str
    key: str
    value: bytes
    version: int
    line: int


class Delete(NamedTuple):
    """Remove a state cell, if it is there."""

    store: str
    key: str


Write: TypeAlias = Insert | Append | Put | Delete


class Erasure(NamedTuple):
    """The end of a subject's key.

    Attributes:
        at: when, as a trace writes time.
        keys: keys of the registry, each with its store, that hold nothing any more and are counted no longer.
    """

    subject: str
    at: str
    keys: tuple[tuple[str, str], ...] = ()


EffectStatus: TypeAlias = Literal["INTENT", "DONE", "FAILED", "IN_DOUBT"]


@dataclass(frozen=True, slots=True)
class Effect:
    """An external effect under its key.

    It starts as INTENT, which becomes DONE, FAILED or IN_DOUBT; DONE and FAILED are final. `line` is the line
    that told of the intent.
    """

    key: str
    run: str
    line: int
    status: EffectStatus
    request: bytes
    response: bytes | None = None


class Timing(NamedTuple):
    """When a trace line began, in µs since 1970 UTC, and how long it took, in µs. Never hashed."""

    line: int
    at: int
    took: int


class Marks:
    """The timing of all lines of a segment, kept as one number for each: there are many, and few are ever read.

    Attributes:
        first: the number of the first line.
        at: when that began, and then when each line was done, in µs since 1970 UTC.
    """

    __slots__ = ("at", "first")

    def __init__(self, first: int, at: Sequence[int]) -> None:
        self.first = first
        self.at = at

    def __iter__(self) -> Iterator[Timing]:
        """A clock that goes back took no time."""
        for line, (began, done) in enumerate(pairwise(self.at), self.first):
            yield Timing(line, began, max(0, done - began))

    @property
    def last(self) -> int:
        return self.first + len(self.at) - 2


# --- runs ----------------------------------------------------------------------------------------


class Head(NamedTuple):
    """The last line of a run's trace: its number, counted from 0, and its digest."""

    line: int
    digest: str


LONGEST_LEASE = 86_400_000_000  # µs: no lease is given for more than a day


class Lease(NamedTuple):
    """Who moves a run until when, in µs since 1970 UTC."""

    owner: str
    until: int


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, which never changes.

    Attributes:
        key: the caller's request id, unique within a workflow, or None.
        payload, actor: canonical JSON as it came; the trace holds both redacted.
        payload_digest: as the trace's header has it.
    """

    workflow: str
    snapshot: str
    fingerprint: str
    key: str | None
    payload: bytes
    payload_digest: str
    actor: bytes


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the store knows it.

    Attributes:
        exit: the name of the exit that it ended at, or None.
        answer: what its caller was told, in canonical JSON, or None while there is nothing to tell.
        epoch: grows with every claim; whoever holds an older one is fenced off.
    """

    id: str
    request: Request
    status: Status
    head: Head
    exit: str | None = None
    answer: bytes | None = None
    epoch: int = 0
    lease: Lease | None = None


class Expected(NamedTuple):
    """Where a segment left from: the head and the epoch that the run must still have."""

    head: Head
    epoch: int


@dataclass(frozen=True, slots=True)
class Segment:
    """What one commit writes.

    Raises `LawBroken` when the head is not the last of its lines, or another line is timed.

    Attributes:
        run: the run as it is after the commit. Of a known run, `request` is not written again.
        expected: None for a new run.
        lines: at least one; the first follows the expected head, the last is `run.head`.
        kept: what it takes to do this segment again, if the run may have to be continued.
        listeners: what the run listens for from now on; None: it never did.
        messages: events for those who listen. One that nobody listens for is not kept.
        subjects: whom its labelled values belong to, each with its key; who is not known yet is from now on.
        private: the stores that labelled values may stand in.
        erasure: whose key ends with this commit. No live run may belong to them.
    """

    run: Run
    expected: Expected | None
    lines: tuple[bytes, ...]
    reads: tuple[Read, ...] = ()
    writes: tuple[Write, ...] = ()
    effects: tuple[Effect, ...] = ()
    timing: Marks | tuple[Timing, ...] = ()
    kept: bytes | None = None
    listeners: tuple[Listener, ...] | None = None
    messages: tuple[Message, ...] = ()
    subjects: tuple[Subject, ...] = ()
    private: frozenset[str] = frozenset()
    erasure: Erasure | None = None

    def __post_init__(self) -> None:
        if not self.lines or self.run.head.line != self.first_line + len(self.lines) - 1:
            raise LawBroken("The head of a run is its last line.")
        own = range(self.first_line, self.run.head.line + 1)
        if isinstance(self.timing, Marks):
            fits = own.start <= self.timing.first and self.timing.last < own.stop
        else:
            timed = {line for line, _, _ in self.timing}
            fits = len(timed) == len(self.timing) and timed.issubset(own)
        if not fits:
            raise LawBroken("A segment times its own lines, each once.")

    @property
    def first_line(self) -> int:
        return 0 if self.expected is None else self.expected.head.line + 1


class Committed(NamedTuple):
    """It is written, as durably as the backend promises. `log` is its place in the transparency log."""

    log: int


class Conflict(NamedTuple):
    """Nothing was written: this has changed since it was read. Run the segment again."""

    read: Read | SubjectRead


class Fenced(NamedTuple):
    """Nothing was written: the run is elsewhere.

    `run` is how it stands now, or the run that has its request id already; None: there is none.
    """

    run: Run | None


class Kept(NamedTuple):
    """What it takes to do a segment again; `line` is its first."""

    line: int
    body: bytes


class Listener(NamedTuple):
    """What a run that waits listens for: an event with these fields.

    Attributes:
        names: of the fields that have to be equal to something, as a canonical JSON list; b"[]" if any event will do.
        match: the digest of those fields, as canonical JSON.
    """

    run: str
    event: str
    names: bytes
    match: str


class Message(NamedTuple):
    """An event that a run has emitted while somebody listened for it; `n` counts those of the run, from 0.

    `heard`: the runs that listened for it then, in their order, which the store knows; or `TO_MACHINES`, where `event`
    is the workflow of a machine, which is run with the fields as its payload.
    """

    run: str
    n: int
    event: str
    fields: bytes
    heard: tuple[str, ...] = ()


TO_MACHINES = ("machine",)


class LogEntry(NamedTuple):
    """One leaf of the transparency log: a run's head as of one commit. `n` counts from 0."""

    n: int
    run: str
    head: Head
