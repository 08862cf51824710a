"""Places over a segment: against a model, and against another writer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_runtime.faults import ExitCode, Fault
from pgs_runtime.link.places import WITHDRAWN, Access, Keyed, Mutable, Stream, place_of
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.overlay import Overlay
from pgs_runtime.stores.port import (
    Append,
    CellRead,
    Committed,
    Conflict,
    Delete,
    Head,
    Insert,
    LengthRead,
    Put,
    Request,
    Run,
    Segment,
    Store,
    StoreRead,
    StoreUnusable,
)
from pgs_snapshot.canonical import canonical, digest_of
from pgs_snapshot.model import Semantics
from pgs_snapshot.places import Found, Stale, Taken
from pgs_snapshot.values import NotPlain, Value

KEYED, STREAM, MUTABLE = "d::ST_K_V0", "d::ST_S_V0", "d::ST_M_V0"
REQUEST = Request("d::WF_V0", "s", "f", None, b"{}", "p", b"{}")


def segment(overlay: Overlay, run: str) -> Segment:
    run_of = Run(run, REQUEST, "COMPLETED", Head(0, run), exit="COMPLETED", answer=b"{}")
    return Segment(run_of, None, (b"line",), tuple(overlay.reads), tuple(overlay.writes))


def overlay(store: Store | None = None) -> Overlay:
    return Overlay(MemoryStore() if store is None else store, 1000)


def open_to(store: str) -> Access:
    """Every value may be written."""
    return Access(store, "d::EN_ANY_V0", holds=lambda value: True, writes=True)


@dataclass
class Places:
    """The three kinds of places over one overlay."""

    overlay: Overlay
    keyed: Keyed = field(init=False)
    stream: Stream = field(init=False)
    mutable: Mutable = field(init=False)

    def __post_init__(self) -> None:
        self.keyed = Keyed(self.overlay, open_to(KEYED))
        self.stream = Stream(self.overlay, open_to(STREAM))
        self.mutable = Mutable(self.overlay, open_to(MUTABLE))


@dataclass
class Model:
    """What the places are over: dicts and lists, where a write is seen at once."""

    keyed: dict[str, Value] = field(default_factory=dict)
    streams: dict[str, list[Value]] = field(default_factory=dict)
    mutable: dict[str, tuple[Value, int]] = field(default_factory=dict)


Step: TypeAlias = tuple[str, str, int, int]
"""An operation with a key and two numbers, of which it uses what it needs."""


def on_places(places: Places, step: Step) -> object:
    name, key, a, b = step
    actions: dict[str, Callable[[], object]] = {
        "insert": lambda: places.keyed.insert(key, {"a": a}),
        "find": lambda: places.keyed.find(key),
        "count": lambda: places.keyed.count(),
        "append": lambda: places.stream.append(key, [a]),
        "length": lambda: places.stream.length(key),
        "read": lambda: places.stream.read(key, a, b),
        "get": lambda: places.mutable.find(key),
        "put": lambda: places.mutable.put(key, a, None),
        "swap": lambda: places.mutable.put(key, a, b),
        "remove": lambda: places.mutable.remove(key),
        "keys": lambda: places.mutable.keys(key[:1]),
    }
    try:
        return actions[name]()
    except (Taken, Stale) as refused:
        return repr(refused)


def on_model(model: Model, step: Step) -> object:
    name, key, a, b = step
    records = model.streams.get(key, [])
    held = model.mutable.get(key)
    match name:
        case "insert":
            if key in model.keyed:
                return repr(Taken())
            model.keyed[key] = {"a": a}
            return None
        case "find":
            return Found(model.keyed[key], 1) if key in model.keyed else None
        case "count":
            return len(model.keyed)
        case "append":
            model.streams.setdefault(key, []).append([a])
            return len(model.streams[key])
        case "length":
            return len(records)
        case "read":
            return [record for n, record in enumerate(records, start=1) if a <= n < b]
        case "get":
            return Found(*held) if held else None
        case "put" | "swap":
            version = held[1] if held else 0
            if name == "swap" and b != version:
                return repr(Stale(version))
            model.mutable[key] = (a, version + 1)
            return version + 1
        case "remove":
            model.mutable.pop(key, None)
            return None
        case _:
            return sorted(known for known in model.mutable if known.startswith(key[:1]))


OPERATIONS = ["insert", "find", "count", "append", "length", "read", "get", "put", "swap", "remove", "keys"]
numbers = st.integers(-1, 4)
steps: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(st.sampled_from(OPERATIONS), st.sampled_from(["a", "ab", "b"]), numbers, numbers), max_size=12
)


def run_on(store: Store, script: list[Step]) -> tuple[list[object], Overlay]:
    seen = overlay(store)
    places = Places(seen)
    return [on_places(places, step) for step in script], seen


@given(st.lists(steps, max_size=3))
def test_places_answer_as_the_model_does_within_a_segment_and_after_it(scripts: list[list[Step]]) -> None:
    store, model = MemoryStore(), Model()
    for number, script in enumerate(scripts):
        answers, seen = run_on(store, script)
        assert answers == [on_model(model, step) for step in script]
        assert isinstance(store.commit(segment(seen, f"run {number}")), Committed)


@given(steps, steps, steps)
def test_whoever_would_have_been_answered_otherwise_meets_a_conflict(
    before: list[Step], script: list[Step], meanwhile: list[Step]
) -> None:
    store = MemoryStore()
    store.commit(segment(run_on(store, before)[1], "before"))
    answers, seen = run_on(store, script)
    store.commit(segment(run_on(store, meanwhile)[1], "meanwhile"))
    again, _ = run_on(store, script)
    settled = store.commit(segment(seen, "run"))
    if answers != again:
        assert isinstance(settled, Conflict)


@pytest.mark.parametrize(
    ("read", "entry"),
    [
        (lambda places: places.keyed.find("k"), CellRead("registry", KEYED, "k", 0)),
        (lambda places: places.keyed.insert("k", 1), CellRead("registry", KEYED, "k", 0)),
        (lambda places: places.stream.length("s"), LengthRead(STREAM, "s", 0)),
        (lambda places: places.stream.append("s", 1), LengthRead(STREAM, "s", 0)),
        (lambda places: places.stream.read("s", 1, 2), LengthRead(STREAM, "s", 0)),
        (lambda places: places.mutable.find("k"), CellRead("state", MUTABLE, "k", 0)),
        (lambda places: places.mutable.put("k", 1, None), CellRead("state", MUTABLE, "k", 0)),
        (lambda places: places.mutable.remove("k"), CellRead("state", MUTABLE, "k", 0)),
        (lambda places: places.mutable.keys(""), StoreRead("state", MUTABLE, 0)),
    ],
)
def test_what_is_read_is_in_the_read_set_be_it_that_nothing_is_there(
    read: Callable[[Places], object], entry: object
) -> None:
    seen = overlay()
    read(Places(seen))
    assert list(seen.reads) == [entry]


def test_a_count_looks_at_the_keys_and_at_their_tombstones() -> None:
    seen = overlay()
    Places(seen).keyed.count()
    assert list(seen.reads) == [StoreRead("registry", store, 0) for store in (KEYED, KEYED + WITHDRAWN)]


def test_an_address_is_computed_and_reads_nothing() -> None:
    seen = overlay()
    assert Keyed(seen, open_to(KEYED)).address("k") == digest_of([KEYED, "k"])
    assert not seen.reads


def test_writes_name_the_line_that_tells_of_them() -> None:
    seen = overlay()
    places = Places(seen)
    seen.line = 3
    places.keyed.insert("k", {"b": 1.0, "a": 2})
    seen.line = 4
    places.stream.append("s", [])
    places.mutable.put("k", 1, 0)
    places.mutable.remove("k")
    places.mutable.remove("k")
    assert seen.writes == [
        Insert(KEYED, "k", b'{"a":2,"b":1}', 3),
        Append(STREAM, "s", 1, b"[]", 4),
        Put(MUTABLE, "k", b"1", 1, 4),
        Delete(MUTABLE, "k"),
    ]


@pytest.mark.parametrize("kind", ["keyed", "mutable"])
def test_a_value_that_was_found_is_the_finders_own(kind: str) -> None:
    places = Places(overlay())
    value: dict[str, Value] = {"list": [1]}
    if kind == "keyed":
        places.keyed.insert("k", value)
    else:
        places.mutable.put("k", value, None)
    find = places.keyed.find if kind == "keyed" else places.mutable.find
    value["list"] = []
    first = find("k")
    assert first is not None
    assert first.value == {"list": [1]}
    first.value["list"] = []
    assert find("k") == Found({"list": [1]}, 1)


ODD = [float("nan"), (1,), {1}, b"x", {1: 2}, "\ud800", "\0", object(), 2**53]


@pytest.mark.parametrize("value", ODD, ids=[*map(repr, ODD[:-2]), "object()", "2**53"])
def test_what_is_no_value_is_not_kept(value: Value) -> None:
    places = Places(overlay())
    writes: list[Callable[[], object]] = [
        lambda: places.keyed.insert("k", value),
        lambda: places.stream.append("s", value),
        lambda: places.mutable.put("k", value, None),
    ]
    for write in writes:
        with pytest.raises(NotPlain):
            write()
    assert not places.overlay.writes
    assert (places.keyed.find("k"), places.stream.length("s"), places.mutable.find("k")) == (None, 0, None)


@pytest.mark.parametrize("key", [1, None, b"k", ("k",), "\ud800", "k\0"], ids=repr)
def test_what_is_no_text_is_no_key(key: str) -> None:
    places = Places(overlay())
    asked: list[Callable[[], object]] = [
        lambda: places.keyed.find(key),
        lambda: places.keyed.insert(key, 1),
        lambda: places.keyed.address(key),
        lambda: places.stream.append(key, 1),
        lambda: places.stream.length(key),
        lambda: places.stream.read(key, 1, 2),
        lambda: places.mutable.find(key),
        lambda: places.mutable.put(key, 1, None),
        lambda: places.mutable.remove(key),
        lambda: places.mutable.keys(key),
    ]
    for ask in asked:
        with pytest.raises(NotPlain):
            ask()
    assert not places.overlay.reads


@pytest.mark.parametrize(("size", "fits"), [(998, True), (999, False)])
def test_a_value_has_a_limit(size: int, fits: bool) -> None:
    places = Places(overlay())
    writes: list[Callable[[], object]] = [
        lambda: places.keyed.insert("k", "x" * size),
        lambda: places.stream.append("s", "x" * size),
        lambda: places.mutable.put("k", "x" * size, None),
    ]
    for write in writes:
        if fits:
            write()
            continue
        with pytest.raises(Fault) as fault:
            write()
        assert (fault.value.code, fault.value.exit_code) == ("R034", ExitCode.LIMIT)


def test_a_store_that_holds_no_json_is_corrupt() -> None:
    store = MemoryStore()
    spoilt = overlay(store)
    spoilt.writes += [Insert(KEYED, "k", b"{", 0), Append(STREAM, "s", 1, b"{", 0)]
    store.commit(segment(spoilt, "spoilt"))
    places = Places(overlay(store))
    for ask in (lambda: places.keyed.find("k"), lambda: places.stream.read("s", 1, 2)):
        with pytest.raises(StoreUnusable) as unusable:
            ask()
        assert unusable.value.cause == "corrupt"


def test_keys_are_listed_in_the_order_of_their_bytes() -> None:
    places = Places(overlay())
    for key in ("\U00010000", "\uffff", "b", "é", "B"):
        places.mutable.put(key, 1, None)
    assert places.mutable.keys("") == ["B", "b", "é", "\uffff", "\U00010000"]


def test_each_semantics_has_its_place() -> None:
    semantics: tuple[Semantics, ...] = ("idempotent", "append_only", "mutable")
    kinds = [type(place_of(overlay(), kind, open_to("s"))) for kind in semantics]
    assert kinds == [Keyed, Stream, Mutable]


def test_two_stores_of_one_kind_do_not_see_each_other() -> None:
    seen = overlay()
    one, other = Keyed(seen, open_to("d::ST_A_V0")), Keyed(seen, open_to("d::ST_B_V0"))
    one.insert("k", 1)
    assert (one.count(), other.count(), other.find("k")) == (1, 0, None)
    assert seen.writes == [Insert("d::ST_A_V0", "k", canonical(1), 0)]


def test_a_value_that_is_not_of_the_entity_is_a_fault_and_not_written() -> None:
    seen = Overlay(MemoryStore(), 1000)
    numbers = Access(STREAM, "d::EN_NUMBER_V0", holds=lambda value: isinstance(value, int), writes=True)
    Stream(seen, numbers).append("s", 1)
    with pytest.raises(Fault, match="is no `d::EN_NUMBER_V0`") as raised:
        Stream(seen, numbers).append("s", "one")
    assert raised.value.code == "R029"
    assert len(seen.writes) == 1


@pytest.mark.parametrize(
    "write",
    [
        lambda seen, access: Keyed(seen, access).insert("k", 1),
        lambda seen, access: Keyed(seen, access).withdraw("k"),
        lambda seen, access: Stream(seen, access).append("s", 1),
        lambda seen, access: Mutable(seen, access).put("k", 1, None),
        lambda seen, access: Mutable(seen, access).remove("k"),
    ],
    ids=["insert", "withdraw", "append", "put", "remove"],
)
def test_an_operation_that_is_declared_to_read_cannot_write(
    write: Callable[[Overlay, Access], object],
) -> None:
    seen = Overlay(MemoryStore(), 1000)
    reading = Access(KEYED, "d::EN_ANY_V0", holds=lambda value: True, writes=False)
    with pytest.raises(Fault, match="declared to read") as raised:
        write(seen, reading)
    assert raised.value.code == "R028"
    assert not seen.writes
