"""The vault: a store over another one, in which labelled values stand encrypted and out of which they come in clear.

Laws:
* a segment that belongs to subjects is written with every value sealed that can hold something labelled: what was
  asked and answered, what is kept, what was asked outside, messages, and what goes into stores that take labels;
* whatever is read comes out clear, whether it was sealed or was written before there were seals;
* what was erased comes out as it is, sealed: `is_sealed` above a vault means "erased", and nobody reads it by mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from pgs_runtime.stores.port import (
    Append,
    Cell,
    Committed,
    Conflict,
    Effect,
    Event,
    Fenced,
    Holding,
    Insert,
    Kept,
    Kind,
    LawBroken,
    Lease,
    Listener,
    LogEntry,
    Message,
    Put,
    Run,
    Scan,
    Segment,
    Status,
    Store,
    Subject,
    Table,
    Tally,
    Timing,
    Write,
)
from pgs_runtime.stores.sealing import MOST, is_sealed, opened, seal, subject_id, subjects_of
from pgs_snapshot.values import Value


class Vault:
    """A store, as `pgs_runtime.stores.port` has it, over one that sees only what is sealed."""

    def __init__(self, store: Store) -> None:
        self.inner = store

    # --- whom values belong to -------------------------------------------------------------------

    def keys(self, ids: Iterable[str]) -> dict[str, bytes]:
        """The keys of those subjects that are known and were not erased."""
        return {subject.id: subject.key for subject in self.inner.subjects([*ids]) if subject.key is not None}

    def latest(self, secret: bytes, name: str) -> tuple[str, Subject | None]:
        """The id of a subject as it is now, and what is known of it; behind an erasure it begins a new life.

        Args:
            secret: the store's.
        """
        life, last = 0, None
        while True:
            id = subject_id(secret, name, life)
            found = self.inner.subjects([id])
            if not found:
                return id, last
            last = found[0]
            if last.key is not None:
                return id, last
            life += 1

    # --- reads -----------------------------------------------------------------------------------

    def get(self, table: Table, store: str, key: str) -> Cell | None:
        cell = self.inner.get(table, store, key)
        if cell is None or not is_sealed(cell.value):
            return cell
        return self._cell(table, store, cell, self.keys(subjects_of(cell.value)))

    def scan(self, table: Table, store: str, prefix: str = "") -> Scan:
        scan = self.inner.scan(table, store, prefix)
        if not any(is_sealed(cell.value) for cell in scan.cells):
            return scan
        keys = self.keys(_all(cell.value for cell in scan.cells))
        return scan._replace(cells=tuple(self._cell(table, store, cell, keys) for cell in scan.cells))

    def events(self, store: str, stream: str, start: int, stop: int) -> tuple[Event, ...]:
        events = self.inner.events(store, stream, start, stop)
        if not any(is_sealed(event.body) for event in events):
            return events
        keys = self.keys(_all(event.body for event in events))
        return tuple(self._event(store, stream, event, keys) for event in events)

    def run(self, run: str) -> Run | None:
        found = self.inner.run(run)
        return None if found is None else self._run(found)

    def run_by_request(self, workflow: str, key: str) -> Run | None:
        found = self.inner.run_by_request(workflow, key)
        return None if found is None else self._run(found)

    def runs(self, after: str = "", limit: int = 100, status: Status | None = None) -> tuple[Run, ...]:
        return tuple(self._run(run) for run in self.inner.runs(after, limit, status))

    def kept(self, run: str) -> tuple[Kept, ...]:
        return tuple(Kept(line, self._opened(body, _of_kept(run, line))) for line, body in self.inner.kept(run))

    def messages(self, limit: int = 100) -> tuple[Message, ...]:
        found = self.inner.messages(limit)
        return tuple(each._replace(fields=self._opened(each.fields, _of_message(each))) for each in found)

    def effect(self, key: str) -> Effect | None:
        found = self.inner.effect(key)
        return None if found is None else self._effect(found)

    def effects(self, run: str) -> tuple[Effect, ...]:
        return tuple(self._effect(effect) for effect in self.inner.effects(run))

    # --- writes ----------------------------------------------------------------------------------

    def commit(self, segment: Segment) -> Committed | Conflict | Fenced:
        settled = self.inner.commit(self._sealed(segment) if segment.subjects else self._as_it_was(segment))
        if isinstance(settled, Fenced) and settled.run is not None:
            return Fenced(self._run(settled.run))
        return settled

    def claim(self, run: str, lease: Lease, now: int, seen: int | None = None) -> Run | None:
        found = self.inner.claim(run, lease, now, seen)
        return None if found is None else self._run(found)

    # --- sealing ---------------------------------------------------------------------------------

    def _sealed(self, segment: Segment) -> Segment:
        subjects, run = segment.subjects, segment.run
        if len(subjects) > MOST:
            raise LawBroken(f"A run belongs to at most {MOST} subjects.")

        def sealed(clear: bytes, where: Value) -> bytes:
            return clear if is_sealed(clear) else seal(clear, subjects, where)

        request = run.request
        if segment.expected is None:
            request = replace(
                request,
                payload=sealed(request.payload, ["payload", run.id]),
                actor=sealed(request.actor, ["actor", run.id]),
            )
        answer = None if run.answer is None else sealed(run.answer, _of_answer(run))
        return replace(
            segment,
            run=replace(run, request=request, answer=answer),
            writes=tuple(_written(write, run.id, segment.private, sealed) for write in segment.writes),
            effects=tuple(self._asked(effect, sealed) for effect in segment.effects),
            kept=None if segment.kept is None else sealed(segment.kept, _of_kept(run.id, segment.first_line)),
            messages=tuple(each._replace(fields=sealed(each.fields, _of_message(each))) for each in segment.messages),
        )

    def _as_it_was(self, segment: Segment) -> Segment:
        """A segment that belongs to nobody; what it settles may have been intended by one that did."""
        settled = [effect for effect in segment.effects if effect.status != "INTENT"]
        if not settled:
            return segment
        return replace(
            segment, effects=tuple(self._asked(effect, lambda clear, where: clear) for effect in segment.effects)
        )

    def _asked(self, effect: Effect, sealed: Callable[[bytes, Value], bytes]) -> Effect:
        request = sealed(effect.request, _of_effect(effect, "request"))
        if effect.status != "INTENT":
            held = self.inner.effect(effect.key)
            if held is not None and self._opened(held.request, _of_effect(held, "request")) == effect.request:
                request = held.request  # the store compares bytes, and no two seals are alike
        response = effect.response
        if response is not None:
            response = sealed(response, _of_effect(effect, "response"))
        return replace(effect, request=request, response=response)

    # --- opening ---------------------------------------------------------------------------------

    def _opened(self, data: bytes, where: Value, keys: Mapping[str, bytes] | None = None) -> bytes:
        """A value in clear; one that was erased as it is."""
        if not is_sealed(data):
            return data
        ids = subjects_of(data)
        known = self.keys(ids) if keys is None else keys
        if not all(id in known for id in ids):
            return data
        return opened(data, {id: known[id] for id in ids}, where)

    def _cell(self, table: Table, store: str, cell: Cell, keys: Mapping[str, bytes]) -> Cell:
        if not is_sealed(cell.value):
            return cell
        where: Value = [table, store, cell.key, cell.run, cell.line]
        value = self._opened(cell.value, where, keys)
        return cell._replace(value=value, subjects=() if is_sealed(value) else subjects_of(cell.value))

    def _event(self, store: str, stream: str, event: Event, keys: Mapping[str, bytes]) -> Event:
        if not is_sealed(event.body):
            return event
        where: Value = ["events", store, stream, event.n, event.run, event.line]
        body = self._opened(event.body, where, keys)
        return event._replace(body=body, subjects=() if is_sealed(body) else subjects_of(event.body))

    def _run(self, run: Run) -> Run:
        request = run.request
        if not is_sealed(request.payload) and (run.answer is None or not is_sealed(run.answer)):
            return run
        keys = self.keys(_all((request.payload, run.answer or b"")))
        request = replace(
            request,
            payload=self._opened(request.payload, ["payload", run.id], keys),
            actor=self._opened(request.actor, ["actor", run.id], keys),
        )
        answer = None if run.answer is None else self._opened(run.answer, _of_answer(run), keys)
        return replace(run, request=request, answer=answer)

    def _effect(self, effect: Effect) -> Effect:
        response = effect.response
        if response is not None:
            response = self._opened(response, _of_effect(effect, "response"))
        request = self._opened(effect.request, _of_effect(effect, "request"))
        return replace(effect, request=request, response=response)

    # --- what holds no values --------------------------------------------------------------------

    def count(self, kind: Kind, store: str) -> Tally:
        return self.inner.count(kind, store)

    def tallies(self) -> tuple[Tally, ...]:
        return self.inner.tallies()

    def length(self, store: str, stream: str) -> int:
        return self.inner.length(store, stream)

    def streams(self, store: str) -> tuple[str, ...]:
        return self.inner.streams(store)

    def exclusive(self) -> AbstractContextManager[None]:
        return self.inner.exclusive()

    def lines(self, run: str) -> tuple[bytes, ...]:
        return self.inner.lines(run)

    def listeners(self, event: str) -> tuple[Listener, ...]:
        return self.inner.listeners(event)

    def take_out(self, message: Message) -> None:
        self.inner.take_out(message)

    def timing(self, run: str) -> tuple[Timing, ...]:
        return self.inner.timing(run)

    def subjects(self, ids: Sequence[str]) -> tuple[Subject, ...]:
        return self.inner.subjects(ids)

    def runs_of(self, subject: str) -> tuple[str, ...]:
        return self.inner.runs_of(subject)

    def telling(self, mark: bytes) -> tuple[str, ...]:
        return self.inner.telling(mark)

    def holding(self, mark: bytes) -> tuple[Holding, ...]:
        return self.inner.holding(mark)

    def scrub(self) -> None:
        self.inner.scrub()

    def log_size(self) -> int:
        return self.inner.log_size()

    def log(self, start: int, stop: int) -> tuple[LogEntry, ...]:
        return self.inner.log(start, stop)

    def meta(self, key: str) -> bytes | None:
        return self.inner.meta(key)

    def swap_meta(self, key: str, expected: bytes | None, value: bytes) -> bool:
        return self.inner.swap_meta(key, expected, value)

    def check(self) -> tuple[str, ...]:
        return self.inner.check()

    def close(self) -> None:
        self.inner.close()


def vault_over(store: Store) -> Vault:
    """The vault over a store, which may be one already."""
    return store if isinstance(store, Vault) else Vault(store)


def _all(values: Iterable[bytes]) -> set[str]:
    return {id for value in values if is_sealed(value) for id in subjects_of(value)}


def _written(write: Write, run: str, private: frozenset[str], sealed: Callable[[bytes, Value], bytes]) -> Write:
    if write.store not in private:
        return write
    match write:
        case Insert(store, key, value, line):
            return write._replace(value=sealed(value, ["registry", store, key, run, line]))
        case Put(store, key, value, _, line):
            return write._replace(value=sealed(value, ["state", store, key, run, line]))
        case Append(store, stream, n, body, line):
            return write._replace(body=sealed(body, ["events", store, stream, n, run, line]))
    return write


def _of_answer(run: Run) -> Value:
    return ["answer", run.id, run.head.line]


def _of_kept(run: str, line: int) -> Value:
    return ["kept", run, line]


def _of_message(message: Message) -> Value:
    return ["message", message.run, message.n, message.event]


def _of_effect(effect: Effect, part: str) -> Value:
    return [part, effect.key, effect.run]
