"""Runs as their callers see them: what is taken in, what is written, and what the answer is."""

from __future__ import annotations

import gc
import os
from itertools import count, pairwise
from pathlib import Path

import orjson
import pytest

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.intake import Actor
from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Outcome, Runtime
from pgs_runtime.stores.errors import Cause
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import StoreBusy, StoreUnusable
from pgs_snapshot import model
from pgs_snapshot.exchange import write_snapshot
from pgs_snapshot.model import Literal_, Ref
from pgs_snapshot.values import Value
from tests.runtime.desk import (
    LOG,
    ORDERS,
    SOURCE,
    Failing,
    Watched,
    artifacts,
    desk,
    logged,
    neighbour,
    order,
    orders,
    place,
)
from tests.runtime.protocol import (
    ADA,
    CLERK,
    COUNT,
    FINGERPRINT,
    REJECTED,
    WORKFLOW,
    actor,
    admit,
    case,
    contract,
    decides,
    ends,
    fields,
    graph,
    intent,
    memory,
    node,
    opened,
    ports,
    sealed,
)


def bodies(runtime: Runtime, outcome: Outcome) -> list[dict[str, Value]]:
    return [orjson.loads(line) for line in runtime.trace(outcome.trace_id)]


def refusal(runtime: Runtime, payload: object = None, who: Actor = ADA, **more: object) -> Refusal:
    """The refusal of a request, which leaves no run."""
    before = runtime.store.runs()
    with pytest.raises(Refusal) as refused:
        runtime.run(WORKFLOW, order() if payload is None else payload, who, **more)  # type: ignore[arg-type]
    assert runtime.store.runs() == before
    return refused.value


# --- how a run ends ------------------------------------------------------------------------------


def test_a_run_that_completes_tells_its_result_and_what_it_changed() -> None:
    runtime = desk()
    outcome = place(runtime, order("a", 4))
    assert outcome == Outcome(
        exit="COMPLETED",
        kind="COMPLETED",
        result={"before": 0, "list": [1], "n": 5},
        trace_id=outcome.trace_id,
        effects={LOG: {"APPEND": 1}, ORDERS: {"REGISTER": 1}},
        exit_code=ExitCode.DONE,
    )
    assert (orders(runtime.store), logged(runtime.store)) == (1, 1)
    run = runtime.store.run(outcome.trace_id)
    assert run is not None
    assert (run.status, run.exit, run.request.workflow) == ("COMPLETED", "COMPLETED", WORKFLOW)


@pytest.mark.parametrize(
    ("payload", "kind", "exit", "code", "stands"),
    [
        (order(n=4), "COMPLETED", "COMPLETED", ExitCode.DONE, True),
        (order(n=101), "DENIED", "TOO_MANY", ExitCode.DENIED, True),
        (order(n=-1), "FAILED", "BELOW_ZERO", ExitCode.FAILED, False),
        ({"id": "a"}, "REJECTED", "REJECTED", ExitCode.REJECTED, False),
        (order(how="fail"), "FAULTED", "R021", ExitCode.FAULT, False),
        (order(how="recurse"), "FAULTED", "R031", ExitCode.LIMIT, False),
        (order(how="exhaust"), "FAULTED", "R035", ExitCode.LIMIT, False),
        (order(how="large"), "FAULTED", "R034", ExitCode.LIMIT, False),
        (order(how="leave"), "FAULTED", "R021", ExitCode.FAULT, False),
    ],
)
def test_effects_stand_after_completed_and_denied_and_after_nothing_else(
    payload: Value, kind: str, exit: str, code: ExitCode, stands: bool
) -> None:
    runtime = desk()
    outcome = place(runtime, payload)
    assert (outcome.kind, outcome.exit, outcome.exit_code) == (kind, exit, code)
    assert bool(outcome.effects) is stands
    assert (orders(runtime.store), logged(runtime.store)) == ((1, 1) if stands else (0, 0))
    last = bodies(runtime, outcome)[-1]
    wrote = kind != "REJECTED"
    assert ("rolled_back" in last) is (wrote and not stands)
    assert last["effects"] == outcome.effects
    assert last["lines"] == len(runtime.trace(outcome.trace_id))
    assert bool(outcome.message) is (kind in ("FAULTED", "REJECTED"))


def test_after_failed_the_lines_are_kept_and_marked_as_rolled_back() -> None:
    runtime = desk()
    lines = bodies(runtime, place(runtime, order(n=-1)))
    assert [line["kind"] for line in lines] == ["run", "intent", "contract", "contract", "contract", "exit"]
    assert lines[-1]["rolled_back"] == {"from": 1, "to": 4}
    assert lines[-1]["result"] == {"n": -1}
    assert "emitted" not in lines[-1]


