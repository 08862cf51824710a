"""Points in time and days, from times that are on record.

A time is a text of the format `date-time` (RFC 3339), of any offset; what is given back is in UTC, with `Z`. No clock
is read here: bind `$.run.time`, a field, or the time of an event.

Laws:
* a day has 86,400 seconds: UTC knows no summer time, and RFC 3339 as it is taken here no leap seconds;
* the calendar is the Gregorian one, for ever; what lies outside of the years 1 to 9999 is OUT_OF_RANGE;
* fractions of a second are kept to the last of nine digits, and never rounded.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta

from pgs_snapshot.values import Outcome, Value

_FIRST = datetime(1, 1, 1)
_DAYS = 3_652_059  # from 0001-01-01 to 9999-12-31, both included
_FAR = 400_000_000_000  # seconds, more than all these days have
_POSIX = 719_162  # the days from 0001-01-01 to 1970-01-01
_LENGTHS = {"SECONDS": 1, "MINUTES": 60, "HOURS": 3_600, "DAYS": 86_400, "WEEKS": 604_800}


def add_time(time: str, amount: int, unit: str) -> dict[str, Value] | Outcome:
    """The time that is an amount later, or earlier if that is negative: `time`, or OUT_OF_RANGE.

    Args:
        time: from when.
        amount: how many units.
        unit: SECONDS, MINUTES, HOURS, DAYS or WEEKS.
    """
    seconds = amount * _LENGTHS[unit]
    if abs(seconds) > _FAR:
        return Outcome("OUT_OF_RANGE")
    return _time(_since(time) + timedelta(seconds=seconds), _fraction(time))


def add_months(date: str, months: int) -> dict[str, Value] | Outcome:
    """The same day some months later or earlier, or the last of a shorter month: `date`, or OUT_OF_RANGE."""
    years, before = divmod(int(date[5:7]) - 1 + months, 12)
    year, month = int(date[:4]) + years, before + 1
    if not 1 <= year <= 9999:
        return Outcome("OUT_OF_RANGE")
    day = min(int(date[8:]), monthrange(year, month)[1])
    return {"date": f"{year:04}-{month:02}-{day:02}"}


def add_days(date: str, days: int) -> dict[str, Value] | Outcome:
    """The day that is some days later, or earlier if they are negative: `date`, or OUT_OF_RANGE."""
    number = _day(date).toordinal() + days
    if not 1 <= number <= _DAYS:
        return Outcome("OUT_OF_RANGE")
    return {"date": (_FIRST + timedelta(days=number - 1)).date().isoformat()}


def time_between(earlier: str, later: str, unit: str) -> dict[str, Value]:
    """How many whole units lie between two times: `amount`, below 0 if the first is the later one.

    What is not a whole unit is cut off: from 23 hours before to 23 hours after a time, it is 0 DAYS.
    """
    length = timedelta(seconds=_LENGTHS[unit])
    passed = _passed(earlier, later)
    return {"amount": -(_passed(later, earlier) // length) if passed.days < 0 else passed // length}


def days_between(earlier: str, later: str) -> dict[str, Value]:
    """How many days lie between two dates: `days`, below 0 if the first is the later one."""
    return {"days": _day(later).toordinal() - _day(earlier).toordinal()}


def compare_times(left: str, right: str) -> dict[str, Value]:
    """How one time stands to another, as instants: `order`, which is LESS (earlier), EQUAL or GREATER (later)."""
    if _passed(left, right).days < 0:
        return {"order": "GREATER"}
    return {"order": "LESS" if _passed(right, left).days < 0 else "EQUAL"}


def date_of_time(time: str) -> dict[str, Value] | Outcome:
    """The day of a time in UTC: `date`, `year`, `month`, `day` and `weekday`, 1 for Monday; or OUT_OF_RANGE."""
    since = _since(time)
    if not 0 <= since.days < _DAYS:
        return Outcome("OUT_OF_RANGE")
    day = _FIRST + since
    parts: dict[str, Value] = {"year": day.year, "month": day.month, "day": day.day, "weekday": day.isoweekday()}
    return {"date": day.date().isoformat(), **parts}


def time_to_seconds(time: str) -> dict[str, Value]:
    """The whole seconds since 1970 in UTC, as POSIX counts them: `seconds`, below 0 before."""
    return {"seconds": (_since(time) - timedelta(days=_POSIX)) // timedelta(seconds=1)}


def seconds_to_time(seconds: int) -> dict[str, Value] | Outcome:
    """The time that is some seconds after 1970 began in UTC: `time`, or OUT_OF_RANGE."""
    if abs(seconds) > _FAR:
        return Outcome("OUT_OF_RANGE")
    return _time(timedelta(days=_POSIX, seconds=seconds), "")


def check_inactivity(last_active: str, now: str, threshold_days: int) -> dict[str, Value] | Outcome:
    """SUCCESS with `days_inactive` if that is at least the threshold, else ACTIVE with `days_inactive`.

    Who was active later than now is ACTIVE, for 0 days.
    """
    passed = _passed(last_active, now).days
    if passed < 0:
        return Outcome("ACTIVE", days_inactive=0)
    return {"days_inactive": passed} if passed >= threshold_days else Outcome("ACTIVE", days_inactive=passed)


def _day(day: str) -> date:
    return date(int(day[:4]), int(day[5:7]), int(day[8:10]))


def _since(time: str) -> timedelta:
    """The whole seconds from the beginning of the year 1 in UTC, below zero if an offset leads there."""
    days = _day(time).toordinal() - 1
    local = timedelta(days=days, hours=int(time[11:13]), minutes=int(time[14:16]), seconds=int(time[17:19]))
    if time.endswith("Z"):
        return local
    offset = timedelta(hours=int(time[-5:-3]), minutes=int(time[-2:]))
    return local + offset if time[-6] == "-" else local - offset


def _fraction(time: str) -> str:
    """The part of a second, with its point, or nothing."""
    return time[19:-1] if time.endswith("Z") else time[19:-6]


def _passed(earlier: str, later: str) -> timedelta:
    """The whole seconds between two times, rounded down, so that anything below zero has negative days."""
    passed = _since(later) - _since(earlier)
    cut = _fraction(later)[1:].ljust(9, "0") < _fraction(earlier)[1:].ljust(9, "0")
    return passed - timedelta(seconds=1) if cut else passed


def _time(since: timedelta, fraction: str) -> dict[str, Value] | Outcome:
    if not 0 <= since.days < _DAYS:
        return Outcome("OUT_OF_RANGE")
    return {"time": f"{(_FIRST + since).isoformat()}{fraction}Z"}
