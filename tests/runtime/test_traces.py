"""Reading a trace: all that a run told is found again, and whatever is no trace is refused."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.operate.state import load_state
from pgs_runtime.trace.lines import TraceLimits, joined
from pgs_runtime.trace.reading import Computed, Decided, Stored, read_trace, trace_of
from pgs_runtime.trace.record import FORMAT, Chain
from pgs_snapshot.canonical import canonical
from pgs_snapshot.values import Value
from tests.runtime.goldens import FOLDER, golden
from tests.runtime.till import CLERK, RUNS, STORE, WORKFLOW, left_by, open_till, rechained

Bodies = list[dict[str, Value]]

PAID = left_by(open_till(), "paid")
TOO_MUCH = left_by(open_till(), "too_much")


@pytest.mark.parametrize("name", RUNS)
def test_the_lines_of_a_run_are_those_that_are_kept(name: str) -> None:
    text = joined(left_by(open_till(), name)).decode()
    assert text == golden(f"{name}.jsonl", text)


def test_nothing_is_kept_that_no_run_leaves() -> None:
    kept = {path.name for path in FOLDER.iterdir()}
    assert kept == {f"{name}.{form}" for name in RUNS for form in ("json", "jsonl", "md", "txt")}


def test_a_run_is_found_again_in_its_trace() -> None:
    trace = read_trace(joined(PAID))
    assert (trace.header.workflow, trace.header.actor["id"], trace.header.authenticated_by) == (
        WORKFLOW,
        "ada",
        "local",
    )
    assert trace.way == (
        ("admit", "ACK"),
        ("price", "SUCCESS"),
        ("book", "SUCCESS"),
        ("receipt", "SUCCESS"),
        ("done", "COMPLETED"),
    )
    assert [type(step) for passed in trace.passed for step in passed.steps] == [
        Computed,
        Decided,
        Stored,
        Computed,
    ]
    assert trace.ending is not None
    assert trace.ending.effects == {STORE: {"REGISTER": 1}}
    assert trace.ending.result == {"total": 22}
    assert trace.lines == trace.ending.lines == len(PAID)


def test_what_carries_a_label_stands_nowhere_in_a_trace() -> None:
    for name in RUNS:
        assert b"Grace" not in joined(left_by(open_till(), name))


def test_a_decision_keeps_its_case_and_what_it_looked_at() -> None:
    (_, limit) = trace_of(TOO_MUCH).passed[1].steps
    assert isinstance(limit, Decided)
    assert (limit.outcome, limit.case) == ("TOO_MUCH", 0)
    assert [(looked.op, looked.of, looked.held) for looked in limit.looked] == [
        ("gt", (110, 100), True),
        ("in", (100, [500, 1000]), False),
    ]


def test_a_fault_tells_where_it_struck_and_that_effects_were_undone() -> None:
    ending = trace_of(left_by(open_till(), "undone")).ending
    assert ending is not None
    assert (ending.kind, ending.name, ending.node, ending.undone) == ("FAULTED", "R021", "receipt", True)
    assert (ending.effects, ending.exit_code) == ({}, ExitCode.FAULT)


def test_inputs_that_did_not_fit_are_named_with_the_reason() -> None:
    price = trace_of(left_by(open_till(), "broken")).passed[1]
    assert [(problem.at, problem.why) for problem in price.refused] == [("/amount", "is above 1000")]


def test_rows_that_an_operator_loads_are_told_by_store() -> None:
    till = open_till()
    loaded = load_state(till, {STORE: {"p-9": {"name": "Grace", "total": 5}}}, CLERK)
    trace = trace_of(till.trace(loaded.trace_id))
    assert trace.is_load
    assert [(row.store, row.rows) for row in trace.loaded] == [(STORE, 1)]
    assert trace.way == ()


def test_a_trace_that_stops_early_has_no_ending() -> None:
    assert trace_of(PAID[:-1]).ending is None


# --- what is refused -----------------------------------------------------------------------------


def set_at(line: int, **members: Value) -> Callable[[Bodies], None]:
    return lambda bodies: bodies[line].update(members)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            set_at(0, format="pgs-trace/2"),
            f"Line 1 has the format `pgs-trace/2`; this version reads `{FORMAT}`.",
        ),
        (set_at(0, kind="exit"), "Line 1 is not the header of a run."),
        (set_at(0, run="../../etc/passwd"), "Line 1 has a `run` that is no run id."),
        (set_at(2, kind="loop"), f"Line 3 is of the kind `loop`, which {FORMAT} does not know there."),
        (set_at(2, mood="glad"), f"Line 3 has a member `mood`, which {FORMAT} does not know."),
        (set_at(2, node=3), "Line 3 has another kind of value at `node` than the format."),
        (set_at(2, steps=[1]), "Line 3 holds something else where an object is due."),
        (set_at(5, lines=True), "Line 6 has another kind of value at `lines` than the format."),
        (set_at(5, lines=-1), "Line 6 has a number below 0 at `lines`."),
        (
            set_at(5, exit="MAYBE"),
            "Line 6 ends at an exit that is none of COMPLETED, DENIED, REJECTED, FAILED.",
        ),
        (lambda bodies: bodies[3].pop("outcome"), "Line 4 has no `outcome`."),
        (lambda bodies: bodies.append(dict(bodies[-1])), "Line 7 stands after the end of the run."),
        (lambda bodies: bodies.append(dict(bodies[0])), "Line 7 stands after the end of the run."),
        (lambda bodies: bodies[0].pop("kind"), "Line 1 has no `kind`."),
    ],
)
def test_what_the_format_does_not_know_is_refused_at_its_line(change: Callable[[Bodies], None], message: str) -> None:
    with pytest.raises(Refusal) as caught:
        trace_of(rechained(PAID, change))
    assert caught.value.message == message
    assert (caught.value.code, caught.value.exit_code) == ("R055", ExitCode.SEAL)
    assert caught.value.where == message.partition(" ")[0].lower() + " " + message.split()[1]


@pytest.mark.parametrize(
    "looked",
    [
        {"held": True, "of": [1], "op": "eq"},
        {"held": True, "of": [1, 2], "op": "like"},
        {"held": True, "of": [1], "op": "exists"},
    ],
)
def test_a_comparison_that_is_none_is_refused(looked: dict[str, Value]) -> None:
    def change(bodies: Bodies) -> None:
        steps = bodies[2]["steps"]
        assert isinstance(steps, list)
        assert isinstance(steps[1], dict)
        steps[1]["operands"] = [looked]

    with pytest.raises(Refusal, match="a comparison that the format does not know"):
        trace_of(rechained(TOO_MUCH, change))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"", "a value is missing here"),
        (b"[]", "is no object"),
        (b'{"a":1,"a":1}', "a key that its object holds twice"),
        (b'{"b":1,"a":1}', "another form than the canonical one"),
        (b'{"a": 1}', "another form than the canonical one"),
        (b'{"a":1.0}', "another form than the canonical one"),
        (b'{"a":"\\u0041"}', "another form than the canonical one"),
        (b'{"a":1}\r', "another form than the canonical one"),
        (b'{"a":"\xff"}', "is not UTF-8"),
        (b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", "nested deeper than 96"),
        (b'{"a":99999999999999999999}', "a number beyond"),
    ],
)
def test_a_line_that_two_readers_could_take_differently_is_refused(line: bytes, message: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_trace(line + b"\n")
    assert message in caught.value.message
    assert caught.value.where == "line 1"


def test_a_file_that_is_too_large_is_not_read() -> None:
    small = TraceLimits(size=1000, lines=3)
    with pytest.raises(Refusal, match=r"where 1,000 are the limit"):
        read_trace(joined(PAID), small)
    with pytest.raises(Refusal, match=r"more than 3 lines"):
        read_trace(b"{}\n" * 4, small)


def test_a_file_that_ends_within_a_line_is_refused() -> None:
    with pytest.raises(Refusal, match=r"Line 6 has no end; the file was cut\."):
        read_trace(joined(PAID)[:-1])
    with pytest.raises(Refusal, match=r"Line 1 is missing: the file is empty\."):
        read_trace(b"")


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


def spoil(data: st.DataObject, bodies: Bodies) -> None:
    """Put another value at some place of some line."""
    body: Value = data.draw(st.sampled_from(bodies))
    while isinstance(body, dict | list) and body:
        places = list(body) if isinstance(body, dict) else list(range(len(body)))
        place = data.draw(st.sampled_from(places))
        if data.draw(st.booleans()):
            body[place] = data.draw(values)  # type: ignore[index,call-overload]
            break
        body = body[place]  # type: ignore[index,call-overload]


@given(st.data())
def test_whatever_a_member_holds_the_answer_is_a_trace_or_a_refusal(data: st.DataObject) -> None:
    bodies: Bodies = [json.loads(line) for line in TOO_MUCH]
    spoil(data, bodies)
    lines = [canonical(body) for body in bodies]
    try:
        code = "" if trace_of(lines).lines == len(lines) else "other lines"
    except Refusal as refused:
        code = refused.code
    assert code in ("", "R055")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_trace_or_refused(data: bytes) -> None:
    with pytest.raises(Refusal):
        read_trace(data)


def test_a_chain_of_nothing_is_refused() -> None:
    with pytest.raises(Refusal, match="no lines"):
        trace_of(Chain("0" * 26).lines)
