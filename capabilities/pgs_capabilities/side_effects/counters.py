"""Count under keys, up to a limit and down to zero.

Laws:
* a key that was never counted stands at 0;
* a count changes by the whole amount or not at all, and is never below zero or beyond its limit;
* counting is part of the run: what is dropped when a run ends FAILED was not counted.
"""

from __future__ import annotations

from pgs_snapshot.places import Found, MutablePlace
from pgs_snapshot.values import MAX_INTEGER, Outcome


class Counters:
    """The operations of `core::CS_COUNTERS_V0` over one store, which holds `core::EN_COUNTER_STATE_V0`."""

    def __init__(self, place: MutablePlace) -> None:
        self._place = place

    def increment(self, *, key: str, by: int = 1, most: int = MAX_INTEGER) -> Outcome:
        """Count up: SUCCESS with the new `n`; EXHAUSTED, with the `n` that it stays at, beyond `most`."""
        now = self._now(key)
        if now + by > most:
            return Outcome("EXHAUSTED", n=now)
        return self._set(key, now + by)

    def decrement(self, *, key: str, by: int = 1) -> Outcome:
        """Count down: SUCCESS with the new `n`; NOT_ENOUGH, with the `n` that it stays at, below 0."""
        now = self._now(key)
        if now < by:
            return Outcome("NOT_ENOUGH", n=now)
        return self._set(key, now - by)

    def read(self, *, key: str) -> Outcome:
        """Where the key stands: SUCCESS with `n`."""
        return Outcome("SUCCESS", n=self._now(key))

    def _now(self, key: str) -> int:
        return _count(self._place.find(key))

    def _set(self, key: str, n: int) -> Outcome:
        self._place.put(key, {"n": n}, None)
        return Outcome("SUCCESS", n=n)


def _count(held: Found | None) -> int:
    return int(str(held.value["n"])) if held is not None and isinstance(held.value, dict) else 0
