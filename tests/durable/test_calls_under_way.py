"""Processes that end while the other side is at its answer: killed, interrupted, stopped; and what goes on then."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable

import pytest

from tests.durable.depot import ENOUGH, NOTES, Depot, until
from tests.durable.test_commands import ORDER, PACKED
from tests.durable.test_commands import signal as signal_to
from tests.durable.test_whole_runs import BEFORE, CHARGE, DONE, MAIL, TOLD
from tests.end_to_end.programs import agrees, recompile
from tests.parties.mail import SILENT
from tests.parties.service import Mood
from tests.postgres import Server

KEYED, LEFT, PARCEL = "WF_CHARGE_KEYED_V0", "WF_CHARGE_LEFT_V0", "WF_PARCEL_V0"
NEVER = Mood(end="never")


def run(workflow: str, *options: str) -> tuple[str, ...]:
    return ("run", "--wf", f"shipping::{workflow}", "--payload", "-", *options)


def asked(depot: Depot, times: int) -> Callable[[], bool]:
    return lambda: len(depot.service.asked) >= times


def killed(depot: Depot, workflow: str, payload: object, when: Callable[[], bool]) -> str:
    """Kill a run as soon as something is so: its id."""
    code, _ = depot.killed(when, signal.SIGKILL, *run(workflow), payload=payload)
    assert code == -signal.SIGKILL
    stands = depot.only_run()
    assert (stands["status"], stands["exit_code"]) == ("RUNNING", 11)
    assert stands["next"] == [f"If no process is at it any more, go on: pgs_runtime resume {stands['id']}"]
    return str(stands["id"])


def test_crash_04_a_call_under_a_key_that_was_killed_is_made_again_and_charged_once(depot: Depot) -> None:
    depot.service.moods.append(NEVER)
    id = killed(depot, KEYED, CHARGE, asked(depot, 1))
    answer = depot.command("resume", id, "--json", "--no-picture")
    assert (answer.code, answer.json()["kind"], agrees(answer, depot.place)) == (0, "COMPLETED", True)
    with depot.runtime() as runtime:
        assert depot.whole(runtime, id) == DONE
        ((status, key),) = depot.effects(runtime, id)
    assert (status, list(depot.service.done)) == ("DONE", [key])
    assert [each.key for each in depot.service.asked] == [key, key]


def test_crash_04_a_call_that_is_left_to_a_person_is_not_made_again(depot: Depot) -> None:
    depot.service.moods.append(NEVER)
    id = killed(depot, LEFT, CHARGE, asked(depot, 1))
    for _ in range(2):
        answer = depot.command("resume", id, "--json", "--no-picture")
        assert (answer.code, answer.json()["kind"]) == (12, "IN_DOUBT")
    assert (len(depot.service.asked), len(depot.service.done)) == (1, 1)
    depot.tell(CS_HTTP_CALL_V0={"endpoints": {}})  # the bank is not asked where somebody knows
    word = ["--done", "SUCCESS", "--outputs", "-", "--reason", "on the statement", "--json", "--no-picture"]
    done = depot.command("reconcile", id, *word, stdin=b'{"status":200}')
    assert (done.code, done.json()["result"]) == (0, {"status": 200})
    with depot.runtime() as runtime:
        assert depot.whole(runtime, id) == [*BEFORE, "doubt charge", "reconciled charge SUCCESS", *DONE[5:]]
        assert [status for status, _ in depot.effects(runtime, id)] == ["DONE"]
    assert len(depot.service.done) == 1


def test_crash_04_a_call_that_can_be_looked_up_is_looked_up(depot: Depot) -> None:
    depot.service.moods.append(NEVER)
    id = killed(depot, PARCEL, {"order": "o1"}, asked(depot, 1))
    answer = depot.command("resume", id, "--json", "--no-picture")
    assert (answer.code, answer.json()["result"], depot.service.methods) == (0, {"number": 1}, ["PUT", "GET"])
    assert len(depot.service.done) == 1


@pytest.mark.parametrize(
    ("workflow", "code", "came", "told"),
    [("WF_TELL_LEFT_V0", 12, 1, [*TOLD[:3], "doubt tell"]), ("WF_TELL_AGAIN_V0", 0, 2, TOLD)],
)
def test_crash_04_an_email_is_sent_again_only_where_that_was_accepted(
    depot: Depot, workflow: str, code: int, came: int, told: list[str]
) -> None:
    depot.mail.moods.append({"END": SILENT})
    id = killed(depot, workflow, MAIL, lambda: bool(depot.mail.taken))
    assert depot.command("resume", id, "--no-picture").code == code
    with depot.runtime() as runtime:
        assert depot.whole(runtime, id) == told
    assert len(depot.mail.taken) == came
    assert len({taken.content for taken in depot.mail.taken}) == 1


def test_crash_11_a_process_that_goes_on_may_be_killed_as_well(depot: Depot) -> None:
    depot.service.moods += [NEVER, NEVER, NEVER]
    id = killed(depot, KEYED, CHARGE, asked(depot, 1))
    for times in (2, 3):
        code, _ = depot.killed(asked(depot, times), signal.SIGKILL, "resume", id)
        assert code == -signal.SIGKILL
    assert depot.command("resume", "--no-picture").out == f"{id}  COMPLETED  COMPLETED\n"
    with depot.runtime() as runtime:
        assert depot.whole(runtime, id) == DONE
        ((_, key),) = depot.effects(runtime, id)
    assert [each.key for each in depot.service.asked] == [key] * 4
    assert list(depot.service.done) == [key]


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_crash_07_who_is_told_to_stop_in_the_midst_of_a_call_leaves_a_run_that_goes_on(
    depot: Depot, sent: int, code: int
) -> None:
    depot.service.moods.append(NEVER)
    ended, said = depot.killed(asked(depot, 1), sent, *run(KEYED), payload=CHARGE)
    stands = depot.only_run()
    assert (ended, stands["status"]) == (code, "RUNNING")
    hint = f"Interrupted. To go on: `pgs_runtime resume {stands['id']}`.\n"
    assert said == (hint if sent == signal.SIGINT else "")
    assert not list(depot.place.workspace.glob("traces/*/.*"))
    assert depot.command("resume", str(stands["id"]), "--no-picture").code == 0
    assert len(depot.service.done) == 1


def test_crash_07_whoever_asks_again_with_the_same_request_id_goes_on_with_the_run(depot: Depot) -> None:
    depot.service.moods.append(NEVER)
    line = run(KEYED, "--request-id", "r1")
    depot.killed(asked(depot, 1), signal.SIGKILL, *line, payload=CHARGE)
    again = depot.run(KEYED, CHARGE, "--request-id", "r1", "--json")
    assert (again.code, again.json()["kind"], again.json()["repeated"]) == (0, "COMPLETED", True)
    id = again.json()["trace_id"]
    last = depot.run(KEYED, CHARGE, "--request-id", "r1", "--json")
    assert (last.code, last.json()["trace_id"], last.json()["result"]) == (0, id, {"status": 200})
    other = depot.run(KEYED, {**CHARGE, "amount": 6}, "--request-id", "r1", "--json")
    assert (other.code, other.error()["code"]) == (5, "R015")
    assert len(depot.service.done) == 1


def test_conc_02_who_is_stopped_at_its_call_is_left_alone_while_its_lease_lasts(depot: Depot) -> None:
    depot.service.moods.append(NEVER)
    process = depot.started(*run(KEYED, "--request-id", "r1"), payload=CHARGE)
    until(asked(depot, 1))
    os.kill(process.pid, signal.SIGSTOP)
    id = str(depot.only_run()["id"])
    held = depot.command("resume", id, "--json")
    assert (held.code, held.error()["code"]) == (11, "R082")
    assert held.error()["hint"] == f"Try again. If its process has ended: `pgs_runtime resume {id}`."
    everything = depot.command("resume", "--json")
    assert (everything.code, everything.json()) == (0, {"refused": [], "runs": []})
    left = depot.command("abandon", id, "--reason", "r", "--json")
    assert (left.code, left.error()["code"]) == (11, "R082")
    again = depot.run(KEYED, CHARGE, "--request-id", "r1", "--json")
    assert (again.code, again.json()["kind"], again.json()["trace_id"]) == (11, "RUNNING", id)
    os.kill(process.pid, signal.SIGCONT)
    process.communicate(timeout=ENOUGH)
    assert process.returncode == 0
    with depot.runtime() as runtime:
        assert depot.whole(runtime, id) == DONE
    assert len(depot.service.done) == 1


@pytest.mark.tampers("takes the snapshot away")
@pytest.mark.parametrize("store", ["a file", "PostgreSQL"])
def test_a_run_that_was_killed_and_whose_snapshot_is_gone_is_abandoned(
    depot: Depot, store: str, request: pytest.FixtureRequest
) -> None:
    if store == "PostgreSQL":
        server: Server = request.getfixturevalue("postgres")
        depot.store = server.url()
    depot.service.moods.append(NEVER)
    id = killed(depot, KEYED, CHARGE, asked(depot, 1))
    refused = depot.command("abandon", id, "--reason", "r", "--json")
    assert (refused.code, refused.error()["code"]) == (2, "R141")
    recompile(depot.place, version="2")
    shutil.rmtree(depot.place.data / "snapshots" / str(depot.only_run()["snapshot"]))
    answer = depot.command("abandon", id, "--reason", "the disk is lost", "--json")
    assert (answer.code, answer.json()["exit"], len(depot.service.asked)) == (0, "ABANDONED", 1)
    assert answer.json()["effects"] == {NOTES: {"APPEND": 1}}
    assert depot.command("verify", depot.place.workspace / "traces" / id, "--level", "complete").code == 0
    again = depot.command("show", id, "--json").json()
    assert (again["status"], again["exit"], again["exit_code"]) == ("CANCELLED", "ABANDONED", 130)


def test_a_live_run_in_postgresql_goes_on_as_one_in_a_file_does(depot: Depot, postgres: Server) -> None:
    depot.store = postgres.url()
    depot.service.moods.append(NEVER)
    id = killed(depot, KEYED, CHARGE, asked(depot, 1))
    assert depot.command("cancel", id, "--reason", "r", "--json").error()["code"] == "R082"
    answer = depot.command("resume", "--json", "--no-picture")
    assert (answer.code, [run["kind"] for run in answer.json()["runs"]]) == (0, ["COMPLETED"])
    assert (len(depot.service.done), len(depot.service.asked)) == (1, 2)
    waits = depot.run("WF_ORDER_V0", ORDER, "--json").json()["trace_id"]
    assert signal_to(depot, waits, PACKED).code == 0
    assert depot.command("state", "get", NOTES, "o1").out == '{"what":"ORDERED"}\n{"what":"PACKED"}\n'
    assert depot.command("verify", depot.place.workspace / "traces" / waits).code == 0
    assert not (depot.place.data / "state.db").exists()
