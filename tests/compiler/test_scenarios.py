"""`pgs_compiler test`: scenarios pass where runs are as they say, and each difference is told where it is expected."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pgs_compiler.findings import Place
from pgs_compiler.scenarios.judging import judged
from pgs_compiler.scenarios.scenario import Expected, Scenario
from pgs_compiler.scenarios.staging import Answer
from tests.compiler.command import run

HERE = Path(__file__).parent / "scenarios"
BUYING = Path(__file__).parent.parent / "durable" / "buying"


@pytest.fixture(scope="module")
def buying(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of the bookshop, with the scenarios in its `tests`."""
    root = tmp_path_factory.mktemp("scenarios") / "buying"
    shutil.copytree(BUYING, root, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def test_waits_time_doubles_doubt_and_undoing_are_as_the_scenarios_say(buying: Path) -> None:
    told = run("test", HERE / "buying.yaml", "--workspace", buying)
    assert (told.exit_code, told.stdout) == (0, "5 passed, 0 failed\n")


def test_each_difference_is_told_at_its_place(buying: Path) -> None:
    told = run("test", HERE / "wrong.yaml", "--workspace", buying)
    assert told.exit_code == 1
    assert told.stdout.replace(f"{HERE}/", "") == (HERE / "wrong.txt").read_text(encoding="utf-8")


def test_json_has_the_same_with_places_and_coverage(buying: Path) -> None:
    told = json.loads(run("test", HERE / "buying.yaml", "--workspace", buying, "--format", "json").stdout)
    assert (told["format"], told["counts"]) == ("pgs-scenarios/1", {"passed": 5, "failed": 0})
    (bought,) = [each for each in told["coverage"]["workflows"] if each["workflow"] == "buying::WF_BUY_V0"]
    assert bought == {
        "workflow": "buying::WF_BUY_V0",
        "edges": {"taken": 7, "of": 9},
        "cases": {"taken": 0, "of": 0},
        "missing": [{"at": "admit", "outcome": "NACK"}, {"at": "decide", "outcome": "REFUSED"}],
    }


def test_junit_has_a_case_for_each_scenario(buying: Path) -> None:
    told = run("test", HERE / "wrong.yaml", "--workspace", buying, "--format", "junit", "--require", "90")
    suite = ET.fromstring(told.stdout)[0]  # noqa: S314
    assert (suite.get("tests"), suite.get("failures")) == ("8", "8")
    assert [case.get("name") for case in suite][-1] == "coverage"


def test_too_little_coverage_ends_with_1_and_shows_what_is_not_taken(buying: Path) -> None:
    told = run("test", HERE / "buying.yaml", "--workspace", buying, "--require", "50")
    assert told.exit_code == 1
    assert "  not taken: decide: REFUSED\n" in told.stdout
    assert told.stdout.endswith(" % is covered, and 50 % is required.\n5 passed, 0 failed\n")


def test_without_scenarios_there_is_nothing_to_test(buying: Path) -> None:
    none = run("test", "--workspace", buying)
    assert (none.exit_code, none.stderr.splitlines()[0]) == (2, "error: There are no scenarios in `tests`.")
    assert none.stderr.splitlines()[1].startswith("  hint: Write `tests/first.yaml` with `scenario:`")
    gone = run("test", "gone.yaml", "--workspace", buying)
    assert (gone.exit_code, gone.stderr) == (2, "error: There is no `gone.yaml`.\n")


def test_without_a_workspace_that_is_told_and_not_that_scenarios_are_missing(tmp_path: Path) -> None:
    told = run("test", "--workspace", tmp_path)
    assert (told.exit_code, told.stdout) == (1, "")
    assert "error[S101] unreadable-file: There is no `pgs.yaml` here or above" in told.stderr


def test_each_mistake_in_scenarios_is_told_at_its_line(tmp_path: Path) -> None:
    run("init", tmp_path / "my-agent", "--template", "agent")
    told = run("test", HERE / "mistaken.yaml", "--workspace", tmp_path / "my-agent")
    assert told.exit_code == 1
    assert told.stdout.replace(f"{HERE}/", "") == (HERE / "mistaken.txt").read_text(encoding="utf-8")


def test_that_no_fault_comes_can_be_expected_whichever_way_the_run_ends() -> None:
    told = run("test", HERE / "faults.yaml", "--workspace", HERE.parent / "fuzz")
    assert told.exit_code == 1
    assert told.stdout.replace(f"{HERE}/", "").splitlines() == [
        "FAILED  this is one",
        "faults.yaml:9:18: No fault was expected, and `R021` (FAULTED) came: sharing::CT_SHARE_V0 raised "
        "ZeroDivisionError at shares:9.",
        "",
        "FAILED  it cannot be asked for",
        "faults.yaml:14:18: `faults` is `false`: the run does not end as a fault, whichever way it ends.",
        "  hint: Write the code of a fault that is expected as `exit`.",
        "",
        "1 passed, 2 failed",
    ]


def test_a_run_that_differs_when_it_is_done_again_is_told() -> None:
    place = Place("a.yaml", 4, 18, 4, 23)
    scenario = Scenario("a", place, "a::WF_A_V0", {}, {}, {}, {}, None, (), (), Expected(faults=place), {})
    answer: Answer = {"refused": None, "heard": [], "unused": [], "exit": "DONE", "kind": "COMPLETED", "lines": []}
    assert judged(scenario, answer | {"differs": ""}) == ()
    (miss,) = judged(scenario, answer | {"differs": "Line 2 differs at `/outcome`. Why."})
    assert (
        miss.message == "The run was expected to be the same when it is done again: Line 2 differs at `/outcome`. Why."
    )


def test_a_pipe_that_nobody_writes_to_is_no_file_of_scenarios(buying: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    told = run("test", tmp_path / "pipe.yaml", "--workspace", buying)
    assert (told.exit_code, told.stderr) == (2, f"error: `{tmp_path / 'pipe.yaml'}` is no file.\n")


def test_a_file_that_is_no_yaml_is_a_scenario_that_failed(buying: Path, tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text("scenario: a\nscenario: b\n", encoding="utf-8")
    told = run("test", file, "--workspace", buying)
    assert told.exit_code == 1
    assert told.stdout.endswith(":2:1: The key `scenario` stands twice in one mapping.\n\n0 passed, 1 failed\n")
