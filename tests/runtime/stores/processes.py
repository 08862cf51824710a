"""What tests of many processes over one store have in common."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable

from pgs_runtime.stores.port import Store
from pgs_runtime.stores.records import Append, CellRead, Committed, Insert, LengthRead, Put, Segment
from tests.runtime.stores.segments import ACTORS, EVENTS, LIMITS, first, reading


def forked(work: Callable[[], None]) -> int:
    """Start a child that does the work and ends; its process id."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)
    return child


def ended(child: int) -> int:
    """The exit code of a child, negative if a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def register(store: Store, id: str) -> Segment:
    """A run that binds its own key, adds to the stream of all, and counts in the cell of all."""
    length = store.length(EVENTS, "all")
    total = store.get("state", LIMITS, "total")
    value = 0 if total is None else int(total.value)
    segment = first(
        id,
        Insert(ACTORS, id, b"1", 0),
        Append(EVENTS, "all", length + 1, id.encode(), 1),
        Put(LIMITS, "total", b"%d" % (value + 1), 1 if total is None else total.version + 1, 1),
    )
    return reading(
        segment,
        LengthRead(EVENTS, "all", length),
        CellRead("state", LIMITS, "total", 0 if total is None else total.change),
    )


def insist(store: Store, id: str) -> None:
    """Commit as the engine does: three tries, then the lock first."""
    for _ in range(3):
        if isinstance(store.commit(register(store, id)), Committed):
            return
    with store.exclusive():
        answer = store.commit(register(store, id))
    assert isinstance(answer, Committed), answer


def whole(store: Store, id: str) -> bool:
    """Whether the run is there with all that belongs to it; half of it is a failure."""
    there = [
        store.run(id) is not None,
        len(store.lines(id)) == 2,
        store.get("registry", ACTORS, id) is not None,
        any(event.body == id.encode() for event in store.events(EVENTS, "all", 1, 10_000)),
        any(entry.run == id for entry in store.log(0, 10_000)),
    ]
    assert len(set(there)) == 1, there
    return there[0]
