"""The core over a graph that is linked by hand: each test is a row of what leads where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from pgs_runtime.core.calls import Moment, Shared
from pgs_runtime.core.expressions import ABSENT, Frame, Missing
from pgs_runtime.core.linked import (
    WITH,
    Build,
    Contract,
    Decision,
    Edge,
    Exit,
    Graph,
    Intent,
    Misfits,
    Problem,
    Step,
    Storage,
    Transformation,
    Visit,
)
from pgs_runtime.core.requests import Failed, Operation, Request
from pgs_runtime.core.walk import drive, traverse
from pgs_snapshot.model import ExitKind
from pgs_snapshot.values import Outcome, Value

PROBLEM: Problem = {"at": "/n", "why": "is above 3"}
PAYLOAD: Value = {"n": 1}
SLOTS = 7
ALONE = Shared(Moment({"id": "run"}))


def nothing(frame: Frame) -> dict[str, Value]:
    return {}


def intent(next: Mapping[str, str], outcome: str = "ACK") -> Intent:
    def admit(frame: Frame) -> Visit:
        return Visit(gate, {}, [], outcome, {})

    gate = Intent("admit", "IN", admit, edges(next))
    return gate


def edges(next: Mapping[str, str]) -> dict[str, Edge]:
    return {outcome: Edge(to, None) for outcome, to in next.items()}


def contract(
    id: str,
    steps: list[Step],
    outcomes: Mapping[str, Build],
    next: Mapping[str, str],
    slot: int = 5,
    misfits: Misfits | None = None,
) -> Contract:
    return Contract(
        id=id,
        name="CC",
        slot=slot,
        inputs=lambda frame: {"n": 1},
        misfits=misfits,
        steps=tuple(steps),
        outcomes=outcomes,
        failure="VIOLATION",
        next=edges(next),
        redact=None,
        shown={},
    )


def exits(*names: str) -> dict[str, Exit]:
    kind: ExitKind = "COMPLETED"
    return {name: Exit(name, kind, (kind,), lambda frame: kind, nothing, None, {}) for name in names}


def computes(
    name: str,
    answer: Callable[[dict[str, Value]], Outcome],
    next: Mapping[str, str | None],
    inputs: Build = nothing,
    misfits: Misfits | None = None,
) -> Transformation:
    return Transformation(name, inputs, misfits, answer, next, "CT", {})


def decides(name: str, answer: Outcome, next: Mapping[str, str | None]) -> Decision:
    return Decision(name, lambda frame: (answer, (0, [])), next, False)


def asks(name: str, next: Mapping[str, str | None], inputs: Build = nothing, misfits: Misfits | None = None) -> Storage:
    def perform(*_: object) -> Outcome:
        raise AssertionError("the core asks, and does not perform")

    return Storage(name, inputs, misfits, "ST", "OP", perform, True, next, None, {})


def graph(start: Intent, *nodes: Contract | Exit) -> Graph:
    return Graph("WF", start, {node.id: node for node in nodes}, SLOTS)


def frame() -> Frame:
    filled: Frame = [ABSENT] * SLOTS
    filled[:4] = [PAYLOAD, {"id": "ada"}, {"id": "run"}, {"cap": 3}]
    return filled


def walk(graph: Graph, *replies: Outcome, slots: Frame | None = None) -> tuple[list[Visit], list[Operation], Exit]:
    """The visits, the requests and the exit, where requests are answered by these replies in order."""
    visits: list[Visit] = []
    asked: list[Operation] = []
    answers = iter(replies)

    def perform(request: Request) -> Outcome:
        if isinstance(request, Failed):
            return Outcome("DONE")
        assert isinstance(request, Operation)
        asked.append(request)
        return next(answers)

    found = drive(traverse(graph, frame() if slots is None else slots, visits.append, ALONE), perform)
    assert isinstance(found, Exit)
    assert next(answers, None) is None, "a reply was left over"
    return visits, asked, found


@pytest.mark.parametrize("outcome", ["ACK", "NACK"])
def test_admission_leads_where_its_edge_says(outcome: str) -> None:
    ends = exits("in", "out")
    visits, asked, found = walk(graph(intent({"ACK": "in", "NACK": "out"}, outcome), *ends.values()))
    assert found.id == {"ACK": "in", "NACK": "out"}[outcome]
    assert [(visit.node.id, visit.outcome) for visit in visits] == [("admit", outcome)]
    assert not asked


LEADS = {"SUCCESS": "done", "DENIED": "denied", "CONFLICT": "twice"}


@pytest.mark.parametrize("outcome", LEADS)
@pytest.mark.parametrize("kind", ["transform", "operation", "decision"])
def test_each_outcome_goes_where_its_edge_says(kind: str, outcome: str) -> None:
    ends: dict[str, str | None] = {name: name for name in LEADS}
    steps: dict[str, Step] = {
        "transform": computes("only", lambda inputs: Outcome(outcome), ends),
        "operation": asks("only", ends),
        "decision": decides("only", Outcome(outcome), ends),
    }
    work = contract("work", [steps[kind]], dict.fromkeys(LEADS, nothing), LEADS)
    replies = [Outcome(outcome)] if kind == "operation" else []
    visits, _, found = walk(graph(intent({"ACK": "work"}), work, *exits(*LEADS.values()).values()), *replies)
    assert found.id == LEADS[outcome]
    assert [(visit.node.id, visit.outcome) for visit in visits] == [("admit", "ACK"), ("work", outcome)]


def test_an_outcome_of_a_step_may_end_the_contract_under_another() -> None:
    steps: list[Step] = [
        asks("first", {"SUCCESS": None, "NOT_FOUND": "DENIED"}),
        decides("second", Outcome("SUCCESS"), {"SUCCESS": "SUCCESS"}),
    ]
    work = contract("work", steps, {"SUCCESS": nothing, "DENIED": nothing}, {"SUCCESS": "done", "DENIED": "denied"})
    whole = graph(intent({"ACK": "work"}), work, *exits("done", "denied").values())
    visits, _, found = walk(whole, Outcome("NOT_FOUND"))
    assert found.id == "denied"
    assert [step.name for step, _, _ in visits[1].steps] == ["first"]
    visits, _, found = walk(whole, Outcome("SUCCESS"))
    assert found.id == "done"
    assert [step.name for step, _, _ in visits[1].steps] == ["first", "second"]


def test_a_step_sees_the_outputs_and_outcomes_of_those_before_it() -> None:
    def of_second(slots: Frame) -> dict[str, Value]:
        return {"seen": [*slots]}

    steps: list[Step] = [
        computes("first", lambda inputs: Outcome("ODD", n=7), {"ODD": None}),
        asks("second", {"SUCCESS": "SUCCESS"}, of_second),
    ]
    work = contract("work", steps, {"SUCCESS": of_second}, {"SUCCESS": "done"})
    visits, asked, _ = walk(graph(intent({"ACK": "work"}), work, *exits("done").values()), Outcome("SUCCESS", m=8))
    before: list[Value] = [{"n": 1}, {"id": "run"}, {"cap": 3}, {"n": 7}, "ODD"]
    assert asked[0].inputs == {"seen": before}
    assert visits[1].outputs == {"seen": [*before, {"m": 8}, "SUCCESS"]}
    assert visits[1].steps == [
        (steps[0], Outcome("ODD", n=7), {}),
        (steps[1], Outcome("SUCCESS", m=8), {"seen": before}),
    ]


def test_results_go_into_the_slot_of_their_node_and_stay() -> None:
    first = contract(
        "first",
        [asks("a", {"SUCCESS": "SUCCESS"})],
        {"SUCCESS": lambda slots: {"x": 1}},
        {"SUCCESS": "second"},
    )
    second = contract(
        "second",
        [asks("b", {"SUCCESS": "SUCCESS"})],
        {"SUCCESS": lambda slots: {"y": 2}},
        {"SUCCESS": "done"},
        slot=6,
    )
    slots = frame()
    whole = graph(intent({"ACK": "first"}), first, second, *exits("done").values())
    walk(whole, Outcome("SUCCESS"), Outcome("SUCCESS"), slots=slots)
    assert slots[5:] == [{"x": 1}, {"y": 2}]


def test_arguments_of_an_edge_are_there_for_its_node_and_for_no_other() -> None:
    seen: list[Value] = []

    def noting(slots: Frame) -> dict[str, Value]:
        seen.append(slots[WITH])
        return {}

    steps: list[Step] = [decides("only", Outcome("SUCCESS"), {"SUCCESS": "SUCCESS"})]
    first = replace(contract("first", steps, {"SUCCESS": nothing}, {"SUCCESS": "second"}), inputs=noting)
    second = replace(contract("second", steps, {"SUCCESS": nothing}, {"SUCCESS": "done"}), inputs=noting)
    start = replace(intent({}), next={"ACK": Edge("first", lambda slots: {"kind": slots[0]})})
    # The visit names the gate that it was made by, so the edge has to be put there as well.
    start = replace(start, admit=lambda slots: Visit(start, {}, [], "ACK", {}))
    walk(graph(start, first, second, *exits("done").values()))
    assert seen == [{"kind": PAYLOAD}, ABSENT]


def test_inputs_that_do_not_fit_end_a_contract_before_its_first_step() -> None:
    outcomes: dict[str, Build] = {"SUCCESS": nothing, "VIOLATION": lambda slots: {"got": slots[0]}}
    work = contract(
        "work",
        [asks("never", {"SUCCESS": "SUCCESS"})],
        outcomes,
        {"SUCCESS": "done", "VIOLATION": "broken"},
        misfits=lambda inputs: (PROBLEM,),
    )
    visits, asked, found = walk(graph(intent({"ACK": "work"}), work, *exits("done", "broken").values()))
    assert (found.id, asked) == ("broken", [])
    assert visits[1] == Visit(work, {"n": 1}, [], "VIOLATION", {"got": {"n": 1}}, (PROBLEM,))


@pytest.mark.parametrize("kind", ["transform", "operation"])
def test_inputs_that_do_not_fit_end_a_contract_at_the_step_and_say_so(kind: str) -> None:
    def never(inputs: dict[str, Value]) -> Outcome:
        raise AssertionError("it is not called")

    def unfit(inputs: dict[str, Value]) -> tuple[Problem, ...]:
        return (PROBLEM,) if inputs["n"] == 7 else ()

    ends: dict[str, str | None] = {"SUCCESS": "SUCCESS"}

    def given(slots: Frame) -> dict[str, Value]:
        return {"n": 7}

    step = computes("second", never, ends, given, unfit) if kind == "transform" else asks("second", ends, given, unfit)
    first = computes("first", lambda inputs: Outcome("SUCCESS"), {"SUCCESS": None}, lambda slots: {"n": 6}, unfit)
    outcomes: dict[str, Build] = {"SUCCESS": nothing, "VIOLATION": lambda slots: {"known": len(slots)}}
    work = contract("work", [first, step], outcomes, {"SUCCESS": "done", "VIOLATION": "broken"})
    visits, asked, found = walk(graph(intent({"ACK": "work"}), work, *exits("done", "broken").values()))
    assert (found.id, asked) == ("broken", [])
    assert visits[1].refused == ({**PROBLEM, "step": "second"},)
    assert [done.name for done, _, _ in visits[1].steps] == ["first"]
    assert visits[1].outputs == {"known": 5}


# --- what a snapshot of our compiler never holds --------------------------------------------------


def test_an_outcome_without_an_edge_raises() -> None:
    work = contract("work", [asks("only", {"SUCCESS": "SUCCESS"})], {"SUCCESS": nothing}, {})
    with pytest.raises(Missing, match="'work' ended as 'SUCCESS', which leads nowhere"):
        walk(graph(intent({"ACK": "work"}), work), Outcome("SUCCESS"))


def test_a_reply_that_the_step_does_not_know_raises() -> None:
    work = contract("work", [asks("only", {"SUCCESS": "SUCCESS"})], {"SUCCESS": nothing}, {"SUCCESS": "done"})
    with pytest.raises(Missing, match="'only' ended as 'OTHER', which leads nowhere"):
        walk(graph(intent({"ACK": "work"}), work, *exits("done").values()), Outcome("OTHER"))


def test_a_contract_that_nothing_ends_raises() -> None:
    work = contract("work", [asks("only", {"SUCCESS": None})], {"SUCCESS": nothing}, {"SUCCESS": "done"})
    with pytest.raises(Missing, match="the last step of 'work'"):
        walk(graph(intent({"ACK": "work"}), work, *exits("done").values()), Outcome("SUCCESS"))


def test_an_admission_that_nothing_expects_raises() -> None:
    with pytest.raises(Missing, match="'admit' ended as 'MAYBE'"):
        walk(graph(intent({"ACK": "done"}, "MAYBE"), *exits("done").values()))


def test_what_the_world_raises_goes_through_the_core() -> None:
    work = contract("work", [asks("only", {"SUCCESS": "SUCCESS"})], {"SUCCESS": nothing}, {"SUCCESS": "done"})

    def fails(request: Request) -> Outcome:
        raise OSError("the disk is gone")

    visits: list[Visit] = []
    whole = graph(intent({"ACK": "work"}), work, *exits("done").values())
    with pytest.raises(OSError, match="the disk is gone"):
        drive(traverse(whole, frame(), visits.append, ALONE), fails)
    assert [visit.node.id for visit in visits] == ["admit"]


def test_the_same_replies_give_the_same_visits() -> None:
    steps: list[Step] = [asks("a", {"SUCCESS": None, "NONE": "DENIED"}), asks("b", {"SUCCESS": "SUCCESS"})]
    outcomes: dict[str, Build] = {"SUCCESS": lambda slots: {"all": [*slots]}, "DENIED": nothing}
    work = contract("work", steps, outcomes, {"SUCCESS": "done", "DENIED": "denied"})
    whole = graph(intent({"ACK": "work"}), work, *exits("done", "denied").values())
    replies = (Outcome("SUCCESS", n=1), Outcome("SUCCESS", n=2))
    assert walk(whole, *replies) == walk(whole, *replies)
