"""Counters."""

from pgs_snapshot.places import MutablePlace
from pgs_snapshot.values import Outcome


class Counter:
    def __init__(self, place: MutablePlace) -> None:
        self._place = place

    def count_up(self, *, key: str) -> Outcome:
        self._place.put(key, {"count": 1}, None)
        return Outcome("SUCCESS", {"count": 1, "before": 0})
