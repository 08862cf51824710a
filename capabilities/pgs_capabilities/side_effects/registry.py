"""Bind a key to a value, once.

Laws:
* a key holds one value for ever; no operation changes it, and what is deregistered stays taken for ever;
* registering again what is registered changes nothing and says so: ALREADY_EXISTS for the same value,
  CONFLICT for another, compared as JSON values;
* an address follows from store and key alone, so it is the same before and after, here and elsewhere.
"""

from __future__ import annotations

from pgs_snapshot.places import KeyedPlace, Taken
from pgs_snapshot.values import Outcome, Value, same


class Registry:
    """The operations of `core::CS_REGISTRY_V0` over one store."""

    def __init__(self, place: KeyedPlace) -> None:
        self._place = place

    def register(self, *, key: str, value: Value) -> Outcome:
        """Bind the key: SUCCESS or ALREADY_EXISTS with the `address`, or CONFLICT."""
        held = self._place.find(key)
        if held is None:
            try:
                self._place.insert(key, value)
            except Taken:  # by a value that was deregistered or erased
                return Outcome("CONFLICT")
            return Outcome("SUCCESS", address=self._place.address(key))
        if same(held.value, value):
            return Outcome("ALREADY_EXISTS", address=self._place.address(key))
        return Outcome("CONFLICT")

    def resolve(self, *, key: str) -> Outcome:
        """What the key holds: SUCCESS with the `value`, or NOT_FOUND."""
        held = self._place.find(key)
        return Outcome("NOT_FOUND") if held is None else Outcome("SUCCESS", value=held.value)

    def exists(self, *, key: str) -> Outcome:
        """Whether the key is bound: SUCCESS with the `address`, or NOT_FOUND; the value is not handed out."""
        if self._place.find(key) is None:
            return Outcome("NOT_FOUND")
        return Outcome("SUCCESS", address=self._place.address(key))

    def deregister(self, *, key: str) -> Outcome:
        """Withdraw the key for ever: SUCCESS or ALREADY_DEREGISTERED with the `address`, or NOT_FOUND."""
        if self._place.is_withdrawn(key):
            return Outcome("ALREADY_DEREGISTERED", address=self._place.address(key))
        if self._place.find(key) is None:
            return Outcome("NOT_FOUND")
        self._place.withdraw(key)
        return Outcome("SUCCESS", address=self._place.address(key))

    def count(self) -> Outcome:
        """How many keys are bound and not deregistered: SUCCESS with `n`."""
        return Outcome("SUCCESS", n=self._place.count())
