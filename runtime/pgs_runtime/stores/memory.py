"""A store that lives and ends with its process; for tests, rehearsals and short-lived runs.

A segment is checked against every law first, and only then written, so that writing cannot stop midway.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from pgs_runtime.stores.errors import LawBroken, StoreMisused
from pgs_runtime.stores.ownership import Owner
from pgs_runtime.stores.records import (
    LIVE,
    LONGEST_LEASE,
    OWN_FACTS,
    Append,
    Cell,
    CellRead,
    Committed,
    Conflict,
    Delete,
    Effect,
    Erasure,
    Event,
    Fenced,
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


class MemoryStore:
    """A store in memory.

    Args:
        entropy: gives so many random bytes, for the store's id and secret.
    """

    def __init__(self, entropy: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._owner = Owner()
        self._held = False
        self._cells: dict[Table, dict[str, dict[str, Cell]]] = {"registry": {}, "state": {}}
        self._streams: dict[str, dict[str, list[Event]]] = {}
        self._tallies: dict[tuple[Kind, str], Tally] = {}
        self._runs: dict[str, Run] = {}
        self._requests: dict[tuple[str, str], str] = {}
        self._lines: dict[str, list[bytes]] = {}
        self._timing: dict[str, list[Marks | tuple[Timing, ...]]] = {}
        self._listeners: dict[str, tuple[Listener, ...]] = {}
        self._outbox: dict[tuple[str, int], Message] = {}
        self._kept: dict[str, list[Kept]] = {}
        self._effects: dict[str, Effect] = {}
        self._log: list[LogEntry] = []
        self._subjects: dict[str, Subject] = {}
        self._concerns: dict[str, set[str]] = {}
        self._gone: set[tuple[str, str]] = set()
        self._meta = {"schema": b"4", "store": entropy(16).hex().encode(), "secret": entropy(32)}

    # --- reads ---

    def get(self, table: Table, store: str, key: str) -> Cell | None:
        self._owner.check()
        return self._cells[table].get(store, {}).get(key)

    def scan(self, table: Table, store: str, prefix: str = "") -> Scan:
        self._owner.check()
        cells = self._cells[table].get(store, {})
        found = tuple(cells[key] for key in sorted(cells, key=str.encode) if key.startswith(prefix))
        return Scan(found, self.count(table, store).changes)

    def count(self, kind: Kind, store: str) -> Tally:
        self._owner.check()
        return self._tallies.get((kind, store), Tally(kind, store, 0, 0))

    def tallies(self) -> tuple[Tally, ...]:
        self._owner.check()
        return tuple(sorted(self._tallies.values(), key=lambda tally: (tally.kind, tally.store.encode())))

    def length(self, store: str, stream: str) -> int:
        self._owner.check()
        return len(self._streams.get(store, {}).get(stream, ()))

    def events(self, store: str, stream: str, start: int, stop: int) -> tuple[Event, ...]:
        self._owner.check()
        events = self._streams.get(store, {}).get(stream, [])
        return tuple(events[max(start, 1) - 1 : max(stop, 1) - 1])

    def streams(self, store: str) -> tuple[str, ...]:
        self._owner.check()
        return tuple(sorted(self._streams.get(store, {}), key=str.encode))

    # --- writes ---

    def commit(self, segment: Segment) -> Committed | Conflict | Fenced:
        self._owner.check()
        self._held = False
        refusal = self._fenced(segment) or self._stale(segment.reads) or self._keyless(segment.subjects)
        if refusal is not None:
            return refusal
        self._demand_lawful(segment)
        settled = self._settled(segment.effects)
        run = segment.run
        for write in segment.writes:
            self._write(run.id, write)
        self._effects.update(settled)
        for subject in segment.subjects:
            self._subjects.setdefault(subject.id, subject)
            self._concerns.setdefault(subject.id, set()).add(run.id)
        if segment.erasure is not None:
            self._erase(segment.erasure)
        self._lines.setdefault(run.id, []).extend(segment.lines)
        self._timing.setdefault(run.id, []).append(segment.timing)
        if segment.listeners is not None:
            self._listeners[run.id] = segment.listeners
        for message in segment.messages:
            heard = {*message.heard} or {listener.run for listener in self.listeners(message.event)}
            if heard:
                self._outbox[message.run, message.n] = message._replace(heard=tuple(sorted(heard, key=str.encode)))
        if segment.kept is not None:
            self._kept.setdefault(run.id, []).append(Kept(segment.first_line, segment.kept))
        known = self._runs.get(run.id)
        self._runs[run.id] = run if known is None else replace(run, request=known.request)
        if known is None and run.request.key is not None:
            self._requests[run.request.workflow, run.request.key] = run.id
        self._log.append(LogEntry(len(self._log), run.id, run.head))
        return Committed(len(self._log) - 1)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        self._owner.check()
        if self._held:
            raise StoreMisused("The store is already held exclusively.")
        self._held = True
        try:
            yield
        finally:
            self._held = False

    def claim(self, run: str, lease: Lease, now: int, seen: int | None = None) -> Run | None:
        self._owner.check()
        known = self._runs.get(run)
        if known is None or known.status not in LIVE or seen not in (None, known.epoch):
            return None
        latest = now + LONGEST_LEASE
        if known.lease is not None and known.lease.owner != lease.owner and now < known.lease.until <= latest:
            return None
        claimed = self._runs[run] = replace(known, epoch=known.epoch + 1, lease=lease)
        return claimed

    # --- runs ---

    def run(self, run: str) -> Run | None:
        self._owner.check()
        return self._runs.get(run)

    def run_by_request(self, workflow: str, key: str) -> Run | None:
        self._owner.check()
        found = self._requests.get((workflow, key))
        return None if found is None else self._runs[found]

    def runs(self, after: str = "", limit: int = 100, status: Status | None = None) -> tuple[Run, ...]:
        self._owner.check()
        chosen = (run for run in self._runs.values() if status is None or run.status == status)
        following = (run for run in chosen if run.id.encode() > after.encode())
        return tuple(sorted(following, key=lambda run: run.id.encode())[:limit])

    def lines(self, run: str) -> tuple[bytes, ...]:
        self._owner.check()
        return tuple(self._lines.get(run, ()))

    def telling(self, mark: bytes) -> tuple[str, ...]:
        self._owner.check()
        found = (run for run, lines in self._lines.items() if any(mark in line for line in lines))
        return tuple(sorted(found, key=str.encode))

    def kept(self, run: str) -> tuple[Kept, ...]:
        self._owner.check()
        return tuple(self._kept.get(run, ()))

    def listeners(self, event: str) -> tuple[Listener, ...]:
        self._owner.check()
        found = {each for listeners in self._listeners.values() for each in listeners if each.event == event}
        return tuple(sorted(found, key=lambda each: (each.run.encode(), each.names, each.match)))

    def messages(self, limit: int = 100) -> tuple[Message, ...]:
        self._owner.check()
        ordered = sorted(self._outbox, key=lambda place: (place[0].encode(), place[1]))
        return tuple(self._outbox[place] for place in ordered[:limit])

    def take_out(self, message: Message) -> None:
        self._owner.check()
        self._outbox.pop((message.run, message.n), None)

    def timing(self, run: str) -> tuple[Timing, ...]:
        self._owner.check()
        return tuple(sorted(timing for segment in self._timing.get(run, ()) for timing in segment))

    def effect(self, key: str) -> Effect | None:
        self._owner.check()
        return self._effects.get(key)

    def effects(self, run: str) -> tuple[Effect, ...]:
        self._owner.check()
        found = (effect for effect in self._effects.values() if effect.run == run)
        return tuple(sorted(found, key=lambda effect: (effect.line, effect.key.encode())))

    def subjects(self, ids: Sequence[str]) -> tuple[Subject, ...]:
        self._owner.check()
        return tuple(self._subjects[id] for id in sorted({*ids}) if id in self._subjects)

    def runs_of(self, subject: str) -> tuple[str, ...]:
        self._owner.check()
        return tuple(sorted(self._concerns.get(subject, ()), key=str.encode))

    def holding(self, mark: bytes) -> tuple[Holding, ...]:
        self._owner.check()
        held: list[tuple[Holding, bytes]] = []
        for kind, stores in self._cells.items():
            for store, cells in stores.items():
                held += ((Holding(kind, store, key), cell.value) for key, cell in cells.items())
        for store, streams in self._streams.items():
            for stream, events in streams.items():
                held += ((Holding("events", store, stream, event.n), event.body) for event in events)
        found = [place for place, value in held if value[:1] == b"\0" and mark in value]
        gone = {Holding("registry", *place) for place in self._gone}
        return tuple(sorted(set(found) - gone, key=lambda at: (at.kind, at.store.encode(), at.key.encode(), at.n)))

    def scrub(self) -> None:
        """Nothing: it has no files."""

    def log_size(self) -> int:
        self._owner.check()
        return len(self._log)

    def log(self, start: int, stop: int) -> tuple[LogEntry, ...]:
        self._owner.check()
        return tuple(self._log[max(start, 0) : max(stop, 0)])

    # --- the store itself ---

    def meta(self, key: str) -> bytes | None:
        self._owner.check()
        return self._meta.get(key)

    def swap_meta(self, key: str, expected: bytes | None, value: bytes) -> bool:
        self._owner.check()
        if key in OWN_FACTS:
            raise LawBroken(f"The store sets `{key}` itself.")
        if self._meta.get(key) != expected:
            return False
        self._meta[key] = value
        return True

    def check(self) -> tuple[str, ...]:
        self._owner.check()
        return ()

    def close(self) -> None:
        """Nothing is held that would have to be given back."""

    # --- checking and writing a segment ---

    def _fenced(self, segment: Segment) -> Fenced | None:
        wanted, expected = segment.run, segment.expected
        there = self._runs.get(wanted.id)
        if expected is not None:
            here = there is not None and (there.head, there.epoch) == (expected.head, expected.epoch)
            return None if here else Fenced(there)
        if there is None and wanted.request.key is not None:
            there = self.run_by_request(wanted.request.workflow, wanted.request.key)
        return None if there is None else Fenced(there)

    def _stale(self, reads: tuple[Read, ...]) -> Conflict | None:
        for read in reads:
            match read:
                case CellRead(table, store, key, change):
                    cell = self.get(table, store, key)
                    unchanged = change == (0 if cell is None else cell.change)
                case StoreRead(kind, store, count):
                    unchanged = count == self.count(kind, store).changes
                case LengthRead(store, stream, count):
                    unchanged = count == self.length(store, stream)
            if not unchanged:
                return Conflict(read)
        return None

    def _keyless(self, subjects: tuple[Subject, ...]) -> Conflict | None:
        for subject in subjects:
            known = self._subjects.get(subject.id)
            if known is not None and known.key != subject.key:
                return Conflict(SubjectRead(subject.id))
        return None

    def _erase(self, erasure: Erasure) -> None:
        self._subjects[erasure.subject] = Subject(erasure.subject, None, erasure.at)
        for store, key in erasure.keys:
            self._gone.add((store, key))
            self._count("registry", store, -1)

    def _demand_erasable(self, erasure: Erasure) -> None:
        known = self._subjects.get(erasure.subject)
        if known is None:
            raise LawBroken("The segment erases a subject that is not known.")
        if known.key is None:
            raise LawBroken("A subject's key only ends, and once.")
        if any(self._runs[run].status in LIVE for run in self._concerns[erasure.subject]):
            raise LawBroken("A subject is not erased while a run of it goes on.")
        for store, key in erasure.keys:
            if (store, key) in self._gone or self.get("registry", store, key) is None:
                raise LawBroken("A registry key that is erased is bound, and was not erased before.")

    def _demand_lawful(self, segment: Segment) -> None:
        if segment.erasure is not None:
            self._demand_erasable(segment.erasure)
        known = self._runs.get(segment.run.id)
        if known is not None and known.status not in LIVE:
            raise LawBroken("An ended run never changes.")
        if known is not None and segment.run.epoch < known.epoch:
            raise LawBroken("The epoch of a run only grows.")
        self._demand_lawful_writes(segment.writes)

    def _demand_lawful_writes(self, writes: tuple[Write, ...]) -> None:
        bound: set[tuple[str, str]] = set()
        lengths: dict[tuple[str, str], int] = {}
        versions: dict[tuple[str, str], int] = {}
        for write in writes:
            match write:
                case Insert(store, key):
                    if (store, key) in bound or self.get("registry", store, key) is not None:
                        raise LawBroken("A registry key is bound once.")
                    bound.add((store, key))
                case Append(store, stream, n):
                    if n != lengths.get((store, stream), self.length(store, stream)) + 1:
                        raise LawBroken("The events of a stream are numbered without a gap.")
                    lengths[store, stream] = n
                case Put(store, key, _, version):
                    cell = self.get("state", store, key)
                    if version != versions.get((store, key), 0 if cell is None else cell.version) + 1:
                        raise LawBroken("The version of a state cell counts its writes.")
                    versions[store, key] = version
                case Delete(store, key):
                    versions[store, key] = 0

    def _settled(self, effects: tuple[Effect, ...]) -> dict[str, Effect]:
        """What the effects will be after the segment, by their keys."""
        settled: dict[str, Effect] = {}
        for effect in effects:
            known = settled.get(effect.key) or self._effects.get(effect.key)
            if effect.status == "INTENT":
                if known is not None:
                    raise LawBroken("An effect stands once.")
                settled[effect.key] = effect
            elif known is None or (known.run, known.request) != (effect.run, effect.request):
                raise LawBroken("The segment settles an effect that was never intended.")
            elif known.status in ("DONE", "FAILED"):
                raise LawBroken("A settled effect never changes.")
            else:
                settled[effect.key] = replace(known, status=effect.status, response=effect.response)
        return settled

    def _write(self, run: str, write: Write) -> None:
        match write:
            case Insert(store, key, value, line):
                self._cells["registry"].setdefault(store, {})[key] = Cell(key, value, 1, 1, run, line)
                self._count("registry", store, 1)
            case Append(store, stream, n, body, line):
                events = self._streams.setdefault(store, {}).setdefault(stream, [])
                events.append(Event(n, body, run, line))
                self._count("events", store, 1)
            case Put(store, key, value, version, line):
                cells = self._cells["state"].setdefault(store, {})
                changes = self._count("state", store, 0 if key in cells else 1)
                cells[key] = Cell(key, value, version, changes, run, line)
            case Delete(store, key):
                if self._cells["state"].get(store, {}).pop(key, None) is not None:
                    self._count("state", store, -1)

    def _count(self, kind: Kind, store: str, rows: int) -> int:
        tally = self.count(kind, store)
        self._tallies[kind, store] = Tally(kind, store, tally.rows + rows, tally.changes + 1)
        return tally.changes + 1
