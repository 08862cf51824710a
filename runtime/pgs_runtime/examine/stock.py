"""stock: what the stores hold, shown and written out. Nothing is changed.

Laws:
* everything that is written to files stands there as of one moment: other writers are kept out meanwhile;
* what is sealed for somebody stands there as a commitment, unless it is to be revealed;
* files are JSON in canonical form, in the order of their keys, so that two exports of one state have the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import cast

import orjson

from pgs_runtime.faults import ExitCode, Refusal, hint_of_unknown
from pgs_runtime.redaction import commit
from pgs_runtime.stores.port import Cell, Kind, Store
from pgs_runtime.stores.postgres_address import Address
from pgs_runtime.stores.sealing import Keys, is_sealed
from pgs_runtime.vault.vault import vault_over
from pgs_runtime.workspace.accept import kept_in
from pgs_snapshot.canonical import canonical
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

WHOLE = "state.json"


class Stock:
    """The stores of one data root, by full name."""

    def __init__(self, store: Store | None, reveal: bool = False) -> None:
        """`store`: None where nothing was ever kept; `reveal`: give in clear what was sealed for somebody."""
        self._store = vault_over(store) if store is not None else None
        self._reveal = reveal

    @classmethod
    def at(cls, data_root: Path, address: Address | None = None, reveal: bool = False) -> Stock:
        """What is kept in a data root, or at the address of its store.

        Raises:
            StoreBusy, StoreUnusable: the store cannot be opened.
        """
        return cls(kept_in(data_root, address), reveal)

    def __enter__(self) -> Stock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._store is not None:
            self._store.close()

    def stores(self) -> dict[str, int]:
        """How many rows each store holds: keys, or records of all its streams."""
        tallies = self._store.tallies() if self._store else ()
        return {tally.store: tally.rows for tally in sorted(tallies, key=lambda tally: tally.store.encode())}

    def keys(self, store: str) -> Mapping[str, int | None]:
        """The keys of a store, or its streams with how many records they have.

        Raises:
            Refusal: R088, nothing was ever written to such a store.
        """
        kind, held = self._known(store)
        if kind == "events":
            return {stream: held.length(store, stream) for stream in held.streams(store)}
        return {cell.key: None for cell in _there(held.scan(kind, store).cells)}

    def get(self, store: str, key: str) -> tuple[bytes, ...]:
        """What a key holds, or the records of a stream, each as canonical JSON.

        Raises:
            Refusal: R088, there is no such store, or nothing under this key.
        """
        kind, held = self._known(store)
        if kind == "events":
            found = tuple(body for _, body in self._records(store, key))
        else:
            cell = held.get(kind, store, key)
            found = (self._shown(cell.value, cell.subjects),) if cell and not is_sealed(cell.value) else ()
        if not found:
            raise Refusal("R088", f"`{store}` holds nothing under `{visible(key[:80])}`.", ExitCode.USAGE)
        return found

    def export(self, folder: Path) -> tuple[Path, ...]:
        """Write everything to a new or empty folder; the files, in their order.

        Raises:
            Refusal: R088, the folder holds something; R062, a file cannot be written.
        """
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            if any(folder.iterdir()):
                raise Refusal("R088", f"`{visible(str(folder))}` is not empty.", ExitCode.USAGE)
            return tuple(self._exported(folder))
        except OSError as error:
            where = visible(str(error.filename or folder))
            raise Refusal("R062", f"`{where}` cannot be written: {error.strerror}.", ExitCode.OUTPUT) from error

    def whole(self) -> bytes:
        """Everything, as `state load` takes it if it was revealed: canonical JSON."""
        return _loadable({name: self._document(name) for name in self.stores()})

    def _exported(self, folder: Path) -> Iterator[Path]:
        if self._store is None:
            return
        with self._store.exclusive():
            whole = {name: self._document(name) for name in self.stores()}
            for name in whole:
                kind, _ = self._known(name)
                place = folder / kind
                place.mkdir(mode=0o700, exist_ok=True)
                file = name.replace("::", "__")
                if kind == "events":
                    yield _written(place / f"{file}.jsonl", b"".join(line + b"\n" for line in self._lines(name)))
                else:
                    yield _written(place / f"{file}.json", _object(whole[name]) + b"\n")
            yield _written(folder / WHOLE, _loadable(whole) + b"\n")

    def _document(self, store: str) -> dict[str, bytes]:
        """What `state load` takes of a store: values by key, or lists of records by stream."""
        kind, held = self._known(store)
        if kind != "events":
            cells = _there(held.scan(kind, store).cells)
            return {cell.key: self._shown(cell.value, cell.subjects) for cell in cells}
        records = {stream: [body for _, body in self._records(store, stream)] for stream in held.streams(store)}
        return {stream: b"[" + b",".join(bodies) + b"]" for stream, bodies in records.items() if bodies}

    def _records(self, store: str, stream: str) -> Iterator[tuple[int, bytes]]:
        """The records of a stream with their numbers, but those that were erased."""
        _, held = self._known(store)
        for event in held.events(store, stream, 1, held.length(store, stream) + 1):
            if not is_sealed(event.body):
                yield event.n, self._shown(event.body, event.subjects)

    def _shown(self, value: bytes, subjects: tuple[str, ...]) -> bytes:
        """A value, or a commitment to it where it belongs to somebody and is not to be revealed."""
        if self._reveal or not subjects or self._store is None:
            return value
        keys = Keys(self._store.subjects(subjects))
        return canonical(commit(cast(Value, orjson.loads(value)), keys.secret))

    def _lines(self, store: str) -> Iterator[bytes]:
        """Each record with its stream and number."""
        for stream in self.keys(store):
            for number, body in self._records(store, stream):
                yield b'{"n":%d,"record":%b,"stream":%b}' % (number, body, canonical(stream))

    def _known(self, store: str) -> tuple[Kind, Store]:
        tallies = {tally.store: tally.kind for tally in self._store.tallies()} if self._store else {}
        if self._store is None or store not in tallies:
            message = f"Nothing was ever written to a store `{visible(store[:160])}`."
            hint = hint_of_unknown(store, sorted(tallies)) if tallies else "None of the stores holds anything."
            raise Refusal("R088", message, ExitCode.USAGE, hint=hint)
        return tallies[store], self._store


def _there(cells: Iterable[Cell]) -> Iterator[Cell]:
    """Those that were not erased."""
    return (cell for cell in cells if not is_sealed(cell.value))


def _object(members: Mapping[str, bytes]) -> bytes:
    """A canonical object of members that are canonical already (RFC 8785: names in the order of UTF-16 units)."""
    ordered = sorted(members, key=lambda name: name.encode("utf-16-be"))
    return b"{" + b",".join(canonical(name) + b":" + members[name] for name in ordered) + b"}"


def _loadable(whole: Mapping[str, Mapping[str, bytes]]) -> bytes:
    """Stores as one document. What the runtime keeps for itself is granted and revoked, and never loaded."""
    return _object({name: _object(rows) for name, rows in whole.items() if not name.startswith("pgs::")})


def _written(path: Path, data: bytes) -> Path:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    return path
