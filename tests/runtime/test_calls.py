"""Workflows that a run calls: one by one or for each item, within one transaction and one trace.

The protocol is `tests/compiler/programs/calls`: a basket is a loop over what is sold or taken back, each in a
workflow of its own; then a receipt is written.
"""

from __future__ import annotations

from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from pgs_compiler.compiler import compile_workspace
from pgs_runtime.evidence.verify import Level, verify
from pgs_runtime.examine.account import account
from pgs_runtime.examine.text import as_json, as_text
from pgs_runtime.faults import Refusal
from pgs_runtime.run.outcomes import Outcome
from pgs_runtime.runtime import Actor, Runtime
from pgs_runtime.trace.lines import joined
from pgs_runtime.trace.reading import Trace, read_trace, trace_of
from pgs_snapshot import model
from pgs_snapshot.drawing.picture import picture_of
from pgs_snapshot.model import Edge, Literal_, Ref
from pgs_snapshot.seal import SealBroken
from pgs_snapshot.seal import verify as verified
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.runtime.protocol import (
    ADA,
    ANY,
    REJECTED,
    SECRET,
    actor,
    admit,
    case,
    computes,
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
    result,
    transform,
)
from tests.runtime.test_soundness import GONE, OTHERS, Route, changed, places
from tests.runtime.till import rechained

STALL = Path(__file__).parents[1] / "compiler" / "programs" / "calls"
BASKET = "calls::WF_BASKET_V0"
STOCK, TILL = "calls::ST_STOCK_V0", "calls::ST_TILL_V0"
SELLER = Actor("calls::AC_SELLER_V0", "ada", {})


@cache
def stall() -> Snapshot:
    files = compile_workspace(STALL).files
    assert files is not None
    return Snapshot(verified(files))


def opened_stall() -> Runtime:
    return Runtime(stall(), memory(), ports())


def line(fruit: str, pieces: int = 1, kind: str = "SELL") -> Value:
    return {"kind": kind, "fruit": fruit, "pieces": pieces}


def sold(runtime: Runtime, *lines: Value, config: dict[str, Value] | None = None) -> Outcome:
    return runtime.run(BASKET, {"number": 7, "lines": list(lines)}, SELLER, config=config)


def stock(runtime: Runtime) -> dict[str, Any]:
    return {cell.key: orjson.loads(cell.value) for cell in runtime.store.scan("state", STOCK).cells}


def lines_of(runtime: Runtime, outcome: Outcome) -> list[dict[str, Any]]:
    return [orjson.loads(found) for found in runtime.trace(outcome.trace_id)]


def read(runtime: Runtime, outcome: Outcome) -> Trace:
    return trace_of(runtime.trace(outcome.trace_id))


MIXED = (line("pear", 2), line("plum", kind="BACK"), line("pear", 30), line("melon", kind="BACK"), line("fig", 3))


# --- what a run does -----------------------------------------------------------------------------


def test_every_item_is_taken_by_the_workflow_that_its_kind_chooses() -> None:
    runtime = opened_stall()
    done = sold(runtime, *MIXED)
    assert done.exit == "COMPLETED"
    assert done.result == {
        "receipt": "EUR 7/5",
        "exits": ["COMPLETED", "COMPLETED", "TOO_MUCH", "REJECTED", "COMPLETED"],
    }


def test_a_callee_that_fails_drops_what_it_did_and_nothing_else() -> None:
    runtime = opened_stall()
    done = sold(runtime, line("pear", 2), line("pear", 30), line("fig", 3))
    assert stock(runtime) == {"pear": {"gone": 2, "line": 0}, "fig": {"gone": 3, "line": 2}}
    assert done.effects == {STOCK: {"WRITE": 2}, TILL: {"APPEND": 1}}


def test_what_a_failed_callee_wrote_is_not_seen_by_the_next_one() -> None:
    runtime = opened_stall()
    done = sold(runtime, line("pear", 30), line("pear", 2))
    items = next(found for found in lines_of(runtime, done) if found["kind"] == "each")["outputs"]["items"]
    assert [item["result"] for item in items] == [{}, {"left": 1}], "the first write of all has the version 1"