def test_a_fault_keeps_the_lines_before_it_and_says_where_it_struck() -> None:
    runtime = desk()
    lines = bodies(runtime, place(runtime, order(how="fail")))
    assert [line["kind"] for line in lines] == ["run", "intent", "contract", "fault"]
    assert lines[-1]["fault"] == {
        "code": "R021",
        "exit_code": 6,
        "why": "desk::CT_WORK_V0 raised ValueError at desk.work:4.",
    }
    assert (lines[-1]["node"], lines[-1]["rolled_back"]) == ("work", {"from": 1, "to": 2})


def test_defaults_of_a_payload_are_filled_in_and_recorded_as_they_came() -> None:
    runtime = desk()
    outcome = place(runtime, {"id": "a", "n": 1})
    assert outcome.kind == "COMPLETED"
    header = bodies(runtime, outcome)[0]["header"]
    assert header["payload"] == {"id": "a", "n": 1}  # type: ignore[index, call-overload]
    work = bodies(runtime, outcome)[3]
    assert work["outputs"] == {"n": 2, "text": "plainly"}


def test_the_same_ports_and_store_give_the_same_bytes() -> None:
    first, second = desk(), desk()
    assert first.trace(place(first, order()).trace_id) == second.trace(place(second, order()).trace_id)


def test_every_line_is_timed_and_no_time_is_in_a_line() -> None:
    runtime = desk()
    outcome = place(runtime, order())
    timing = runtime.store.timing(outcome.trace_id)
    assert [time.line for time in timing] == list(range(len(runtime.trace(outcome.trace_id))))
    assert all(time.took == 300 for time in timing)
    assert [after.at - before.at for before, after in pairwise(timing)] == [300] * 5


def test_a_clock_that_goes_back_takes_no_time() -> None:
    ticks = count(1_772_355_600_000_000, -1_000_000)
    runtime = Runtime(
        sealed(*artifacts(), source=SOURCE), memory(), Ports(lambda: next(ticks), os.urandom, FINGERPRINT)
    )
    outcome = place(runtime, order())
    assert outcome.kind == "COMPLETED"
    assert {time.took for time in runtime.store.timing(outcome.trace_id)} == {0}


def test_a_result_is_the_callers_own() -> None:
    runtime = desk()
    first = place(runtime, order("a"))
    first.result["list"].append(2)  # type: ignore[union-attr]
    assert place(runtime, order("b")).result["list"] == [1]


def test_a_payload_is_copied() -> None:
    runtime = desk()
    payload = order("a")
    place(runtime, payload)
    assert payload == order("a")


def test_what_a_capability_prints_does_not_reach_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert place(desk(), order(how="print")).kind == "COMPLETED"
    assert capsys.readouterr() == ("", "noise\n")


# --- names of exits ------------------------------------------------------------------------------


def ending_by_reason(names: tuple[str, ...], schema: Value) -> Runtime:
    exit = ends("done", "DENIED", names=names, reason=Ref(0, ("why",)))
    return opened(intent(fields(why=schema)), graph(admit("done"), exit, REJECTED))


def test_an_exit_is_named_by_its_reason() -> None:
    runtime = ending_by_reason(("A", "B"), {"enum": ["A", "B"]})
    assert [runtime.run(WORKFLOW, {"why": why}, ADA).exit for why in ("A", "B")] == ["A", "B"]


@pytest.mark.parametrize("why", ["C", "", 1, True, None, ["A"]])
def test_a_name_that_the_snapshot_does_not_know_is_a_fault(why: Value) -> None:
    outcome = ending_by_reason(("A", "1", "True"), {}).run(WORKFLOW, {"why": why}, ADA)
    assert (outcome.kind, outcome.exit, outcome.exit_code) == ("FAULTED", "R026", ExitCode.FAULT)


def test_a_result_that_is_not_there_is_a_fault_at_the_exit() -> None:
    exit = ends("done", result={"n": Ref(0, ("gone",))})
    runtime = opened(intent(fields()), graph(admit("done"), exit, REJECTED))
    outcome = runtime.run(WORKFLOW, {}, ADA)
    assert (outcome.exit, outcome.message) == (
        "R026",
        "The snapshot promises what is not there: nothing at 'gone'.",
    )
    assert bodies(runtime, outcome)[-1]["node"] == "done"


