"""Requests: what is refused before a run, how a run is configured, and what a request id promises."""

from __future__ import annotations

import orjson
import pytest

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.ports import Ports
from pgs_runtime.run.intake import Actor
from pgs_runtime.runtime import Outcome, Runtime
from pgs_snapshot import model
from pgs_snapshot.model import Ref
from pgs_snapshot.values import Value
from tests.runtime.desk import (
    SOURCE,
    Watched,
    artifacts,
    bodies,
    desk,
    logged,
    neighbour,
    order,
    orders,
    place,
    refusal,
)
from tests.runtime.protocol import (
    ADA,
    CLERK,
    FINGERPRINT,
    REJECTED,
    WORKFLOW,
    actor,
    admit,
    ends,
    fields,
    graph,
    intent,
    memory,
    opened,
    sealed,
)

# --- what is refused before a run ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "code", "why", "where"),
    [
        ({"n": float("nan")}, "R011", "NaN and infinities are not JSON numbers", "/n"),
        ({"n": {1: 2}}, "R011", "a key that is a Python int, not a string", "/n"),
        ({"n": (1,)}, "R011", "a Python tuple, which JSON does not have", "/n"),
        ({"n": 2**53}, "R011", "an integer beyond 2^53-1; send it as a string", "/n"),
        ({"a": ["\0"]}, "R011", "a NUL character", "/a/0"),
        (object(), "R011", "a Python object, which JSON does not have", ""),
    ],
)
def test_a_payload_outside_the_value_domain_is_refused(payload: object, code: str, why: str, where: str) -> None:
    refused = refusal(desk(), payload)
    assert (refused.code, refused.where, refused.exit_code) == (code, where, ExitCode.REJECTED)
    assert refused.message == f"The payload is no JSON value as protocols have it: {why}."


def test_a_payload_has_a_limit_of_depth_and_size() -> None:
    deep: Value = 1
    for _ in range(9):
        deep = [deep]
    runtime = desk(payload_depth=9, payload_bytes=60)
    assert place(runtime, deep).kind == "REJECTED"
    assert refusal(runtime, [deep]).code == "R011"
    assert place(runtime, "x" * 58).kind == "REJECTED"
    assert refusal(runtime, "x" * 59).code == "R012"


@pytest.mark.parametrize(
    ("name", "hint"),
    [("anything", f"It has `{WORKFLOW}`."), (WORKFLOW.rpartition(":")[2], f"Write `{WORKFLOW}`.")],
    ids=["like-none", "short"],
)
def test_an_unknown_workflow_is_refused_with_what_to_type(name: str, hint: str) -> None:
    with pytest.raises(Refusal) as refused:
        desk().run(name, {}, ADA)
    assert (refused.value.code, refused.value.exit_code) == ("R010", ExitCode.USAGE)
    assert refused.value.hint == hint


@pytest.mark.parametrize(
    ("who", "where"),
    [
        (Actor(CLERK, "", {}), "/id"),
        (Actor(CLERK, 5, {}), "/id"),  # type: ignore[arg-type]
        (Actor(CLERK, None, {}), "/id"),  # type: ignore[arg-type]
        (Actor(5, "ada", {}), "/type"),  # type: ignore[arg-type]
        (Actor(CLERK, "ada", {"id": "eve"}), "/id"),
        (Actor(CLERK, "ada", {"type": "desk::AC_ADMIN_V0"}), "/type"),
        (Actor(CLERK, "ada", []), ""),  # type: ignore[arg-type]
        (Actor(CLERK, "ada", {"x": float("nan")}), "/x"),
        (Actor(CLERK, "ada", {"x": (1,)}), "/x"),  # type: ignore[dict-item]
        (Actor(CLERK, "a\0da", {}), "/id"),
    ],
)
def test_an_actor_without_an_id_of_its_own_or_with_odd_attributes_is_refused(who: Actor, where: str) -> None:
    refused = refusal(desk(), who=who)
    assert (refused.code, refused.exit_code, refused.where) == ("R018", ExitCode.REJECTED, where)


