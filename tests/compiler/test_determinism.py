"""The same declarations give the same bytes: whatever the machine, the place, the time, the language (CMP-06)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pgs_compiler.compiler import compile_program
from pgs_compiler.workspace import open_workspace

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The snapshot of a workspace with code of its own and with several files of declarations."""
    root = _workspace(tmp_path_factory.mktemp("first"))
    return _compiled(root, root, PYTHONHASHSEED="0")


def test_cmp_06_another_hash_seed_place_time_zone_and_language(first: dict[str, bytes], tmp_path: Path) -> None:
    root = _workspace(tmp_path / "elsewhere" / "şuradan ß")
    environment = {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LC_ALL": "C", "HOME": str(tmp_path)}
    assert _compiled(root, Path("/"), **environment) == first


def test_cmp_06_another_umask_and_files_that_came_in_another_order(first: dict[str, bytes], tmp_path: Path) -> None:
    root = _workspace(tmp_path / "again", backwards=True)
    before = os.umask(0o077)
    try:
        assert _compiled(root, tmp_path, PYTHONHASHSEED="random", LC_ALL="tr_TR.UTF-8") == first
    finally:
        os.umask(before)


def test_cmp_06_declarations_with_carriage_returns(first: dict[str, bytes], tmp_path: Path) -> None:
    """Neither places nor values change. Code is sealed byte for byte, for these bytes are what runs."""
    root = _workspace(tmp_path / "windows")
    for file in root.rglob("*.yaml"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert _compiled(root, root, PYTHONHASHSEED="0") == first


@pytest.mark.parametrize("name", ["flow", "stores"])
def test_the_order_of_files_does_not_count(name: str) -> None:
    workspace = open_workspace(PROGRAMS / name, ()).value
    assert workspace is not None
    there = compile_program(workspace.project, workspace.root, workspace.files)
    back = compile_program(workspace.project, workspace.root, reversed(workspace.files))
    assert there.files is not None
    assert there.files == back.files


def test_a_snapshot_does_not_know_where_it_was_made(first: dict[str, bytes], tmp_path: Path) -> None:
    own = str(tmp_path.parent).encode()
    assert not [path for path, data in first.items() if own in data or str(Path.home()).encode() in data]


def _workspace(root: Path, backwards: bool = False) -> Path:
    """A copy of two programs in one workspace."""
    files = sorted(file for name in ("own_code", "flow") for file in (PROGRAMS / name).rglob("*.*"))
    for file in reversed(files) if backwards else files:
        if file.suffix in (".yaml", ".py") and file.name != "pgs.yaml":
            copy = root / file.relative_to(PROGRAMS / file.relative_to(PROGRAMS).parts[0])
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    text = "format: pgs-project/1\nname: both\nversion: 1\nsources: [.]\npackages: [{parcel: .}]\n"
    (root / "pgs.yaml").write_text(text, encoding="utf-8")
    return root


def _compiled(root: Path, directory: Path, **environment: str) -> dict[str, bytes]:
    """What `pgs_compiler compile` writes, by path."""
    out = root.parent / "snapshot"
    command = [sys.executable, "-m", "pgs_compiler", "compile", "--workspace", str(root), "--out", str(out)]
    done = subprocess.run(command, cwd=directory, env=os.environ | environment, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    return {file.relative_to(out).as_posix(): file.read_bytes() for file in out.rglob("*") if file.is_file()}
