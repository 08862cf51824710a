"""Reading the traces of runs that wait, ask the outside and take back: all is found again, and what no run leaves is
refused."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_runtime.evidence.verify import Level, verify
from pgs_runtime.examine.account import account
from pgs_runtime.examine.left import emissions
from pgs_runtime.examine.text import as_json, as_text
from pgs_runtime.faults import Refusal
from pgs_runtime.trace.lines import joined
from pgs_runtime.trace.reading import Asked, Trace, trace_of
from pgs_runtime.trace.traced_outside import (
    Awaited,
    Cancelled,
    Doubted,
    Event,
    Expired,
    Intended,
    Reconciled,
    Replied,
    Sent,
)
from pgs_snapshot.canonical import canonical
from pgs_snapshot.drawing import svg
from pgs_snapshot.drawing.picture import WayNotInGraph, picture_of
from pgs_snapshot.values import Value
from tests.durable.ward import CONSENT, PHARMACY, RUNS, snapshot, ward_of
from tests.runtime.test_trace_document import NAMED, judged, members
from tests.runtime.test_traces import spoil
from tests.runtime.till import rechained

Bodies = list[dict[str, Value]]
OUTSIDE = ("effect", "suspend", "reply", "signal", "doubt", "reconciled", "cancel", "expired", "return", "call", "wait")


def events(trace: Trace) -> list[Event]:
    return [event for segment in trace.segments for event in segment.events]


# --- what is found again -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "state", "way"),
    [
        ("waiting", "WAITING", ("consent", "")),
        ("treated", "ENDED", ("done", "COMPLETED")),
        ("expired", "ENDED", ("expired", "EXPIRED")),
        ("in_doubt", "IN_DOUBT", ("reserve", "")),
        ("taken_back", "ENDED", ("gone", "GONE")),
        ("taking_back", "IN_DOUBT", ("second", "WITHHELD")),
        ("cancelled", "ENDED", ("second", "")),
        ("round", "WAITING", ("every", "")),
        ("round_ended", "ENDED", ("some", "SOME")),
    ],
)
def test_how_a_run_stands_and_how_far_it_came_is_found_again(name: str, state: str, way: tuple[str, str]) -> None:
    trace = ward_of(name).trace
    assert (trace.state, trace.way[-1]) == (state, way)


def test_what_a_run_waits_for_is_found_again_with_every_event_that_it_refused() -> None:
    trace = ward_of("waiting").trace
    (pending,) = trace.pending
    ask = pending.ask
    assert isinstance(ask, Awaited)
    assert (ask.due, ask.spot.path) == ("2026-03-02T09:00:00.000Z", "consent")
    assert ask.signals == (("GIVEN", CONSENT), ("WITHHELD", CONSENT))
    sent = [event for event in pending.events if isinstance(event, Sent)]
    assert [(event.by.actor["id"], event.time, event.outcome) for event in sent] == [
        ("ann", "2026-03-01T09:01:00.000Z", ""),
        ("bea", "2026-03-01T09:02:00.000Z", ""),
    ]
    assert [(each.node, each.signal, each.why) for each in sent[0].refused] == [
        ("consent", name, "is for somebody else than who acted at `admit`") for name in ("GIVEN", "WITHHELD")
    ]


def test_what_was_asked_outside_is_found_again_with_all_that_came_of_it() -> None:
    trace = ward_of("reconciled").trace
    reserve, send = (passed.asks[0] for passed in trace.passed if passed.node in ("reserve", "send"))
    assert [type(event) for event in reserve.events] == [Doubted, Reconciled, Doubted, Reconciled]
    assert [type(event) for event in send.events] == [Doubted, Reconciled, Replied]
    (first, last) = (event for event in reserve.events if isinstance(event, Reconciled))
    assert (first.verdict, first.outcome, last.verdict, last.outcome) == ("retry", "", "done", "SUCCESS")
    assert (last.by.actor["id"], last.reason) == ("cid", "I called them up")
    assert isinstance(send.ask, Intended)
    assert (send.ask.side_effect, send.ask.operation, send.ask.at_least_once) == (PHARMACY, "SEND", True)
    assert isinstance(reserve.ask, Intended)
    assert not reserve.ask.at_least_once
    steps = [step for passed in trace.passed for step in passed.steps if isinstance(step, Asked)]
    assert [(step.operation, step.outcome) for step in steps] == [("RESERVE", "SUCCESS"), ("SEND", "SUCCESS")]


def test_what_was_taken_back_and_what_was_cancelled_is_found_again() -> None:
    taken = ward_of("taken_back").trace
    assert taken.taken_back == {"chart", "reserve"}
    assert [(passed.node, passed.target) for passed in taken.passed if passed.undoes] == [
        ("reserve", "clinic::CC_RETURN_V0"),
        ("chart", "clinic::CC_STRIKE_V0"),
    ]
    cancelled = ward_of("cancelled").trace
    assert cancelled.ending is not None
    assert (cancelled.ending.kind, sorted(cancelled.taken_back)) == ("CANCELLED", ["first"])
    (event,) = (event for event in events(cancelled) if isinstance(event, Cancelled))
    assert (event.by.actor["id"], event.reason) == ("cid", "the patient went home")


def test_an_event_that_another_run_emitted_is_found_again_with_that_run() -> None:
    ward = ward_of("told_by_a_run")
    (sent,) = (event for event in events(ward.trace) if isinstance(event, Sent))
    assert sent.message is not None
    assert (sent.message.workflow, sent.message.n, sent.outcome) == ("clinic::WF_CONSENT_V0", 0, "GIVEN")
    assert ward.runtime.store.run(sent.message.run) is not None


def test_a_run_that_was_cancelled_while_it_was_taken_back_is_found_again() -> None:
    trace = ward_of("cancelled_twice").trace
    assert [type(event) for event in events(trace)][-3:] == [Cancelled, Doubted, Cancelled]
    assert trace.ending is not None
    assert (trace.ending.kind, sorted(trace.taken_back)) == ("CANCELLED", [])
    assert trace.passed[-1].undoes
    assert "to take it back; nobody knows whether it took place" in account(trace, snapshot())


def test_a_wait_whose_time_is_over_ended_so() -> None:
    trace = ward_of("expired").trace
    assert [type(event) for event in events(trace)] == [Expired]
    assert trace.passed[1].outcome == "EXPIRED"


def test_items_that_took_turns_are_found_again_in_their_order() -> None:
    trace = ward_of("round_ended").trace
    (every,) = (passed for passed in trace.passed if passed.kind == "each")
    assert [(inner.iteration, inner.ending and inner.ending.name) for inner in every.inside] == [
        (0, "WITHHELD"),
        (1, "COMPLETED"),
        (2, "COMPLETED"),
    ]
    assert [passed.node for passed in every.inside[1].passed] == ["admit", "consent", "chart", "reserve", "send"]
    live = ward_of("round").trace
    assert [(each.ask.spot.path) for each in live.pending] == ["every[2]/consent"]


def test_segments_begin_with_what_came_from_outside() -> None:
    trace = ward_of("treated").trace
    assert [[type(event).__name__ for event in segment.events] for segment in trace.segments] == [
        [],
        ["Sent"],
        ["Sent"],
        ["Sent"],
        ["Replied"],
        ["Replied"],
    ]
    assert [segment.number for segment in trace.segments] == list(range(6))
    assert trace.segments[0].time == trace.header.started


@pytest.mark.parametrize("name", RUNS)
def test_a_trace_that_stops_where_a_segment_ends_can_be_that_of_a_live_run_and_no_other_can(name: str) -> None:
    ward = ward_of(name)
    begins = {segment.n for segment in ward.trace.segments}
    for count in range(1, len(ward.lines)):
        trace = trace_of(ward.lines[:count])
        assert (trace.state != "CUT") is (count in begins), count


def test_events_of_what_was_called_are_found_with_their_place_and_dropped_ones_are_not() -> None:
    told = [(emission.within, emission.event) for emission in emissions(ward_of("round_ended").trace)]
    assert told == [("every[1]", "clinic::EV_TREATED_V0"), ("every[2]", "clinic::EV_TREATED_V0")]
    failed = ward_of("failed").trace
    assert any(inner.ending and inner.ending.emitted for inner in failed.called)
    assert list(emissions(failed)) == []


# --- verify --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["waiting", "in_doubt", "round"])
def test_the_store_says_of_a_live_run_that_it_goes_on_and_that_nothing_is_missing(name: str) -> None:
    ward = ward_of(name)
    verdict = verify(joined(ward.lines), lambda id: True, ward.runtime.store)
    found = {check.name: (check.found, check.says) for check in verdict.checks}
    assert verdict.level is Level.SELF_CONSISTENT
    says = f"The run goes on: it is {ward.trace.state}. Nothing is missing so far, and the end is still to come."
    assert found["end"] == ("not possible", says)
    assert found["store"][0] == "held"
    assert verdict.doubt == ""


def test_a_live_run_of_which_lines_are_missing_is_not_taken_for_one_that_goes_on() -> None:
    ward = ward_of("waiting")
    verdict = verify(joined(ward.lines[:-1]), lambda id: True, ward.runtime.store)
    assert verdict.doubt == "The last line is not the end of the run: the trace was cut, or the run goes on."
    alone = verify(joined(ward.lines))
    assert alone.doubt == verdict.doubt


def test_a_cancelled_run_has_an_end_like_any_other() -> None:
    ward = ward_of("cancelled")
    assert verify(joined(ward.lines), lambda id: True, ward.runtime.store).level is Level.ANCHORED
    cut = rechained(ward.lines, lambda bodies: bodies.append(dict(bodies[-1])))
    assert "stands after the end of the run" in verify(joined(cut)).doubt


# --- what is refused -----------------------------------------------------------------------------


def set_at(line: int, **members: Value) -> Callable[[Bodies], None]:
    def change(bodies: Bodies) -> None:
        bodies[line] = {name: value for name, value in {**bodies[line], **members}.items() if value is not None}

    return change


REFUSED: list[tuple[str, Callable[[Bodies], object], str]] = [
    ("treated", set_at(2, due="tomorrow"), "has another form of time at `due`"),
    ("treated", set_at(2, mood="glad"), "a member `mood`, which pgs-trace/1 does not know"),
    ("treated", set_at(2, step="x"), "a member `step`, which pgs-trace/1 does not know"),
    ("treated", set_at(2, signals=[{"name": "GIVEN"}]), "has no `event`"),
    ("treated", set_at(3, time=None), "has no `time`"),
    ("treated", set_at(3, segment=None, time=None), "comes from outside and begins no segment"),
    ("treated", set_at(3, segment=2), "another number of a segment than the one that follows"),
    ("treated", set_at(3, segment=True), "another kind of value at `segment`"),
    ("treated", set_at(3, time="now"), "another form of time at `time`"),
    ("treated", set_at(3, refused=[]), "refuses an event without a reason"),
    ("treated", set_at(3, refused=None, node="consent", outcome="MAYBE"), "no signal that is waited for there"),
    ("told_by_a_run", set_at(3, message={"n": -1, "run": "0" * 26, "workflow": "x"}), "a number below 0 at `n`"),
    ("told_by_a_run", set_at(3, message={"n": 0, "run": "../x", "workflow": "x"}), "a `run` that is no run id"),
    ("told_by_a_run", set_at(3, message={"n": 0, "run": "0" * 26, "workflow": "x", "y": 1}), "a member `y`"),
    ("treated", set_at(3, message={"n": 0, "run": "0" * 26, "workflow": "x"}), "a member `message`"),
    ("treated", set_at(5, node="elsewhere"), "answers what nobody has asked"),
    ("treated", set_at(5, event="clinic::EV_TREATED_V0"), "no signal that is waited for there"),
    ("treated", set_at(6, segment=4), "a member `segment`, which pgs-trace/1 does not know"),
    ("treated", set_at(6, outcome="WITHHELD"), "another answer from outside than the lines before it"),
    ("treated", set_at(6, node="chart"), "does not end the node that asked before it"),
    ("treated", set_at(6, kind="contract", target="x", steps=[]), "another answer from outside"),
    ("treated", set_at(8, key=None), "has no `key`"),
    ("treated", set_at(8, delivery="exactly_once"), "a `delivery` that the format does not know"),
    ("treated", set_at(8, undoing=False), "another kind of value at `undoing`"),
    ("treated", set_at(8, undoing=True), "takes back what was not done before"),
    ("treated", set_at(8, node="chart"), "is asked by a node that has ended"),
    ("treated", set_at(9, outcome="REFUSED"), "another answer from outside than the lines before it"),
    ("treated", set_at(9, undoing=True), "answers what nobody has asked"),
    ("treated", lambda bodies: bodies.pop(9), "stands behind what the outside is asked"),
    ("treated", lambda bodies: bodies.insert(9, dict(bodies[8])), "stands where the outside has not answered"),
    ("treated", lambda bodies: bodies.pop(8), "begins a segment where the one before it has not ended"),
    ("in_doubt", set_at(7, key="0" * 64), "another key than the effect that it tells of"),
    ("given_up", set_at(8, **{"as": "maybe"}), "an `as` that the format does not know"),
    ("given_up", set_at(8, **{"as": "done"}), "has no `outcome`"),
    ("given_up", set_at(8, outcome="SUCCESS"), "a member `outcome`"),
    ("given_up", set_at(8, **{"as": "retry"}), "goes on without an answer from outside"),
    ("given_up", set_at(9, kind="contract"), "goes on with a run that nobody wants any more"),
    ("given_up", set_at(9, node="admit"), "takes back what was not done before"),
    (
        "given_up",
        set_at(10, kind="exit", exit="FAILED", name="FAILED", node="x"),
        "ends the run as no run of this kind",
    ),
    ("given_up", set_at(10, node="x"), "a member `node`"),
    ("taken_back", lambda bodies: bodies.append(dict(bodies[14])), "stands after the end of the run"),
    ("taken_back", set_at(-1, exit="DENIED"), "ends a run of which nodes were taken back"),
    ("taken_back", set_at(15, kind="contract"), "goes on where nodes are taken back"),
    ("taken_back", set_at(15, node="reserve"), "takes back what was not done before"),
    ("left_in_doubt", set_at(-2, code=None), "has no `code`"),
    ("left_in_doubt", set_at(-2, kind="cancel"), "a member `code`"),
    ("left_in_doubt", set_at(-1, kind="exit", exit="FAILED", name="FAILED", node="x"), "as no run of this kind"),
    ("left_in_doubt", lambda bodies: bodies.insert(-1, dict(bodies[1])), "run that was left as it stands"),
    ("left_in_doubt", lambda bodies: bodies.insert(-1, dict(bodies[-2])), "before it has not ended"),
    ("expired", set_at(-1, kind="cancelled", exit=None, name=None, node=None), "ends the run as no run of this kind"),
    ("failed", set_at(-1, rolled_back={"from": 3, "to": 2}), "drops lines that are not before it"),
    ("failed", set_at(-1, rolled_back={"from": 1, "to": 9}), "drops lines that are not before it"),
    ("round", set_at(3, iteration=[2]), "at another item than the one that follows"),
    ("round_ended", set_at(3, parent=["other"]), "where the node that called before it has not ended"),
]


@pytest.mark.parametrize(("name", "change", "why"), REFUSED)
def test_what_no_run_leaves_is_refused_in_its_place(name: str, change: Callable[[Bodies], object], why: str) -> None:
    def changed(bodies: Bodies) -> None:
        change(bodies)

    with pytest.raises(Refusal) as refused:
        trace_of(rechained(ward_of(name).lines, changed))
    assert why in refused.value.message
    assert refused.value.code == "R055"
    assert refused.value.where.startswith("line ")


@pytest.mark.parametrize("name", RUNS)
def test_no_line_about_the_outside_can_be_taken_away(name: str) -> None:
    lines = ward_of(name).lines
    for number, line in enumerate(lines[:-1]):
        if json.loads(line)["kind"] in OUTSIDE:

            def change(bodies: Bodies, number: int = number) -> None:
                del bodies[number]

            with pytest.raises(Refusal):
                trace_of(rechained(lines, change))


@pytest.mark.parametrize("name", RUNS)
def test_no_line_about_the_outside_can_change_places_with_the_next(name: str) -> None:
    lines = ward_of(name).lines
    kinds = [json.loads(line)["kind"] for line in lines]
    for number in range(1, len(lines) - 2):
        if kinds[number] in OUTSIDE or kinds[number + 1] in OUTSIDE:

            def change(bodies: Bodies, number: int = number) -> None:
                bodies.insert(number, bodies.pop(number + 1))

            with pytest.raises(Refusal):
                trace_of(rechained(lines, change))


def told(trace: Trace) -> None:
    """Tell a trace in every way that there is."""
    for known in (snapshot(), None):
        account(trace, known)
        as_text(trace, known)
        as_json(trace, known)
    try:
        graph = snapshot().graph(trace.header.workflow)
        svg.draw(picture_of(graph, trace.way, trace.header.run, trace.taken_back, trace.state))
    except (KeyError, WayNotInGraph):
        pass  # another workflow, or another way: then there is no picture


@pytest.mark.parametrize("name", RUNS)
def test_every_part_of_every_run_can_be_told(name: str) -> None:
    lines = ward_of(name).lines
    for count in range(1, len(lines) + 1):
        told(trace_of(lines[:count]))


@given(st.data())
def test_whatever_a_member_holds_the_answer_is_a_trace_that_can_be_told_or_a_refusal(data: st.DataObject) -> None:
    lines = ward_of(data.draw(st.sampled_from(sorted(RUNS)))).lines
    bodies: Bodies = [json.loads(line) for line in lines]
    spoil(data, bodies)
    try:
        trace = trace_of([canonical(body) for body in bodies])
    except Refusal:
        return
    told(trace)


@given(st.data())
def test_whatever_lines_stand_in_whatever_order_the_answer_is_a_trace_that_can_be_told_or_a_refusal(
    data: st.DataObject,
) -> None:
    lines = ward_of(data.draw(st.sampled_from(sorted(RUNS)))).lines

    def change(bodies: Bodies) -> None:
        for _ in range(data.draw(st.integers(1, 3))):
            place, other = (data.draw(st.integers(1, len(bodies) - 1)) for _ in range(2))
            match data.draw(st.sampled_from(["drop", "move", "double"])):
                case "drop" if len(bodies) > 2:
                    bodies.pop(place)
                case "move":
                    bodies.insert(min(other, len(bodies) - 1), bodies.pop(place))
                case _:
                    bodies.insert(other, dict(bodies[place]))

    try:
        trace = trace_of(rechained(lines, change))
    except Refusal:
        return
    told(trace)


def test_a_fault_behind_a_commit_leaves_what_was_committed() -> None:
    def change(bodies: Bodies) -> None:
        fault: Value = {"code": "R021", "exit_code": 6, "why": "Something broke."}
        effects: Value = {"clinic::ST_CHART_V0": {"APPEND": 1}}
        bodies[7] = {name: bodies[7][name] for name in ("node", "step", "segment", "time")}
        bodies[7] |= {"kind": "reply", "outcome": "SUCCESS"}
        bodies.append({"kind": "fault", "fault": fault, "node": "reserve", "effects": effects, "lines": 9})

    trace = trace_of(rechained(ward_of("in_doubt").lines, change))
    assert trace.ending is not None
    assert trace.way[-1] == ("reserve", "")
    assert "The run broke off at `reserve` with the fault `R021`" in account(trace, snapshot())
    assert "What it changed stands." in account(trace, snapshot())


# --- the page about the format -------------------------------------------------------------------


@pytest.mark.parametrize("name", RUNS)
def test_the_page_about_the_format_names_every_kind_and_member(name: str) -> None:
    for line in ward_of(name).lines[1:]:
        body = json.loads(line)
        assert body["kind"] in NAMED
        given = [body.pop(member, None) for member in ("result", "emitted", "outputs", "effects", "fields", "actor")]
        assert given
        if body["kind"] == "effect":
            body.pop("inputs")
        for step in body.get("steps", []):
            step.pop("inputs", None)
            step.pop("outputs", None)
        assert members(body) <= NAMED


@pytest.mark.parametrize("name", ["treated", "taken_back", "cancelled", "round_ended"])
def test_the_verifier_on_the_page_takes_what_a_durable_run_leaves(name: str) -> None:
    lines = ward_of(name).lines
    assert judged(joined(lines)).stdout == f"{ward_of(name).run} {ward_of(name).trace.head}\n"
    assert judged(joined(lines[:-1])).returncode != 0
