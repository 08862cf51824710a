"""Times and days, held against Python's calendar and against nanoseconds that are counted otherwise."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pgs_capabilities.transforms.dates import (
    add_days,
    add_months,
    add_time,
    check_inactivity,
    compare_times,
    date_of_time,
    days_between,
    seconds_to_time,
    time_between,
    time_to_seconds,
)
from pgs_snapshot.values import Outcome
from tests.capabilities.lawful import integers, times

UNITS = {"SECONDS": 1, "MINUTES": 60, "HOURS": 3_600, "DAYS": 86_400, "WEEKS": 604_800}
units = st.sampled_from([*UNITS])
dates = st.dates().map(date.isoformat)
UNIX = date(1970, 1, 1).toordinal()


def nanoseconds(time: str) -> int:
    """Since 1970 in UTC; the parts are taken as they stand, for `datetime` ends at the years and at six digits."""
    found = re.fullmatch(r"(.{10})T(..):(..):(..)(?:\.(\d+))?(?:Z|([+-])(..):(..))", time)
    assert found is not None
    day, hour, minute, second, fraction, sign, *offset = found.groups()
    minutes = int(offset[0] or 0) * 60 + int(offset[1] or 0)
    seconds = (date.fromisoformat(day).toordinal() - UNIX) * 86_400 + int(hour) * 3_600 + int(minute) * 60 + int(second)
    seconds += minutes * 60 if sign == "-" else -minutes * 60
    return seconds * 10**9 + int((fraction or "").ljust(9, "0"))


def has_a_year(nanos: int) -> bool:
    return 1 <= nanos // (86_400 * 10**9) + UNIX <= date.max.toordinal()


@given(times(), integers | st.integers(-10_000, 10_000), units)
def test_a_time_moves_by_the_amount_and_comes_out_in_utc(time: str, amount: int, unit: str) -> None:
    wanted = nanoseconds(time) + amount * UNITS[unit] * 10**9
    answer = add_time(time, amount, unit)
    if not has_a_year(wanted):
        assert answer == Outcome("OUT_OF_RANGE")
        return
    assert isinstance(answer, dict)
    assert str(answer["time"]).endswith("Z")
    assert nanoseconds(str(answer["time"])) == wanted


@given(times(), times(), units)
def test_the_time_between_two_is_cut_to_whole_units(first: str, second: str, unit: str) -> None:
    passed = nanoseconds(second) - nanoseconds(first)
    whole = abs(passed) // (UNITS[unit] * 10**9)
    assert time_between(first, second, unit) == {"amount": whole if passed >= 0 else -whole}


@given(times(), times())
def test_times_compare_as_instants(left: str, right: str) -> None:
    difference = nanoseconds(left) - nanoseconds(right)
    order = "EQUAL" if not difference else "LESS" if difference < 0 else "GREATER"
    assert compare_times(left, right) == {"order": order}


@given(times())
def test_the_day_of_a_time_is_that_of_utc(time: str) -> None:
    answer = date_of_time(time)
    if not has_a_year(nanoseconds(time)):
        assert answer == Outcome("OUT_OF_RANGE")
        return
    day = date.fromordinal(nanoseconds(time) // (86_400 * 10**9) + UNIX)
    parts = {"year": day.year, "month": day.month, "day": day.day, "weekday": day.isoweekday()}
    assert answer == {"date": day.isoformat(), **parts}


@given(times())
def test_seconds_count_as_posix_counts_them(time: str) -> None:
    assert time_to_seconds(time) == {"seconds": nanoseconds(time) // 10**9}


@given(integers | st.integers(-(10**11), 3 * 10**11))
def test_seconds_lead_to_the_time_that_has_them(seconds: int) -> None:
    answer = seconds_to_time(seconds)
    if not has_a_year(seconds * 10**9):
        assert answer == Outcome("OUT_OF_RANGE")
    else:
        assert isinstance(answer, dict)
        assert time_to_seconds(str(answer["time"])) == {"seconds": seconds}


@given(dates, st.integers(-4_000_000, 4_000_000) | integers)
def test_days_move_through_leap_years(day: str, days: int) -> None:
    try:
        expected = {"date": (date.fromisoformat(day) + timedelta(days=days)).isoformat()}
    except OverflowError:
        assert add_days(day, days) == Outcome("OUT_OF_RANGE")
        return
    assert add_days(day, days) == expected
    assert days_between(day, expected["date"]) == {"days": days}


@given(dates, st.integers(-130_000, 130_000))
def test_months_keep_the_day_or_end_with_their_last_one(day: str, months: int) -> None:
    answer = add_months(day, months)
    count = int(day[:4]) * 12 + int(day[5:7]) - 1 + months
    if not 12 <= count < 120_000:
        assert answer == Outcome("OUT_OF_RANGE")
        return
    assert isinstance(answer, dict)
    moved = date.fromisoformat(str(answer["date"]))
    assert moved.year * 12 + moved.month - 1 == count
    next_day = moved + timedelta(days=1) if moved < date.max else None
    assert moved.day == int(day[8:]) or (moved.day < int(day[8:]) and next_day and next_day.day == 1)


@given(times(), times(), st.integers(0, 4_000_000))
def test_somebody_is_inactive_from_the_last_whole_day_of_the_threshold_on(last: str, now: str, threshold: int) -> None:
    passed = nanoseconds(now) - nanoseconds(last)
    days = max(0, passed // (86_400 * 10**9))
    if passed >= 0 and days >= threshold:
        assert check_inactivity(last, now, threshold) == {"days_inactive": days}
    else:
        assert check_inactivity(last, now, threshold) == Outcome("ACTIVE", days_inactive=days)


def test_who_is_active_later_than_now_is_active_even_if_no_day_is_asked_for() -> None:
    answer = check_inactivity("2026-01-01T00:00:00.000000001Z", "2026-01-01T00:00:00Z", 0)
    assert answer == Outcome("ACTIVE", days_inactive=0)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_no_hour_is_lost_or_told_twice_where_clocks_are_changed(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    assert add_time("2026-03-28T12:00:00Z", 1, "DAYS") == {"time": "2026-03-29T12:00:00Z"}
    assert time_between("2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z", "HOURS") == {"amount": 24}


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)), st.integers(-12, 12))
def test_months_there_and_back_come_within_the_same_month(moment: datetime, months: int) -> None:
    day = moment.date().isoformat()
    there = add_months(day, months)
    assume(isinstance(there, dict))
    assert isinstance(there, dict)
    back = add_months(str(there["date"]), -months)
    assert isinstance(back, dict)
    assert str(back["date"])[:7] == day[:7]
