"""How commands end: one end for each class of failure, whatever terminal, output and locale are."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from pgs_runtime.faults import ExitCode
from pgs_runtime.ports import Ports
from pgs_runtime.refusals import refusal_of
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.errors import StoreBusy
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.stores.sqlite_file import SqliteOptions
from pgs_snapshot.folder import open_snapshot
from pgs_snapshot.snapshot import Snapshot
from tests.end_to_end.programs import ENVIRONMENT, Installation, agrees, command, operator, recompile

BEHAVE = "trouble::WF_BEHAVE_V0"
REGISTER = "blockchain::WF_REGISTER_ACTOR_UNVERIFIED_V0"
COMPLETE = b'{"how":"complete"}'
ADA = b'{"actor_record":{"first_name":"A","last_name":"B","email_registration":"a@b.org"}}'
GRAPH = "protocol_snapshot/graphs/trouble__WF_BEHAVE_V0.json"
CODE = "src/trouble/behaviour.py"


def flip(place: Installation) -> None:
    file = place.workspace / GRAPH
    file.write_bytes(file.read_bytes().replace(b"done", b"gone"))


def swap(place: Installation) -> None:
    file = place.workspace / CODE
    file.write_bytes(file.read_bytes() + b"\n")


def spoil(place: Installation) -> None:
    place.data.mkdir(mode=0o700)
    (place.data / "state.db").write_bytes(b"no database, but long enough to have the header of one.".ljust(4096))


def forget_actor(place: Installation) -> None:
    recompile(place, actor="")


def nothing(place: Installation) -> None:
    """Leave it as it is."""


# --- CLI-01 --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prepare", "workflow", "payload", "code", "error"),
    [
        pytest.param(nothing, "trouble::WF_NOWHERE_V0", COMPLETE, 2, "R010", id="2-workflow"),
        pytest.param(flip, BEHAVE, COMPLETE, 3, "Z908", id="3-changed-file"),
        pytest.param(swap, BEHAVE, COMPLETE, 3, "Z912", id="3-changed-implementation"),
        pytest.param(nothing, BEHAVE, b'{"a":1,"a":2}', 5, "J106", id="5-payload"),
        pytest.param(forget_actor, BEHAVE, COMPLETE, 5, "R017", id="5-nobody"),
        pytest.param(spoil, BEHAVE, COMPLETE, 8, "R040", id="8-store"),
    ],
)
def test_cli_01_a_refusal_is_an_object_on_stdout_and_a_message_on_stderr_and_runs_nothing(
    prepare: Callable[[Installation], None],
    workflow: str,
    payload: bytes,
    code: int,
    error: str,
    trouble: Installation,
) -> None:
    prepare(trouble)
    plain = trouble.run(workflow, payload)
    assert (plain.code, plain.out) == (code, "")
    assert plain.err.startswith(f"error[{error}]")
    answer = trouble.run(workflow, payload, "--json")
    assert (answer.code, answer.error()["code"], answer.err) == (code, error, plain.err)
    assert answer.error()["message"].endswith(".")
    assert trouble.traces() == []
    assert (trouble.data / "state.db").exists() is (code in (2, 8) or error == "R017")


def test_cli_01_a_command_line_that_is_none_is_an_object_too(trouble: Installation) -> None:
    for options in (["run"], ["run", "--nothing"], ["nothing"], ["state", "load"], ["state"], []):
        answer = command("pgs_runtime", [*options, "--json"])
        assert (answer.code, answer.error()["code"]) == (2, "R001")


def test_cli_01_a_changed_implementation_is_named_with_what_was_expected_and_found(
    trouble: Installation,
) -> None:
    with closing(trouble.open()) as runtime:
        sealed = runtime.snapshot.sealed.manifest.implementations
    expected = next(item.modules[name] for item in sealed for name in item.modules if "behaviour" in name)
    swap(trouble)
    error = trouble.run(BEHAVE, COMPLETE, "--json").error()
    assert error["where"] == str(trouble.workspace / CODE)
    assert expected in error["message"]
    assert "found `" in error["message"]


def test_cli_01_a_busy_store_is_tried_again_later(trouble: Installation) -> None:
    trouble.run(BEHAVE, COMPLETE)
    snapshot = Snapshot(open_snapshot(trouble.workspace / "protocol_snapshot"))
    file = trouble.data / "state.db"
    with (
        closing(SqliteStore(file)) as other,
        closing(SqliteStore(file, SqliteOptions(patience=0.0))) as store,
    ):
        runtime = Runtime(snapshot, store)
        with other.exclusive(), pytest.raises(StoreBusy) as caught:
            runtime.run(BEHAVE, {"how": "complete"}, operator(runtime))
    refusal = refusal_of(caught.value)
    assert (refusal.exit_code, refusal.hint) == (ExitCode.BUSY, "Try again.")
    assert len(trouble.runs()) == 1


# --- who asks, and how often ---------------------------------------------------------------------


def test_an_actor_of_another_type_is_rejected_with_a_run_and_a_trace(examples: Installation) -> None:
    answer = examples.run(REGISTER, ADA, "--actor", "AC_VERIFIER_V0", "--json")
    assert (answer.code, answer.json()["kind"]) == (5, "REJECTED")
    assert agrees(answer, examples)
    assert examples.runs() == [("REJECTED", "REJECTED")]


def test_a_repeated_request_is_answered_from_the_record(trouble: Installation) -> None:
    first, again = (trouble.run(BEHAVE, COMPLETE, "--request-id", "R1", "--json") for _ in range(2))
    assert (first.json()["repeated"], again.json()["repeated"]) == (False, True)
    assert {**again.json(), "repeated": False} == first.json()
    assert len(trouble.runs()) == 1
    other = trouble.run(BEHAVE, b'{"how":"deny"}', "--request-id", "R1", "--json")
    assert (other.code, other.error()["code"]) == (5, "R015")
    assert len(trouble.runs()) == 1


@pytest.mark.parametrize(("how", "code"), [("fail", 1), ("deny", 4), ("raise", 6), ("large", 10)])
def test_a_repeated_request_ends_as_the_first_did(how: str, code: int, trouble: Installation) -> None:
    with trouble.open() as runtime:
        first, again = (runtime.run(BEHAVE, {"how": how}, operator(runtime), request_id="R1") for _ in range(2))
    assert (first.exit_code, again.exit_code) == (code, code)
    assert (first.exit, first.trace_id, first.message) == (again.exit, again.trace_id, again.message)


# --- CLI-02 --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("within", "code"),
    [
        ('exec "$@" >/dev/full', 14),
        ('exec "$@" >&-', 14),
        ('"$@" | true; exit "${PIPESTATUS[0]}"', 14),
        ('exec "$@" 2>/dev/full', 0),
        ('exec "$@" 2>&-', 0),
    ],
    ids=["full", "closed", "broken", "errors-full", "errors-closed"],
)
def test_cli_02_output_that_goes_nowhere_is_reported_and_the_run_stands(
    within: str, code: int, trouble: Installation
) -> None:
    answer = trouble.run(BEHAVE, COMPLETE, within=within)
    assert answer.code == code
    assert answer.err.startswith("error[R061]") is (code == 14)
    assert trouble.runs() == [("COMPLETED", "COMPLETED")]
    assert len(trouble.traces()) == 2


@pytest.mark.parametrize("within", ['exec "$@" 2>/dev/full', 'exec "$@" 2>&-', 'exec "$@" >&- 2>&-'])
def test_cli_02_a_refusal_that_nobody_can_read_keeps_its_exit_code(within: str, trouble: Installation) -> None:
    assert trouble.run("nowhere", COMPLETE, within=within).code == 2


def test_cli_02_closed_input_is_a_payload_that_cannot_be_read(trouble: Installation) -> None:
    answer = trouble.run(BEHAVE, b"", "--json", within='exec "$@" <&-')
    assert (answer.code, answer.error()["code"]) == (2, "R019")
    assert trouble.untouched()


@pytest.mark.parametrize("program", ["pgs_compiler", "pgs_runtime"])
@pytest.mark.parametrize("output", [">/dev/full", ">&-"])
def test_cli_02_help_that_cannot_be_written_is_no_success(program: str, output: str) -> None:
    assert command(program, ["--help"], within=f'exec "$@" {output}').code == 14


def test_cli_02_findings_that_cannot_be_written_are_no_success(tmp_path: Path) -> None:
    place = Installation(tmp_path, tmp_path)
    for line in (["check"], ["compile", "--format", "json"]):
        assert place.compiler(*line, within='exec "$@" >/dev/full').code == 14


@pytest.mark.parametrize(
    "environment",
    [
        {**ENVIRONMENT, "COLUMNS": "1", "LINES": "1"},
        {**ENVIRONMENT, "COLUMNS": "-1", "TERM": "dumb"},
        {**ENVIRONMENT, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"},
        {**ENVIRONMENT, "LC_ALL": "nowhere.ISO-8859-1"},
        {"PATH": ""},
    ],
    ids=["narrow", "dumb", "C", "unknown-locale", "bare"],
)
def test_cli_02_neither_terminal_nor_locale_changes_how_a_run_ends(
    environment: dict[str, str], trouble: Installation
) -> None:
    payload = json.dumps({"how": "wé 千 \U0001f701 \u202e \x1b[31m"}).encode()
    answer = trouble.run(BEHAVE, payload, environment=environment)
    assert (answer.code, answer.err) == (0, "")
    assert all(line.isprintable() for line in answer.out.splitlines())
    answer = trouble.run(BEHAVE, payload, "--json", environment=environment)
    assert answer.json()["result"] == {"value": json.loads(payload)["how"]}
    refused = trouble.run("wé\u202e", payload, environment=environment)
    assert refused.code == 2
    assert all(line.isprintable() for line in refused.err.splitlines())


def test_cli_02_a_workspace_with_letters_beyond_ascii_is_a_workspace(trouble: Installation, tmp_path: Path) -> None:
    place = Installation(trouble.workspace.rename(tmp_path / "wé千"), tmp_path / "dé")
    answer = place.run(BEHAVE, COMPLETE, environment={**ENVIRONMENT, "LC_ALL": "C"})
    assert (answer.code, len(place.traces())) == (0, 2)


# --- interrupts ----------------------------------------------------------------------------------


def test_an_interrupted_command_ends_with_130_and_leaves_nothing_half_written(trouble: Installation) -> None:
    line = [sys.executable, "-I", "-m", "pgs_runtime", "run", "--wf", BEHAVE, "--payload", "-"]
    line += ["--workspace", str(trouble.workspace), "--data-root", str(trouble.data)]
    pipe = subprocess.PIPE
    with subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=pipe, env=ENVIRONMENT) as running:
        assert running.stdin is not None
        running.stdin.write(b'{"how":"spin"}')
        running.stdin.close()
        # The copy of the snapshot is the last that is written before a run begins, which then never ends.
        while not list(trouble.data.glob("snapshots/*/manifest.json")) and running.poll() is None:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        out, err = running.stdout, running.stderr
        assert out is not None
        assert err is not None
        assert (out.read(), err.read()) == (b"", b"Interrupted.\n")
    assert running.returncode == 130
    assert trouble.runs() == []
    assert trouble.traces() == []


def test_an_interrupt_while_the_files_are_written_says_that_the_run_stands(trouble: Installation) -> None:
    (trouble.workspace / "traces").mkdir()
    line = [sys.executable, "-I", "-m", "pgs_runtime", "run", "--wf", BEHAVE, "--payload", "-", "--no-picture"]
    line += ["--workspace", str(trouble.workspace), "--data-root", str(trouble.data)]
    pipe = subprocess.PIPE
    folder = os.open(trouble.workspace / "traces", os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)  # who writes traces waits for it
    try:
        with subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=pipe, env=ENVIRONMENT) as running:
            assert running.stdin is not None
            running.stdin.write(COMPLETE)
            running.stdin.close()
            while not waits_for_a_lock(running.pid) and running.poll() is None:
                time.sleep(0.01)
            running.send_signal(signal.SIGINT)
            out, err = running.stdout, running.stderr
            assert out is not None
            assert err is not None
            said = (out.read(), err.read().decode())
    finally:
        os.close(folder)
    assert running.returncode == 130
    with closing(SqliteStore(trouble.data / "state.db")) as store:
        (run,) = store.runs()
    assert run.status == "COMPLETED"
    assert said == (b"", f"Interrupted. Run `{run.id}` stands: it is COMPLETED.\n")


def waits_for_a_lock(process: int) -> bool:
    """Whether a process stands still because somebody else holds a lock that it asked for."""
    waiting = re.compile(rf"-> FLOCK +ADVISORY +WRITE +{process} ")
    return waiting.search(Path("/proc/locks").read_text(encoding="ascii")) is not None


def test_an_interrupt_at_any_moment_of_a_run_leaves_nothing_of_it(trouble: Installation) -> None:
    calls = interrupted_at(trouble, -1)
    assert trouble.runs() == [("COMPLETED", "COMPLETED")]
    for call in range(calls):
        with pytest.raises(KeyboardInterrupt):
            interrupted_at(trouble, call)
        assert len(trouble.runs()) == 1
        with closing(SqliteStore(trouble.data / "state.db")) as store:
            assert [tally.rows for tally in store.tallies()] == [1, 1]


def interrupted_at(place: Installation, moment: int) -> int:
    """Run with a clock that is interrupted when it is read for the nth time; how often it was read."""
    calls = 0

    def clock() -> int:
        nonlocal calls
        if calls == moment:
            raise KeyboardInterrupt
        calls += 1
        return 1_700_000_000_000_000 + calls

    with place.open(Ports(clock=clock)) as runtime:
        runtime.run(BEHAVE, {"how": "complete"}, operator(runtime))
    return calls
