"""Signals that processes set come to machines as events: each once, and never of what was taken back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pgs_compiler.compiler import compile_workspace
from pgs_runtime.run.outcomes import Outcome
from pgs_runtime.runtime import Actor, Runtime
from pgs_runtime.stores.port import Store
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.durable.kills import Crashes, Grain, Scenario, differences

HERE = Path(__file__).parent
TELLER = "bank::SM_TELLER_V0"
ADA = Actor("core::AC_OPERATOR_V0", "ada", {})


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The bank of processes, with a machine over its context."""
    folder = tmp_path_factory.mktemp("teller") / "bank"
    shutil.copytree(HERE.parent / "bank", folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HERE / "teller.yaml", folder / "protocols")
    found = compile_workspace(folder)
    assert [finding.message for finding in found.findings] == []
    assert found.files is not None
    return Snapshot(verify(found.files))


@pytest.fixture
def runtime(snapshot: Snapshot, any_store: Store) -> Runtime:
    return Runtime(snapshot, any_store)


def transfer(runtime: Runtime, amount: int, request_id: str | None = None) -> Outcome:
    fields: Value = {"from_user": "Alice", "to_user": "Bob", "amount": amount}
    return runtime.machines.send(TELLER, "b1", "TRANSFER", ADA, fields, request_id)


def steps(runtime: Runtime) -> list[str]:
    return [f"{step.event} {step.state}" for step in runtime.machines.steps(TELLER, "b1")]


def test_an_entry_runs_a_process_over_the_session_that_is_called_as_the_instance(runtime: Runtime) -> None:
    runtime.machines.start(TELLER, "b1", ADA)
    assert transfer(runtime, 100).result["state"] == "OPEN"
    look = runtime.run("bank::WF_TRANSFER_V0", {"bank": "b1", "from_user": "Bob", "to_user": "Alice", "amount": 1}, ADA)
    assert look.result == {"left": 599, "balance": 19901}


def test_a_signal_of_a_process_comes_to_the_machine_of_its_session_once(runtime: Runtime) -> None:
    runtime.machines.start(TELLER, "b1", ADA)
    runtime.machines.start(TELLER, "b2", ADA)
    transfer(runtime, 9500)
    assert steps(runtime) == ["START OPEN", "TRANSFER OPEN", "FRAUD FROZEN"]
    assert runtime.machines.instance(TELLER, "b2").state == "OPEN"
    runtime.deliver()
    assert (len(steps(runtime)), runtime.store.messages()) == (3, ())
    assert transfer(runtime, 5).exit == "NOT_HANDLED"
    assert runtime.machines.send(TELLER, "b1", "RELEASE", ADA).exit == "COMPLETED"
    transfer(runtime, 5)
    assert steps(runtime)[3:] == ["RELEASE OPEN", "TRANSFER OPEN"], "a signal is at its start again"


def test_the_run_of_a_signal_is_by_the_machine_and_named_after_what_set_it(runtime: Runtime) -> None:
    runtime.machines.start(TELLER, "b1", ADA)
    moved = transfer(runtime, 9500)
    (id,) = runtime.reached()
    run = runtime.store.run(id)
    assert run is not None
    assert run.request.key == f"signal:{moved.trace_id}:0"
    assert run.request.actor == b'{"id":"bank::SM_TELLER_V0","type":"bank::AC_SM_TELLER_V0"}'
    assert b'"authenticated_by":"machine"' in runtime.trace(id)[0]


def test_a_signal_of_what_was_taken_back_comes_to_nobody(runtime: Runtime) -> None:
    runtime.machines.start(TELLER, "b1", ADA)
    assert runtime.run("bank::WF_TRY_V0", {"bank": "b1"}, ADA).kind == "FAILED"
    assert transfer(runtime, 12000).exit == "COMPLETED"  # which a rule of level B does not let stand
    assert steps(runtime) == ["START OPEN", "TRANSFER OPEN"]
    assert runtime.run("bank::WF_TRY_TWICE_V0", {"bank": "b1"}, ADA).kind == "COMPLETED"
    assert steps(runtime)[2:] == ["FRAUD FROZEN"]


def test_a_signal_for_an_instance_that_nobody_has_started_is_denied_on_record(runtime: Runtime) -> None:
    runtime.run("bank::WF_TRY_TWICE_V0", {"bank": "b1"}, ADA)
    (id,) = runtime.reached()
    run = runtime.store.run(id)
    assert run is not None
    assert (run.status, run.exit) == ("DENIED", "NOT_STARTED")


def moved(runtime: Runtime) -> None:
    """A transfer that freezes a bank; done again, it changes nothing."""
    runtime.machines.start(TELLER, "b1", ADA, "start")
    transfer(runtime, 9500, "much")
    runtime.deliver()


@pytest.mark.parametrize("grain", ["line", "opcode"])
def test_whoever_is_killed_between_a_signal_and_its_event_leaves_it_to_the_next_one(
    grain: Grain, snapshot: Snapshot, tmp_path: Path
) -> None:
    crashes = Crashes(snapshot, Scenario("teller", moved), tmp_path)
    assert dict(differences(crashes, grain, 16)) == {}
