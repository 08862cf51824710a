"""A command that is forked from a waiting process is one that was started: it says, reads, leaves and ends the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.end_to_end.programs import ENVIRONMENT
from tests.warm import Warm, warm


def started(program: str, line: Sequence[str], stdin: bytes) -> tuple[int, bytes, bytes]:
    whole = [sys.executable, "-I", "-m", program, *line]
    done = subprocess.run(whole, input=stdin, capture_output=True, env=ENVIRONMENT, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("program", "line", "code"),
    [
        ("pgs_runtime", ["--version"], 0),
        ("pgs_runtime", ["--nonsense"], 2),
        ("pgs_runtime", ["list", "--\udcff"], 2),
        ("pgs_runtime", ["list", "--workspace", "nowhere", "--data-root", "here"], 0),
        ("pgs_compiler", ["--help"], 0),
        ("pgs_compiler", ["explain", "F501"], 0),
        ("pgs_compiler", ["check", "--workspace", "nowhere"], 1),
    ],
)
def test_it_answers_as_a_program_that_was_started(
    program: str, line: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = warm(program).run(line, b"x" * 200_000, ENVIRONMENT)
    assert found == started(program, line, b"x" * 200_000)
    assert found[0] == code


def test_it_is_a_process_of_its_own_in_the_folder_and_the_environment_of_its_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data").write_text("no folder")
    line = ["list", "--data-root", "data"]
    assert warm("pgs_runtime").run(line, b"", ENVIRONMENT)[0] == 2
    code, out, _ = warm("pgs_runtime").run(line, b"", {**ENVIRONMENT, "PGS_JSON": "1"})
    assert (code, json.loads(out)["error"]["code"]) == (2, "R001")
    assert warm("pgs_runtime").run(line, b"", ENVIRONMENT)[1] == b""


def test_its_waiting_process_ends_with_the_line_to_it() -> None:
    alone = Warm("pgs_runtime")
    assert alone.run(["--version"], b"", ENVIRONMENT)[0] == 0
    assert alone.ended() == 0
