"""Command lines that say something else than was meant, and the commands that lead back to a run."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.programs import ENVIRONMENT, Installation, command

BEHAVE = "trouble::WF_BEHAVE_V0"
COMPLETE = b'{"how":"complete"}'


# --- what is set and empty -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "option", ["--workspace", "--data-root", "--pin", "--actor", "--request-id", "--config", "--payload", "--wf"]
)
def test_an_empty_option_is_refused_and_nothing_runs(option: str, trouble: Installation, tmp_path: Path) -> None:
    line = {"--wf": BEHAVE, "--payload": "-", "--workspace": str(trouble.workspace), "--data-root": str(trouble.data)}
    words = [word for pair in (line | {option: ""}).items() for word in pair]
    answer = command("pgs_runtime", ["run", *words, "--json"], COMPLETE)
    assert (answer.code, answer.error()["code"]) == (2, "R001")
    assert answer.error()["message"] == f"`{option}`: An empty value stands for nothing."
    assert trouble.untouched()


@pytest.mark.parametrize(
    ("command_name", "argument"),
    [("resume", "ID"), ("verify", "TRACE"), ("replay", "TRACE"), ("why", "TRACE"), ("show", "ID")],
)
def test_an_empty_argument_is_refused_and_stands_for_no_other(
    command_name: str, argument: str, trouble: Installation
) -> None:
    answer = command("pgs_runtime", [command_name, "", "--workspace", trouble.workspace, "--data-root", trouble.data])
    assert answer.code == 2
    assert f"`{argument}`: An empty value stands for nothing." in answer.err
    assert trouble.untouched()


@pytest.mark.parametrize("name", ["PIN", "DATA_ROOT", "WORKSPACE", "ACTOR", "REQUEST_ID", "CONFIG"])
def test_a_variable_that_is_set_and_empty_is_refused_and_nothing_runs(name: str, trouble: Installation) -> None:
    places = {"PGS_WORKSPACE": str(trouble.workspace), "PGS_DATA_ROOT": str(trouble.data)}
    environment = {**ENVIRONMENT, **places, f"PGS_{name}": ""}
    line = ["run", "--wf", BEHAVE, "--payload", "-", "--json"]
    answer = command("pgs_runtime", line, COMPLETE, environment)
    assert (answer.code, answer.error()["code"]) == (2, "R001")
    assert f"`PGS_{name}` is set and empty." in answer.error()["message"]
    assert trouble.untouched()


@pytest.mark.parametrize("text", ["null", "[]", "0", '""', "false"])
def test_a_configuration_that_is_no_object_is_refused_and_nothing_runs(
    text: str, trouble: Installation, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(text, encoding="utf-8")
    answer = trouble.run(BEHAVE, COMPLETE, "--config", str(tmp_path / "config.json"), "--json")
    assert (answer.code, answer.error()["code"]) == (2, "R013")
    assert trouble.untouched()


@pytest.mark.parametrize("pin", ["abc", "0" * 63, "0" * 65, "A" * 64, "../" + "0" * 61])
def test_a_pin_that_no_snapshot_can_have_is_a_mistake_of_the_command_line(pin: str, trouble: Installation) -> None:
    answer = trouble.run(BEHAVE, COMPLETE, "--pin", pin, "--json")
    assert (answer.code, answer.error()["code"]) == (2, "R001")
    assert "64 small hex digits" in answer.error()["message"]
    assert trouble.untouched()


def test_a_pin_of_another_snapshot_is_a_broken_seal(trouble: Installation) -> None:
    answer = trouble.run(BEHAVE, COMPLETE, "--pin", "0" * 64, "--json")
    assert (answer.code, answer.error()["code"]) == (3, "Z905")


# --- how a misuse is told ------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["0", "false", "no"])
def test_a_misuse_is_told_as_json_only_if_that_was_asked_for(value: str) -> None:
    environment = {**ENVIRONMENT, "PGS_JSON": value}
    answer = command("pgs_runtime", ["run"], environment=environment)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("error[R001]: ")


def test_a_misuse_is_told_in_the_words_of_the_project() -> None:
    environment = {**ENVIRONMENT, "PGS_JSON": "abc"}
    answer = command("pgs_runtime", ["list"], environment=environment)
    assert answer.err.partition("\n")[0] == "error[R001]: `--json`: `abc` is neither true nor false."
    answer = command("pgs_runtime", ["verify", "x", "--level", "much"])
    levels = "`self-consistent`, `complete`, `anchored`, `authentic`, `witnessed`"
    assert answer.err.partition("\n")[0] == f"error[R001]: `--level`: `much` is not one of {levels}."
    answer = command("pgs_runtime", ["run"])
    assert answer.err == "error[R001]: `--wf` is missing.\n  hint: Type `pgs_runtime run --help`.\n"


def test_a_request_id_of_another_form_is_a_mistake_of_the_command_line(trouble: Installation) -> None:
    answer = trouble.run(BEHAVE, COMPLETE, "--request-id", "a b", "--json")
    assert (answer.code, answer.error()["code"]) == (2, "R009")


# --- the runs of a store -------------------------------------------------------------------------


def test_runs_are_listed_with_how_they_ended(trouble: Installation) -> None:
    ids = {}
    for how in ("complete", "deny", "raise"):
        answer = trouble.run(BEHAVE, json.dumps({"how": how, "key": how}).encode(), "--json")
        ids[answer.json()["trace_id"]] = answer.json()["kind"]
    listed = trouble.runtime("list", "--json").json()["runs"]
    assert {run["id"]: run["status"] for run in listed} == ids
    assert [run["id"] for run in listed] == sorted(ids)
    assert {run["workflow"] for run in listed} == {BEHAVE}
    text = trouble.runtime("list").out.splitlines()
    assert [line.split()[0] for line in text] == sorted(ids)
    denied = trouble.runtime("list", "--status", "DENIED").out
    assert denied.split() == [next(id for id, kind in ids.items() if kind == "DENIED"), "DENIED", "DENIED", BEHAVE]


def test_there_are_no_runs_where_there_is_no_store(trouble: Installation) -> None:
    answer = trouble.runtime("list")
    assert (answer.code, answer.out) == (0, "")
    assert trouble.untouched()


def test_the_files_of_a_run_are_made_again_with_the_same_bytes(trouble: Installation) -> None:
    first = trouble.runtime("run", "--wf", BEHAVE, "--payload", "-", "--json", stdin=COMPLETE).json()
    kept = {path: path.read_bytes() for path in map(Path, first["trace"])}
    assert sorted(path.suffix for path in kept) == [".jsonl", ".md", ".png"]
    for path in kept:
        path.unlink()
    answer = trouble.runtime("export", first["trace_id"], "--json")
    assert (answer.code, answer.json()["trace"]) == (0, first["trace"])
    assert {path: path.read_bytes() for path in kept} == kept


def test_what_cannot_be_written_is_told_with_the_command_that_makes_it_again(trouble: Installation) -> None:
    (trouble.workspace / "traces").touch()
    answer = trouble.run(BEHAVE, COMPLETE, "--json")
    run = answer.json()["trace_id"]
    assert (answer.code, answer.json()["error"]["code"]) == (14, "R062")
    assert f"Then type `pgs_runtime export {run}`" in answer.json()["error"]["hint"]
    (trouble.workspace / "traces").unlink()
    assert trouble.runtime("export", run).code == 0
    assert f"{run}.jsonl" in trouble.traces()


@pytest.mark.parametrize(("run", "code"), [("0" * 26, "R014"), ("../../etc", "R063")])
def test_a_run_that_is_not_there_is_not_exported(run: str, code: str, trouble: Installation) -> None:
    for _ in range(2):
        answer = trouble.runtime("export", run, "--json")
        assert (answer.code, answer.error()["code"]) == (2, code)
        trouble.run(BEHAVE, COMPLETE)


# --- interrupts ----------------------------------------------------------------------------------


@pytest.mark.parametrize("program", ["pgs_runtime", "pgs_compiler"])
def test_an_interrupt_while_a_program_loads_shows_no_traceback(program: str) -> None:
    # The first module that a program of ours loads is interrupted, long before there is a `main`.
    code = f"""
import os, runpy, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
sys.argv = ["{program}", "--version"]
runpy.run_module("{program}", run_name="__main__", alter_sys=True)
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, env=ENVIRONMENT, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")


# --- reasons -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"[]", "the payload is not an object"),
        (b"{}", "`/how` is required, and not there"),
        (b'{"how":"complete","hwo":1}', "`/hwo` is not declared"),
    ],
)
def test_a_rejected_payload_is_told_in_whole_sentences(payload: bytes, why: str, trouble: Installation) -> None:
    answer = trouble.run(BEHAVE, payload)
    assert (answer.code, answer.out.splitlines()[1]) == (5, f"  why      {why}")
