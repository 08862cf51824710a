"""State from outside: a load writes every row or nothing, and leaves a trace."""

from __future__ import annotations

import orjson
import pytest

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.operate.state import Loaded, load_state
from pgs_runtime.runtime import Actor, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Store
from pgs_snapshot.values import Value
from tests.runtime.desk import Watched
from tests.runtime.protocol import (
    ADA,
    COUNT,
    REJECTED,
    SECRET,
    admit,
    ends,
    fields,
    graph,
    intent,
    journal,
    memory,
    opened,
    ports,
    registry,
    sealed,
    state,
)
from tests.runtime.test_record import assert_chained

PEOPLE, LOG, STOCK = "desk::ST_PEOPLE_V0", "desk::ST_LOG_V0", "desk::ST_STOCK_V0"
PERSON = fields(["name"], name=SECRET, age={"type": "integer", "default": 7})
ARTIFACTS = (
    intent(fields()),
    graph(admit("done"), ends("done"), REJECTED),
    registry("PEOPLE", PERSON),
    journal("LOG", fields(["n"], n=COUNT, by={"type": "string", "default": "nobody"})),
    state("STOCK", {"type": "integer", "minimum": 0}),
)


def desk(store: Store | None = None) -> Runtime:
    return opened(*ARTIFACTS, store=store or memory())


def load(runtime: Runtime, document: Value, who: Actor = ADA) -> Loaded:
    return load_state(runtime, document, who)


def contents(store: Store) -> Value:
    """What the three stores hold."""
    people: dict[str, Value] = {cell.key: orjson.loads(cell.value) for cell in store.scan("registry", PEOPLE).cells}
    stock: dict[str, Value] = {
        cell.key: [orjson.loads(cell.value), cell.version] for cell in store.scan("state", STOCK).cells
    }
    log: dict[str, Value] = {
        stream: [orjson.loads(event.body) for event in store.events(LOG, stream, 1, 99)]
        for stream in store.streams(LOG)
    }
    return {"log": log, "people": people, "stock": stock}


DOCUMENT: dict[str, Value] = {
    PEOPLE: {"p1": {"name": "Ada"}, "p2": {"name": "Bob", "age": 3}},
    LOG: {"s": [{"n": 1}, {"n": 2.0, "by": "ada"}], "t": []},
    STOCK: {"bolts": 5, "nuts": 0},
}


def test_every_row_is_written_with_defaults_and_told_of() -> None:
    runtime = desk()
    loaded = load(runtime, DOCUMENT)
    assert loaded.rows == {LOG: 2, PEOPLE: 2, STOCK: 2}
    assert contents(runtime.store) == {
        "log": {"s": [{"n": 1, "by": "nobody"}, {"n": 2, "by": "ada"}]},
        "people": {"p1": {"name": "Ada", "age": 7}, "p2": {"name": "Bob", "age": 3}},
        "stock": {"bolts": [5, 1], "nuts": [0, 1]},
    }


def test_the_load_leaves_a_trace_that_shows_no_row() -> None:
    runtime = desk()
    loaded = load(runtime, DOCUMENT, Actor("desk::AC_CLERK_V0", "ada", {}))
    lines = runtime.trace(loaded.trace_id)
    assert_chained(lines, loaded.trace_id)
    header, *stores, end = [orjson.loads(line) for line in lines]
    assert header["header"]["payload"] == {}
    assert list(header["header"]["payload_digest"]) == ["$redacted"]
    assert header["header"]["actor"] == {"id": "ada", "type": "desk::AC_CLERK_V0"}
    assert [(line["store"], line["rows"]) for line in stores] == [(LOG, 2), (PEOPLE, 2), (STOCK, 2)]
    assert end["effects"] == {LOG: {"LOAD": 2}, PEOPLE: {"LOAD": 2}, STOCK: {"LOAD": 2}}
    assert end["lines"] == len(lines) == 5
    assert b"Ada" not in b"".join(lines)
    run = runtime.store.run(loaded.trace_id)
    assert run is not None
    assert (run.status, run.request.workflow, run.request.payload) == ("COMPLETED", "pgs::STATE_LOAD", b"{}")
    assert run.request.payload_digest == header["header"]["payload_digest"]["$redacted"]


def test_each_row_names_the_line_that_tells_of_its_store() -> None:
    runtime = desk()
    loaded = load(runtime, DOCUMENT)
    cell = runtime.store.get("registry", PEOPLE, "p1")
    assert cell is not None
    assert (cell.run, cell.line) == (loaded.trace_id, 2)


def test_keys_that_hold_the_same_already_are_left_and_mutable_ones_are_set_again() -> None:
    runtime = desk()
    document: dict[str, Value] = {PEOPLE: DOCUMENT[PEOPLE], STOCK: DOCUMENT[STOCK]}
    load(runtime, document)
    again = load(runtime, document)
    assert again.rows == {PEOPLE: 0, STOCK: 2}
    assert contents(runtime.store)["stock"] == {"bolts": [5, 2], "nuts": [0, 2]}  # type: ignore[index, call-overload]
    end = orjson.loads(runtime.trace(again.trace_id)[-1])
    assert end["effects"] == {STOCK: {"LOAD": 2}}


