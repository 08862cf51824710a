"""Counters."""

from pgs_snapshot.places import MutablePlace
from pgs_snapshot.values import Outcome


class Counter:
    def __init__(self, place: MutablePlace) -> None:
        self._place = place

    def _up(self, *, key: str) -> Outcome:
        self._place.put(key, 1, None)
        return Outcome("SUCCESS")
