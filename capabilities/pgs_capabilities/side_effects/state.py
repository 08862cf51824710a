"""Keep what is the case now, under keys, in versions.

Laws:
* a key holds the last value written; its version counts the writes since it was last free, from 1;
* a write that states the version it expects happens at that version or not at all;
* keys are listed in the order of their UTF-8 bytes;
* what is asked of several keys is done to all that are meant or to none: beyond `max`, to none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from pgs_snapshot.places import Found, MutablePlace, Stale
from pgs_snapshot.values import Outcome, Value, same

_Rows: TypeAlias = list[tuple[str, Found]]  # a method of the class is called `list`
_Values: TypeAlias = list[Value]


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

    def read_where(self, *, where: dict[str, Value], prefix: str = "", max: int = 100) -> Outcome:
        """The records with these members: SUCCESS with `rows`, or TOO_MANY if there are more than `max`."""
        meant = self._meant(where, prefix)
        if len(meant) > max:
            return Outcome("TOO_MANY", count=len(meant))
        rows: _Values = [{"key": key, "value": held.value, "version": held.version} for key, held in meant]
        return Outcome("SUCCESS", rows=rows)

    def update_where(
        self,
        *,
        where: dict[str, Value],
        set: dict[str, Value],
        remove: Sequence[str] = (),
        prefix: str = "",
        max: int = 100,
    ) -> Outcome:
        """Change the records with these members: SUCCESS with their `keys`, NOT_FOUND, TOO_MANY or VIOLATION.

        Args:
            where: members that a record has, each with this value.
            set: members that it gets.
            remove: members that it loses; one that is set as well is set.
            prefix: what the keys begin with.
            max: how many records may be changed.
        """
        meant = self._meant(where, prefix)
        if not meant:
            return Outcome("NOT_FOUND")
        if len(meant) > max:
            return Outcome("TOO_MANY", count=len(meant))
        changed = [(key, {**_without(held, remove), **set}) for key, held in meant]
        for key, value in changed:
            if not self._place.takes(value):
                return Outcome("VIOLATION", key=key)
        for key, value in changed:
            self._place.put(key, value, None)
        return Outcome("SUCCESS", keys=[key for key, _ in changed])

    def delete_where(self, *, where: dict[str, Value], prefix: str = "", max: int = 100) -> Outcome:
        """Free the keys of the records with these members: SUCCESS with `keys`, NOT_FOUND or TOO_MANY."""
        meant = self._meant(where, prefix)
        if not meant:
            return Outcome("NOT_FOUND")
        if len(meant) > max:
            return Outcome("TOO_MANY", count=len(meant))
        for key, _ in meant:
            self._place.remove(key)
        return Outcome("SUCCESS", keys=[key for key, _ in meant])

    def _meant(self, where: dict[str, Value], prefix: str) -> _Rows:
        """The rows below a prefix whose records have these members, in the order of their keys."""
        return [(key, held) for key, held in self._place.rows(prefix) if _has(held.value, where)]


def _has(value: Value, where: dict[str, Value]) -> bool:
    return isinstance(value, dict) and all(name in value and same(value[name], part) for name, part in where.items())


def _without(held: Found, names: Sequence[str]) -> dict[str, Value]:
    record = held.value if isinstance(held.value, dict) else {}
    return {name: value for name, value in record.items() if name not in names}
