"""Linking: a sealed graph becomes closures, and what no compiler seals is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgs_runtime.core.expressions import ABSENT, Frame
from pgs_runtime.core.linked import Contract, Graph, Storage, Transformation
from pgs_runtime.faults import Fault
from pgs_runtime.link.boundary import Boundary
from pgs_runtime.link.graphs import Linker
from pgs_runtime.link.transforms import Transforms
from pgs_snapshot import model
from pgs_snapshot.model import Compare, Edge, Literal_, Record, Ref, Schema
from pgs_snapshot.seal import SealBroken
from pgs_snapshot.sealed_code.modules import SealedModules
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.runtime.protocol import (
    ADA,
    CLERK,
    COUNT,
    REJECTED,
    TEXT,
    WORKFLOW,
    actor,
    admit,
    asks,
    case,
    computes,
    contract,
    decides,
    ends,
    fields,
    graph,
    intent,
    node,
    opened,
    registry,
    result,
    sealed,
    transform,
)

SOURCE = """
def double(n):
    return {"n": n * 2}
"""
DOUBLE = transform("double", fields(n=COUNT), SUCCESS=fields(n=COUNT))
PASS = decides("pass", case("SUCCESS"), SUCCESS="SUCCESS")


def linked(snapshot: Snapshot, workflow: str = WORKFLOW) -> Graph:
    load = SealedModules.of(snapshot.sealed).load
    transform_of = Transforms(snapshot).get
    boundary = Boundary(snapshot, load, transform_of, lambda name: {}, load)  # type: ignore[arg-type]
    return Linker(snapshot, boundary).graph(workflow)


def working(work: model.Contract, *nodes: model.Node, payload: Schema | None = None) -> Snapshot:
    schema = fields(n=COUNT) if payload is None else payload
    return sealed(intent(schema), DOUBLE, work, graph(*nodes), source=SOURCE)


def admitted(
    schema: Schema, payload: Value, who: Value, *rules: model.Condition, attributes: Schema | None = None
) -> tuple[str, tuple[dict[str, Value], ...], Frame]:
    """The outcome, the reasons, and the payload and actor as they are afterwards."""
    done = (admit("done"), ends("done"), REJECTED)
    whole = linked(sealed(intent(schema, *rules), actor(attributes), graph(*done)))
    frame: Frame = [payload, who, {}, {}, ABSENT]
    visit = whole.start.admit(frame)
    return visit.outcome, visit.refused, frame[:2]


WHO: Value = {"id": "ada", "type": CLERK}


def test_the_intent_admits_what_fits_and_fills_in_defaults_of_payload_and_actor() -> None:
    schema = fields(["n"], n=COUNT, m={"type": "integer", "default": 7})
    attributes = fields([], branch={"type": "string", "default": "main"})
    given: Value = {"n": 1}
    outcome, refused, (payload, who) = admitted(schema, given, WHO, attributes=attributes)
    assert (outcome, refused) == ("ACK", ())
    assert payload == {"n": 1, "m": 7}
    assert who == {"id": "ada", "type": CLERK, "branch": "main"}
    assert (given, WHO) == ({"n": 1}, {"id": "ada", "type": CLERK})


@pytest.mark.parametrize(
    ("payload", "who", "refused"),
    [
        ({}, WHO, [{"at": "/n", "why": "is required, and not there"}]),
        ([], WHO, [{"at": "", "why": "is not an object"}]),
        (
            {"n": 1},
            {"id": "ada", "type": "desk::AC_OTHER_V0"},
            [{"at": "actor", "why": f"is not one of `{CLERK}`"}],
        ),
        ({"n": 1}, {"id": "ada", "type": CLERK, "x": 1}, [{"at": "actor/x", "why": "is not declared"}]),
        (
            {"n": True},
            {"id": "ada", "type": ""},
            [{"at": "actor", "why": f"is not one of `{CLERK}`"}, {"at": "/n", "why": "is not an integer"}],
        ),
        ({"n": 7}, WHO, [{"rule": "desk.yaml:10"}]),
        ({"n": 8}, WHO, [{"rule": "desk.yaml:10"}, {"rule": "desk.yaml:11"}]),
    ],
)
def test_what_is_not_admitted_is_told_with_its_reasons(
    payload: Value, who: Value, refused: list[dict[str, Value]]
) -> None:
    rules = (Compare("lt", (Ref(0, ("n",)), Literal_(7))), Compare("lt", (Ref(0, ("n",)), Literal_(8))))
    outcome, reasons, _ = admitted(fields(n=COUNT), payload, who, *rules)
    assert (outcome, list(reasons)) == ("NACK", refused)


def test_an_intent_without_actors_admits_nobody() -> None:
    whole = linked(sealed(intent(fields(), actors=()), graph(admit("done"), ends("done"), REJECTED)))
    visit = whole.start.admit([{}, WHO, {}, {}, ABSENT])
    assert visit.refused == ({"at": "actor", "why": "is not one of nobody"},)


def test_what_the_compiler_could_not_prove_is_checked_and_nothing_else() -> None:
    work = contract(
        "work",
        fields([], a={"type": "integer", "maximum": 3}, b=COUNT),
        [PASS],
        {"SUCCESS": {}, "VIOLATION": {}},
        failure="VIOLATION",
    )
    nodes = (
        admit("work"),
        node(
            "work",
            "work",
            {"a": Ref(0, ("n",)), "b": Literal_("no integer")},
            ("a",),
            SUCCESS="done",
            VIOLATION="done",
        ),
        ends("done"),
        REJECTED,
    )
    place = linked(working(work, *nodes)).nodes["work"]
    assert isinstance(place, Contract)
    assert place.misfits is not None
    assert place.misfits({"a": 3, "b": "x"}) == ()
    assert place.misfits({"a": 4, "b": "x"}) == ({"at": "/a", "why": "is above 3"},)
    assert place.misfits({"b": "x"}) == ()


def test_an_unproven_input_that_is_required_has_to_be_there() -> None:
    inner = fields(x=fields(y=COUNT))  # type: ignore[arg-type]
    work = contract("work", fields(a=dict(inner)), [PASS], {"SUCCESS": {}, "VIOLATION": {}}, failure="VIOLATION")
    place = linked(
        working(
            work,
            admit("work"),
            node("work", "work", {}, ("a",), SUCCESS="done", VIOLATION="done"),
            ends("done"),
            REJECTED,
        )
    ).nodes["work"]
    assert isinstance(place, Contract)
    assert place.misfits is not None
    assert place.misfits({}) == ({"at": "/a", "why": "is required, and not there"},)
    assert place.misfits({"a": {"x": {"y": "1"}}}) == ({"at": "/a/x/y", "why": "is not an integer"},)


def test_a_contract_at_two_nodes_is_two_contracts_over_one_capability() -> None:
    work = contract(
        "work",
        fields(n=COUNT),
        [computes("double", "double", {"n": Ref(0, ("n",))}, SUCCESS="SUCCESS")],
        {"SUCCESS": {"n": Ref(3, ("n",))}},
    )
    slots = graph(admit("a"), node("a", "work", {}), node("b", "work", {}))
    nodes = (
        admit("a"),
        node("a", "work", {"n": Ref(0, ("n",))}, SUCCESS="b"),
        node("b", "work", {"n": result(slots, "a", "n")}, SUCCESS="done"),
        ends("done", result={"n": result(slots, "b", "n")}),
        REJECTED,
    )
    snapshot = working(work, *nodes)
    whole = linked(snapshot)
    a, b = whole.nodes["a"], whole.nodes["b"]
    assert isinstance(a, Contract)
    assert isinstance(b, Contract)
    assert (a.slot, b.slot, whole.slots) == (5, 6, 7)
    first, second = a.steps[0], b.steps[0]
    assert isinstance(first, Transformation)
    assert isinstance(second, Transformation)
    assert first.call is second.call
    runtime = opened(intent(fields(n=COUNT)), DOUBLE, work, graph(*nodes), source=SOURCE)
    assert runtime.run(WORKFLOW, {"n": 3}, ADA).result == {"n": 12}


def test_operations_of_a_store_are_bound_when_the_graph_is_linked() -> None:
    step = asks(
        "put",
        "NOTES",
        "REGISTER",
        {"key": Ref(0, ("k",)), "value": Literal_(1)},
        SUCCESS="SUCCESS",
        ALREADY_EXISTS="SUCCESS",
        CONFLICT="SUCCESS",
    )
    work = contract("work", fields(k=TEXT), [step], {"SUCCESS": {}})
    nodes = (
        admit("work"),
        node("work", "work", {"k": Ref(0, ("k",))}, SUCCESS="done"),
        ends("done"),
        REJECTED,
    )
    snapshot = sealed(intent(fields(k=TEXT)), registry("NOTES", COUNT), work, graph(*nodes))
    place = linked(snapshot).nodes["work"]
    assert isinstance(place, Contract)
    assert isinstance(place.steps[0], Storage)
    store = replace(registry("NOTES", COUNT), implementation="desk.work:Registry")
    broken = sealed(intent(fields(k=TEXT)), store, work, graph(*nodes), source="1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        linked(broken)


def test_a_module_that_does_not_load_leaves_no_run() -> None:
    step = computes("double", "double", {"n": Literal_(1)}, SUCCESS="SUCCESS")
    work = contract("work", fields(), [step], {"SUCCESS": {}})
    nodes = (admit("work"), node("work", "work", {}, SUCCESS="done"), ends("done"), REJECTED)
    runtime = opened(intent(fields()), DOUBLE, work, graph(*nodes), source="1 / 0\n")
    with pytest.raises(Fault) as fault:
        runtime.run(WORKFLOW, {}, ADA)
    assert (fault.value.code, fault.value.message) == (
        "R027",
        "`desk.work:double` cannot be loaded: ZeroDivisionError at desk.work:1.",
    )
    assert runtime.store.runs() == ()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("def __init__(self, place): pass", "AttributeError"),
        ("def __init__(self, place): raise ValueError(place)", "ValueError at desk.work:2"),
        ("def __init__(self): pass", "TypeError"),
        ("def __init__(self, place): pass\n    def count(self, more): pass", "TypeError"),
        ("def __init__(self, place): pass\n    count = 5", "TypeError"),
    ],
)
def test_a_side_effect_that_is_not_made_as_it_must_be_is_a_fault_of_the_run(body: str, message: str) -> None:
    step = asks("count", "NOTES", "COUNT", {}, SUCCESS="SUCCESS")
    work = contract("work", fields(), [step], {"SUCCESS": {}})
    nodes = (admit("work"), node("work", "work", {}, SUCCESS="done"), ends("done"), REJECTED)
    store = replace(registry("NOTES", COUNT), implementation="desk.work:Odd")
    source = f"class Odd:\n    {body}\n"
    outcome = opened(intent(fields()), store, work, graph(*nodes), source=source).run(WORKFLOW, {}, ADA)
    assert (outcome.exit, outcome.message.removesuffix(".")) == (
        "R021",
        f"COUNT of desk::ST_NOTES_V0 raised {message}",
    )


def test_an_edge_without_arguments_and_one_with_them() -> None:
    work = contract("work", fields(n=COUNT), [PASS], {"SUCCESS": {}})
    nodes = (
        admit("a"),
        node("a", "work", {"n": Ref(0, ("n",))}, SUCCESS=Edge("b", {"k": Record({"n": Ref(0, ("n",))})})),
        node("b", "work", {"n": Ref(4, ("k", "n"))}, SUCCESS="done"),
        ends("done"),
        REJECTED,
    )
    whole = linked(working(work, *nodes))
    a, b = whole.nodes["a"], whole.nodes["b"]
    assert isinstance(a, Contract)
    assert isinstance(b, Contract)
    assert b.next["SUCCESS"].arguments is None
    arguments = a.next["SUCCESS"].arguments
    assert arguments is not None
    assert arguments([{"n": 5}]) == {"k": {"n": 5}}


# --- what no compiler seals ------------------------------------------------------------------------


def test_a_graph_that_starts_with_no_intent_is_refused() -> None:
    with pytest.raises(SealBroken, match="it has not one start"):
        linked(sealed(intent(fields()), graph(ends("done"))))


def test_a_contract_without_an_outcome_for_what_may_not_fit_is_refused() -> None:
    work = contract("work", fields(n=COUNT), [PASS], {"SUCCESS": {}})
    nodes = (admit("work"), node("work", "work", {"n": Ref(0, ("n",))}, ("n",), SUCCESS="done"), ends("done"))
    with pytest.raises(SealBroken, match="`work` cannot fail"):
        linked(working(work, *nodes, REJECTED))


def test_an_unknown_workflow_is_a_key_error() -> None:
    snapshot = sealed(intent(fields()), graph(admit("done"), ends("done"), REJECTED))
    with pytest.raises(KeyError):
        linked(snapshot, "desk::WF_OTHER_V0")


def test_a_decision_of_which_no_case_holds_is_a_fault() -> None:
    step = decides("choose", case("SUCCESS", Compare("eq", (Ref(0, ("n",)), Literal_(1)))), SUCCESS="SUCCESS")
    work = contract("work", fields(n=COUNT), [step], {"SUCCESS": {}})
    nodes = (
        admit("work"),
        node("work", "work", {"n": Ref(0, ("n",))}, SUCCESS="done"),
        ends("done"),
        REJECTED,
    )
    runtime = opened(intent(fields(n=COUNT)), work, graph(*nodes))
    outcome = runtime.run(WORKFLOW, {"n": 2}, ADA)
    assert (outcome.kind, outcome.exit, outcome.exit_code) == ("FAULTED", "R026", 6)
    assert outcome.message == "The snapshot promises what is not there: no case of 'choose' holds."
