"""The compiler as a library: declarations in, a snapshot or findings out, and nothing written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import pgs_compiler
from pgs_compiler import compile_protocols
from pgs_compiler.compiler import compile_workspace
from pgs_snapshot.seal import verify

PEOPLE = Path(__file__).parent / "programs" / "people"
HEAVY = {"yaml", "networkx", "jsonschema", "jsonpath_ng", "PIL", "pgs_compiler.compiler", "pgs_snapshot.snapshot"}


def test_a_compilation_gives_the_snapshot_that_the_command_writes() -> None:
    result = compile_protocols([PEOPLE / "people.yaml"])
    files = compile_workspace(PEOPLE).files
    assert result.errors == ()
    assert result.value is not None
    assert files is not None
    assert result.value.id == verify(files).root
    assert result.value.sealed.files() == files


def test_without_paths_the_sources_of_the_project_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    there = compile_protocols(workspace=PEOPLE).value
    monkeypatch.chdir(PEOPLE)
    here = compile_protocols().value
    assert there is not None
    assert here is not None
    assert here.id == there.id


def test_errors_are_findings_and_forbid_a_snapshot(tmp_path: Path) -> None:
    (tmp_path / "people.yaml").write_text("actor: people::AC_CLERK\n", encoding="utf-8")
    result = compile_protocols([tmp_path])
    assert result.value is None
    assert [str(finding.place) for finding in result.errors] == ["people.yaml:1:8"]
    assert compile_protocols([tmp_path / "nowhere"]).errors[0].code == "S101"
    assert [path.name for path in tmp_path.iterdir()] == ["people.yaml"]


def test_only_the_use_of_the_compiler_loads_it() -> None:
    code = "import pgs_compiler, json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(json.loads(done.stdout))
    with pytest.raises(AttributeError, match="has no attribute 'compile_all'"):
        _ = pgs_compiler.compile_all
