"""What a segment writes is what is read back, on every backend."""

from __future__ import annotations

import os
import threading
from dataclasses import replace

import pytest

from pgs_runtime.stores.errors import LawBroken, StoreMisused
from pgs_runtime.stores.port import Store
from pgs_runtime.stores.records import (
    Append,
    Cell,
    Delete,
    Event,
    Head,
    Insert,
    LogEntry,
    Marks,
    Put,
    Scan,
    Tally,
    Timing,
    Write,
)
from tests.runtime.stores.segments import (
    ACTORS,
    EVENTS,
    LIMITS,
    bind,
    committed,
    dump,
    first,
    following,
    timed,
)


def test_an_empty_store_has_nothing_and_says_so(store: Store) -> None:
    assert store.get("registry", ACTORS, "a") is None
    assert store.get("state", LIMITS, "a") is None
    assert store.scan("state", LIMITS) == Scan((), 0)
    assert store.count("registry", ACTORS) == Tally("registry", ACTORS, 0, 0)
    assert store.length(EVENTS, "s") == 0
    assert store.events(EVENTS, "s", 1, 10) == ()
    assert (store.streams(EVENTS), store.tallies(), store.runs(), store.log(0, 9)) == ((), (), (), ())
    assert (store.run("r"), store.run_by_request("w", "k"), store.lines("r"), store.effect("e")) == (
        None,
        None,
        (),
        None,
    )
    assert (store.log_size(), store.check()) == (0, ())


def test_a_registry_row_is_read_with_the_run_and_line_that_wrote_it(store: Store) -> None:
    bind(store, "r1", "a", b'{"x":1}')
    assert store.get("registry", ACTORS, "a") == Cell("a", b'{"x":1}', 1, 1, "r1", 1)
    assert store.get("registry", LIMITS, "a") is None
    assert store.count("registry", ACTORS) == Tally("registry", ACTORS, 1, 1)


def test_the_events_of_a_stream_are_read_by_a_half_open_range(store: Store) -> None:
    appended = [Append(EVENTS, "s", n, b"%d" % n, 1) for n in (1, 2, 3)]
    committed(store, first("r1", *appended, Append(EVENTS, "t", 1, b"t", 0)))
    assert store.events(EVENTS, "s", 2, 3) == (Event(2, b"2", "r1", 1),)
    assert [event.n for event in store.events(EVENTS, "s", 0, 99)] == [1, 2, 3]
    assert store.events(EVENTS, "s", 3, 2) == ()
    assert (store.length(EVENTS, "s"), store.length(EVENTS, "t")) == (3, 1)
    assert store.streams(EVENTS) == ("s", "t")
    assert store.count("events", EVENTS) == Tally("events", EVENTS, 4, 4)


def test_a_state_cell_counts_its_writes_and_its_store_the_changes(store: Store) -> None:
    committed(store, first("r1", Put(LIMITS, "a", b"1", 1, 0), Put(LIMITS, "b", b"1", 1, 0)))
    committed(store, first("r2", Put(LIMITS, "a", b"2", 2, 1)))
    assert store.get("state", LIMITS, "a") == Cell("a", b"2", 2, 3, "r2", 1)
    assert store.get("state", LIMITS, "b") == Cell("b", b"1", 1, 2, "r1", 0)
    assert store.count("state", LIMITS) == Tally("state", LIMITS, 2, 3)


def test_a_freed_key_starts_again_at_version_1_but_with_a_new_change(store: Store) -> None:
    committed(store, first("r1", Put(LIMITS, "a", b"1", 1, 0)))
    committed(store, first("r2", Delete(LIMITS, "a")))
    assert store.get("state", LIMITS, "a") is None
    committed(store, first("r3", Put(LIMITS, "a", b"1", 1, 0)))
    assert store.get("state", LIMITS, "a") == Cell("a", b"1", 1, 3, "r3", 0)


def test_the_writes_of_a_segment_take_effect_in_their_order(store: Store) -> None:
    writes = (
        Put(LIMITS, "a", b"1", 1, 0),
        Put(LIMITS, "a", b"2", 2, 0),
        Delete(LIMITS, "a"),
        Put(LIMITS, "a", b"3", 1, 1),
    )
    committed(store, first("r1", *writes))
    assert store.get("state", LIMITS, "a") == Cell("a", b"3", 1, 4, "r1", 1)