@pytest.mark.parametrize("type", ["desk::AC_OTHER_V0", "nobody", ""])
def test_an_unknown_type_of_actor_is_for_the_protocol_to_reject(type: str) -> None:
    runtime = desk()
    outcome = runtime.run(WORKFLOW, order(), Actor(type, "ada", {}))
    assert (outcome.kind, outcome.exit_code) == ("REJECTED", ExitCode.REJECTED)
    assert bodies(runtime, outcome)[1]["refused"] == [{"at": "actor", "why": f"is not one of `{CLERK}`"}]


def test_attributes_of_an_actor_are_copied_and_reach_the_run_with_defaults() -> None:
    schema = fields(["tags"], tags={"type": "array"}, branch={"type": "string", "default": "main"})
    exit = ends("done", result={"tags": Ref(1, ("tags",)), "branch": Ref(1, ("branch",)), "id": Ref(1, ("id",))})
    runtime = opened(intent(fields()), actor(schema), graph(admit("done"), exit, REJECTED))
    attributes: dict[str, Value] = {"tags": [1.0]}
    outcome = runtime.run(WORKFLOW, {}, Actor(CLERK, "ada", attributes))
    outcome.result["tags"].append(2)  # type: ignore[union-attr]
    assert outcome.result == {"tags": [1, 2], "branch": "main", "id": "ada"}
    assert attributes == {"tags": [1.0]}


# --- configuration -------------------------------------------------------------------------------

CONFIG = fields(["cap"], cap={"type": "integer", "maximum": 9}, note={"type": "string", "default": "none"})


def configured() -> Runtime:
    binding = model.Binding("desk::RB_DESK_V0", "", (), CONFIG, "desk.yaml:1")
    exit = ends("done", result={"cap": Ref(3, ("cap",)), "note": Ref(3, ("note",))})
    return opened(intent(fields()), binding, graph(admit("done"), exit, REJECTED, binding=binding.name))


def test_configuration_has_the_defaults_of_the_binding_and_is_recorded() -> None:
    runtime = configured()
    outcome = runtime.run(WORKFLOW, {}, ADA, config={"cap": 3.0})
    assert outcome.result == {"cap": 3, "note": "none"}
    header = bodies(runtime, outcome)[0]["header"]
    assert header["config"] == {"cap": 3, "note": "none"}  # type: ignore[index, call-overload]
    assert runtime.run(WORKFLOW, {}, ADA, config={"cap": 3, "note": "x"}).result["note"] == "x"


@pytest.mark.parametrize(
    ("config", "where", "why"),
    [
        ({}, "/cap", "Configuration of `desk::RB_DESK_V0`: it is required, and not there."),
        (None, "/cap", "Configuration of `desk::RB_DESK_V0`: it is required, and not there."),
        ({"cap": "3"}, "/cap", "Configuration of `desk::RB_DESK_V0`: it is not an integer."),
        ({"cap": 10}, "/cap", "Configuration of `desk::RB_DESK_V0`: it is above 9."),
        ({"cap": 1, "cpa": 2}, "/cpa", "Configuration of `desk::RB_DESK_V0`: it is not declared."),
        ([1], "", "A configuration is an object: values by name."),
        ([], "", "A configuration is an object: values by name."),
        (
            {"cap": "\0"},
            "/cap",
            "The configuration is no JSON value as protocols have it: a NUL character.",
        ),
    ],
)
def test_configuration_that_does_not_fit_is_refused(config: object, where: str, why: str) -> None:
    refused = refusal(configured(), {}, config=config)
    assert (refused.code, refused.where, refused.message) == ("R013", where, why)
    assert refused.exit_code == ExitCode.USAGE


def test_a_workflow_without_binding_takes_no_configuration() -> None:
    assert refusal(desk(), config={"cap": 3}).code == "R013"


