"""What the snapshot hides and what is labelled where it comes in: no line of a trace shows it.

What is hidden follows from the declarations, and the compiler says it for each node (`tests/compiler/flows`).
"""

from __future__ import annotations

import pytest

from pgs_runtime.redaction import redact_under, veil
from pgs_runtime.runtime import Actor, Runtime
from pgs_snapshot import model
from pgs_snapshot.model import Compare, Edge, Expr, Literal_, Not, Record, Ref
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
    node,
    opened,
    registry,
    transform,
)
from tests.runtime.test_redaction import CANARY

SOURCE = """
def echo(value):
    return {"value": value}


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
WORK, DONE = ("/inputs/value", "/steps/echo/outputs/SUCCESS/value", "/outputs/SUCCESS/value"), ("/result/value",)


def lines_of(runtime: Runtime, payload: Value, who: Actor = ADA) -> bytes:
    """All lines of a run, which does not fault unless it has to."""
    outcome = runtime.run(WORKFLOW, payload, who)
    return b"\n".join(runtime.trace(outcome.trace_id))


def assert_hidden(runtime: Runtime, payload: Value = GIVEN, shown: str = "free") -> None:
    """No line holds the canary; what is not hidden is told."""
    told = lines_of(runtime, payload)
    assert CANARY.encode() not in told
    assert f'"{shown}"'.encode() in told
    assert b'"kind":"exit"' in told


def echoing(hidden: dict[str, tuple[str, ...]], **inputs: Expr) -> tuple[object, ...]:
    """A workflow of one contract that hands its input `value` to a transform, and on to its exit."""
    step = computes("echo", "echo", {"value": Ref(0, ("value",))}, SUCCESS="SUCCESS")
    work = contract("work", fields(value=ANY), [step], {"SUCCESS": {"value": Ref(3, ("value",))}})
    nodes: list[model.Node] = [admit("work"), node("work", "work", inputs, SUCCESS="done")]
    value = Ref(5, ("value",))
    return (
        intent(PAYLOAD),
        transform("echo", fields(value=ANY), SUCCESS=fields(value=ANY)),
        work,
        graph(*nodes, ends("done", result={"value": value, "free": FREE}), REJECTED, hidden=hidden),
    )


def test_what_is_hidden_is_a_commitment_in_the_step_the_outputs_and_the_result() -> None:
    runtime = opened(*echoing({"work": WORK, "done": DONE}, value=EMAIL), source=SOURCE)
    assert_hidden(runtime)
    told = lines_of(runtime, GIVEN)
    assert told.count(b'"value":{"$redacted"') == 3
    assert b'"inputs":{"$redacted"' in told


def test_what_is_not_hidden_is_shown_on_the_way() -> None:
    told = lines_of(opened(*echoing({}, value=FREE), source=SOURCE), GIVEN)
    # The header, the transform's outputs, the contract's, and the result with two members.
    assert told.count(b'"free":"free"') == 2
    assert told.count(b'"value":"free"') == 3


def test_of_a_list_of_records_only_the_hidden_members_are() -> None:
    hidden = {
        "work": tuple(f"{pointer}/*/name" for pointer in WORK),
        "done": ("/result/value/*/name",),
    }
    told = lines_of(opened(*echoing(hidden, value=Ref(0, ("people",))), source=SOURCE), GIVEN)
    assert CANARY.encode() not in told
    assert told.count(b'{"age":3,"name":{"$redacted"') == 4  # the header, and three on the way


@pytest.mark.parametrize(
    ("pointers", "shown"),
    [
        (("/*!free",), ["free"]),
        (("/*!free", "/free/x"), []),
        (("/*!free", "/*!email"), []),
        (("/*!email!free",), ["email", "free"]),
    ],
)
def test_members_that_a_pointer_excepts_are_shown(pointers: tuple[str, ...], shown: list[str]) -> None:
    redact = redact_under(veil(pointers))
    value: dict[str, Value] = {"email": 1, "free": {"x": 2}, "more": 3}
    told = redact(value, b"s" * 32) if redact else value
    assert isinstance(told, dict)
    assert [name for name in value if told[name] == value[name]] == shown


def test_one_contract_hides_at_one_node_what_it_shows_at_another() -> None:
    passing = decides("pass", case("SUCCESS", value=Ref(0, ("value",))), SUCCESS="SUCCESS")
    work = contract("work", fields(value=ANY), [passing], {"SUCCESS": {"value": Ref(3, ("value",))}})
    nodes = (
        admit("a"),
        node("a", "work", {"value": EMAIL}, SUCCESS="b"),
        node("b", "work", {"value": FREE}, SUCCESS="done"),
        ends("done"),
        REJECTED,
    )
    hidden = {"a": ("/inputs/value", "/outputs/SUCCESS/value")}
    told = lines_of(opened(intent(PAYLOAD), work, graph(*nodes, hidden=hidden)), GIVEN)
    assert CANARY.encode() not in told
    assert told.count(b'"value":"free"') == told.count(b'"value":{"$redacted"') == 1


def test_a_store_is_told_of_without_its_hidden_keys() -> None:
    steps = [
        asks("put", "PEOPLE", "REGISTER", {"key": Ref(0, ("email",)), "value": Ref(0)}, SUCCESS=None),
        asks("get", "PEOPLE", "RESOLVE", {"key": Ref(0, ("email",))}, SUCCESS="SUCCESS", NOT_FOUND="SUCCESS"),
    ]
    given = fields(email=SECRET, free=TEXT)
    work = contract("work", given, steps, {"SUCCESS": {}})
    hidden = (
        "/inputs/email",
        "/steps/get/inputs/key",
        "/steps/get/outputs/SUCCESS/value/email",
        "/steps/put/inputs/key",
        "/steps/put/inputs/value/email",
        "/steps/put/outputs/SUCCESS/address",
    )
    nodes = (
        admit("work"),
        node("work", "work", {"email": EMAIL, "free": FREE}, SUCCESS="done"),
        ends("done"),
        REJECTED,
    )
    runtime = opened(intent(PAYLOAD), registry("PEOPLE", given), work, graph(*nodes, hidden={"work": hidden}))
    assert_hidden(runtime)
    assert runtime.store.get("registry", "desk::ST_PEOPLE_V0", CANARY) is not None


def test_of_a_decision_the_hidden_comparisons_show_no_operand() -> None:
    """They are counted over the cases, from the left: here 0 and 1, then 2."""
    email, free = (Ref(0, (name,)) for name in ("email", "free"))
    cases = [
        case("OTHER", model.All((Compare("ne", (free, Literal_("free"))), Compare("eq", (email, Literal_("x")))))),
        case("SAME", Not(Compare("eq", (email, Literal_("y"))))),
        case("OTHER"),
    ]
    step = decides("choose", *cases, SAME="SAME", OTHER="OTHER")
    work = contract("work", fields(email=TEXT, free=TEXT), [step], {"SAME": {}, "OTHER": {}})
    nodes = (
        admit("work"),
        node("work", "work", {"email": EMAIL, "free": FREE}, SAME="done", OTHER="done"),
        ends("done"),
        REJECTED,
    )
    hidden = {"work": ("/inputs/email", "/steps/choose/operands/1", "/steps/choose/operands/2")}
    told = lines_of(opened(intent(PAYLOAD), work, graph(*nodes, hidden=hidden)), GIVEN)
    assert CANARY.encode() not in told
    assert b'"of":["free","free"]' in told
    assert told.count(b'"of":[{"$redacted"') == 1


def test_events_and_results_hide_what_they_are_told_to() -> None:
    event = model.Event("desk::EV_DONE_V0", "", fields(who=TEXT, free=TEXT), ("pii",), "desk.yaml:1")
    passing = decides("pass", case("SUCCESS"), SUCCESS="SUCCESS")
    work = contract("work", fields(), [passing], {"SUCCESS": {}})
    nodes = (
        admit("work"),
        node("work", "work", {}, SUCCESS=Edge("done", {"who": EMAIL})),
        ends(
            "done",
            result={"all": Record({"who": Ref(4, ("who",)), "free": FREE})},
            emit={"desk::EV_DONE_V0": {"who": Ref(4, ("who",)), "free": FREE}},
        ),
        REJECTED,
    )
    hidden = {"done": ("/emitted/desk::EV_DONE_V0/who", "/result/all/who")}
    runtime = opened(intent(PAYLOAD), work, event, graph(*nodes, hidden=hidden))
    assert_hidden(runtime)
    outcome = runtime.run(WORKFLOW, GIVEN, ADA)
    assert outcome.result == {"all": {"who": CANARY, "free": "free"}}


@pytest.mark.parametrize(("function", "code"), [("broken", "R021"), ("answering", "R022")])
def test_a_fault_over_a_labelled_value_does_not_tell_it(function: str, code: str) -> None:
    step = computes("fail", function, {"value": Ref(0, ("value",))}, SUCCESS="SUCCESS")
    work = contract("work", fields(value=SECRET), [step], {"SUCCESS": {}})
    broken = transform(function, fields(value=ANY), SUCCESS=fields())
    nodes = (admit("work"), node("work", "work", {"value": EMAIL}, SUCCESS="done"), ends("done"), REJECTED)
    told = lines_of(opened(intent(PAYLOAD), broken, work, graph(*nodes), source=SOURCE), GIVEN)
    assert CANARY.encode() not in told
    assert f'"code":"{code}"'.encode() in told


@pytest.mark.parametrize("hidden", ["/inputs/value", "/inputs/value/*"])
def test_an_input_that_does_not_fit_is_told_without_its_value_or_the_keys_within(hidden: str) -> None:
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
    runtime = opened(intent(payload), work, graph(*nodes, hidden={"work": (hidden,)}))
    key = CANARY if hidden.endswith("value") else "key"
    told = lines_of(runtime, {"email": {key: {CANARY: 1}}, "free": "free"})
    assert CANARY.encode() not in told
    where = "/value" if hidden.endswith("value") else "/value/key"
    assert f'"at":"{where}"'.encode() in told


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
    runtime = opened(*echoing({"work": WORK, "done": DONE}, value=EMAIL), source=SOURCE)
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
    passing = contract("work", fields(), [decides("pass", case("SUCCESS"), SUCCESS="SUCCESS")], {"SUCCESS": {}})
    nodes = (admit("work"), node("work", "work", {}, SUCCESS="done"), ends("done"), REJECTED)
    guest = actor(fields([], phone=SECRET), "desk::AC_GUEST_V0")
    told = lines_of(opened(intent(PAYLOAD), passing, actor(ATTRIBUTES), guest, graph(*nodes)), GIVEN, who)
    assert CANARY.encode() not in told
    assert (b'"ACK"' in told) is admitted


def test_a_labelled_value_of_the_configuration_is_hidden() -> None:
    passing = contract("work", fields(), [decides("pass", case("SUCCESS"), SUCCESS="SUCCESS")], {"SUCCESS": {}})
    binding = model.Binding("desk::RB_DESK_V0", "", (), fields(token=SECRET, free=TEXT), "desk.yaml:1")
    nodes = (
        admit("work"),
        node("work", "work", {}, SUCCESS="done"),
        ends("done", result={"t": Ref(3, ("token",))}),
        REJECTED,
    )
    runtime = opened(
        intent(fields()), passing, binding, graph(*nodes, binding=binding.name, hidden={"done": ("/result/t",)})
    )
    outcome = runtime.run(WORKFLOW, {}, ADA, config={"token": CANARY, "free": "free"})
    told = b"\n".join(runtime.trace(outcome.trace_id))
    assert outcome.result == {"t": CANARY}
    assert CANARY.encode() not in told
    assert b'"free":"free"' in told
