"""Counters, names, and what is asked of the clock and of chance."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_capabilities.side_effects.chance import Chance, Clock, Identifiers
from pgs_capabilities.side_effects.counters import Counters
from pgs_capabilities.side_effects.state import State
from pgs_snapshot.values import MAX_INTEGER, Outcome, Value
from tests.capabilities.operations import fits, operation
from tests.capabilities.places import Mutable
from tests.parties.outside import Known

steps = st.lists(st.tuples(st.sampled_from(["up", "down"]), st.integers(1, 9), st.integers(0, 20)))


@given(steps)
def test_a_counter_is_never_below_zero_or_beyond_its_limit_and_says_where_it_stands(
    moves: list[tuple[str, int, int]],
) -> None:
    counters, stands = Counters(Mutable()), 0
    for way, by, most in moves:
        if way == "up":
            expected = Outcome("SUCCESS", n=stands + by) if stands + by <= most else Outcome("EXHAUSTED", n=stands)
            assert counters.increment(key="k", by=by, most=most) == expected
        else:
            expected = Outcome("SUCCESS", n=stands - by) if by <= stands else Outcome("NOT_ENOUGH", n=stands)
            assert counters.decrement(key="k", by=by) == expected
        stands = int(str(expected.outputs["n"]))
        assert counters.read(key="k") == Outcome("SUCCESS", n=stands)
    assert counters.read(key="other") == Outcome("SUCCESS", n=0)


def test_a_counter_ends_where_integers_do() -> None:
    counters = Counters(Mutable())
    counters.increment(key="k", by=MAX_INTEGER)
    assert counters.increment(key="k") == Outcome("EXHAUSTED", n=MAX_INTEGER)


records = st.dictionaries(st.sampled_from("abc"), st.sampled_from([0, False, "0", None, [0]]), max_size=3)
stores = st.dictionaries(st.text("xyé", max_size=3), records, max_size=6)


@given(stores, records, records, st.lists(st.sampled_from("abc"), max_size=2), st.sampled_from(["", "x"]))
def test_an_update_changes_those_that_are_meant_and_no_others(
    held: dict[str, dict[str, Value]], where: dict[str, Value], put: dict[str, Value], remove: list[str], prefix: str
) -> None:
    kept = State(Mutable())
    for key, record in held.items():
        kept.write(key=key, value=record)
    meant = [
        key
        for key, record in held.items()
        if key.startswith(prefix) and all(repr(record.get(name, ...)) == repr(part) for name, part in where.items())
    ]
    meant.sort(key=str.encode)
    answer = kept.update_where(where=where, set=put, remove=remove, prefix=prefix)
    assert answer == (Outcome("SUCCESS", keys=[*meant]) if meant else Outcome("NOT_FOUND"))
    for key, record in held.items():
        changed = {**{name: part for name, part in record.items() if name not in remove}, **put}
        expected = (changed, 2) if key in meant else (record, 1)
        assert kept.read(key=key) == Outcome("SUCCESS", value=expected[0], version=expected[1])


def test_the_clock_says_the_time_of_now_in_utc() -> None:
    before = datetime.now(UTC)
    answer = Clock(Known({})).now()
    assert fits(operation("core::CS_CLOCK_V0", "NOW"), answer)
    assert before <= datetime.fromisoformat(str(answer.outputs["time"])) <= datetime.now(UTC)


@given(st.text("0123456789abcdef", min_size=64, max_size=64))
def test_an_identifier_follows_from_the_key_of_its_effect(key: str) -> None:
    first, again = (Identifiers(Known({}, key=key)).new(prefix="TX_") for _ in range(2))
    assert first == again
    assert first.outputs["id"] == f"TX_{key[:32]}"
    assert fits(operation("core::CS_IDENTIFIERS_V0", "NEW"), first)
    uuid = UUID(str(first.outputs["uuid"]))
    assert (uuid.version, uuid.variant) == (8, "specified in RFC 4122")


@pytest.mark.parametrize(("least", "most"), [(0, 0), (-3, 3), (-MAX_INTEGER, MAX_INTEGER), (5, 6)])
def test_chance_keeps_to_its_range_and_comes_to_both_ends(least: int, most: int) -> None:
    found = [Chance(Known({})).integer(least=least, most=most) for _ in range(200)]
    assert all(fits(operation("core::CS_RANDOM_V0", "INTEGER"), answer) for answer in found)
    numbers = {int(str(answer.outputs["number"])) for answer in found}
    assert least <= min(numbers) <= max(numbers) <= most
    if most - least < 10:
        assert numbers == set(range(least, most + 1))


def test_a_range_without_numbers_is_empty() -> None:
    assert Chance(Known({})).integer(least=1, most=0) == Outcome("EMPTY")


@pytest.mark.parametrize("size", [16, 32, 64])
def test_entropy_has_as_many_bytes_as_are_asked_for_and_never_the_same(size: int) -> None:
    found = [Chance(Known({})).entropy(bytes=size) for _ in range(20)]
    assert all(fits(operation("core::CS_RANDOM_V0", "ENTROPY"), answer) for answer in found)
    texts = {str(answer.outputs["hex"]) for answer in found}
    assert len(texts) == 20
    assert all(re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text) for text in texts)
