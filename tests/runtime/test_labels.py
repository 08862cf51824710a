"""Labels along a graph: whatever a labelled value goes through, no line of the trace shows it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_runtime.runtime import Actor, Runtime
from pgs_snapshot import model
from pgs_snapshot.model import (
    Compare,
    Default,
    Edge,
    Expr,
    Items,
    Literal_,
    Query,
    Record,
    Ref,
    Schema,
    Text,
    Wildcard,
)
from pgs_snapshot.values import Value
from tests.runtime.protocol import (
    ADA,
    ANY,
    COUNT,
    REJECTED,
    SECRET,
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
    journal,
    node,
    opened,
    registry,
    result,
    transform,
)
from tests.runtime.test_redaction import CANARY, planted, schemas

SOURCE = """
def echo(value):
    return {"value": value}


def measure(value):
    return {"value": value, "size": len(value), "words": ["free"], "others": [value]}


def broken(value):
    raise ValueError(value)


def answering(value):
    from pgs_snapshot.values import Outcome
    return Outcome(value)
"""
PEOPLE: Value = {"type": "array", "items": dict(fields(name=SECRET, age=COUNT))}
PAYLOAD = fields(["email", "free"], email=SECRET, free=TEXT, people=PEOPLE, note=SECRET)
GIVEN: dict[str, Value] = {
    "email": CANARY,
    "free": "free",
    "people": [{"name": CANARY, "age": 3}, {"name": CANARY, "age": 4}],
}

EMAIL, FREE = Ref(0, ("email",)), Ref(0, ("free",))


def lines_of(runtime: Runtime, payload: Value, who: Actor = ADA) -> bytes:
    """All lines of a run, which does not fault unless it has to."""
    outcome = runtime.run(WORKFLOW, payload, who)
    return b"\n".join(runtime.trace(outcome.trace_id))


def assert_hidden(runtime: Runtime, payload: Value = GIVEN, shown: str = "free") -> None:
    """No line holds the canary; what carries no label is still told."""
    told = lines_of(runtime, payload)
    assert CANARY.encode() not in told
    assert f'"{shown}"'.encode() in told
    assert b'"kind":"exit"' in told


def echoing(given: Schema, **inputs: Expr) -> tuple[object, ...]:
    """A workflow of one contract that hands its input `value` to a generic transform, and on to its exit."""
    step = computes("echo", "echo", {"value": Ref(0, ("value",))}, SUCCESS="SUCCESS")
    # As the compiler says it: what is computed from labelled data carries the label.
    gives = {"SUCCESS": fields(value={"labels": ["pii"]} if given != fields(value=TEXT) else TEXT)}
    work = contract("work", given, [step], {"SUCCESS": {"value": Ref(3, ("value",))}}, gives)
    nodes: list[model.Node] = [admit("work"), node("work", "work", inputs, SUCCESS="done")]
    value = Ref(5, ("value",))
    return (
        intent(PAYLOAD),
        transform("echo", fields(value=ANY), SUCCESS=fields(value=ANY)),
        work,
        graph(*nodes, ends("done", result={"value": value, "free": FREE}), REJECTED),
    )


EXPRESSIONS: Mapping[str, Expr] = {
    "a member": EMAIL,
    "a record of it": Record({"a": EMAIL, "b": FREE}),
    "a list of it": Items((FREE, EMAIL)),
    "a text with it": Text((Literal_("to "), EMAIL)),
    "a default for it": Default(Ref(0, ("note",), True), EMAIL),
    "what it is the default for": Default(Ref(0, ("email",), True), FREE),
    "a list of records": Ref(0, ("people",)),
    "an item of it": Ref(0, ("people", 0)),
    "a member of each": Query(0, ("people", Wildcard(), "name")),
    "the whole payload": Ref(0),
}


@pytest.mark.parametrize("expr", EXPRESSIONS.values(), ids=EXPRESSIONS)
@pytest.mark.parametrize("declared", [ANY, SECRET, {"labels": ["pii"]}], ids=["nothing", "a text", "all of it"])
def test_what_is_built_from_a_labelled_value_is_hidden(expr: Expr, declared: Value) -> None:
    assert_hidden(opened(*echoing(fields(value=declared), value=expr), source=SOURCE))


def test_what_carries_no_label_is_shown_on_the_way() -> None:
    told = lines_of(opened(*echoing(fields(value=TEXT), value=FREE), source=SOURCE), GIVEN)
    # The header, the transform's outputs, the contract's, and the result with two members.
    assert told.count(b'"free":"free"') == 2
    assert told.count(b'"value":"free"') == 3


def test_what_a_transform_gives_is_hidden_in_its_step_and_carries_on_the_labels_that_it_declares() -> None:
    """A transform decides what its outputs are (decision 0008); of an output of any type nobody has decided."""
    outputs = fields(
        value=ANY, size=COUNT, words={"type": "array", "items": TEXT}, others={"type": "array", "items": ANY}
    )
    step = computes("measure", "measure", {"value": Ref(0, ("value",))}, SUCCESS="SUCCESS")
    names = ("value", "size", "words", "others")
    work = contract(
        "work",
        fields(value=SECRET),
        [step],
        {"SUCCESS": {name: Ref(3, (name,)) for name in names}},
        {"SUCCESS": outputs},
    )
    nodes = (admit("work"), node("work", "work", {"value": EMAIL}, SUCCESS="done"), ends("done"), REJECTED)
    runtime = opened(
        intent(PAYLOAD),
        transform("measure", fields(value=ANY), SUCCESS=outputs),
        work,
        graph(*nodes),
        source=SOURCE,
    )
    assert_hidden(runtime)
    told = lines_of(runtime, GIVEN)
    assert told.count(b'"size":6') == told.count(b'"words":["free"]') == 1
    assert told.count(b'"size":{"$redacted"') == told.count(b'"words":{"$redacted"') == 1


def test_a_store_is_told_of_without_its_labelled_keys() -> None:
    steps = [
        asks("put", "PEOPLE", "REGISTER", {"key": Ref(0, ("email",)), "value": Ref(0)}, SUCCESS=None),
        asks(
            "get",
            "PEOPLE",
            "RESOLVE",
            {"key": Text((Ref(0, ("email",)),))},
            SUCCESS="SUCCESS",
            NOT_FOUND="SUCCESS",
        ),
    ]
    given = fields(email=SECRET, free=TEXT)
    work = contract("work", given, steps, {"SUCCESS": {}})
    runtime = opened(
        intent(PAYLOAD),
        registry("PEOPLE", given),
        work,
        graph(
            admit("work"),
            node("work", "work", {"email": EMAIL, "free": FREE}, SUCCESS="done"),
            ends("done"),
            REJECTED,
        ),
    )
    assert_hidden(runtime)
    assert runtime.store.get("registry", "desk::ST_PEOPLE_V0", CANARY) is not None


def test_a_decision_about_a_labelled_value_shows_no_operand() -> None:
    cases = [case("SAME", Compare("eq", (Ref(0, ("value",)), Literal_("x")))), case("OTHER")]
    step = decides("choose", *cases, SAME="SAME", OTHER="OTHER")
    work = contract("work", fields(value=TEXT), [step], {"SAME": {}, "OTHER": {"value": Ref(0, ("value",))}})
    nodes = (
        admit("work"),
        node("work", "work", {"value": EMAIL}, SAME="done", OTHER="done"),
        ends("done"),
        REJECTED,
    )
    assert_hidden(opened(intent(PAYLOAD), work, graph(*nodes)))


def test_a_comparison_that_the_compiler_found_labelled_shows_no_operand() -> None:
    eq = Compare("eq", (Ref(3, ("value",)), Literal_("x")), labelled=True)
    steps: list[model.Step] = [
        computes("echo", "echo", {"value": Ref(0, ("value",))}, SUCCESS=None),
        decides("choose", case("SAME", eq), case("OTHER"), SAME="SAME", OTHER="OTHER"),
    ]
    work = contract("work", fields(value=SECRET), steps, {"SAME": {}, "OTHER": {}})
    nodes = (
        admit("work"),
        node("work", "work", {"value": EMAIL}, SAME="done", OTHER="done"),
        ends("done"),
        REJECTED,
    )
    echo = transform("echo", fields(value=ANY), SUCCESS=fields(value=ANY))
    assert_hidden(opened(intent(PAYLOAD), echo, work, graph(*nodes), source=SOURCE))


@pytest.mark.parametrize("secretly", [True, False])
def test_labels_go_through_contracts_edges_events_and_results(secretly: bool) -> None:
    """`secretly`: the contracts declare no label, so that only the flow tells."""
    declared = ANY if secretly else SECRET
    passing = decides("pass", case("SUCCESS", value=Ref(0, ("value",))), SUCCESS="SUCCESS")
    first = contract(
        "first", fields(value=declared), [passing], {"SUCCESS": {"value": Ref(3, ("value",))}},
        {"SUCCESS": fields(value=declared)},
    )  # fmt: skip
    second = contract(
        "second", fields(value=declared), [passing], {"SUCCESS": {"value": Ref(0, ("value",))}},
        {"SUCCESS": fields(value=declared)},
    )  # fmt: skip
    event = model.Event("desk::EV_DONE_V0", "", fields(who=TEXT, free=TEXT), ("pii",), "desk.yaml:1")
    slots = graph(admit("a"), node("a", "first", {}), node("b", "second", {}))
    carried = {"who": Record({"inner": result(slots, "a", "value")})}
    nodes = (
        admit("a"),
        node("a", "first", {"value": EMAIL}, SUCCESS=Edge("b", carried)),
        node("b", "second", {"value": Ref(4, ("who", "inner"))}, SUCCESS="done"),
        ends(
            "done",
            result={"all": Items((result(slots, "b", "value"), FREE)), "free": FREE},
            emit={"desk::EV_DONE_V0": {"who": result(slots, "b", "value"), "free": FREE}},
        ),
        REJECTED,
    )
    runtime = opened(intent(PAYLOAD), first, second, event, graph(*nodes))
    assert_hidden(runtime)
    outcome = runtime.run(WORKFLOW, GIVEN, ADA)
    assert outcome.result == {"all": [CANARY, "free"], "free": "free"}


@pytest.mark.parametrize(("function", "code"), [("broken", "R021"), ("answering", "R022")])
def test_a_fault_over_a_labelled_value_does_not_tell_it(function: str, code: str) -> None:
    step = computes("fail", function, {"value": Ref(0, ("value",))}, SUCCESS="SUCCESS")
    work = contract("work", fields(value=SECRET), [step], {"SUCCESS": {}})
    broken = transform(function, fields(value=ANY), SUCCESS=fields())
    nodes = (admit("work"), node("work", "work", {"value": EMAIL}, SUCCESS="done"), ends("done"), REJECTED)
    told = lines_of(opened(intent(PAYLOAD), broken, work, graph(*nodes), source=SOURCE), GIVEN)
    assert CANARY.encode() not in told
    assert f'"code":"{code}"'.encode() in told


def test_an_input_that_does_not_fit_is_told_without_its_value_or_the_keys_within() -> None:
    steps = [decides("pass", case("SUCCESS"), SUCCESS="SUCCESS")]
    declared = fields(value={"type": "object", "additionalProperties": {"type": "integer"}})
    work = contract("work", declared, steps, {"SUCCESS": {}, "VIOLATION": {}}, failure="VIOLATION")
    nodes = (
        admit("work"),
        node("work", "work", {"value": EMAIL}, ("value",), SUCCESS="done", VIOLATION="done"),
        ends("done"),
        REJECTED,
    )
    payload = fields(email={"labels": ["pii"]}, free=TEXT)
    runtime = opened(intent(payload), work, graph(*nodes))
    assert_hidden(runtime, {"email": {CANARY: CANARY}, "free": "free"})
    assert b'"at":"/value"' in lines_of(runtime, {"email": {CANARY: CANARY}, "free": "free"})


@pytest.mark.parametrize(
    "payload",
    [
        CANARY,
        [CANARY],
        {"email": {CANARY: 1}, "free": "free"},
        {"emial": CANARY, "email": "x", "free": "free"},
        {"email": "x", "free": "free", "people": CANARY},
        {"email": "x", "free": "free", "people": [CANARY]},
        {"email": "x", "free": "free", "people": [{"name": CANARY, "age": CANARY, "more": CANARY}]},
    ],
)
def test_a_payload_that_is_refused_is_not_told_where_labels_could_have_been(payload: Value) -> None:
    runtime = opened(*echoing(fields(value=ANY), value=EMAIL), source=SOURCE)
    told = lines_of(runtime, payload).replace(b'"age":"canary"', b"")  # declared, without a label
    assert CANARY.encode() not in told
    assert b'"NACK"' in told


ATTRIBUTES = fields(["branch"], branch=TEXT, phone=SECRET)


@pytest.mark.parametrize(
    ("who", "admitted"),
    [
        (Actor("desk::AC_CLERK_V0", "ada", {"branch": "free", "phone": CANARY}), True),
        (Actor("desk::AC_CLERK_V0", "ada", {"branch": "free", "phnoe": CANARY}), False),
        (Actor("desk::AC_GUEST_V0", "ada", {"phone": CANARY}), False),
        (Actor("desk::AC_UNKNOWN_V0", "ada", {"branch": CANARY}), False),
    ],
)
def test_labelled_attributes_of_an_actor_are_hidden_and_all_of_an_unknown_one(who: Actor, admitted: bool) -> None:
    work = echoing(fields(value=ANY), value=Ref(1, ("phone",), True))
    echoed = contract(
        "work",
        fields([], value=ANY),
        [computes("echo", "echo", {"value": Default(Ref(0, ("value",)), Literal_("free"))}, SUCCESS="SUCCESS")],
        {"SUCCESS": {"value": Ref(3, ("value",))}},
    )
    guest = actor(fields([], phone=SECRET), "desk::AC_GUEST_V0")
    runtime = opened(*work[:2], echoed, work[3], actor(ATTRIBUTES), guest, source=SOURCE)
    told = lines_of(runtime, GIVEN, who)
    assert CANARY.encode() not in told
    assert (b'"ACK"' in told) is admitted


def test_a_labelled_value_of_the_configuration_is_hidden() -> None:
    step = computes("echo", "echo", {"value": Ref(2, ("token",))}, SUCCESS="SUCCESS")
    gives = {"SUCCESS": fields(value=SECRET)}
    work = contract("work", fields(), [step], {"SUCCESS": {"value": Ref(3, ("value",))}}, gives)
    binding = model.Binding("desk::RB_DESK_V0", "", (), fields(token=SECRET, free=TEXT), "desk.yaml:1")
    nodes = (
        admit("work"),
        node("work", "work", {}, SUCCESS="done"),
        ends("done", result={"t": Ref(5, ("value",))}),
    )
    echo = transform("echo", fields(value=ANY), SUCCESS=fields(value=ANY))
    artifacts = (intent(fields()), echo, work, binding, graph(*nodes, REJECTED, binding=binding.name))
    runtime = opened(*artifacts, source=SOURCE)
    outcome = runtime.run(WORKFLOW, {}, ADA, config={"token": CANARY, "free": "free"})
    told = b"\n".join(runtime.trace(outcome.trace_id))
    assert outcome.result == {"t": CANARY}
    assert CANARY.encode() not in told
    assert b'"free":"free"' in told


# --- any schema ----------------------------------------------------------------------------------


def _everywhere(schema: Schema, declared: Schema, loose: bool) -> tuple[object, ...]:
    """A workflow that sends `$.payload.it` through a transform, a store, a decision, an event, a result."""
    it = Ref(0, ("it",))
    same = Compare("eq", (Ref(3, ("value",)), Literal_(1)), labelled=not loose)
    steps: list[model.Step] = [
        computes("echo", "echo", {"value": Ref(0, ("value",))}, SUCCESS=None),
        asks("note", "NOTES", "APPEND", {"stream": Literal_("s"), "record": Ref(3, ("value",))}, SUCCESS=None),
        decides("choose", case("SAME", same), case("OTHER"), SAME="SUCCESS", OTHER="SUCCESS"),
    ]
    value = {"value": Ref(3, ("value",))}
    outputs = {"SUCCESS": fields(value=dict(declared))}
    work = contract("work", fields(value=dict(declared)), steps, {"SUCCESS": value}, outputs)
    again = contract("again", fields(value=dict(declared)), steps, {"SUCCESS": value}, outputs)
    event = model.Event("desk::EV_DONE_V0", "", fields(it=ANY), ("pii",), "desk.yaml:1")
    slots = graph(admit("a"), node("a", "work", {}), node("b", "again", {}))
    nodes = (
        admit("a"),
        node("a", "work", {"value": it}, SUCCESS="b"),
        node("b", "again", {"value": result(slots, "a", "value")}, SUCCESS="done"),
        ends(
            "done",
            result={"it": result(slots, "b", "value")},
            emit={event.name: {"it": result(slots, "b", "value")}},
        ),
        REJECTED,
    )
    echo = transform("echo", fields(value=ANY), SUCCESS=fields(value=ANY))
    return intent(fields(it=dict(schema))), echo, journal("NOTES", {}), work, again, event, graph(*nodes)


@given(schemas, st.booleans())
def test_of_any_payload_no_line_shows_what_carries_a_label(schema: Schema, loose: bool) -> None:
    """`loose`: the contracts declare nothing, as if the compiler had lost every label on the way."""
    value = planted(schema, "free")
    runtime = opened(*_everywhere(schema, {} if loose else schema, loose), source=SOURCE)
    outcome = runtime.run(WORKFLOW, {"it": value}, ADA)
    assert (outcome.kind, outcome.result) == ("COMPLETED", {"it": value})
    assert CANARY.encode() not in b"\n".join(runtime.trace(outcome.trace_id))