def test_a_node_that_did_not_run_has_no_result() -> None:
    """A reference to a whole result is absent where the node did not run, and not null."""
    steps = [decides("pass", case("SUCCESS"), SUCCESS="SUCCESS")]
    first = contract("first", fields(n=COUNT), steps, {"SUCCESS": {"n": Ref(0, ("n",))}})
    gate = contract(
        "gate",
        fields(n=COUNT),
        [
            decides(
                "by_n",
                case("YES", model.Compare("gt", (Ref(0, ("n",)), Literal_(0)))),
                case("NO"),
                YES="YES",
                NO="NO",
            )
        ],
        {"YES": {}, "NO": {}},
    )
    n = {"n": Ref(0, ("n",))}
    nodes = (
        admit("gate"),
        node("gate", "gate", n, YES="first", NO="done"),
        node("first", "first", n, SUCCESS="done"),
        ends("done", result={"whole": Ref(6, (), optional=True)}),
        REJECTED,
    )
    runtime = opened(intent(fields(n=COUNT)), first, gate, graph(*nodes))
    assert runtime.run(WORKFLOW, {"n": 1}, ADA).result == {"whole": {"n": 1}}
    assert runtime.run(WORKFLOW, {"n": 0}, ADA).result == {}


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
    assert bodies(runtime, outcome)[1]["refused"] == [{"at": "actor", "why": f"not one of `{CLERK}`"}]


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
        ({}, "/cap", "Configuration of `desk::RB_DESK_V0`: required, and not there."),
        (None, "/cap", "Configuration of `desk::RB_DESK_V0`: required, and not there."),
        ({"cap": "3"}, "/cap", "Configuration of `desk::RB_DESK_V0`: is not an integer."),
        ({"cap": 10}, "/cap", "Configuration of `desk::RB_DESK_V0`: is above 9."),
        ({"cap": 1, "cpa": 2}, "/cpa", "Configuration of `desk::RB_DESK_V0`: not declared."),
        ([1], "", "A configuration is an object: values by name."),
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


# --- conflicts -----------------------------------------------------------------------------------


def disturbed(times: int) -> tuple[Runtime, Watched]:
    """A desk where another writer gets in before each of the first commits."""
    store = Watched()
    ours, theirs = desk(store), neighbour(store)
    # Each disturbance commits through the same store, so it needs a pass of its own in the list.
    for number in range(times):
        store.meanwhile += [lambda number=number: place(theirs, order(f"their {number}")), lambda: None]  # type: ignore[misc]
    return ours, store


@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_a_run_that_met_conflicts_is_made_anew_until_what_it_saw_still_holds(times: int) -> None:
    ours, store = disturbed(times)
    outcome = place(ours, order("ours"))
    assert outcome.kind == "COMPLETED"
    assert outcome.result["before"] == times
    assert (orders(store), logged(store), len(store.runs())) == (times + 1, times + 1, times + 1)
    assert store.commits == 2 * times + 1
    assert store.alone == (times == 3)


def test_a_run_keeps_its_id_and_time_over_conflicts_and_leaves_one_trace() -> None:
    calm, _ = disturbed(0)
    troubled, store = disturbed(2)
    first, second = place(calm, order("ours")), place(troubled, order("ours"))
    assert first.trace_id == second.trace_id
    assert store.lines(second.trace_id)[:2] == calm.trace(first.trace_id)[:2]
    assert len(store.lines(second.trace_id)) == 6


def test_a_fault_over_what_was_not_one_state_is_no_fault() -> None:
    """A run that saw something half way is run again, whatever it ended in."""
    ours, store = disturbed(1)
    outcome = place(ours, order("ours", how="fail"))
    assert outcome.exit == "R021"
    assert store.commits == 3


def test_a_store_that_conflicts_while_it_is_ours_alone_is_a_mistake_of_ours() -> None:
    ours, _ = disturbed(4)
    with pytest.raises(AssertionError, match="ours alone"):
        place(ours, order("ours"))


# --- trouble with the store ------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["read", "commit"])
@pytest.mark.parametrize(
    "error",
    [StoreUnusable("full", "The disk is full."), StoreBusy("busy"), StoreUnusable("io", "gone")],
    ids=repr,
)
def test_a_store_that_breaks_ends_the_request_and_nothing_is_written(error: Exception, when: str) -> None:
    store = Failing(error, when)
    runtime = desk(store)
    with pytest.raises(type(error)) as raised:
        place(runtime, order(), "r-1")
    assert raised.value is error
    store.when = "never"
    assert (store.runs(), orders(store), logged(store), store.log_size()) == ((), 0, 0, 0)
    assert not place(runtime, order(), "r-1").repeated