def test_an_exit_that_stops_ends_the_loop_and_a_failed_run_drops_all_of_it() -> None:
    runtime = opened_stall()
    done = sold(runtime, line("pear"), line("kiwi"), line("fig"))
    assert (done.kind, done.exit, done.effects) == ("FAILED", "UNKNOWN_FRUIT", {})
    assert stock(runtime) == {}
    loop = next(found for found in lines_of(runtime, done) if found["kind"] == "each")
    assert (loop["outcome"], loop["outputs"]["count"]) == ("STOPPED", 3)
    assert [item["exit"] for item in loop["outputs"]["items"]] == ["COMPLETED", "UNKNOWN_FRUIT"]


def test_a_list_without_items_is_an_outcome_of_its_own() -> None:
    assert sold(opened_stall()).exit == "NOTHING"


def test_what_callees_emitted_is_part_of_the_answer_unless_they_failed() -> None:
    runtime = opened_stall()
    done = sold(runtime, line("pear"), line("plum", 30), line("fig"))
    run = runtime.store.run(done.trace_id)
    assert run is not None
    assert run.answer is not None
    event = "calls::EV_SOLD_V0"
    assert orjson.loads(run.answer)["emitted_within"] == [
        {"event": event, "fields": {"fruit": "pear"}},
        {"event": event, "fields": {"fruit": "fig"}},
    ]


# --- configuration -------------------------------------------------------------------------------


def test_a_callee_has_the_configuration_of_its_own_binding() -> None:
    runtime = opened_stall()
    done = sold(runtime, line("kiwi", 20), config={"currency": "CHF", "fruits": ["kiwi"], "most": 20})
    assert done.result["receipt"] == "CHF 7/1"
    header = lines_of(runtime, done)[0]["header"]
    assert header["config"] == {"currency": "CHF"}
    assert header["configs"] == {"calls::RB_STOCK_V0": {"fruits": ["kiwi"], "most": 20}}


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"colour": "red"}, "Configuration of `calls::RB_TILL_V0`"),
        ({"most": "many"}, "Configuration of `calls::RB_STOCK_V0`"),
    ],
)
def test_configuration_that_no_binding_takes_is_refused(config: dict[str, Value], why: str) -> None:
    with pytest.raises(Refusal) as refused:
        sold(opened_stall(), config=config)
    assert refused.value.code == "R013"
    assert refused.value.message.startswith(why)


# --- the trace -----------------------------------------------------------------------------------


def test_the_lines_of_a_callee_say_within_which_node_and_item_they_stand() -> None:
    runtime = opened_stall()
    lines = lines_of(runtime, sold(runtime, line("pear"), line("plum", kind="BACK")))
    places = [(found.get("parent"), found.get("iteration"), found["kind"]) for found in lines]
    assert places == [
        (None, None, "run"),
        (None, None, "intent"),
        *[(["lines"], [0], kind) for kind in ("intent", "contract", "contract", "return")],
        *[(["lines"], [1], kind) for kind in ("intent", "return")],
        (None, None, "each"),
        *[(["receipt"], None, kind) for kind in ("intent", "contract", "return")],
        (None, None, "call"),
        (None, None, "exit"),
    ]


def test_lines_that_a_failed_callee_dropped_are_named() -> None:
    runtime = opened_stall()
    lines = lines_of(runtime, sold(runtime, line("pear"), line("pear", 30)))
    (ended,) = [found for found in lines if "rolled_back" in found]
    assert (ended["name"], ended["rolled_back"]) == ("TOO_MUCH", {"from": 6, "to": 8})
    assert lines[6]["kind"] == "intent"
    assert lines[6]["iteration"] == [1]