# --- request ids ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [order(n=4), order(n=101), order(n=-1), {"id": "a"}, order(how="fail"), order(how="recurse")],
    ids=["completed", "denied", "failed", "rejected", "faulted", "beyond a limit"],
)
def test_a_request_that_is_repeated_gets_the_recorded_answer_and_changes_nothing(
    payload: dict[str, Value],
) -> None:
    runtime = desk()
    first = place(runtime, payload, "r-1")
    before = (orders(runtime.store), logged(runtime.store), runtime.store.log_size())
    again = place(runtime, payload, "r-1")
    assert not first.repeated
    assert again == Outcome(**{**{name: getattr(first, name) for name in first.__slots__}, "repeated": True})
    assert (orders(runtime.store), logged(runtime.store), runtime.store.log_size()) == before


def test_a_request_id_stands_in_the_header_and_gives_the_same_run_id_in_every_process() -> None:
    first, second = desk(), desk()
    ids = {place(runtime, order(), "r-1").trace_id for runtime in (first, second)}
    assert len(ids) == 1
    header = orjson.loads(first.trace(ids.pop())[0])["header"]
    assert header["request_id"] == "r-1"


def test_payloads_that_are_one_json_value_are_one_payload() -> None:
    runtime = desk()
    place(runtime, order(n=4), "r-1")
    assert place(runtime, order(n=4.0), "r-1").repeated


def test_a_request_id_for_another_payload_is_refused() -> None:
    runtime = desk()
    first = place(runtime, order(n=4), "r-1")
    refused = refusal(runtime, order(n=5), request_id="r-1")
    assert (refused.code, refused.exit_code) == ("R015", ExitCode.REJECTED)
    assert first.trace_id in refused.message


@pytest.mark.parametrize("who", [Actor(CLERK, "eve", {}), Actor("desk::AC_OTHER_V0", "ada", {})])
def test_a_request_id_of_another_actor_is_refused_and_nothing_is_told_of_the_run(who: Actor) -> None:
    runtime = desk()
    first = place(runtime, order(), "r-1")
    refused = refusal(runtime, who=who, request_id="r-1")
    assert (refused.code, refused.exit_code) == ("R015", ExitCode.REJECTED)
    assert first.trace_id not in refused.message


@pytest.mark.parametrize("request_id", ["", " ", "-1", "a b", "a\n", "é", "x" * 201, "\0"])
def test_a_request_id_has_a_form(request_id: str) -> None:
    assert refusal(desk(), request_id=request_id).code == "R009"


def test_of_two_that_race_with_one_request_id_one_runs_and_both_get_its_answer() -> None:
    store = Watched()
    ours, theirs = desk(store), neighbour(store)
    store.meanwhile = [lambda: place(theirs, order(), "r-1")]
    outcome = place(ours, order(), "r-1")
    assert outcome.repeated
    assert (outcome.kind, orders(store), len(store.runs())) == ("COMPLETED", 1, 1)


def test_of_two_that_race_with_one_request_id_for_two_payloads_one_is_refused() -> None:
    store = Watched()
    ours, theirs = desk(store), neighbour(store)
    store.meanwhile = [lambda: place(theirs, order("b"), "r-1")]
    with pytest.raises(Refusal) as refused:
        place(ours, order("a"), "r-1")
    assert refused.value.code == "R015"
    assert (orders(store), len(store.runs())) == (1, 1)


def test_a_run_id_that_is_given_out_twice_answers_nobody() -> None:
    store = memory()
    stuck = Ports(lambda: 5, lambda size: bytes(size), FINGERPRINT)
    runtime = Runtime(sealed(*artifacts(), source=SOURCE), store, stuck)
    place(runtime, order("a"))
    with pytest.raises(AssertionError, match="given out twice"):
        place(runtime, order("a"))
    assert orders(store) == 1
