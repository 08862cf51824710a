"""Times, given as inputs."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOLIDAYS = frozenset({date(2026, 1, 1), date(2026, 12, 25)})
MONTHS = ("January", "February", "March")


def due(day: str, days: int) -> dict[str, str]:
    return {"day": (date.fromisoformat(day) + timedelta(days=days)).isoformat()}


def age(born: str, on: str) -> dict[str, int]:
    first, last = date.fromisoformat(born), date.fromisoformat(on)
    return {"years": last.year - first.year - ((last.month, last.day) < (first.month, first.day))}


def business_days(day: str, count: int) -> dict[str, str]:
    current = date.fromisoformat(day)
    for _ in range(count):
        current += timedelta(days=1)
        while current.weekday() >= 5 or current in HOLIDAYS:
            current += timedelta(days=1)
    return {"day": current.isoformat()}


def month_end(day: str) -> dict[str, str]:
    given = date.fromisoformat(day)
    return {"day": given.replace(day=calendar.monthrange(given.year, given.month)[1]).isoformat()}


def millis(time: str) -> dict[str, int]:
    return {"ms": (datetime.fromisoformat(time) - _EPOCH) // timedelta(milliseconds=1)}


def of_seconds(seconds: int) -> dict[str, str]:
    return {"time": datetime.fromtimestamp(seconds, tz=UTC).isoformat()}


def in_vienna(time: str) -> dict[str, str]:
    return {"time": datetime.fromisoformat(time).astimezone(timezone(timedelta(hours=1))).isoformat()}


def stamped(time: str) -> dict[str, str]:
    return {"stamp": datetime.fromisoformat(time).strftime("%Y%m%dT%H%M%S")}


def parsed(text: str) -> dict[str, str]:
    return {"day": datetime.strptime(text, "%d.%m.%Y").replace(tzinfo=UTC).date().isoformat()}


def month_name(month: int) -> dict[str, str]:
    return {"name": MONTHS[month - 1]}