def test_a_run_with_calls_is_found_again_in_its_trace() -> None:
    runtime = opened_stall()
    trace = read(runtime, sold(runtime, *MIXED))
    assert trace.way == (("admit", "ACK"), ("lines", "SOME_FAILED"), ("receipt", "COMPLETED"), ("done", "COMPLETED"))
    _, loop, receipt = trace.passed
    assert [(inner.workflow, inner.iteration, inner.ending and inner.ending.name) for inner in loop.inside] == [
        ("calls::WF_SELL_V0", 0, "COMPLETED"),
        ("calls::WF_TAKE_BACK_V0", 1, "COMPLETED"),
        ("calls::WF_SELL_V0", 2, "TOO_MUCH"),
        ("calls::WF_TAKE_BACK_V0", 3, "REJECTED"),
        ("calls::WF_SELL_V0", 4, "COMPLETED"),
    ]
    assert [passed.node for passed in receipt.inside[0].passed] == ["admit", "note"]
    assert [passed.node for passed in trace.standing] == [
        *("admit", "admit", "take", "much", "admit", "admit", "admit", "take", "much", "lines"),
        *("admit", "note", "receipt"),
    ]


def test_a_run_with_calls_is_verified_drawn_and_told() -> None:
    runtime = opened_stall()
    done = sold(runtime, *MIXED)
    data = joined(runtime.trace(done.trace_id))
    assert verify(data, lambda id: id == stall().id, runtime.store).level is Level.ANCHORED
    trace = read_trace(data)
    picture = picture_of(stall().graph(BASKET), trace.way)
    assert [box.id for box in picture.boxes if box.visited] == ["admit", "lines", "receipt", "done"]
    text = account(trace, stall())
    assert (
        "- item 2: `calls::WF_SELL_V0` ended FAILED `TOO_MUCH` at `too_much`; what it had changed was dropped" in text
    )
    assert "`calls::ST_STOCK_V0`: `WRITE` for `fig`, by `take`" in text
    assert "The configuration of `calls::RB_STOCK_V0`:" in text
    rows = as_text(trace, stall())
    assert "lines[2]/too_much  TOO_MUCH     FAILED" in rows
    told = orjson.loads(as_json(trace, stall()))["called"]
    assert [(found["at"], found["ended"]["name"]) for found in told] == [
        *[([f"lines[{number}]"], name) for number, name in enumerate(done.result["exits"])],  # type: ignore[arg-type]
        (["receipt"], "COMPLETED"),
    ]


def test_what_decided_is_told_through_a_call() -> None:
    runtime = opened_stall()
    done = sold(runtime, line("kiwi"))
    text = account(read(runtime, done), stall())
    _, _, told = text.partition("What decided that: `lines`")
    assert " ended as `STOPPED`, because item 0 ended as `UNKNOWN_FRUIT`." in told


# --- faults and limits ---------------------------------------------------------------------------


SOURCE = """
def burst(value):
    raise ValueError(value)
"""
CHILD = "desk::WF_CHILD_V0"


def nested(*called: model.Node) -> tuple[object, ...]:
    """A run that calls, for each of its list, a workflow of these nodes behind its intent."""
    every = model.EachNode(
        "every",
        Ref(0, ("list",)),
        model.Callee(CHILD),
        {"value": Ref(6)},
        (),
        9,
        (),
        {outcome: Edge("done") for outcome in ("SUCCESS", "SOME_FAILED", "EMPTY", "TOO_MANY")},
        "desk.yaml:1",
    )
    return (
        intent(fields(list={"type": "array"})),
        graph(admit("every"), every, ends("done"), REJECTED),
        intent(fields(value=ANY), name="desk::IN_CHILD_V0"),
        graph(admit("work", intent="desk::IN_CHILD_V0"), *called, REJECTED, workflow=CHILD),
        transform("burst", fields(value=ANY), SUCCESS=fields()),
        contract(
            "odd",
            fields(value=ANY),
            [
                decides(
                    "odd",
                    case("SUCCESS", model.Compare("eq", (Ref(0, ("value",)), Literal_(1)))),
                    case("BURST"),
                    SUCCESS="SUCCESS",
                    BURST=None,
                ),
                computes("burst", "burst", {"value": Ref(0, ("value",))}, SUCCESS="SUCCESS"),
            ],
            {"SUCCESS": {}},
        ),
    )


