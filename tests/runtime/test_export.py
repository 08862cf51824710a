"""The files of a run: whole, private, the same each time, and never through a symbolic link."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgs_runtime.evidence.verify import Level, verify
from pgs_runtime.examine.export import export, write
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.operate.state import load_state
from pgs_runtime.trace.lines import joined
from tests.runtime.till import CLERK, PAID, STORE, open_till, paid

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    mask: int = request.param
    before = os.umask(mask)
    yield mask
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def refused(folder: Path, picture: bool = False) -> Refusal:
    till = open_till()
    with pytest.raises(Refusal) as caught:
        export(till, folder, paid(till, PAID).trace_id, picture)
    return caught.value


def test_a_run_leaves_its_lines_its_account_and_its_picture(tmp_path: Path) -> None:
    till = open_till()
    run = paid(till, PAID).trace_id
    exported = export(till, tmp_path / "traces", run)
    place = tmp_path / "traces" / run
    assert exported.paths == (place / f"{run}.jsonl", place / f"{run}.md", place / f"{run}.png")
    assert exported.notes == ()
    assert (place / f"{run}.jsonl").read_bytes() == joined(till.trace(run))
    assert f"]({run}.png)" in (place / f"{run}.md").read_text(encoding="utf-8")
    assert (place / f"{run}.png").read_bytes().startswith(PNG)
    verdict = verify((place / f"{run}.jsonl").read_bytes(), lambda id: id == till.snapshot.id, till.store)
    assert verdict.level is Level.ANCHORED


def test_writing_again_gives_the_same_bytes_and_nothing_else(tmp_path: Path) -> None:
    till = open_till()
    run = paid(till, PAID).trace_id
    first = [path.read_bytes() for path in export(till, tmp_path, run).paths]
    assert [path.read_bytes() for path in export(till, tmp_path, run).paths] == first
    assert sorted(os.listdir(tmp_path / run)) == [f"{run}.jsonl", f"{run}.md", f"{run}.png"]


def test_only_the_owner_can_read_what_is_written(tmp_path: Path, umask: int) -> None:
    till = open_till()
    exported = export(till, tmp_path / "traces", paid(till, PAID).trace_id, picture=False)
    assert mode(tmp_path / "traces") == mode(exported.paths[0].parent) == 0o700
    assert {mode(path) for path in exported.paths} == {0o600}


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    folder.mkdir()
    folder.chmod(0o755)
    till = open_till()
    export(till, folder, paid(till, PAID).trace_id, picture=False)
    assert mode(folder) == 0o755


def test_what_a_killed_writer_left_is_removed(tmp_path: Path) -> None:
    till = open_till()
    run = paid(till, PAID).trace_id
    (tmp_path / run).mkdir()
    (tmp_path / run / f".{run}.jsonl.new").write_bytes(b"half")
    export(till, tmp_path, run, picture=False)
    assert sorted(os.listdir(tmp_path / run)) == [f"{run}.jsonl", f"{run}.md"]


# --- paths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "id",
    [
        "",
        "..",
        "../../etc/passwd",
        "/etc/passwd",
        "a" * 25,
        "a" * 27,
        "A" * 26,
        "w" * 26,
        "0" * 25 + "/",
        "0" * 25 + "\n",
        "0" * 26 + "\n",
    ],
)
def test_what_is_no_id_never_becomes_a_path(tmp_path: Path, id: str) -> None:
    with pytest.raises(Refusal) as caught:
        export(open_till(), tmp_path / "traces", id)
    assert (caught.value.code, caught.value.exit_code) == ("R063", ExitCode.USAGE)
    assert not (tmp_path / "traces").exists()


def test_an_id_of_no_run_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as caught:
        export(open_till(), tmp_path / "traces", "0" * 26)
    assert caught.value.code == "R014"
    assert not (tmp_path / "traces").exists()


@pytest.mark.parametrize("link", ["", "{run}", "{run}/{run}.jsonl", "{run}/{run}.md"])
@pytest.mark.parametrize("target", ["there", "nowhere"])
def test_a_symbolic_link_in_the_way_is_refused_and_its_target_untouched(tmp_path: Path, link: str, target: str) -> None:
    till = open_till()
    run = paid(till, PAID).trace_id
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "there").write_bytes(b"untouched")
    place = tmp_path / "traces" / link.format(run=run) if link else tmp_path / "traces"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(elsewhere / target if link.count("/") else elsewhere if target == "there" else elsewhere / target)
    with pytest.raises(Refusal) as caught:
        export(till, tmp_path / "traces", run, picture=False)
    assert (caught.value.code, caught.value.exit_code) == ("R062", ExitCode.OUTPUT)
    assert caught.value.message == f"`{place}` cannot be written: it is a symbolic link, which is not followed."
    assert caught.value.hint.startswith("The run stands.")
    assert place.is_symlink()
    assert os.listdir(elsewhere) == ["there"]
    assert (elsewhere / "there").read_bytes() == b"untouched"


def test_a_link_where_the_passing_file_would_be_is_never_written_through(tmp_path: Path) -> None:
    till = open_till()
    run = paid(till, PAID).trace_id
    (tmp_path / run).mkdir()
    (tmp_path / "target").write_bytes(b"untouched")
    (tmp_path / run / f".{run}.jsonl.new").symlink_to(tmp_path / "target")
    export(till, tmp_path, run, picture=False)
    assert (tmp_path / "target").read_bytes() == b"untouched"
    assert not (tmp_path / run / f"{run}.jsonl").is_symlink()


def test_a_folder_where_a_file_belongs_is_refused(tmp_path: Path) -> None:
    till = open_till()
    run = paid(till, PAID).trace_id
    (tmp_path / run / f"{run}.md").mkdir(parents=True)
    with pytest.raises(Refusal, match="cannot be written: it is a folder and not a file"):
        export(till, tmp_path, run, picture=False)


def test_a_pipe_where_a_file_belongs_is_refused(tmp_path: Path) -> None:
    till = open_till()
    run = paid(till, PAID).trace_id
    (tmp_path / run).mkdir()
    os.mkfifo(tmp_path / run / f"{run}.md")
    with pytest.raises(Refusal, match="cannot be written: it is neither a file nor a folder"):
        export(till, tmp_path, run, picture=False)


def test_a_file_where_the_folder_belongs_is_refused_and_the_run_stands(tmp_path: Path) -> None:
    (tmp_path / "traces").write_bytes(b"")
    found = refused(tmp_path / "traces")
    assert (found.code, found.exit_code) == ("R062", ExitCode.OUTPUT)
    assert found.message == f"`{tmp_path / 'traces'}` cannot be written: it is a file and not a folder."


def test_a_folder_whose_own_folder_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "No such file or directory" in refused(tmp_path / "none" / "traces").message


# --- pictures ------------------------------------------------------------------------------------


def test_a_graph_that_is_too_large_has_no_picture_and_a_note_says_why(tmp_path: Path) -> None:
    till = open_till(more=300)
    run = paid(till, PAID).trace_id
    exported = export(till, tmp_path, run)
    assert [path.suffix for path in exported.paths] == [".jsonl", ".md"]
    (note,) = exported.notes
    assert "309" in note
    assert "There is no picture:" in exported.paths[1].read_text(encoding="utf-8")


def test_without_the_snapshot_that_ran_there_is_no_picture_and_a_note_says_so(tmp_path: Path) -> None:
    till = open_till()
    exported = write(tmp_path, till.trace(paid(till, PAID).trace_id), None)
    assert exported.notes == ("The snapshot that ran is not at hand.",)
    assert len(exported.paths) == 2


def test_another_snapshot_than_the_one_that_ran_lends_no_words(tmp_path: Path) -> None:
    till, other = open_till(), open_till(summary="Print something else")
    run = paid(till, PAID).trace_id
    exported = write(tmp_path, till.trace(run), other.snapshot)
    assert exported.notes == ("The snapshot that ran is not at hand.",)


def test_rows_that_were_loaded_leave_an_account_and_neither_picture_nor_note(tmp_path: Path) -> None:
    till = open_till()
    loaded = load_state(till, {STORE: {"p-9": {"name": "Grace", "total": 5}}}, CLERK)
    exported = export(till, tmp_path, loaded.trace_id)
    assert [path.suffix for path in exported.paths] == [".jsonl", ".md"]
    assert exported.notes == ()
