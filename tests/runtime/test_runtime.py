"""Runs as their callers see them: how they end, what is written, and what the answer is."""

from __future__ import annotations

import gc
import os
from itertools import count, pairwise
from pathlib import Path

import pytest

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Outcome, Runtime
from pgs_snapshot import model
from pgs_snapshot.exchange import write_snapshot
from pgs_snapshot.model import Literal_, Ref
from pgs_snapshot.values import Value
from tests.runtime.desk import (
    LOG,
    ORDERS,
    SOURCE,
    artifacts,
    bodies,
    desk,
    logged,
    order,
    orders,
    place,
)
from tests.runtime.protocol import (
    ADA,
    COUNT,
    FINGERPRINT,
    REJECTED,
    WORKFLOW,
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


def test_a_transform_has_nothing_to_print_with(capsys: pytest.CaptureFixture[str]) -> None:
    assert place(desk(), order(how="print")).message == "desk::CT_WORK_V0 raised NameError at desk.work:14."
    assert capsys.readouterr() == ("", "")


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
