"""The commands `init` and `schema`: a new project compiles and runs as it is told, and editors find their schemas."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest
from click.testing import CliRunner, Result

from pgs_compiler.__main__ import cli
from pgs_compiler.bodies.linting import lint
from pgs_compiler.editor.documents import NAMES, file_of, schema
from pgs_compiler.read import read
from pgs_compiler.source import SourceFile, to_value
from pgs_compiler.templates import PROGRAMS, TEMPLATES, WORKFLOWS


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("template", sorted(WORKFLOWS))
def test_the_commands_that_are_printed_compile_without_findings_run_and_test(here: Path, template: str) -> None:
    told = run("init", "my-shop", "--template", template)
    assert told.exit_code == 0
    commands = [line.strip() for line in told.stdout.partition("Type:\n")[2].splitlines()]
    assert len(commands) == 3
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = [
        subprocess.run(
            ["bash", "-c", f"{command} {more}"],
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
        )
        for command, more in zip(commands, ("--strict", "--no-picture", "--require 80"), strict=True)
    ]
    assert [each.returncode for each in done] == [0, 0, 0], done[-1].stderr
    assert (done[0].stderr, done[1].stdout.splitlines()[0]) == ("", "COMPLETED")
    assert done[2].stdout.endswith(" passed, 0 failed\n")


def test_the_tests_of_the_bank_pass_and_the_lint_of_its_processes_finds_nothing(here: Path) -> None:
    run("init", "my-bank", "--template", "bank")
    tests = program(here / "my-bank", "-m", "unittest")
    assert tests.stderr.endswith("\nOK\n")
    assert "Ran 4 tests" in tests.stderr
    found = lint([here / "my-bank" / "src"], here / "my-bank")
    assert (found.findings, found.processes) == ((), 2)


@pytest.mark.parametrize(
    ("template", "scenarios", "taken"),
    [("agent", 7, "100"), ("bank", 11, "100"), ("minimal", 5, "100"), ("payments", 7, "80"), ("theus", 6, "100")],
)
def test_the_scenarios_of_a_new_project_pass(here: Path, template: str, scenarios: int, taken: str) -> None:
    run("init", "my-shop", "--template", template)
    told = run("test", "--workspace", "my-shop", "--require", taken)
    assert (told.exit_code, told.stdout.splitlines()[-1]) == (0, f"{scenarios} passed, 0 failed")


def test_it_tells_each_file_that_it_wrote(here: Path) -> None:
    told = run("init", "shop").stdout.partition("\n\nType:")[0].splitlines()
    assert told == sorted(str(path.relative_to(here)) for path in here.rglob("*") if path.is_file())


def test_every_declaration_names_a_schema_that_is_there_and_that_takes_it(here: Path) -> None:
    run("init", "shop")
    sources = sorted(file for file in (here / "shop").rglob("*.yaml") if file.parent.name != "tests")
    assert len(sources) == 2
    for file in sources:
        named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", file.read_text(encoding="utf-8"))
        assert named is not None
        there = jsonschema_rs.Draft202012Validator(json.loads((file.parent / named[1]).read_bytes()))
        for tree in read(SourceFile(file.name, file.read_bytes())).value or ():
            assert there.is_valid(to_value(tree))


@pytest.mark.parametrize("there", ["file", "folder"])
def test_what_is_there_is_left_alone(here: Path, there: str) -> None:
    letter = here / "shop" if there == "file" else here / "shop" / "letter.txt"
    letter.parent.mkdir(exist_ok=True)
    letter.write_text("dear", encoding="utf-8")
    refused = run("init", "shop")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "`shop` is there already" in refused.stderr
    assert [path for path in here.rglob("*") if path.is_file()] == [letter]


def test_an_empty_folder_is_filled_and_may_be_the_one_that_one_is_in(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "town.library").mkdir()
    monkeypatch.chdir(here / "town.library")
    told = run("init", ".")
    assert told.exit_code == 0
    assert "--wf town_library::WF_SPEND_V0 --payload payload.json" in told.stdout


@pytest.mark.parametrize(
    ("name", "why"), [("9lives", "no name for a project"), ("a b", "no name"), ("core", "comes with PGS")]
)
def test_a_name_from_which_no_domain_can_be_made_is_refused(here: Path, name: str, why: str) -> None:
    refused = run("init", name)
    assert refused.exit_code == 2
    assert why in refused.stderr
    assert not any(here.iterdir())


def test_a_place_that_cannot_be_written_has_an_exit_code_of_its_own(here: Path) -> None:
    refused = run("init", "/proc/shop")
    assert refused.exit_code == 14
    assert "cannot be written" in refused.stderr


# --- schema --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_printed_by_its_name(name: str) -> None:
    assert json.loads(run("schema", name).stdout) == schema(name)


def test_without_a_kind_it_is_that_of_a_file_of_declarations() -> None:
    assert json.loads(run("schema").stdout) == schema("protocol")


def test_all_of_them_are_written_to_a_folder(here: Path) -> None:
    told = run("schema", "--out", "schemas")
    assert told.stdout.splitlines() == [f"schemas/{file_of(name)}" for name in NAMES]
    written = {path.name: json.loads(path.read_bytes()) for path in (here / "schemas").iterdir()}
    assert written == {file_of(name): schema(name) for name in NAMES}


def test_an_unknown_kind_is_a_misuse_that_names_the_nearest() -> None:
    refused = run("schema", "stor")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "Is it `store`?" in refused.stderr


# --- without protocols ---------------------------------------------------------------------------

FILES = [
    ".gitignore", "README.md", "main.py", "pgs.yaml", "protocols/budget.yaml", "specs/audit_recipe.yaml",
    "specs/context_schema.yaml", "src/__init__.py", "src/context.py", "src/processes/__init__.py",
    "src/processes/chain.py", "src/processes/stress.py", "tests/__init__.py", "tests/budget.yaml",
    "tests/test_project.py", "workflows/workflow.yaml",
]  # fmt: skip


def program(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-B", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_every_template_has_a_workflow_or_is_a_program() -> None:
    assert sorted([*WORKFLOWS, *PROGRAMS]) == sorted(TEMPLATES)


def test_tb138_a_project_in_the_shape_of_the_predecessors_runs_at_once(here: Path) -> None:
    told = run("init", "robot", "--template", "theus")
    assert told.stdout.partition("\n\nType:\n")[0].splitlines() == [f"robot/{name}" for name in FILES]
    assert told.stdout.endswith("Type:\n  cd robot\n" + "".join(f"  {each}\n" for each in PROGRAMS["theus"]))
    done = program(here / "robot", "main.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "start     EVT_CHAIN_DONE: IDLE",
        "hack      refused: `domain.budget` belongs to an engine; it is written by a process, or within `with "
        "engine.edit() as context`.",
        "crash     failed: The machine broke down.",
        "rollback  rolled back: spend: the budget is spent (level B, 1 of 1).",
        "status    done: 6, items [1, 2, 3], total 6, budget 10",
    ]
    assert sorted(str(path.relative_to(here / "robot")) for path in here.rglob("*") if path.is_file()) == FILES


def test_tb138_its_tests_pass_and_the_lint_of_its_processes_finds_nothing(here: Path) -> None:
    run("init", "robot", "--template", "theus")
    tests = program(here / "robot", "-m", "unittest")
    assert tests.stderr.endswith("\nOK\n")
    found = lint([here / "robot"], here / "robot")
    assert (found.findings, found.processes) == ((), 5)


def test_tb138_its_schema_is_that_of_its_classes_and_its_recipe_names_what_there_is(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("init", "robot", "--template", "theus")
    monkeypatch.chdir(here / "robot")
    kept = Path("specs/context_schema.yaml").read_text(encoding="utf-8")
    assert kept.endswith(run("schema", "gen").stdout)
    for process in ("spend", "work"):
        assert run("audit", "inspect", process, "src", "--recipe", "specs/audit_recipe.yaml").exit_code == 0


def test_tb138_a_folder_that_holds_something_is_left_alone(here: Path) -> None:
    (here / "robot").mkdir()
    (here / "robot" / "main.py").write_text("mine", encoding="utf-8")
    done = run("init", "robot", "--template", "theus")
    assert (done.exit_code, done.stdout) == (2, "")
    assert [path.read_text(encoding="utf-8") for path in (here / "robot").iterdir()] == ["mine"]


def test_tb138_an_empty_folder_is_filled_where_one_stands_in_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "robot").mkdir()
    monkeypatch.chdir(here / "robot")
    assert run("init", ".", "--template", "theus").exit_code == 0
    assert program(here / "robot", "main.py", "status").stdout == "status    idle, items [], total 0, budget 10\n"
    assert program(here / "robot", "main.py", "stat").returncode == 2