def test_deleting_a_key_that_is_free_changes_nothing(store: Store) -> None:
    committed(store, first("r1", Delete(LIMITS, "a")))
    assert store.count("state", LIMITS) == Tally("state", LIMITS, 0, 0)


def test_keys_are_listed_by_their_utf_8_bytes_and_not_by_a_locale_or_by_utf_16(store: Store) -> None:
    keys = ["", "Z", "a", "aa", "b", "z", "ä", "é", "\ue000", "\uff5e", "\U0001f600"]
    committed(store, first("r1", *(Insert(ACTORS, key, b"1", 0) for key in reversed(keys))))
    assert [cell.key for cell in store.scan("registry", ACTORS).cells] == keys


def test_a_prefix_is_taken_literally(store: Store) -> None:
    keys = ["a", "a%", "a%b", "a_", "ab", "b", "A%"]
    committed(store, first("r1", *(Put(LIMITS, key, b"1", 1, 0) for key in keys)))
    assert [cell.key for cell in store.scan("state", LIMITS, "a%").cells] == ["a%", "a%b"]
    assert [cell.key for cell in store.scan("state", LIMITS, "a").cells] == ["a", "a%", "a%b", "a_", "ab"]
    assert store.scan("state", LIMITS, "c") == Scan((), 7)


@pytest.mark.parametrize(
    "key",
    [
        "it's",
        'say "so"',
        "a\\b",
        "'); DROP TABLE registry; --",
        "a\nb",
        "$.x",
        "?1",
        ":name",
        "日本語",
        "e\u0301",
        "\U0010ffff",
        " ",
    ],
)
def test_a_key_may_hold_any_character(store: Store, key: str) -> None:
    writes = (Insert(key, key, b"1", 0), Put(key, key, b"1", 1, 0), Append(key, key, 1, b"1", 0))
    committed(store, first("r1", *writes))
    for cell in (store.get("registry", key, key), store.get("state", key, key)):
        assert cell is not None
        assert cell.key == key
    assert store.streams(key) == (key,)
    assert [tally.store for tally in store.tallies()] == [key] * 3


def test_a_composed_and_a_decomposed_letter_are_two_keys(store: Store) -> None:
    committed(store, first("r1", Insert(ACTORS, "é", b"1", 0), Insert(ACTORS, "e\u0301", b"2", 0)))
    assert store.count("registry", ACTORS).rows == 2


def test_a_value_of_a_mebibyte_comes_back_byte_by_byte(store: Store) -> None:
    value = bytes(range(256)) * 4096
    writes = (Insert(ACTORS, "k", value, 0), Put(LIMITS, "k", value, 1, 0), Append(EVENTS, "k", 1, value, 0))
    committed(store, first("r1", *writes))
    for cell in (store.get("registry", ACTORS, "k"), store.get("state", LIMITS, "k")):
        assert cell is not None
        assert cell.value == value
    assert store.events(EVENTS, "k", 1, 2)[0].body == value


def test_lines_and_their_timing_are_read_in_order(store: Store) -> None:
    segment = timed(first("r1", status="RUNNING"), Timing(1, 1_700_000_000_000_000, 5), Timing(0, 1, 2))
    run = committed(store, segment)
    committed(store, timed(following(run), Timing(2, 3, 4)))
    assert store.lines("r1") == (b"r1 line 0", b"r1 line 1", b"r1 line 2")
    assert store.timing("r1") == (Timing(0, 1, 2), Timing(1, 1_700_000_000_000_000, 5), Timing(2, 3, 4))


def test_marks_are_the_timing_of_the_lines_between_them(store: Store) -> None:
    run = committed(store, replace(first("r1", status="RUNNING"), timing=Marks(0, (5, 9, 7))))
    committed(store, replace(following(run), timing=Marks(2, (8, 8))))
    assert store.timing("r1") == (Timing(0, 5, 4), Timing(1, 9, 0), Timing(2, 8, 0))