def test_a_fault_within_a_callee_ends_the_whole_run_where_it_struck() -> None:
    made = nested(node("work", "odd", {"value": Ref(0, ("value",))}, SUCCESS="end"), ends("end"))
    runtime = opened(*made, source=SOURCE)
    done = runtime.run("desk::WF_RUN_V0", {"list": [1, 1, 2, 1]}, ADA)
    assert (done.kind, done.exit) == ("FAULTED", "R021")
    last = lines_of(runtime, done)[-1]
    assert (last["node"], last["parent"], last["iteration"]) == ("work", ["every"], [2])
    trace = read(runtime, done)
    assert trace.way == (("admit", "ACK"), ("every", ""))
    stopped = trace.passed[-1].inside
    assert [(inner.iteration, inner.ending is None) for inner in stopped] == [(0, False), (1, False), (2, True)]
    assert picture_of(runtime.snapshot.graph("desk::WF_RUN_V0"), trace.way).status == "Came as far as every"
    text = account(trace, runtime.snapshot)
    assert "The run broke off at `work` within `every` with the fault `R021`" in text
    assert "- item 2: it did not end" in text


@pytest.mark.parametrize("most", [4, 5, 6, 7])
def test_limits_count_over_all_that_is_called(most: int) -> None:
    made = nested(node("work", "odd", {"value": Ref(0, ("value",))}, SUCCESS="end"), ends("end"))
    runtime = opened(*made, source=SOURCE, run_lines=most)
    done = runtime.run("desk::WF_RUN_V0", {"list": [1, 1, 1]}, ADA)
    assert (done.kind, done.exit) == ("FAULTED", "R030")
    lines = lines_of(runtime, done)
    assert len(lines) == most + 1
    trace = read(runtime, done)
    assert trace.ending is not None
    assert trace.ending.is_fault
    assert trace.way[-1] == ("every", "")


# --- labels --------------------------------------------------------------------------------------


def test_what_the_graphs_of_caller_and_callee_hide_is_hidden_in_the_lines_of_both() -> None:
    child = "desk::WF_CHILD_V0"
    edges = {"COMPLETED": Edge("done"), "REJECTED": Edge("done")}
    call = model.CallNode("tell", model.Callee(child), {"value": Ref(0, ("name",))}, (), edges, "desk.yaml:1")
    hidden = {"tell": ("/inputs/value", "/outputs/COMPLETED/value")}
    run = graph(admit("tell"), call, ends("done"), REJECTED, hidden=hidden)
    echo = contract(
        "echo",
        fields(value=ANY),
        [decides("same", case("SUCCESS", value=Ref(0, ("value",))), SUCCESS="SUCCESS")],
        {"SUCCESS": {"value": Ref(3, ("value",))}},
    )
    inner = node("work", "echo", {"value": Ref(0, ("value",))}, SUCCESS="end")
    made = graph(admit("work", intent="desk::IN_CHILD_V0"), inner, REJECTED, workflow=child)
    end = ends("end", result={"value": result(made, "work", "value")}, schema=fields(value=ANY))
    runtime = opened(
        actor(),
        intent(fields(name=SECRET)),
        run,
        intent(fields(value=ANY), name="desk::IN_CHILD_V0"),
        graph(
            admit("work", intent="desk::IN_CHILD_V0"),
            inner,
            end,
            REJECTED,
            workflow=child,
            hidden={
                "admit": ("/payload/value",),
                "end": ("/result/value",),
                "work": ("/inputs/value", "/outputs/SUCCESS/value"),
            },
        ),
        echo,
    )
    done = runtime.run("desk::WF_RUN_V0", {"name": "Ada Lovelace"}, ADA)
    assert done.kind == "COMPLETED"
    text = b"\n".join(runtime.trace(done.trace_id))
    assert b"Lovelace" not in text
    lines = lines_of(runtime, done)
    given = {found["kind"]: found["outputs"]["value"] for found in lines if "outputs" in found}
    assert given["call"] == given["contract"] == lines[0]["header"]["payload"]["name"]


