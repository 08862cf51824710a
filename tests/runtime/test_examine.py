"""What examine tells of a run, to people and to programs."""

from __future__ import annotations

import json

import pytest

from pgs_runtime.examine.text import as_json, as_text, hints
from pgs_runtime.operate.state import load_state
from pgs_runtime.trace.reading import trace_of
from pgs_snapshot.values import Value
from tests.runtime.goldens import golden
from tests.runtime.till import CLERK, RUNS, STORE, left_by, open_till, rechained

HOSTILE = "\x1b[2J\x9b31m\u202edlrow\n\rx\u200b"


@pytest.mark.parametrize("name", RUNS)
def test_the_explanation_of_a_run_is_the_one_that_is_kept(name: str) -> None:
    till = open_till()
    trace = trace_of(left_by(till, name))
    timing = till.store.timing(trace.header.run)
    text = as_text(trace, till.snapshot, timing) + "\n"
    assert text == golden(f"{name}.txt", text)
    data = json.dumps(json.loads(as_json(trace, till.snapshot, timing)), indent=2) + "\n"
    assert data == golden(f"{name}.json", data)


def test_the_decision_that_mattered_is_the_last_that_left_other_exits_within_reach() -> None:
    decided = {}
    for name in RUNS:
        till = open_till()
        told = json.loads(as_json(trace_of(left_by(till, name)), till.snapshot))
        decided[name] = told["decided_by"]["node"] if "decided_by" in told else ""
    assert decided == {
        "paid": "book",
        "paid_before": "book",
        "too_much": "price",
        "twice": "book",
        "broken": "price",
        "undone": "",
        "rejected": "admit",
    }


def test_without_the_snapshot_the_last_decision_on_record_is_told_with_its_values() -> None:
    text = as_text(trace_of(left_by(open_till(), "too_much")))
    assert "Decided by price\n  TOO_MUCH\n  case 1, TOO_MUCH, held\n    110 is more than 100\n" in text


def test_without_the_store_it_is_told_where_the_timings_are() -> None:
    assert "--data-root" in as_text(trace_of(left_by(open_till(), "paid")))


def test_every_end_but_success_comes_with_what_to_do_next() -> None:
    traces = {name: trace_of(left_by(open_till(), name)) for name in RUNS}
    assert {name for name, trace in traces.items() if not hints(trace)} == {"paid", "paid_before"}
    assert hints(trace_of(left_by(open_till(), "paid")[:-1]))


@pytest.mark.parametrize(
    ("code", "word"),
    [("R030", "run_lines"), ("R032", "run_bytes"), ("R033", "run_seconds"), ("R034", "value_bytes")],
)
def test_a_fault_for_a_limit_names_the_limit_that_can_be_raised(code: str, word: str) -> None:
    def change(bodies: list[dict[str, Value]]) -> None:
        bodies[-1]["fault"] = {"code": code, "exit_code": 10, "why": "A limit."}

    trace = trace_of(rechained(left_by(open_till(), "undone"), change))
    assert f"`{word}`" in hints(trace)[0]


def test_rows_that_were_loaded_are_told_by_store() -> None:
    till = open_till()
    loaded = load_state(till, {STORE: {"p-9": {"name": "Grace", "total": 5}}}, CLERK)
    text = as_text(trace_of(till.trace(loaded.trace_id)), till.snapshot)
    assert "1  till::ST_PAYMENTS_V0  1 row\n" in text


def test_nothing_that_is_told_moves_a_terminal_or_turns_text_around() -> None:
    def poison(bodies: list[dict[str, Value]]) -> None:
        bodies[0]["header"].update(actor={"id": HOSTILE, "type": HOSTILE})  # type: ignore[union-attr]
        for body in bodies[1:]:
            body.update(node=HOSTILE)
        bodies[2]["steps"][1]["operands"][0]["of"] = [HOSTILE, {HOSTILE: HOSTILE}]  # type: ignore[index,call-overload]
        bodies[-1]["name"] = HOSTILE

    trace = trace_of(rechained(left_by(open_till(), "too_much"), poison))
    assert all(line.isprintable() for line in as_text(trace).split("\n"))
    assert as_json(trace).isascii()
    assert as_json(trace).isprintable()
