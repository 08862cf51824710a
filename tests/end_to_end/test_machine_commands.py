"""The commands for machines, as somebody types them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from pgs_runtime.ports import Ports
from pgs_snapshot.exchange import write_snapshot
from tests.end_to_end.programs import Answer, Installation, compiled
from tests.runtime.parcels import BEGAN, CLERK, DAY, PARCEL, WORKSPACE, Clock

AS_CLERK = ["--actor", "AC_CLERK_V0", "--no-picture"]


@pytest.fixture
def place(tmp_path: Path) -> Installation:
    folder = tmp_path / "workspace"
    shutil.copytree(WORKSPACE, folder)
    write_snapshot(folder / "protocol_snapshot", compiled(folder))
    return Installation(folder, tmp_path / "data")


def start(place: Installation, instance: str, *options: str) -> Answer:
    return place.runtime("machine", "start", "SM_PARCEL_V0", "--instance", instance, *AS_CLERK, *options)


def send(place: Installation, instance: str, event: str, *options: str, payload: bytes = b"") -> Answer:
    line = ["machine", "send", "SM_PARCEL_V0", "--instance", instance, "--event", event, *AS_CLERK, *options]
    return place.runtime(*line, *(["--payload", "-"] if payload else []), stdin=payload)


def test_where_nothing_was_run_there_are_machines_and_no_instances(place: Installation) -> None:
    assert place.runtime("machine", "list").out == f"     0  {PARCEL}\n"
    assert place.runtime("machine", "list", "SM_PARCEL_V0").out == "Nobody has started an instance.\n"
    assert place.runtime("machine", "list", PARCEL, "--json").json() == []
    missing = place.runtime("machine", "show", "SM_PARCEL_V0", "--instance", "p1", "--json")
    assert (missing.code, missing.error()["code"]) == (2, "R182")
    assert place.untouched()


def test_an_instance_is_started_sent_events_and_shown(place: Installation) -> None:
    assert start(place, "p1", "--json").json()["result"] == {"state": "ANNOUNCED", "version": 1}
    sent = send(place, "p1", "HAND_IN", payload=b'{"weight": 12}')
    assert (sent.code, sent.out.splitlines()[:2]) == (0, ["COMPLETED", '  result   {"state": "STORED", "version": 2}'])
    again = send(place, "p1", "HAND_IN", payload=b'{"weight": 12}')
    assert (again.code, again.out.splitlines()[0]) == (0, "COMPLETED IGNORED")
    early = send(place, "p2", "COLLECT")
    assert (early.code, early.out.splitlines()[0]) == (4, "DENIED NOT_STARTED")
    shown = place.runtime("machine", "show", PARCEL, "--instance", "p1").out
    assert re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-v]{26}", "…", shown).splitlines() == [
        "parcels::SM_PARCEL_V0  p1",
        "  state    STORED",
        "  since    …",
        "  version  2",
        "  time     P1D: REMIND → REMINDED, at …",
        "  time     P3D: GONE, at …",
        "  step     …  START → ANNOUNCED  …",
        "  step     …  HAND_IN → STORED  …",
    ]
    told = place.runtime("machine", "show", PARCEL, "--instance", "p1", "--json").json()
    assert {name: told[name] for name in ("state", "version", "final", "instance", "machine")} == {
        "state": "STORED",
        "version": 2,
        "final": False,
        "instance": "p1",
        "machine": PARCEL,
    }
    assert place.runtime("machine", "list").out == f"     1  {PARCEL}\n"
    assert place.runtime("machine", "list", PARCEL).out.split()[::2] == ["STORED", "p1"]


def test_an_event_that_nobody_sends_and_a_machine_that_there_is_not_are_refused(place: Installation) -> None:
    start(place, "p1")
    unknown = send(place, "p1", "HAND_ON", "--json")
    assert (unknown.code, unknown.error()["code"], unknown.error()["hint"]) == (2, "R181", "Is it `HAND_IN`?")
    other = place.runtime("machine", "list", "SM_PARCELS_V0", "--json")
    assert (other.code, other.error()["code"]) == (2, "R180")


def test_resume_lets_follow_what_follows_when_a_time_is_over_and_does_so_once(place: Installation) -> None:
    with place.open(Ports(clock=Clock(BEGAN))) as runtime:
        runtime.machines.start(PARCEL, "p1", CLERK)
        runtime.machines.send(PARCEL, "p1", "HAND_IN", CLERK, {"weight": 1})
    over = place.runtime("machine", "show", PARCEL, "--instance", "p1").out
    assert "  time     P1D: REMIND → REMINDED, is over: `pgs_runtime resume` lets it follow\n" in over
    resumed = place.runtime("resume", "--no-picture", "--json").json()
    assert [(run["kind"], run["exit"]) for run in resumed["runs"]] == [("COMPLETED", "COMPLETED")]
    assert f"{resumed['runs'][0]['trace_id']}.jsonl" in place.traces()
    assert place.runtime("resume", "--no-picture").out == "There is nothing to go on with.\n"
    told = place.runtime("machine", "show", PARCEL, "--instance", "p1", "--json").json()
    assert (told["state"], [step["event"] for step in told["steps"]]) == ("REMINDED", ["START", "HAND_IN", "P1D"])
    with place.open(Ports(clock=Clock(BEGAN + 30 * DAY))) as runtime:
        assert list(runtime.machines.due()) == []