def test_every_commit_adds_the_head_of_its_run_to_the_log(store: Store) -> None:
    run = committed(store, first("r1", status="RUNNING"))
    bind(store, "r2", "a")
    committed(store, following(run))
    assert store.log(0, store.log_size()) == (
        LogEntry(0, "r1", Head(1, "r1 head 1")),
        LogEntry(1, "r2", Head(1, "r2 head 1")),
        LogEntry(2, "r1", Head(2, "r1 head 2")),
    )
    assert [entry.n for entry in store.log(1, 2)] == [1]


def test_stores_are_tallied_by_kind_and_name(store: Store) -> None:
    committed(store, first("r1", Put("b", "k", b"", 1, 0), Put("a", "k", b"", 1, 0), Insert("c", "k", b"", 0)))
    assert [(tally.kind, tally.store) for tally in store.tallies()] == [
        ("registry", "c"),
        ("state", "a"),
        ("state", "b"),
    ]


@pytest.mark.parametrize(
    "unlawful",
    [
        (Insert(ACTORS, "taken", b"1", 0),),
        (Insert(ACTORS, "x", b"1", 0), Insert(ACTORS, "x", b"1", 0)),
        (Append(EVENTS, "s", 1, b"again", 0),),
        (Append(EVENTS, "s", 3, b"gap", 0),),
        (Append(EVENTS, "new", 0, b"zero", 0),),
        (Append(EVENTS, "new", 1, b"", 0), Append(EVENTS, "new", 1, b"", 0)),
        (Put(LIMITS, "a", b"1", 1, 0),),
        (Put(LIMITS, "a", b"1", 3, 0),),
        (Put(LIMITS, "new", b"1", 2, 0),),
        (Delete(LIMITS, "a"), Put(LIMITS, "a", b"1", 2, 0)),
    ],
)
def test_a_segment_with_one_unlawful_write_leaves_nothing_behind(store: Store, unlawful: tuple[Write, ...]) -> None:
    setup = (Insert(ACTORS, "taken", b"0", 0), Append(EVENTS, "s", 1, b"0", 0), Put(LIMITS, "a", b"0", 1, 0))
    committed(store, first("setup", *setup))
    before = dump(store)
    lawful = (Insert(ACTORS, "y", b"1", 0), Append(EVENTS, "t", 1, b"1", 0), Put(LIMITS, "b", b"1", 1, 0))
    with pytest.raises(LawBroken):
        store.commit(first("r1", *lawful, *unlawful))
    assert dump(store) == before
    committed(store, first("r1", *lawful))


def test_a_store_has_an_id_and_a_secret_that_stay(store: Store) -> None:
    name, secret = store.meta("store"), store.meta("secret")
    assert store.meta("schema") == b"4"
    assert name is not None
    assert (len(name), len(secret or b"")) == (32, 32)
    for key in ("schema", "store", "secret"):
        with pytest.raises(LawBroken, match=key):
            store.swap_meta(key, store.meta(key), b"2")
    assert (store.meta("store"), store.meta("secret")) == (name, secret)


def test_a_fact_is_swapped_only_from_what_was_expected(store: Store) -> None:
    assert store.meta("accepted/acme") is None
    assert not store.swap_meta("accepted/acme", b"1", b"2")
    assert store.swap_meta("accepted/acme", None, b"1")
    assert not store.swap_meta("accepted/acme", None, b"9")
    assert store.swap_meta("accepted/acme", b"1", b"2")
    assert store.meta("accepted/acme") == b"2"


def test_another_thread_is_refused(store: Store) -> None:
    store.meta("store")
    refused: list[StoreMisused] = []

    def use() -> None:
        with pytest.raises(StoreMisused, match="another thread") as caught:
            store.get("registry", ACTORS, "a")
        refused.append(caught.value)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert len(refused) == 1


def test_a_forked_child_is_refused_and_the_parent_goes_on(store: Store) -> None:
    store.meta("store")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            store.close()
            store.get("registry", ACTORS, "a")
        except StoreMisused:
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    bind(store, "r1", "a")


def test_a_store_made_before_a_fork_may_be_used_first_in_the_child(store: Store) -> None:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            bind(store, "r1", "a")
            store.close()
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
