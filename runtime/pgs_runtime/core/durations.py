"""Durations of ISO 8601, added to a point in time: `P2D`, `PT4H30M`, `P1Y2M`, `P3W`.

Years and months are those of the calendar: a month after 31 January is the last day of February. Everything else is
so many seconds; there are no leap seconds in UTC as POSIX counts it.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta

from pgs_runtime.core.expressions import Missing

_FORM = re.compile(
    r"P(?=[0-9T])(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?"
    r"(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]{1,6})[0-9]*)?S)?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_DIGITS = 9  # of any number in a duration that is not beyond the last year of the calendar


def later(micros: int, duration: str) -> int:
    """The point in time that lies so much later; at most the end of the year 9999.

    Args:
        micros: µs since 1970 UTC.

    Raises:
        Missing: this is no duration; the compiler and the schemas refuse such first.
    """
    found = _FORM.fullmatch(duration)
    if found is None:
        raise Missing("a duration is added, and something else is there")
    parts = [int((part or "0")[:_DIGITS]) for part in found.groups()[:7]]
    years, months, weeks, days, hours, minutes, seconds = parts
    fraction = int((found[8] or "").ljust(6, "0"))
    try:
        start = _months_later(_EPOCH + timedelta(microseconds=micros), years * 12 + months)
        end = start + timedelta(
            weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=fraction
        )
    except (OverflowError, ValueError):
        end = _LAST
    return (min(end, _LAST) - _EPOCH) // timedelta(microseconds=1)


def is_duration(text: str) -> bool:
    return _FORM.fullmatch(text) is not None


def _months_later(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    days = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, days))
