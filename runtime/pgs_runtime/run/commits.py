"""commits: attempts over an overlay until one of them is committed.

An attempt is made in memory, over what the store held when it looked. If something that it read has changed
until the commit, it never saw one state, and is made anew; after some conflicts, with other writers kept out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pgs_runtime.run.grounds import Live
from pgs_runtime.stores.port import Committed, Conflict, Fenced, Run, Segment, Store

CONFLICTS_BEFORE_LOCK = 3

T = TypeVar("T")


def commit(store: Store, most: int, attempt: Callable[[Live], tuple[T, Segment]]) -> T | Run:
    """What the committed attempt gave, or the run that stands there already under its id or request id.

    Args:
        most: bytes that one written value may have.
        attempt: makes what is given back and a segment out of a fresh overlay; called again after a conflict.

    Raises:
        StoreBusy, StoreUnusable: nothing was written.
    """
    for _ in range(CONFLICTS_BEFORE_LOCK):
        settled = _once(store, most, attempt)
        if not isinstance(settled, Conflict):
            return settled
    with store.exclusive():
        settled = _once(store, most, attempt)
    if isinstance(settled, Conflict):
        raise AssertionError("nothing changes while the store is ours alone")
    return settled


def _once(store: Store, most: int, attempt: Callable[[Live], tuple[T, Segment]]) -> T | Run | Conflict:
    given, segment = attempt(Live(store, most))
    match store.commit(segment):
        case Committed():
            return given
        case Conflict() as conflict:
            return conflict
        case Fenced(run):
            if run is None:
                raise AssertionError("a new run is fenced off by a run that is there")
            return run
