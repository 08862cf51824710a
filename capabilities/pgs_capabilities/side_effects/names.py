"""Names for what people look for, each of them somebody's until it is released.

Laws:
* a name stands for one value at a time: whoever comes second is told that it is TAKEN, and nothing is overwritten;
* a name is changed and released at the version that was read, or not at all: nobody undoes what nobody has seen;
* names are the same if all of their characters are: `core::CT_LOWER_ASCII_V0` makes one of two that differ in case.
"""

from __future__ import annotations

from pgs_snapshot.places import MutablePlace
from pgs_snapshot.values import Outcome, Value


class Names:
    """The operations of `core::CS_NAME_REGISTRY_V0` over one store."""

    def __init__(self, place: MutablePlace) -> None:
        self._place = place

    def register(self, *, name: str, value: Value) -> Outcome:
        """Take a free name: SUCCESS with the `version`, which is 1, or TAKEN."""
        if self._place.find(name) is not None:
            return Outcome("TAKEN")
        return Outcome("SUCCESS", version=self._place.put(name, value, 0))

    def resolve(self, *, name: str) -> Outcome:
        """What a name stands for: SUCCESS with `value` and `version`, or NOT_FOUND."""
        held = self._place.find(name)
        if held is None:
            return Outcome("NOT_FOUND")
        return Outcome("SUCCESS", value=held.value, version=held.version)

    def change(self, *, name: str, value: Value, expected: int) -> Outcome:
        """Let a name stand for another value: SUCCESS with the new `version`, STALE with its own, or NOT_FOUND."""
        refused = self._refused(name, expected)
        return refused or Outcome("SUCCESS", version=self._place.put(name, value, expected))

    def release(self, *, name: str, expected: int) -> Outcome:
        """Give a name up, for anybody to take: SUCCESS, STALE with its `version`, or NOT_FOUND."""
        refused = self._refused(name, expected)
        if refused is None:
            self._place.remove(name)
        return refused or Outcome("SUCCESS")

    def _refused(self, name: str, expected: int) -> Outcome | None:
        held = self._place.find(name)
        if held is None:
            return Outcome("NOT_FOUND")
        return None if held.version == expected else Outcome("STALE", version=held.version)
