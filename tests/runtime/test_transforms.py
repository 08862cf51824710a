"""Transforms as runs call them: with nothing but what they may use, and stopped where they do not stop themselves."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace

import orjson
import pytest

from pgs_runtime.faults import ExitCode, Fault
from pgs_runtime.link.capability import guarded
from pgs_runtime.runtime import Outcome, Runtime
from pgs_snapshot.model import Literal_, Ref
from pgs_snapshot.sealed_code.caller import Caller
from pgs_snapshot.values import Outcome as Answered
from pgs_snapshot.values import Value
from tests.runtime.protocol import (
    ADA,
    REJECTED,
    WORKFLOW,
    admit,
    asks,
    computes,
    contract,
    ends,
    fields,
    graph,
    intent,
    memory,
    node,
    ports,
    registry,
    sealed,
    transform,
)

SOURCE = """
import re
from pgs_snapshot.values import Outcome


def work(how, x):
    return WAYS[how](x)


def _spin(x):
    while x:
        pass


def _change(x):
    x["a"] = 1
    return {"value": x}


def _recurse(x):
    return _recurse(x)


def _fail(x):
    raise ValueError("secret token abc")


def _cycle(x):
    cycle = []
    cycle.append(cycle)
    return {"value": cycle}


WAYS = {
    "give": lambda x: {"value": x},
    "members": lambda x: {"value": list(x)},
    "change": _change,
    "spin": _spin,
    "power": lambda x: {"value": len(str(10 ** 10 ** 8))},
    "list": lambda x: {"value": [i for i in range(10 ** 10)]},
    "text": lambda x: {"value": "x" * 10 ** 10},
    "pattern": lambda x: {"value": bool(re.match("(a+)+$", "a" * 40 + "!"))},
    "recurse": _recurse,
    "fail": _fail,
    "maybe": lambda x: Outcome("MAYBE"),
    "nan": lambda x: {"value": float("nan")},
    "bytes": lambda x: {"value": [0, b"a"]},
    "tuple": lambda x: {"value": (1,)},
    "set": lambda x: {"value": {1}},
    "generator": lambda x: {"value": (i for i in [1])},
    "integer": lambda x: {"value": 2 ** 60},
    "key": lambda x: {"value": {1: 1}},
    "cycle": _cycle,
    "large": lambda x: {"value": "x" * (50 << 20)},
    "unknown": lambda x: {x: b""},
    "nothing": lambda x: None,
    "print": lambda x: print(x),
}
"""
WORK = transform("work", fields(how={"type": "string"}, x={}), SUCCESS=fields(value={}))
BOTH = (False, True)


def artifacts(worker: bool) -> tuple[object, ...]:
    """Register something, and then compute as the payload says."""
    inputs = fields(how={"type": "string"}, x={})
    steps = [
        asks(
            "put",
            "NOTES",
            "REGISTER",
            {"key": Ref(0, ("how",)), "value": Literal_(1)},
            SUCCESS=None,
            CONFLICT=None,
            ALREADY_EXISTS=None,
        ),
        computes("work", "work", {"how": Ref(0, ("how",)), "x": Ref(0, ("x",))}, SUCCESS="SUCCESS"),
    ]
    body = contract("work", inputs, steps, {"SUCCESS": {"value": Ref(5, ("value",))}})
    nodes = (
        admit("work"),
        node("work", "work", {"how": Ref(0, ("how",)), "x": Ref(0, ("x",))}, SUCCESS="done"),
        ends("done", result={"value": Ref(5, ("value",))}),
        REJECTED,
    )
    return intent(inputs), replace(WORK, worker=worker), registry("NOTES", {"type": "integer"}), body, graph(*nodes)


def desk(worker: bool, **limits: int) -> Runtime:
    given = {"transform_bytes": 128 << 20, **limits}
    return Runtime(sealed(*artifacts(worker), source=SOURCE, limits=given), memory(), ports())


@pytest.fixture(params=BOTH, ids=["here", "worker"])
def runtime(request: pytest.FixtureRequest) -> Iterator[Runtime]:
    """A runtime whose transform is called in its own process, or in the worker."""
    with desk(request.param) as opened:
        yield opened


@pytest.fixture
def stoppable() -> Iterator[Runtime]:
    """A runtime whose transform is called where it can be stopped."""
    with desk(worker=True) as opened:
        yield opened


def run(runtime: Runtime, how: str, x: Value = 1) -> Outcome:
    return runtime.run(WORKFLOW, {"how": how, "x": x}, ADA)


def last_line(runtime: Runtime, outcome: Outcome) -> dict[str, Value]:
    line: dict[str, Value] = orjson.loads(runtime.trace(outcome.trace_id)[-1])
    return line


# --- answers -------------------------------------------------------------------------------------


def test_an_answer_is_the_same_wherever_it_is_computed() -> None:
    value: Value = {"b": [1, 1.5, "é", None, {"z": True}], "a": {}, "\U0001f600": 1, "\uffff": 2}
    with desk(False) as here, desk(True) as elsewhere:
        first, second = run(here, "give", value), run(elsewhere, "give", value)
    assert first.result == second.result == {"value": value}


def test_ct_03_members_come_in_canonical_order_whatever_order_the_payload_has(runtime: Runtime) -> None:
    assert run(runtime, "members", {"b": 1, "\U0001f600": 1, "a": 1, "\uffff": 1}).result == {
        "value": ["a", "b", "\U0001f600", "\uffff"]
    }


def test_ct_03_a_changed_input_is_changed_for_nobody_else(runtime: Runtime) -> None:
    outcome = run(runtime, "change", {"a": 0})
    assert outcome.result == {"value": {"a": 1}}
    lines = b"\n".join(runtime.trace(outcome.trace_id))
    assert b'"x":{"a":0}' in lines or b'{"a":0}' in lines


# --- faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "where", "why"),
    [
        ("nan", "/value", "NaN"),
        ("bytes", "/value", "bytes"),
        ("tuple", "/value", "tuple"),
        ("set", "/value", "set"),
        ("generator", "/value", "generator"),
        ("integer", "/value", "2^53"),
        ("key", "/value", "int"),
        ("cycle", "/value", "deep"),
    ],
)
def test_ct_06_a_result_outside_of_json_is_refused_with_its_place(
    runtime: Runtime, how: str, where: str, why: str
) -> None:
    outcome = run(runtime, how)
    assert (outcome.exit, outcome.exit_code, outcome.effects) == ("R025", ExitCode.FAULT, {})
    assert outcome.message.startswith(f"desk::CT_WORK_V0 gave no JSON at `{where}")
    assert why in outcome.message
    assert last_line(runtime, outcome)["kind"] == "fault"


def test_ct_06_a_result_that_is_too_large_is_refused(runtime: Runtime) -> None:
    assert (run(runtime, "large").exit, run(runtime, "large").exit_code) == ("R034", ExitCode.LIMIT)


def test_ct_06_a_name_that_is_not_declared_is_not_told(runtime: Runtime) -> None:
    outcome = run(runtime, "unknown", "secret token abc")
    assert outcome.exit == "R025"
    assert outcome.message.startswith("desk::CT_WORK_V0 gave no JSON: ")
    assert "secret" not in outcome.message


def test_ct_07_what_a_transform_raises_is_told_by_class_and_sealed_line(runtime: Runtime) -> None:
    outcome = run(runtime, "fail", "secret token abc")
    line = SOURCE.splitlines().index('    raise ValueError("secret token abc")') + 1
    assert (outcome.exit, outcome.exit_code) == ("R021", ExitCode.FAULT)
    assert outcome.message == f"desk::CT_WORK_V0 raised ValueError at desk.work:{line}."
    assert "abc" not in str(last_line(runtime, outcome))


def test_ct_08_an_outcome_that_is_not_declared_ends_the_run_and_undoes_it(runtime: Runtime) -> None:
    outcome = run(runtime, "maybe")
    assert (outcome.kind, outcome.exit, outcome.effects) == ("FAULTED", "R022", {})
    last = last_line(runtime, outcome)
    assert "rolled_back" in last
    assert last["fault"] == {
        "code": "R022",
        "exit_code": 6,
        "why": "desk::CT_WORK_V0 answered with an outcome that it does not declare.",
    }


@pytest.mark.parametrize(("how", "code"), [("nothing", "R024"), ("recurse", "R031"), ("print", "R021")])
def test_other_faults_are_the_same_wherever_it_is_called(runtime: Runtime, how: str, code: str) -> None:
    assert run(runtime, how).exit == code


# --- limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "code"),
    [("spin", "R064"), ("power", "R064"), ("pattern", "R064"), ("list", "R035"), ("text", "R035")],
)
def test_ct_05_work_without_end_is_stopped_and_other_runs_are_not(stoppable: Runtime, how: str, code: str) -> None:
    before = run(stoppable, "give")
    outcome = run(stoppable, how)
    assert (outcome.kind, outcome.exit, outcome.exit_code) == ("FAULTED", code, ExitCode.LIMIT)
    assert outcome.effects == {}
    last = last_line(stoppable, outcome)
    assert (last["kind"], last["node"], "rolled_back" in last) == ("fault", "work", True)
    after = run(stoppable, "give", 2)
    assert [(end.kind, end.result) for end in (before, after)] == [
        ("COMPLETED", {"value": 1}),
        ("COMPLETED", {"value": 2}),
    ]


def test_ct_05_a_run_beside_it_goes_on_while_another_is_stopped() -> None:
    ends: list[Outcome] = []

    def beside() -> None:
        with desk(True) as other:
            ends.append(run(other, "give"))

    with desk(True) as runtime:
        thread = threading.Thread(target=beside)
        thread.start()
        assert run(runtime, "spin").exit == "R064"
        thread.join()
    assert [end.kind for end in ends] == ["COMPLETED"]


def test_ct_05_the_limits_are_those_of_the_snapshot() -> None:
    with desk(True, transform_seconds=2, transform_bytes=1 << 20) as runtime:
        assert run(runtime, "spin").message == (
            "desk::CT_WORK_V0 took more than 2 s of processor time, which is the limit."
        )
        assert run(runtime, "text").message == (
            "desk::CT_WORK_V0 took more than 1048576 bytes of memory, which is the limit."
        )


# --- the process ---------------------------------------------------------------------------------


def caller(runtime: Runtime) -> Caller:
    return runtime._transforms._caller


def test_no_process_is_started_for_what_is_bounded() -> None:
    with desk(False) as runtime:
        run(runtime, "give")
        assert caller(runtime)._process is None


def test_one_process_answers_all_calls_and_ends_with_the_runtime() -> None:
    with desk(True) as runtime:
        assert caller(runtime)._process is None
        run(runtime, "give")
        first = caller(runtime)._process
        run(runtime, "give", 2)
        assert first is not None
        assert caller(runtime)._process is first
        assert first.poll() is None
    assert first.poll() is not None


def test_a_process_that_somebody_killed_costs_one_call_its_answer() -> None:
    with desk(True) as runtime:
        run(runtime, "give")
        process = caller(runtime)._process
        assert process is not None
        os.kill(process.pid, signal.SIGSEGV)
        process.wait()
        assert run(runtime, "give", 2).exit == "R065"
        assert run(runtime, "give", 3).kind == "COMPLETED"


def test_a_fork_starts_a_process_of_its_own() -> None:
    with desk(True) as runtime:
        run(runtime, "give")
        process = caller(runtime)._process
        child = os.fork()
        if child == 0:
            answer = caller(runtime).call("desk.work:work", {"how": "give", "x": 7}).answer
            own = caller(runtime)._process
            caller(runtime).close()
            os._exit(0 if answer == Answered("SUCCESS", value=7) and own is not process else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert process is not None
        assert process.poll() is None
        assert run(runtime, "give", 2).kind == "COMPLETED"


def test_without_a_process_the_run_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with desk(True) as runtime:
        outcome = run(runtime, "give")
    assert (outcome.exit, outcome.exit_code) == ("R066", ExitCode.FAULT)
    assert outcome.message == (
        "desk::CT_WORK_V0 cannot be called: `/nowhere/python` cannot be started: No such file or directory."
    )


def test_an_interrupt_ends_the_process_so_that_no_answer_is_taken_for_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with desk(True) as runtime:
        run(runtime, "give")

        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr("select.select", interrupted)
            with pytest.raises(KeyboardInterrupt):
                caller(runtime).call("desk.work:work", {"how": "give", "x": 1})
        assert caller(runtime).call("desk.work:work", {"how": "give", "x": 2}).answer == Answered("SUCCESS", value=2)


def test_what_the_process_sends_is_judged_here_as_well() -> None:
    lies = guarded("desk::CT_WORK_V0", {"SUCCESS": fields(value={})}, 100)(lambda: Answered("SUCCESS", other=1))
    with pytest.raises(Fault) as fault:
        lies({})
    assert fault.value.code == "R023"