# --- lines that nobody has written ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "members", "why"),
    [
        (2, {"iteration": [1]}, "at another item"),
        (2, {"parent": ["lines", "x"], "iteration": [0, None]}, "at another place"),
        (3, {"parent": None, "iteration": None}, "where the node that called has not ended"),
        (3, {"iteration": [1]}, "at another place"),
        (3, {"iteration": [0, 0]}, "not one `iteration` for each `parent`"),
        (3, {"iteration": ["0"]}, "another kind of value at `parent` or `iteration`"),
        (3, {"iteration": [True]}, "another kind of value at `parent` or `iteration`"),
        (5, {"exit": "DONE"}, "an exit that is none of"),
        (6, {"parent": None, "iteration": None}, "where the node that called has not ended"),
        (8, {"node": "receipt"}, "does not end the node that called before it"),
        (8, {"parent": ["lines"], "iteration": [2]}, "at another place"),
    ],
)
def test_lines_that_stand_within_the_wrong_node_are_refused(number: int, members: dict[str, Any], why: str) -> None:
    runtime = opened_stall()
    lines = runtime.trace(sold(runtime, line("pear"), line("plum", kind="BACK")).trace_id)

    def change(bodies: list[dict[str, Value]]) -> None:
        bodies[number] = {name: value for name, value in {**bodies[number], **members}.items() if value is not None}

    with pytest.raises(Refusal) as refused:
        trace_of(rechained(lines, change))
    assert why in refused.value.message


def test_a_run_does_not_end_within_a_node() -> None:
    runtime = opened_stall()
    lines = runtime.trace(sold(runtime, line("pear")).trace_id)

    def change(bodies: list[dict[str, Value]]) -> None:
        del bodies[4:-1]

    with pytest.raises(Refusal, match="ends the run within a node"):
        trace_of(rechained(lines, change))


# --- graphs that no compiler writes --------------------------------------------------------------

GRAPH, ONE = "graphs/calls__WF_BASKET_V0.json", "graphs/calls__WF_SELL_V0.json"


def sealed_again(path: str, route: Route, to: Value) -> Outcome:
    files = changed(path, route, to, stall().sealed)
    with Runtime(Snapshot(verified(files)), memory(), ports()) as runtime:
        return sold(runtime, *MIXED)


def test_whatever_part_of_a_graph_that_calls_is_changed_and_sealed_again_it_runs_or_is_refused() -> None:
    ends = {"ran": 0, "refused": 0}
    number = count()
    for path in (GRAPH, ONE):
        for route in places(orjson.loads(stall().sealed.read(path))):
            try:
                sealed_again(path, route, OTHERS[next(number) % len(OTHERS)])
                ends["ran"] += 1
            except (Refusal, SealBroken):
                ends["refused"] += 1
    assert ends["ran"] > 50
    assert ends["refused"] > 100


@pytest.mark.parametrize(
    ("route", "to", "why"),
    [
        (("nodes", 1, "call", "of", "SELL"), "calls::WF_NONE_V0", "there is no workflow `calls::WF_NONE_V0`"),
        (("nodes", 1, "call", "of", "SELL"), BASKET, f"`{BASKET}` calls itself"),
        (("nodes", 1, "call", "of"), GONE, "`lines` calls nothing"),
        (("nodes", 1, "call", "choose"), GONE, "`lines` does not choose what it calls"),
        (("nodes", 1, "inputs", "fruit", "ref", 0), 99, "`lines` refers to the slot 99, and there are 9"),
        (("slots", 7), "thing", "`lines` has no slots for its items"),
        (("slots", 5), "thing", "`lines` has no slot for its result"),
    ],
)
def test_a_sealed_call_that_leads_nowhere_is_refused(route: Route, to: Value, why: str) -> None:
    with pytest.raises(SealBroken) as broken:
        sealed_again(GRAPH, route, to)
    assert (broken.value.code, broken.value.message.partition("writes: ")[2]) == ("Z902", f"{why}.")
