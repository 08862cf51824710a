"""Places in memory, without segments or rollback: enough to see what a side effect asks of its port."""

from __future__ import annotations

import copy

from pgs_snapshot.canonical import digest_of
from pgs_snapshot.places import Found, Stale, Taken
from pgs_snapshot.values import Value


class Keyed:
    """A `KeyedPlace`. `writes` counts what reached it."""

    def __init__(self, store: str) -> None:
        self.store = store
        self.values: dict[str, Value] = {}
        self.withdrawn: set[str] = set()
        self.writes = 0

    def find(self, key: str) -> Found | None:
        if key not in self.values or key in self.withdrawn:
            return None
        return Found(copy.deepcopy(self.values[key]), 1)

    def insert(self, key: str, value: Value) -> None:
        if key in self.values:
            raise Taken
        self.writes += 1
        self.values[key] = copy.deepcopy(value)

    def address(self, key: str) -> str:
        return digest_of([self.store, key])

    def withdraw(self, key: str) -> None:
        if key in self.withdrawn:
            raise Taken
        self.withdrawn.add(key)

    def is_withdrawn(self, key: str) -> bool:
        return key in self.withdrawn

    def count(self) -> int:
        return len(self.values.keys() - self.withdrawn)


class Stream:
    """A `StreamPlace`."""

    def __init__(self) -> None:
        self.streams: dict[str, list[Value]] = {}

    def append(self, stream: str, value: Value) -> int:
        self.streams.setdefault(stream, []).append(copy.deepcopy(value))
        return len(self.streams[stream])

    def length(self, stream: str) -> int:
        return len(self.streams.get(stream, []))

    def read(self, stream: str, start: int, stop: int) -> list[Value]:
        return copy.deepcopy(self.streams.get(stream, [])[start - 1 : stop - 1])


class Mutable:
    """A `MutablePlace`. Its store takes what has no member `refused`."""

    def __init__(self) -> None:
        self.held: dict[str, Found] = {}

    def find(self, key: str) -> Found | None:
        return copy.deepcopy(self.held.get(key))

    def put(self, key: str, value: Value, expected: int | None) -> int:
        version = self.held[key].version if key in self.held else 0
        if expected not in (None, version):
            raise Stale(version)
        self.held[key] = Found(copy.deepcopy(value), version + 1)
        return version + 1

    def remove(self, key: str) -> None:
        self.held.pop(key, None)

    def keys(self, prefix: str) -> list[str]:
        return sorted((key for key in self.held if key.startswith(prefix)), key=str.encode)

    def rows(self, prefix: str) -> list[tuple[str, Found]]:
        return [(key, copy.deepcopy(self.held[key])) for key in self.keys(prefix)]

    def takes(self, value: Value) -> bool:
        return not isinstance(value, dict) or "refused" not in value
