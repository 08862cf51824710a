"""The ports between a side effect and the storage under it: one kind of place for each kind of semantics.

A side effect is constructed with a place and sees nothing else of the store. A place is one declared store
within the segment that a run is in: what it reads is in the segment's read set, what it writes becomes
durable when the segment commits, or never.

Laws, whatever lies underneath:
* a read sees every write that went before it through the same place;
* a value that goes in or comes out is a value of the domain (`pgs_snapshot.values`) and shared with nobody;
* what a place has no method for cannot be done to it: a stream has no way to change or remove a record.

A place that breaks (storage full, corrupt, gone) raises an exception of the runtime; a side effect lets it
pass, for that is a fault and no outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pgs_snapshot.values import Value


@dataclass(frozen=True, slots=True)
class Found:
    """A value and the number of its version, counted from 1."""

    value: Value
    version: int


class Stale(Exception):
    """A key is not at the version that the writer expected.

    Attributes:
        version: the version that it is at, 0 if the key is free.
    """

    def __init__(self, version: int) -> None:
        super().__init__(f"the key is at version {version}")
        self.version = version


class Taken(Exception):
    """An insert met a key that holds a value already."""


class KeyedPlace(Protocol):
    """`idempotent`: a key is free or holds one value for ever, until it is withdrawn, for ever as well."""

    def find(self, key: str) -> Found | None:
        """What the key holds, or None if it is free, if it was withdrawn, or if what it held was erased."""

    def insert(self, key: str, value: Value) -> None:
        """Bind a free key.

        Raises:
            Taken: the key holds a value, be it the same one, or held one that was withdrawn or erased.
        """

    def withdraw(self, key: str) -> None:
        """Withdraw a key that holds a value: a tombstone is written beside it, and the key stays taken.

        Raises:
            Taken: it was withdrawn before.
        """

    def is_withdrawn(self, key: str) -> bool:
        """Whether the key held a value and was withdrawn."""

    def address(self, key: str) -> str:
        """The digest of the JCS of `[store, key]` as 64 hex digits, whether or not the key is bound."""

    def count(self) -> int:
        """How many keys are bound and not withdrawn."""


class StreamPlace(Protocol):
    """`append_only`: streams of records, each numbered from 1 without a gap."""

    def append(self, stream: str, value: Value) -> int:
        """Add a record at the end of a stream, which begins with its first record; its number."""

    def length(self, stream: str) -> int:
        """How many records a stream has, 0 for one that has not begun."""

    def read(self, stream: str, start: int, stop: int) -> list[Value]:
        """The records with numbers from `start` up to and without `stop`, as far as they exist."""


class MutablePlace(Protocol):
    """`mutable`: a key holds the last value put there; its version counts the puts since it was last free."""

    def find(self, key: str) -> Found | None:
        """What the key holds now, or None if it is free."""

    def put(self, key: str, value: Value, expected: int | None) -> int:
        """Set a key's value; the new version.

        Args:
            key: the key.
            value: what it holds from now on.
            expected: the version that the key must be at, 0 for free; None for whichever.

        Raises:
            Stale: the key is at another version than expected.
        """

    def remove(self, key: str) -> None:
        """Free a key; one that is free stays so."""

    def keys(self, prefix: str) -> list[str]:
        """The bound keys that begin with `prefix`, in the order of their UTF-8 bytes."""

    def rows(self, prefix: str) -> list[tuple[str, Found]]:
        """The same keys with what they hold, read at once."""

    def takes(self, value: Value) -> bool:
        """Whether a value is one that the store may hold."""
