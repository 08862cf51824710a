"""Write records down in streams, for good.

Laws:
* a record that was appended stays as it is and where it is; no operation changes or removes one;
* the records of a stream are numbered from 1 without a gap, in the order in which they came;
* appending is not idempotent: the same record twice is two records.
"""

from __future__ import annotations

from pgs_snapshot.places import StreamPlace
from pgs_snapshot.values import Outcome, Value


class Events:
    """The operations of `core::CS_EVENTS_V0` over one store."""

    def __init__(self, place: StreamPlace) -> None:
        self._place = place

    def append(self, *, stream: str, record: Value) -> Outcome:
        """Add a record at the end of the stream: SUCCESS with its number `n`."""
        return Outcome("SUCCESS", n=self._place.append(stream, record))

    def read(self, *, stream: str, first: int = 1, last: int | None = None) -> Outcome:
        """The records numbered `first` to `last`, both included: SUCCESS with `records`.

        Without `last` all from `first` on; numbers that no record has yet give nothing.
        """
        end = self._place.length(stream) if last is None else last
        return Outcome("SUCCESS", records=self._place.read(stream, first, end + 1))

    def count(self, *, stream: str) -> Outcome:
        """How many records the stream has: SUCCESS with `n`, 0 for one that has not begun."""
        return Outcome("SUCCESS", n=self._place.length(stream))