def test_an_interruption_leaves_nothing_and_the_next_run_goes_on() -> None:
    ours, store = disturbed(0)
    with pytest.raises(KeyboardInterrupt):
        place(ours, order(how="interrupt"))
    assert (store.runs(), orders(store)) == ((), 0)
    assert place(ours, order()).kind == "COMPLETED"


def test_an_interruption_while_the_store_is_ours_alone_gives_it_back() -> None:
    ours, store = disturbed(3)

    class Stop(KeyboardInterrupt):
        pass

    def stop() -> None:
        raise Stop

    store.meanwhile.append(stop)
    with pytest.raises(Stop):
        place(ours, order("ours"))
    with store.exclusive():
        pass


@pytest.mark.parametrize("lost", ["secret", "store"])
def test_a_store_that_has_lost_its_facts_is_not_used(lost: str) -> None:
    class Lossy(MemoryStore):
        def meta(self, key: str) -> bytes | None:
            return None if key == lost else super().meta(key)

    with pytest.raises(StoreUnusable) as unusable:
        desk(Lossy())
    cause: Cause = "altered"
    assert unusable.value.cause == cause


# --- limits of a run -------------------------------------------------------------------------------


@pytest.mark.parametrize(("most", "kind"), [(6, "COMPLETED"), (5, "FAULTED"), (4, "FAULTED"), (2, "FAULTED")])
def test_a_run_has_at_most_so_many_lines_with_its_last(most: int, kind: str) -> None:
    runtime = desk(run_lines=most)
    outcome = place(runtime, order())
    assert outcome.kind == kind
    if kind == "FAULTED":
        assert (outcome.exit, outcome.exit_code) == ("R030", ExitCode.LIMIT)
        assert outcome.message == f"The run has {most} lines, which is the limit."
        assert len(runtime.trace(outcome.trace_id)) == most + 1
        assert orders(runtime.store) == 0


def test_a_run_has_at_most_so_many_bytes() -> None:
    whole = desk()
    size = sum(map(len, whole.trace(place(whole, order()).trace_id)[:-1]))
    assert place(desk(run_bytes=size), order()).kind == "COMPLETED"
    outcome = place(desk(run_bytes=size - 1), order())
    assert (outcome.exit, outcome.exit_code) == ("R032", ExitCode.LIMIT)


@pytest.mark.parametrize(("step", "exit"), [(400_000, "COMPLETED"), (900_000, "R033")])
def test_a_run_has_at_most_so_many_seconds(step: int, exit: str) -> None:
    runtime = Runtime(sealed(*artifacts(), source=SOURCE, limits={"run_seconds": 2}), memory(), ports(step))
    assert place(runtime, order()).exit == exit
    assert orders(runtime.store) == (exit == "COMPLETED")


# --- reading, opening ------------------------------------------------------------------------------


def test_a_run_that_is_not_there_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        desk().trace("0" * 26)
    assert (refused.value.code, refused.value.exit_code) == ("R014", ExitCode.USAGE)


def workspace(root: Path, version: int) -> Path:
    """A workspace with the desk's snapshot."""
    snapshot = sealed(*artifacts(), source=SOURCE, version=version)
    folder = root / f"workspace {version}"
    folder.mkdir()
    write_snapshot(folder / "protocol_snapshot", snapshot.sealed.files())
    return folder


def open_files(name: str) -> int:
    gc.collect()
    found = (os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd"))
    return sum(name in path for path in found)


def test_a_runtime_that_cannot_be_opened_leaves_the_store_closed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Runtime.open(workspace(tmp_path, 2), data) as runtime:
        assert place(runtime, order()).kind == "COMPLETED"
        assert open_files("state.db") > 0
    assert open_files("state.db") == 0
    with pytest.raises(Refusal) as refused:
        Runtime.open(workspace(tmp_path, 1), data)
    assert refused.value.code == "R053"
    assert open_files("state.db") == 0


def test_a_run_of_yesterday_is_read_and_its_request_answered_by_a_new_runtime(tmp_path: Path) -> None:
    folder, data = workspace(tmp_path, 1), tmp_path / "data"
    with Runtime.open(folder, data) as runtime:
        first = place(runtime, order(), "r-1")
        lines = runtime.trace(first.trace_id)
    with Runtime.open(folder, data) as runtime:
        assert runtime.trace(first.trace_id) == lines
        assert place(runtime, order(), "r-1").result == first.result
