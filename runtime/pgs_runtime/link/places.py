"""The places that side effects work with, over the overlay of a segment (ports: `pgs_snapshot.places`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, cast

import orjson

from pgs_runtime.faults import ExitCode, Fault
from pgs_runtime.stores.overlay import Held, Overlay
from pgs_runtime.stores.port import Append, Delete, Insert, Put, StoreUnusable
from pgs_runtime.stores.sealing import is_sealed
from pgs_snapshot.canonical import canonical, digest_of
from pgs_snapshot.frozen import frozen
from pgs_snapshot.model import Semantics
from pgs_snapshot.places import Found, Stale, Taken
from pgs_snapshot.values import NotPlain, Value, plain

WITHDRAWN = "~withdrawn"
"""What is added to a store's name for the one that holds the tombstones of its keys. No store is called so."""


@frozen
class Access:
    """What an operation may do with a store.

    Attributes:
        store: its full name.
        entity: the name of what it holds.
        holds: whether a value is valid for the entity.
        writes: whether the operation is declared to write.
    """

    store: str
    entity: str
    holds: Callable[[Value], bool]
    writes: bool

    def write(self) -> None:
        """Refuse a write of an operation that is declared to read."""
        if not self.writes:
            raise Fault("R028", f"An operation of `{self.store}` that is declared to read wrote.")

    def data(self, value: object, most: int) -> bytes:
        """The canonical bytes of a value that may be written and can be read back."""
        self.write()
        copy = plain(value)
        if not self.holds(copy):
            raise Fault("R029", f"A value for `{self.store}` is no `{self.entity}`.")
        data = canonical(copy)
        if len(data) > most:
            message = f"A value for `{self.store}` has more than {most} bytes, which is the limit."
            raise Fault("R034", message, ExitCode.LIMIT)
        return data


class Keyed:
    """A store of the semantics `idempotent`."""

    def __init__(self, overlay: Overlay, access: Access) -> None:
        self._overlay = overlay
        self._store = access.store
        self._withdrawn = access.store + WITHDRAWN
        self._access = access

    def find(self, key: str) -> Found | None:
        found = _found(self._overlay.cell("registry", self._store, _key(key)), self._store)
        return None if found is None or self.is_withdrawn(key) else found

    def insert(self, key: str, value: Value) -> None:
        if self._overlay.cell("registry", self._store, _key(key)) is not None:
            raise Taken
        data = self._access.data(value, self._overlay.most)
        write = Insert(self._store, key, data, self._overlay.line)
        self._overlay.put(write, ("registry", self._store, key), Held(data, 1))

    def withdraw(self, key: str) -> None:
        self._access.write()
        if self.is_withdrawn(key):
            raise Taken
        write = Insert(self._withdrawn, key, b"null", self._overlay.line)
        self._overlay.put(write, ("registry", self._withdrawn, key), Held(b"null", 1))

    def is_withdrawn(self, key: str) -> bool:
        return self._overlay.cell("registry", self._withdrawn, _key(key)) is not None

    def address(self, key: str) -> str:
        return digest_of([self._store, _key(key)])

    def count(self) -> int:
        return self._rows(self._store) - self._rows(self._withdrawn)

    def _rows(self, store: str) -> int:
        own = sum(isinstance(write, Insert) and write.store == store for write in self._overlay.writes)
        return self._overlay.rows("registry", store) + own


class Stream:
    """A store of the semantics `append_only`."""

    def __init__(self, overlay: Overlay, access: Access) -> None:
        self._overlay = overlay
        self._store = access.store
        self._access = access

    def append(self, stream: str, value: Value) -> int:
        n = self.length(stream) + 1
        data = self._access.data(value, self._overlay.most)
        self._overlay.append(Append(self._store, stream, n, data, self._overlay.line))
        return n

    def length(self, stream: str) -> int:
        return self._overlay.length(self._store, _key(stream)) + len(self._own(stream))

    def read(self, stream: str, start: int, stop: int) -> list[Value]:
        held = self._overlay.length(self._store, _key(stream))
        stored = self._overlay.events(self._store, stream, start, min(stop, held + 1))
        late = self._own(stream)[max(start - held - 1, 0) : max(stop - held - 1, 0)]
        return [_value(data, self._store) for data in (*stored, *late)]

    def _own(self, stream: str) -> list[bytes]:
        """The records of this segment."""
        return self._overlay.appended.get((self._store, stream), [])


class Mutable:
    """A store of the semantics `mutable`."""

    def __init__(self, overlay: Overlay, access: Access) -> None:
        self._overlay = overlay
        self._store = access.store
        self._access = access

    def find(self, key: str) -> Found | None:
        return _found(self._overlay.cell("state", self._store, _key(key)), self._store)

    def put(self, key: str, value: Value, expected: int | None) -> int:
        held = self._overlay.cell("state", self._store, _key(key))
        version = held.version if held else 0
        if expected is not None and expected != version:
            raise Stale(version)
        data = self._access.data(value, self._overlay.most)
        write = Put(self._store, key, data, version + 1, self._overlay.line)
        self._overlay.put(write, ("state", self._store, key), Held(data, version + 1))
        return version + 1

    def remove(self, key: str) -> None:
        self._access.write()
        if self._overlay.cell("state", self._store, _key(key)) is not None:
            self._overlay.put(Delete(self._store, key), ("state", self._store, key), None)

    def keys(self, prefix: str) -> list[str]:
        return [key for key, _ in self._overlay.scan("state", self._store, _key(prefix), keys_alone=True)]

    def rows(self, prefix: str) -> list[tuple[str, Found]]:
        held = self._overlay.scan("state", self._store, _key(prefix))
        return [(key, Found(_value(one.data, self._store), one.version)) for key, one in held]

    def takes(self, value: Value) -> bool:
        return self._access.holds(plain(value))


Place: TypeAlias = Keyed | Stream | Mutable

_PLACES: dict[Semantics, type[Keyed] | type[Stream] | type[Mutable]] = {
    "idempotent": Keyed,
    "append_only": Stream,
    "mutable": Mutable,
}


def place_of(overlay: Overlay, semantics: Semantics, access: Access) -> Place:
    """The port of one declared store."""
    return _PLACES[semantics](overlay, access)


def _found(held: Held | None, store: str) -> Found | None:
    if held is None or is_sealed(held.data):
        return None
    return Found(_value(held.data, store), held.version)


def _key(key: object) -> str:
    """A key as every backend can keep it. A side effect is an author's code, and may ask for any."""
    if type(key) is not str:
        raise NotPlain("", f"a key that is a Python {type(key).__name__}, not a string")
    return cast(str, plain(key))


def _value(data: bytes, store: str) -> Value:
    try:
        return cast(Value, orjson.loads(data))
    except orjson.JSONDecodeError as error:
        raise StoreUnusable("corrupt", f"`{store}` holds something that is no JSON.") from error
