"""Instances of machines: started, moved by events and by time, each step one run, in every kind of store."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.ports import Ports
from pgs_runtime.run.machines import Instance
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.port import Store
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_snapshot.snapshot import Snapshot
from tests.durable.kills import Crashes, Grain, Scenario, differences
from tests.runtime.parcels import BEGAN, CLERK, COURIER, DAY, NOTES, PARCEL, Clock, sealed


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return sealed()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def runtime(snapshot: Snapshot, any_store: Store, clock: Clock) -> Runtime:
    return Runtime(snapshot, any_store, Ports(clock=clock))


def stored(runtime: Runtime, instance: str = "p1") -> None:
    """A parcel that was handed in, and is light enough."""
    assert runtime.machines.start(PARCEL, instance, CLERK).exit == "COMPLETED"
    assert runtime.machines.send(PARCEL, instance, "HAND_IN", CLERK, {"weight": 12}).exit == "COMPLETED"


def fired(runtime: Runtime) -> list[str]:
    """What follows of the times that are over, as `resume` lets it follow."""
    return [runtime.machines.fire(due).exit for due in list(runtime.machines.due())]


def state(runtime: Runtime, instance: str = "p1") -> str:
    return runtime.machines.instance(PARCEL, instance).state


def notes(runtime: Runtime, instance: str = "p1") -> list[bytes]:
    return [event.body for event in runtime.store.events(NOTES, instance, 1, 100)]


def test_an_event_moves_an_instance_through_entries_until_it_rests(runtime: Runtime) -> None:
    stored(runtime)
    told = runtime.machines.instance(PARCEL, "p1")
    assert (told.state, told.version, told.final) == ("STORED", 2, False)
    assert [(step.event, step.state) for step in runtime.machines.steps(PARCEL, "p1")] == [
        ("START", "ANNOUNCED"),
        ("HAND_IN", "STORED"),
    ]
    assert told.run == runtime.machines.steps(PARCEL, "p1")[-1].run
    assert notes(runtime) == [b'{"what":"stored"}']


def test_an_entry_that_ends_otherwise_leads_elsewhere(runtime: Runtime) -> None:
    runtime.machines.start(PARCEL, "p1", CLERK)
    outcome = runtime.machines.send(PARCEL, "p1", "HAND_IN", CLERK, {"weight": 31})
    assert (outcome.exit, outcome.result) == ("COMPLETED", {"state": "GONE", "version": 2})
    assert runtime.machines.instance(PARCEL, "p1").final
    assert notes(runtime) == []


def test_what_a_state_does_not_handle_is_denied_on_record_or_ignored(runtime: Runtime) -> None:
    machines = runtime.machines
    machines.start(PARCEL, "p1", CLERK)
    denied = machines.send(PARCEL, "p1", "COLLECT", COURIER)
    assert (denied.kind, denied.exit, denied.exit_code) == ("DENIED", "NOT_HANDLED", ExitCode.DENIED)
    machines.send(PARCEL, "p1", "HAND_IN", CLERK, {"weight": 1})
    ignored = machines.send(PARCEL, "p1", "HAND_IN", CLERK, {"weight": 1})
    assert (ignored.kind, ignored.exit) == ("COMPLETED", "IGNORED")
    assert machines.instance(PARCEL, "p1").version == 2
    assert len(runtime.trace(denied.trace_id)) > 1


def test_an_instance_is_started_once_and_before_its_events(runtime: Runtime) -> None:
    machines = runtime.machines
    early = machines.send(PARCEL, "p1", "COLLECT", CLERK)
    assert (early.kind, early.exit) == ("DENIED", "NOT_STARTED")
    machines.start(PARCEL, "p1", CLERK)
    again = machines.start(PARCEL, "p1", CLERK)
    assert (again.kind, again.exit) == ("DENIED", "ALREADY_STARTED")
    assert [told.instance for told in machines.instances(PARCEL)] == ["p1"]


def test_who_may_not_send_an_event_is_rejected_and_so_is_what_does_not_fit(runtime: Runtime) -> None:
    machines = runtime.machines
    assert machines.start(PARCEL, "p1", COURIER).kind == "REJECTED"
    machines.start(PARCEL, "p1", CLERK)
    assert machines.send(PARCEL, "p1", "HAND_IN", COURIER, {"weight": 1}).kind == "REJECTED"
    assert machines.send(PARCEL, "p1", "HAND_IN", CLERK, {"weight": -1}).kind == "REJECTED"
    assert machines.send(PARCEL, "p1", "HAND_IN", CLERK).kind == "REJECTED"
    assert machines.send(PARCEL, "p1", "COLLECT", CLERK, {"weight": 1}).kind == "REJECTED"
    assert state(runtime) == "ANNOUNCED"


def test_what_nobody_has_declared_is_refused_without_a_run(runtime: Runtime) -> None:
    machines = runtime.machines
    machines.start(PARCEL, "p1", CLERK)
    before = len(runtime.store.runs())
    asks: list[tuple[str, Callable[[], object]]] = [
        ("R180", lambda: machines.start("SM_PARCELS_V0", "p1", CLERK)),
        ("R181", lambda: machines.send(PARCEL, "p1", "FITS", CLERK)),
        ("R181", lambda: machines.send(PARCEL, "p1", "REMIND", CLERK)),
        ("R182", lambda: machines.instance(PARCEL, "p2")),
    ]
    for code, ask in asks:
        with pytest.raises(Refusal) as refused:
            ask()
        assert refused.value.code == code
    assert len(runtime.store.runs()) == before


def test_the_same_request_is_one_step(runtime: Runtime) -> None:
    machines = runtime.machines
    machines.start(PARCEL, "p1", CLERK)
    first, second = (machines.send(PARCEL, "p1", "HAND_IN", CLERK, {"weight": 1}, "r1") for _ in range(2))
    assert (first.repeated, second.repeated, first.trace_id) == (False, True, second.trace_id)
    assert len(machines.steps(PARCEL, "p1")) == 2


def test_a_time_that_is_over_is_followed_once(runtime: Runtime, clock: Clock) -> None:
    stored(runtime)
    assert fired(runtime) == []
    clock.now += DAY
    due = next(runtime.machines.due())
    assert (due.instance, due.event, due.to, due.after) == ("p1", "REMIND", "REMINDED", "P1D")
    first, second = runtime.machines.fire(due), runtime.machines.fire(due)
    assert (first.exit, second.repeated, second.trace_id) == ("COMPLETED", True, first.trace_id)
    assert (state(runtime), fired(runtime)) == ("REMINDED", [])
    clock.now += 2 * DAY
    assert (fired(runtime), state(runtime)) == (["COMPLETED"], "GONE")
    assert notes(runtime) == [b'{"what":"stored"}', b'{"what":"reminded"}']


def test_a_time_of_a_stay_that_has_ended_is_over_for_nobody(runtime: Runtime, clock: Clock) -> None:
    stored(runtime)
    clock.now += DAY
    due = next(runtime.machines.due())
    runtime.machines.send(PARCEL, "p1", "COLLECT", COURIER)
    late = runtime.machines.fire(due)
    assert (late.kind, late.exit, state(runtime)) == ("COMPLETED", "OVER", "GONE")


def test_of_several_times_that_are_over_the_shortest_is_followed(runtime: Runtime, clock: Clock) -> None:
    stored(runtime)
    stored(runtime, "p2")
    clock.now += 30 * DAY
    assert [(due.instance, due.after) for due in runtime.machines.due()] == [("p1", "P1D"), ("p2", "P1D")]
    assert fired(runtime) == ["COMPLETED", "COMPLETED"]
    assert fired(runtime) == [], "the next state has lasted for no time yet"
    assert [told.state for told in runtime.machines.instances(PARCEL)] == ["REMINDED", "REMINDED"]


def test_an_instance_tells_its_times_and_what_has_followed(runtime: Runtime, clock: Clock) -> None:
    stored(runtime)
    told: Instance = runtime.machines.instance(PARCEL, "p1")
    assert [(due.after, due.at - BEGAN, due.run) for due in told.times] == [("P1D", DAY, ""), ("P3D", 3 * DAY, "")]


def test_of_many_processes_that_find_a_time_over_one_lets_it_follow(snapshot: Snapshot, tmp_path: Path) -> None:
    clock = Clock()
    with closing(Runtime(snapshot, SqliteStore(tmp_path / "state.db"), Ports(clock=clock))) as runtime:
        stored(runtime)
    clock.now += DAY
    children = [forked(snapshot, tmp_path, clock) for _ in range(4)]
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
    with closing(Runtime(snapshot, SqliteStore(tmp_path / "state.db"), Ports(clock=clock))) as runtime:
        assert notes(runtime) == [b'{"what":"stored"}', b'{"what":"reminded"}']
        assert [step.event for step in runtime.machines.steps(PARCEL, "p1")] == ["START", "HAND_IN", "P1D"]


def forked(snapshot: Snapshot, folder: Path, clock: Clock) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        fired(Runtime(snapshot, SqliteStore(folder / "state.db"), Ports(clock=clock)))
        code = 0
    finally:
        os._exit(code)


def moved(runtime: Runtime) -> None:
    """A parcel's way up to where it was reminded of; done again, it changes nothing."""
    machines = runtime.machines
    machines.start(PARCEL, "p1", CLERK, "start")
    machines.send(PARCEL, "p1", "HAND_IN", CLERK, {"weight": 1}, "in")
    for due in machines.instance(PARCEL, "p1").times:
        if due.after == "P1D":
            machines.fire(due)


@pytest.mark.parametrize("grain", ["line", "opcode"])
def test_whoever_is_killed_on_the_way_leaves_an_instance_where_the_next_one_goes_on(
    grain: Grain, snapshot: Snapshot, tmp_path: Path
) -> None:
    crashes = Crashes(snapshot, Scenario("parcel", moved), tmp_path)
    assert dict(differences(crashes, grain, 12)) == {}
