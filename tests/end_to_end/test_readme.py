"""What the README says is what happens: its quick start, its example, its report, its table of commands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.programs import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project's folder, as far as the README's commands need it."""
    shutil.copytree(ROOT / "protocols", tmp_path / "protocols")
    shutil.copy(ROOT / "pgs.yaml", tmp_path)
    (tmp_path / "demo").mkdir()  # by `make demo`
    return tmp_path


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_quick_start_by_hand_works_as_it_stands(project: Path) -> None:
    by_hand = next(block for block in blocks("console") if "pgs_compiler compile" in block)
    for line in by_hand.splitlines()[1:]:  # the first enters the environment, in which this test is
        done = shell(line, project)
        assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("COMPLETED\n")
    (folder,) = (project / "traces").iterdir()
    assert {file.suffix for file in folder.iterdir()} == {".jsonl", ".md", ".png"}
    for line in next(block for block in blocks("console") if "examine" in block).splitlines():
        assert shell(line.replace("ID", folder.name), project).returncode == 0


def test_the_example_is_how_the_protocol_begins() -> None:
    example = blocks("yaml")[0]
    protocol = (ROOT / "protocols/blockchain/identity/register_actor.yaml").read_text(encoding="utf-8")
    for line in example.splitlines()[:-1]:  # the last says that there is more
        assert line in protocol.splitlines()


def test_the_report_is_the_one_that_the_mistake_gets(project: Path) -> None:
    file = project / "protocols/blockchain/identity/register_actor.yaml"
    protocol = file.read_text(encoding="utf-8")
    file.write_text(protocol.replace("      CONFLICT: conflict\n", ""), encoding="utf-8")
    reported = shell("pgs_compiler check", project)
    assert reported.returncode == 1
    assert blocks("text")[0] in reported.stdout


def test_the_python_examples_run_one_after_the_other(project: Path) -> None:
    said = []
    for example in blocks("python"):
        done = subprocess.run([sys.executable, "-c", example], cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    compiled, ran = said
    assert compiled == ""
    assert ran.startswith("COMPLETED {'actor_id': ")


def test_the_assertion_is_one_of_the_protocol() -> None:
    assertions = (ROOT / "protocols/blockchain/identity/assertions.yaml").read_text(encoding="utf-8").splitlines()
    summary = "summary: A decision is about an actor who was found under this identifier"
    assert [line for line in blocks("yaml")[1].splitlines() if line not in assertions] == [summary]


def test_the_broken_assertion_is_reported_with_the_way(project: Path) -> None:
    file = project / "protocols/blockchain/identity/verify_actor.yaml"
    protocol = file.read_text(encoding="utf-8").replace("NOT_FOUND: unknown", "NOT_FOUND: decide")
    file.write_text(protocol.replace("  unknown:\n    exit: DENIED\n    reason: NOT_FOUND\n", ""), encoding="utf-8")
    assert blocks("text")[1] in shell("pgs_compiler check", project).stdout


@pytest.mark.parametrize("program", ["pgs_compiler", "pgs_runtime"])
def test_the_table_of_commands_is_that_of_the_help(program: str) -> None:
    listed = set()
    for row in re.findall(rf"^\| `{program} (.+?) \|", README, re.MULTILINE):
        listed |= {name.split()[0] for name in re.findall(r"[a-z][a-z ]*", row.replace("`", ""))}
    shown = shell(f"{program} --help", ROOT).stdout.partition("Commands:\n")[2]
    offered = set(re.findall(r"^  ([a-z]+)  ", shown, re.MULTILINE))
    assert offered
    assert offered <= listed