@pytest.mark.parametrize("document", [{}, {PEOPLE: {}}, {LOG: {"s": []}}])
def test_a_load_of_nothing_is_a_load(document: Value) -> None:
    runtime = desk()
    loaded = load(runtime, document)
    assert sum(loaded.rows.values()) == 0
    assert orjson.loads(runtime.trace(loaded.trace_id)[-1])["effects"] == {}


@pytest.mark.parametrize(
    ("document", "where", "message"),
    [
        ([], "", "A state document is an object: stores by full name."),
        ({"desk::ST_X_V0": {}}, "/desk::ST_X_V0", "The snapshot has no store `desk::ST_X_V0`."),
        ({PEOPLE: []}, f"/{PEOPLE}", f"The rows of `{PEOPLE}` are an object: values by key, or records by stream."),
        (
            {PEOPLE: {"a/b": {"name": 1}}},
            f"/{PEOPLE}/a~1b/name",
            "This does not fit `desk::EN_PEOPLE_V0`: it is not a string.",
        ),
        (
            {PEOPLE: {"p": {}}},
            f"/{PEOPLE}/p/name",
            "This does not fit `desk::EN_PEOPLE_V0`: it is required, and not there.",
        ),
        ({STOCK: {"bolts": -1}}, f"/{STOCK}/bolts", "This does not fit `desk::EN_STOCK_V0`: it is below 0."),
        ({STOCK: {"bolts": True}}, f"/{STOCK}/bolts", "This does not fit `desk::EN_STOCK_V0`: it is not an integer."),
        ({LOG: {"s": {"n": 1}}}, f"/{LOG}/s", "A stream is a list of records."),
        (
            {LOG: {"s": [{"n": 1}, {"n": "2"}]}},
            f"/{LOG}/s/1/n",
            "This does not fit `desk::EN_LOG_V0`: it is not an integer.",
        ),
        ({LOG: {"full": [{"n": 1}]}}, f"/{LOG}/full", f"The stream `full` of `{LOG}` is not empty, and it only grows."),
        (
            {PEOPLE: {"held": {"name": "Eve"}}},
            f"/{PEOPLE}/held",
            f"`held` of `{PEOPLE}` holds another value, for ever.",
        ),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(document: Value, where: str, message: str) -> None:
    runtime = desk()
    load(runtime, {LOG: {"full": [{"n": 1}]}, PEOPLE: {"held": {"name": "Ada"}}})
    before, runs = contents(runtime.store), runtime.store.runs()
    # Good rows in front of the bad one are not written either.
    if isinstance(document, dict):
        document = {**document, LOG: {"first": [{"n": 1}], **(document.get(LOG) or {})}}  # type: ignore[dict-item]
    with pytest.raises(Refusal) as refused:
        load(runtime, document)
    assert (refused.value.where, refused.value.message) == (where, message)
    assert (refused.value.code, refused.value.exit_code) == ("R016", ExitCode.REJECTED)
    assert (contents(runtime.store), runtime.store.runs()) == (before, runs)


def test_an_unknown_store_is_refused_with_those_there_are() -> None:
    with pytest.raises(Refusal) as refused:
        load(desk(), {"x": {}})
    assert refused.value.hint == f"It has `{LOG}`, `{PEOPLE}`, `{STOCK}`."


def test_a_row_beyond_the_limit_is_refused_because_no_run_could_read_it() -> None:
    runtime = opened(*ARTIFACTS, value_bytes=100)
    load(runtime, {PEOPLE: {"p": {"name": "x" * 80}}})
    with pytest.raises(Refusal) as refused:
        load(runtime, {PEOPLE: {"q": {"name": "x" * 90}}})
    assert refused.value.code == "R034"


def test_a_load_that_met_conflicts_is_made_anew_and_alone_in_the_end() -> None:
    store = Watched()
    ours = desk(store)
    theirs = Runtime(sealed(*ARTIFACTS), store, ports(seed=1000))
    for number in range(3):
        store.meanwhile += [lambda number=number: load(theirs, {STOCK: {"bolts": number}}), lambda: None]  # type: ignore[misc]
    load(ours, {STOCK: {"bolts": 9}})
    assert contents(store)["stock"] == {"bolts": [9, 4]}  # type: ignore[index, call-overload]
    assert (store.commits, store.alone) == (7, 1)


def test_two_loads_have_two_traces() -> None:
    runtime = desk(MemoryStore())
    first, second = load(runtime, {STOCK: {"a": 1}}), load(runtime, {STOCK: {"a": 1}})
    assert first.trace_id != second.trace_id
    assert len(runtime.store.runs()) == 2
