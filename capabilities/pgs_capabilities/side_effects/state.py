"""Keep what is the case now, under keys, in versions.

Laws:
* a key holds the last value written; its version counts the writes since it was last free, from 1;
* a write that states the version it expects happens at that version or not at all;
* keys are listed in the order of their UTF-8 bytes.
"""

from __future__ import annotations

from pgs_snapshot.places import MutablePlace, Stale
from pgs_snapshot.values import Outcome, Value


class State:
    """The operations of `core::CS_STATE_V0` over one store."""

    def __init__(self, place: MutablePlace) -> None:
        self._place = place

    def read(self, *, key: str) -> Outcome:
        """What the key holds: SUCCESS with `value` and `version`, or NOT_FOUND."""
        held = self._place.find(key)
        if held is None:
            return Outcome("NOT_FOUND")
        return Outcome("SUCCESS", value=held.value, version=held.version)

    def write(self, *, key: str, value: Value, expected: int | None = None) -> Outcome:
        """Set the key: SUCCESS with the new `version`, or STALE with the `version` that it is at.

        `expected` is the version that the writer has read, 0 for a key that is to be free; without it the
        write is unconditional.
        """
        try:
            return Outcome("SUCCESS", version=self._place.put(key, value, expected))
        except Stale as stale:
            return Outcome("STALE", version=stale.version)

    def delete(self, *, key: str) -> Outcome:
        """Free the key: SUCCESS, or NOT_FOUND if it was free."""
        if self._place.find(key) is None:
            return Outcome("NOT_FOUND")
        self._place.remove(key)
        return Outcome("SUCCESS")

    def list(self, *, prefix: str = "") -> Outcome:
        """The keys that begin with the prefix: SUCCESS with `keys`."""
        return Outcome("SUCCESS", keys=[*self._place.keys(prefix)])
