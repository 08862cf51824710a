"""Segments for the tests of stores: short to write, and lawful unless a test wants them not to be."""

from __future__ import annotations

from dataclasses import replace

from pgs_runtime.stores.port import Store
from pgs_runtime.stores.records import (
    Committed,
    Effect,
    Expected,
    Head,
    Insert,
    Read,
    Request,
    Run,
    Segment,
    Status,
    Timing,
    Write,
)

ACTORS = "blockchain::ST_ACTORS_V0"
EVENTS = "blockchain::ST_EVENTS_V0"
LIMITS = "blockchain::ST_LIMITS_V0"
WORKFLOW = "blockchain::WF_REGISTER_V0"


def asked(key: str | None = None, payload: bytes = b"{}") -> Request:
    return Request(WORKFLOW, "snapshot", "fingerprint", key, payload, "payload digest", b'{"id":"clerk"}')


def first(id: str, *writes: Write, status: Status = "COMPLETED", key: str | None = None) -> Segment:
    """The first segment of a run, with the lines 0 and 1."""
    exit = None if status in ("RUNNING", "WAITING", "IN_DOUBT") else "DONE"
    run = Run(id, asked(key), status, Head(1, f"{id} head 1"), exit)
    return Segment(run, None, (f"{id} line 0".encode(), f"{id} line 1".encode()), writes=writes)


def following(run: Run, *writes: Write, status: Status = "COMPLETED") -> Segment:
    """A segment of one line that goes on from where a run is."""
    n = run.head.line + 1
    later = replace(run, status=status, head=Head(n, f"{run.id} head {n}"), lease=None)
    return Segment(later, Expected(run.head, run.epoch), (f"{run.id} line {n}".encode(),), writes=writes)


def reading(segment: Segment, *reads: Read) -> Segment:
    return replace(segment, reads=reads)


def affecting(segment: Segment, *effects: Effect) -> Segment:
    return replace(segment, effects=effects)


def timed(segment: Segment, *timing: Timing) -> Segment:
    return replace(segment, timing=timing)


def committed(store: Store, segment: Segment) -> Run:
    """Commit a segment that must get through, and give its run as the store knows it."""
    answer = store.commit(segment)
    assert isinstance(answer, Committed), answer
    run = store.run(segment.run.id)
    assert run is not None
    return run


def bind(store: Store, id: str, key: str, value: bytes = b"1") -> Run:
    """A run that binds one key of the registry."""
    return committed(store, first(id, Insert(ACTORS, key, value, 1)))


def dump(store: Store) -> object:
    """Everything that a store shows of its content, for comparisons."""
    tallies = store.tallies()
    return (
        tallies,
        [store.scan(t.kind, t.store) for t in tallies if t.kind != "events"],
        [
            (stream, store.length(t.store, stream), store.events(t.store, stream, 0, 10**6))
            for t in tallies
            if t.kind == "events"
            for stream in store.streams(t.store)
        ],
        [(run, store.lines(run.id), store.timing(run.id), store.effects(run.id)) for run in store.runs(limit=1000)],
        store.log(0, store.log_size()),
    )
