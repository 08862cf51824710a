"""`pgs_compiler import` from outside: what it says, what it writes, how it ends."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pgs_compiler.importing.account import all_entries
from pgs_compiler.importing.importer import bring_in

LIBRARY = Path(__file__).parent / "library"
PAGE = Path(__file__).parents[3] / "docs/how-to/import.md"


def run(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pgs_compiler", "import", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """The library with a contract that reads a field that nobody declares, and a document of nothing."""
    folder = tmp_path / "broken"
    shutil.copytree(LIBRARY, folder)
    contract = folder / "library/capability_contracts/CC_FIND_READER_V0.md"
    contract.write_text(contract.read_text(encoding="utf-8").replace("value.tier", "value.rank"), encoding="utf-8")
    (folder / "notes.md").write_text("# Notes\n", encoding="utf-8")
    return folder


def test_an_import_says_what_it_read_and_what_became_of_the_workflows(tmp_path: Path) -> None:
    done = run(LIBRARY, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(
        "4 warnings in 3 files\n"
        "read     16 files, 16 declarations\n"
        "keys     428 carried, 57 mean nothing here, 0 named above\n"
        "flows    1 compiling\n"
        "  compiles       library::WF_LEND_V0\n"
        f"written  13 files  {tmp_path / 'out'}\n"
    )
    checked = subprocess.run(
        [sys.executable, "-m", "pgs_compiler", "check", "--workspace", str(tmp_path / "out")], check=False
    )
    assert checked.returncode == 0


def test_errors_are_shown_in_the_published_document_and_the_workspace_is_written(broken: Path, tmp_path: Path) -> None:
    done = run(broken, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "error[T404] leads-nowhere: `$.steps.read_reader.value.rank` leads nowhere" in done.stdout
    assert "  --> library/capability_contracts/CC_FIND_READER_V0.md:35:15\n" in done.stdout
    assert "35 |         tier: $.capability_result.value.rank\n" in done.stdout
    assert "warning[I951] no-machine-block" in done.stdout
    assert "  refused        library::WF_LEND_V0  T404\n" in done.stdout
    assert (tmp_path / "out/protocols/library/contracts/find_reader_v0.yaml").is_file()


def test_the_page_shows_what_the_command_says(tmp_path: Path) -> None:
    folder = tmp_path / "published"
    shutil.copytree(LIBRARY, folder)
    contract = folder / "library/capability_contracts/CC_FIND_READER_V0.md"
    contract.write_text(contract.read_text(encoding="utf-8").replace("value.tier", "value.rank"), encoding="utf-8")
    done = run("published", "--out", "lending", cwd=tmp_path)
    shown = re.search(r"--out lending\n(.+?)\n…\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    assert done.stdout.startswith(shown[1])
    assert done.stdout.endswith(f"\n\n{shown[2]}")


@pytest.mark.parametrize("form", ["json", "sarif", "github", "junit"])
def test_every_form_of_report_is_there(broken: Path, tmp_path: Path, form: str) -> None:
    done = run(broken, "--out", tmp_path / "out", "--format", form)
    assert done.returncode == 1
    assert "library/capability_contracts/CC_FIND_READER_V0.md" in done.stdout
    assert "T404" in done.stdout
    if form in ("json", "sarif"):
        json.loads(done.stdout)


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    done = run(LIBRARY, "--out", tmp_path)
    assert done.returncode == 2
    assert "is there already, and nothing in it is touched" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = run(tmp_path / "nothing", "--out", tmp_path / "out")
    assert (done.returncode, done.stderr) == (2, f"error: There is no folder `{tmp_path / 'nothing'}`.\n")


def test_a_folder_without_a_markdown_file_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "notes.txt").write_text("## Machine\n", encoding="utf-8")
    done = run(folder, "--out", tmp_path / "out")
    why = f"error: There is no Markdown file below `{folder}`, so there is nothing to import.\n"
    assert (done.returncode, done.stderr, (tmp_path / "out").exists()) == (2, why, False)


def test_where_nothing_can_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = run(LIBRARY, "--out", tmp_path / "file" / "out")
    assert done.returncode == 14
    assert "cannot be written" in done.stderr


def test_hostile_files_are_findings(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "library"
    folder.mkdir(parents=True)
    (tmp_path / "outside.md").write_text("## Machine\n\n```yaml\nac_code: AC_A_V0\n```\n", encoding="utf-8")
    (folder / "link.md").symlink_to(tmp_path / "outside.md")
    (folder / "bytes.md").write_bytes(b"## Machine\n\n```yaml\n\xff\n```\n")
    (folder / "deep.md").write_text(f"## Machine\n\n```yaml\na: {'{a: ' * 99}{'}' * 99}\n```\n", encoding="utf-8")
    (folder / "large.md").write_bytes(b"x" * 2**21)
    (folder / "list.md").write_text("## Machine\n\n```yaml\n- ac_code: AC_A_V0\n```\n", encoding="utf-8")
    (folder / "empty.md").write_text("## Machine\n\n```yaml\n{}\n```\n", encoding="utf-8")
    (folder / "alias.md").write_text("## Machine\n\n```yaml\na: &x 1\nb: *x\n```\n", encoding="utf-8")
    os.mkfifo(folder / "pipe.md")
    done = run(tmp_path / "in", "--out", tmp_path / "out", "--format", "github")
    assert done.returncode == 1, done.stderr
    for name in ("link", "bytes", "deep", "list", "empty", "alias", "pipe", "large"):
        assert f"library/{name}.md" in done.stdout, name
    assert "Traceback" not in done.stdout + done.stderr


SHAPES = ["null", "1", "word", "[]", "[[1]]", "{}", "{a: {b: [c]}}", "[{a: 1}, 2]"]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_value_of_another_shape_anywhere_is_no_mistake_of_ours(tmp_path: Path, shape: str) -> None:
    """Every key that has something below it, in turn; in each import one key of each document."""
    for number in range(16):
        folder = tmp_path / str(number)
        for path in sorted(LIBRARY.rglob("*.md")):
            target = folder / path.relative_to(LIBRARY)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(_shaped(path.read_text(encoding="utf-8"), number, shape), encoding="utf-8")
        imported = bring_in(folder)
        documents = imported.published.documents.values()
        assert sum(imported.keys.values()) == sum(len([*all_entries(each.machine)]) for each in documents)


def _shaped(text: str, number: int, shape: str) -> str:
    """The document with another value behind one of its keys that have something below them."""
    lines = text.split("\n")
    first = lines.index("```yaml") + 1
    keys = [index for index in range(first, len(lines)) if lines[index].endswith(":")]
    if number >= len(keys):
        return text
    index = keys[number]
    indent = len(lines[index]) - len(lines[index].lstrip(" -"))
    end = index + 1
    while lines[end] != "```" and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > indent):
        end += 1
    return "\n".join([*lines[:index], f"{lines[index]} {shape}", *lines[end:]])
