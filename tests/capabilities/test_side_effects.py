"""Side effects: each keeps its semantics over a place in memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_capabilities.side_effects.events import Events
from pgs_capabilities.side_effects.registry import Registry
from pgs_capabilities.side_effects.state import State
from pgs_snapshot.canonical import digest_of
from pgs_snapshot.values import Outcome, Value
from tests.capabilities.places import Keyed, Mutable, Stream

ADDRESS = digest_of(["d::ST_X_V0", "a"])


@pytest.fixture
def keyed() -> Keyed:
    return Keyed("d::ST_X_V0")


# --- registry ------------------------------------------------------------------------------------


def test_registering_binds_the_key_and_gives_its_address(keyed: Keyed) -> None:
    assert Registry(keyed).register(key="a", value={"x": 1}) == Outcome("SUCCESS", address=ADDRESS)
    assert keyed.values == {"a": {"x": 1}}


def test_registering_the_same_again_writes_nothing_and_gives_the_same_address(keyed: Keyed) -> None:
    Registry(keyed).register(key="a", value={"x": 1, "y": 2})
    again = Registry(keyed).register(key="a", value={"y": 2, "x": 1})
    assert again == Outcome("ALREADY_EXISTS", address=ADDRESS)
    assert keyed.writes == 1


@pytest.mark.parametrize("other", [{"x": 2}, {"x": True}, {}, {"x": 1, "y": 1}, None], ids=repr)
def test_registering_another_value_conflicts_and_keeps_the_first(keyed: Keyed, other: Value) -> None:
    Registry(keyed).register(key="a", value={"x": 1})
    assert Registry(keyed).register(key="a", value=other) == Outcome("CONFLICT")
    assert keyed.values == {"a": {"x": 1}}


def test_resolving_gives_the_value_or_says_that_there_is_none(keyed: Keyed) -> None:
    assert Registry(keyed).resolve(key="a") == Outcome("NOT_FOUND")
    Registry(keyed).register(key="a", value=None)
    assert Registry(keyed).resolve(key="a") == Outcome("SUCCESS", value=None)


def test_asking_whether_a_key_exists_does_not_hand_out_its_value(keyed: Keyed) -> None:
    assert Registry(keyed).exists(key="a") == Outcome("NOT_FOUND")
    Registry(keyed).register(key="a", value="secret")
    assert Registry(keyed).exists(key="a") == Outcome("SUCCESS", address=ADDRESS)


def test_counting_counts_keys(keyed: Keyed) -> None:
    assert Registry(keyed).count() == Outcome("SUCCESS", n=0)
    for key in ("a", "b", "a"):
        Registry(keyed).register(key=key, value=1)
    assert Registry(keyed).count() == Outcome("SUCCESS", n=2)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2))))
def test_whatever_is_registered_the_first_value_of_a_key_stays(pairs: list[tuple[str, int]]) -> None:
    place = Keyed("s")
    for key, value in pairs:
        Registry(place).register(key=key, value=value)
    assert place.values == dict(reversed(pairs))


# --- events --------------------------------------------------------------------------------------


def test_records_are_numbered_from_one_in_each_stream() -> None:
    log = Events(Stream())
    numbers = [log.append(stream=stream, record={}).outputs["n"] for stream in ("a", "a", "b", "a")]
    assert numbers == [1, 2, 1, 3]


def test_the_same_record_twice_is_two_records() -> None:
    log = Events(Stream())
    log.append(stream="a", record={"x": 1})
    log.append(stream="a", record={"x": 1})
    assert log.count(stream="a") == Outcome("SUCCESS", n=2)


def test_a_stream_that_has_not_begun_is_empty() -> None:
    log = Events(Stream())
    assert log.count(stream="a") == Outcome("SUCCESS", n=0)
    assert log.read(stream="a") == Outcome("SUCCESS", records=[])


@pytest.mark.parametrize(
    ("first", "last", "records"),
    [(1, None, [10, 20, 30]), (2, None, [20, 30]), (1, 1, [10]), (2, 9, [20, 30]), (4, None, []), (1, 0, [])],
)
def test_reading_takes_both_ends_and_stops_where_the_stream_does(
    first: int, last: int | None, records: list[Value]
) -> None:
    log = Events(Stream())
    for record in (10, 20, 30):
        log.append(stream="a", record=record)
    assert log.read(stream="a", first=first, last=last) == Outcome("SUCCESS", records=records)


# --- state ---------------------------------------------------------------------------------------


def test_a_key_holds_the_last_value_and_counts_its_versions() -> None:
    kept = State(Mutable())
    assert kept.read(key="a") == Outcome("NOT_FOUND")
    assert kept.write(key="a", value=1) == Outcome("SUCCESS", version=1)
    assert kept.write(key="a", value=2) == Outcome("SUCCESS", version=2)
    assert kept.read(key="a") == Outcome("SUCCESS", value=2, version=2)


def test_a_write_at_the_version_that_was_read_succeeds() -> None:
    kept = State(Mutable())
    kept.write(key="a", value=1)
    assert kept.write(key="a", value=2, expected=1) == Outcome("SUCCESS", version=2)


def test_a_write_at_another_version_is_stale_and_changes_nothing() -> None:
    kept = State(Mutable())
    kept.write(key="a", value=1)
    kept.write(key="a", value=2)
    assert kept.write(key="a", value=3, expected=1) == Outcome("STALE", version=2)
    assert kept.read(key="a") == Outcome("SUCCESS", value=2, version=2)


def test_a_write_that_expects_a_free_key_makes_it_and_never_replaces_it() -> None:
    kept = State(Mutable())
    assert kept.write(key="a", value=1, expected=0) == Outcome("SUCCESS", version=1)
    assert kept.write(key="a", value=2, expected=0) == Outcome("STALE", version=1)


def test_a_deleted_key_is_free_and_begins_again() -> None:
    kept = State(Mutable())
    kept.write(key="a", value=1)
    assert kept.delete(key="a") == Outcome("SUCCESS")
    assert kept.read(key="a") == Outcome("NOT_FOUND")
    assert kept.delete(key="a") == Outcome("NOT_FOUND")
    assert kept.write(key="a", value=2) == Outcome("SUCCESS", version=1)


def test_keys_are_listed_by_prefix_in_the_order_of_their_bytes() -> None:
    kept = State(Mutable())
    for key in ("b", "aé", "a", "aZ", "a\U0001f600", "a￿"):
        kept.write(key=key, value=0)
    assert kept.list(prefix="a") == Outcome("SUCCESS", keys=["a", "aZ", "aé", "a￿", "a\U0001f600"])
    assert kept.list() == Outcome("SUCCESS", keys=["a", "aZ", "aé", "a￿", "a\U0001f600", "b"])
