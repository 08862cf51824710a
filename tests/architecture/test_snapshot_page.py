"""The page of the snapshot: its verifier judges as ours does, and its tables are those of the code."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pytest

from pgs_snapshot.exchange import write_snapshot
from pgs_snapshot.folder import LIMITS
from pgs_snapshot.model import Manifest
from pgs_snapshot.seal import CODES, FORMAT, MANIFEST, verify
from tests.architecture.pages import blocks, code_in, page, rows, section
from tests.end_to_end.programs import ROOT, compiled

PAGE = page("snapshot.md")
CHECKS = section(PAGE, "What opening checks")


@pytest.fixture(scope="module")
def files() -> Mapping[str, bytes]:
    """The files of the example protocols' snapshot."""
    return compiled(ROOT)


@pytest.fixture
def folder(files: Mapping[str, bytes], tmp_path: Path) -> Path:
    """The snapshot in a folder of the test's own, with the page's verifier beside it."""
    (verifier,) = (block for block in blocks(PAGE) if block.file == "verifier.py")
    (tmp_path / "verifier.py").write_text(verifier.text, encoding="utf-8")
    write_snapshot(tmp_path / "snapshot", files)
    return tmp_path / "snapshot"


def judged(folder: Path) -> str:
    """What the page's verifier prints, or the last line of why it refuses."""
    line = [sys.executable, "-I", folder.with_name("verifier.py"), folder]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    return (done.stdout if done.returncode == 0 else done.stderr).splitlines()[-1]


def test_the_verifier_takes_a_snapshot_for_what_it_is(files: Mapping[str, bytes], folder: Path) -> None:
    assert judged(folder) == verify(files).root


@pytest.mark.parametrize("path", ["project.json", "sources/*", "graphs/*", "artifacts/store/*"])
def test_the_verifier_refuses_a_changed_file(path: str, folder: Path) -> None:
    file = min(folder.glob(path))
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert judged(folder) == f"AssertionError: {file.relative_to(folder)} was changed"


def test_the_verifier_refuses_a_changed_manifest_and_files_that_come_and_go(folder: Path) -> None:
    (folder / "more").touch()
    assert judged(folder) == "AssertionError: a file is missing, or is too many"
    (folder / "more").rename(folder / "index.json")
    assert judged(folder) == "AssertionError: index.json was changed"
    (folder / "index.json").unlink()
    assert judged(folder) == "AssertionError: a file is missing, or is too many"
    manifest = folder / MANIFEST
    manifest.write_bytes(manifest.read_bytes().replace(b'"compiler":"', b'"compiler":"9'))
    assert judged(folder) == "AssertionError: the manifest was changed"


def test_the_names_of_the_format_are_those_of_the_code() -> None:
    listed = {code for row in rows(section(PAGE, "Files")) for code in code_in(row[0])}
    assert MANIFEST in listed
    assert FORMAT in PAGE.partition("\n")[0]


def test_every_file_of_a_snapshot_is_of_a_listed_kind(files: Mapping[str, bytes]) -> None:
    kinds = [row[0].strip("`") for row in rows(section(PAGE, "Files"))]
    capitals = re.compile("[A-Z][A-Z0-9]*(?:__[A-Z0-9_]+)?")
    forms = [re.compile(capitals.sub(r"[^/]+", re.escape(kind))) for kind in kinds]
    assert [path for path in files if not any(form.fullmatch(path) for form in forms)] == []


def test_the_members_of_the_manifest_are_those_of_the_code() -> None:
    told = [name for row in rows(section(PAGE, "The manifest")) for name in code_in(row[0])]
    assert sorted(told) == sorted(field.name for field in fields(Manifest))


def test_every_way_in_which_a_seal_can_be_broken_has_its_check() -> None:
    told = set(re.findall(r"Z[0-9]{3}", CHECKS))
    assert told == set(CODES)


def test_the_limits_of_a_folder_are_those_of_the_code() -> None:
    sizes = f"{LIMITS.files:,} files, {LIMITS.file_size >> 20} MiB for one, {LIMITS.total_size >> 20} MiB for all"
    assert sizes in CHECKS
    assert LIMITS.depth == 6
    assert "six folders deep" in CHECKS
