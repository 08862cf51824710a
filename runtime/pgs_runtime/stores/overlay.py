"""A segment in memory: what a run has read from the store and wants to write, before anything is committed.

Reads go through to the store and are noted in the read set; writes stay here, and later reads see them. At
the end of the segment both go to the store in one commit. Side effects see an overlay through their places.
"""

from __future__ import annotations

from typing import TypeAlias

from pgs_runtime.stores.port import Append, CellRead, Kind, LengthRead, Read, Store, StoreRead, Table, Write
from pgs_runtime.stores.sealing import is_sealed
from pgs_snapshot.frozen import frozen


@frozen
class Held:
    """What a key holds, as bytes, so that no reader can change what the next one sees, and its version.

    Bytes that are sealed say that it was erased: there is nothing to read, and the key stays taken.
    """

    data: bytes
    version: int


Where: TypeAlias = tuple[Table, str, str]
"""A key: its table, its store, and the key itself."""


def row_key(session: str, path: str) -> str:
    """Under which key a field of a context's instance is kept. A path has no `/`, so the last one parts the two."""
    return f"{session}/{path}"


class Overlay:
    """The reads and writes of one segment.

    Attributes:
        most: bytes that one written value may have.
        line: the number of the trace line that is being made.
        mark: how many writes there were when what a gate guards began.
        cells: the keys that were read or written, as the segment leaves them.
        appended: the records that it adds, by store and stream.
        subjects: the ids of those whom what was read from the store belongs to.
    """

    def __init__(self, store: Store, most: int) -> None:
        self.store = store
        self.most = most
        self.line = 0
        self.mark = 0
        self.reads: dict[Read, None] = {}
        self.writes: list[Write] = []
        self.cells: dict[Where, Held | None] = {}
        self.appended: dict[tuple[str, str], list[bytes]] = {}
        self.subjects: dict[str, None] = {}
        self._before: list[tuple[Where, Held | None] | None] = []  # what each write replaced; None of an append
        self._lengths: dict[tuple[str, str], int] = {}

    def cell(self, table: Table, store: str, key: str) -> Held | None:
        """What a key holds, with this segment's own writes."""
        where = (table, store, key)
        if where not in self.cells:
            held = self.store.get(table, store, key)
            self.reads[CellRead(table, store, key, held.change if held else 0)] = None
            self.cells[where] = Held(held.value, held.version) if held else None
            if held and held.subjects:
                self.subjects |= dict.fromkeys(held.subjects)
        return self.cells[where]

    def put(self, write: Write, where: Where, held: Held | None) -> None:
        """Write what a key holds from now on."""
        self.writes.append(write)
        self._before.append((where, self.cells[where]))
        self.cells[where] = held

    def append(self, write: Append) -> None:
        """Write a record behind the others of its stream."""
        self.writes.append(write)
        self._before.append(None)
        self.appended.setdefault((write.store, write.stream), []).append(write.body)

    def back_to(self, writes: int) -> None:
        """Drop every write but the first `writes`. What was read stays read: it has decided something."""
        while len(self.writes) > writes:
            write, before = self.writes.pop(), self._before.pop()
            if before is not None:
                self.cells[before[0]] = before[1]
            elif isinstance(write, Append):
                self.appended[write.store, write.stream].pop()

    def rows(self, kind: Kind, store: str) -> int:
        """How many rows a store held when the segment looked now."""
        tally = self.store.count(kind, store)
        self.reads[StoreRead(kind, store, tally.changes)] = None
        return tally.rows

    def scan(self, table: Table, store: str, prefix: str, keys_alone: bool = False) -> list[tuple[str, Held]]:
        """The keys that begin with a prefix, in order, with what they hold and this segment's own writes.

        Args:
            keys_alone: nobody will look at what they hold, so that those whom it belongs to have no part in the run.
        """
        scan = self.store.scan(table, store, prefix)
        self.reads[StoreRead(table, store, scan.changes)] = None
        found: dict[str, Held | None] = {cell.key: Held(cell.value, cell.version) for cell in scan.cells}
        for cell in () if keys_alone else scan.cells:
            self.subjects |= dict.fromkeys(cell.subjects)
        for (its_table, its_store, key), held in self.cells.items():
            if (its_table, its_store) == (table, store) and key.startswith(prefix):
                found[key] = held
        there = [(key, held) for key, held in found.items() if held is not None and not is_sealed(held.data)]
        return sorted(there, key=lambda one: one[0].encode())

    def events(self, store: str, stream: str, start: int, stop: int) -> list[bytes]:
        """Records that the stream held before this segment, but those that were erased."""
        events = self.store.events(store, stream, start, stop)
        for event in events:
            self.subjects |= dict.fromkeys(event.subjects)
        return [event.body for event in events if not is_sealed(event.body)]

    def length(self, store: str, stream: str) -> int:
        """How many events a stream held when the segment first looked."""
        where = (store, stream)
        if where not in self._lengths:
            self._lengths[where] = self.store.length(store, stream)
            self.reads[LengthRead(store, stream, self._lengths[where])] = None
        return self._lengths[where]
