"""Going back within a segment: what a workflow that was called has written is dropped, what it has read is not."""

from __future__ import annotations

from pgs_runtime.link.places import Access, Keyed, Mutable, Stream
from pgs_runtime.stores.overlay import Overlay
from pgs_runtime.stores.port import CellRead, LengthRead
from tests.runtime.protocol import memory


def access(store: str) -> Access:
    return Access(store, "desk::EN_ANY_V0", lambda value: True, True)


def overlay() -> Overlay:
    return Overlay(memory(), 1000)


def test_a_key_that_was_taken_is_free_again() -> None:
    segment = overlay()
    keys = Keyed(segment, access("keys"))
    keys.insert("a", 1)
    mark = len(segment.writes)
    keys.insert("b", 2)
    segment.back_to(mark)
    assert (keys.find("b"), keys.count()) == (None, 1)
    keys.insert("b", 3)
    found = keys.find("b")
    assert found is not None
    assert found.value == 3


def test_a_value_is_again_what_it_was_with_its_version() -> None:
    segment = overlay()
    values = Mutable(segment, access("values"))
    values.put("a", 1, None)
    mark = len(segment.writes)
    values.put("a", 2, 1)
    values.remove("a")
    values.put("b", 5, None)
    segment.back_to(mark)
    found = values.find("a")
    assert found is not None
    assert (found.value, found.version, values.find("b"), values.keys("")) == (1, 1, None, ["a"])


def test_a_stream_ends_where_it_ended() -> None:
    segment = overlay()
    events = Stream(segment, access("events"))
    events.append("s", "first")
    mark = len(segment.writes)
    events.append("s", "second")
    events.append("t", "other")
    segment.back_to(mark)
    assert (events.length("s"), events.length("t"), events.read("s", 1, 9)) == (1, 0, ["first"])
    assert events.append("s", "third") == 2


def test_what_was_read_stays_in_the_read_set() -> None:
    segment = overlay()
    Keyed(segment, access("keys")).find("a")
    Stream(segment, access("events")).append("s", "first")
    segment.back_to(0)
    assert set(segment.reads) == {CellRead("registry", "keys", "a", 0), LengthRead("events", "s", 0)}
    assert segment.writes == []
