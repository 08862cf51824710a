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
from pgs_compiler.editor.documents import NAMES, file_of, schema
from pgs_compiler.read import read
from pgs_compiler.source import SourceFile, to_value
from pgs_compiler.templates import TEMPLATES


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_two_commands_that_are_printed_compile_without_findings_and_run(here: Path, template: str) -> None:
    told = run("init", "my-shop", "--template", template)
    assert told.exit_code == 0
    commands = [line.strip() for line in told.stdout.partition("Type:\n")[2].splitlines()]
    assert len(commands) == 2
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = [
        subprocess.run(
            ["bash", "-c", f"{command} {more}"],
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
        )
        for command, more in zip(commands, ("--strict", "--no-picture"), strict=True)
    ]
    assert [each.returncode for each in done] == [0, 0], done[-1].stderr
    assert (done[0].stderr, done[1].stdout.splitlines()[0]) == ("", "COMPLETED")


def test_it_tells_each_file_that_it_wrote(here: Path) -> None:
    told = run("init", "shop").stdout.partition("\n\nType:")[0].splitlines()
    assert told == sorted(str(path.relative_to(here)) for path in here.rglob("*") if path.is_file())


def test_every_file_names_a_schema_that_is_there_and_that_takes_it(here: Path) -> None:
    run("init", "shop")
    sources = sorted((here / "shop").rglob("*.yaml"))
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
