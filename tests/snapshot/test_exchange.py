"""A snapshot's folder is replaced in one step, or not at all."""

from __future__ import annotations

import os
import resource
import signal
import stat
import sys
import threading
from itertools import count
from pathlib import Path
from types import FrameType

import pytest

from pgs_snapshot import exchange
from pgs_snapshot.exchange import NotReplaceable, write_snapshot
from pgs_snapshot.folder import FolderLimits, open_snapshot
from pgs_snapshot.seal import MANIFEST, SIGNATURE, SealBroken, verify
from tests.snapshot.small import snapshot

STARTS = 500
ONE, TWO = snapshot(1, modules={}), snapshot(2, modules={})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "protocol_snapshot"


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_snapshot_that_is_written_opens_again(folder: Path) -> None:
    assert write_snapshot(folder, ONE)
    assert open_snapshot(folder).root == verify(ONE).root
    assert write_snapshot(folder, TWO)
    assert open_snapshot(folder).root == verify(TWO).root
    assert tree(folder) == TWO
    assert os.listdir(folder.parent) == [folder.name]


@pytest.mark.parametrize("limits", [FolderLimits(files=2), FolderLimits(total_size=700), FolderLimits(file_size=300)])
def test_a_snapshot_that_nobody_would_open_is_not_written(folder: Path, limits: FolderLimits) -> None:
    write_snapshot(folder, ONE)
    with pytest.raises(NotReplaceable, match="No more is opened than"):
        write_snapshot(folder, TWO, limits)
    assert tree(folder) == ONE


def test_a_snapshot_is_written_into_an_empty_folder(folder: Path) -> None:
    folder.mkdir()
    assert write_snapshot(folder, ONE)
    assert tree(folder) == ONE


def test_files_that_are_there_already_are_left_untouched(folder: Path) -> None:
    write_snapshot(folder, ONE)

    def found() -> dict[Path, tuple[int, int, int]]:
        """Which files there are and when they were written; when they were read is another matter."""
        return {
            path: (path.stat().st_ino, path.stat().st_mtime_ns, path.stat().st_ctime_ns)
            for path in [folder, *folder.rglob("*")]
        }

    before = found()
    assert not write_snapshot(folder, dict(reversed(ONE.items())))
    assert found() == before


def test_a_damaged_snapshot_is_replaced(folder: Path) -> None:
    write_snapshot(folder, ONE)
    (folder / "index.json").write_bytes(b"changed")
    (folder / "graphs" / "bank__WF_PAY_V0.json").unlink()
    (folder / "graphs").rmdir()
    assert write_snapshot(folder, ONE)
    assert tree(folder) == ONE


def test_a_signature_that_is_not_over_the_snapshot_is_taken_away(folder: Path) -> None:
    write_snapshot(folder, ONE)
    for files in (ONE, TWO):
        (folder / SIGNATURE).write_bytes(b"{}")
        assert write_snapshot(folder, files)
        assert tree(folder) == files


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_path_03_the_group_and_others_may_read_as_the_umask_says_and_never_write(folder: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_snapshot(folder, ONE)
    finally:
        os.umask(before)
    for path in [folder, *folder.rglob("*")]:
        mode = 0o755 if path.is_dir() else 0o644
        assert stat.S_IMODE(path.stat().st_mode) == mode & ~umask
    assert tree(folder) == ONE


@pytest.mark.parametrize("name", ["notes.txt", "graphs/notes.txt", MANIFEST, "empty/"])
def test_a_folder_that_holds_something_else_is_not_replaced(folder: Path, name: str) -> None:
    if name != MANIFEST:
        write_snapshot(folder, ONE)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).mkdir() if name.endswith("/") else (folder / name).write_bytes(b'{"name":"an extension"}')
    before = tree(folder)
    with pytest.raises(NotReplaceable) as refused:
        write_snapshot(folder, TWO)
    assert name in str(refused.value)
    assert tree(folder) == before


def test_path_02_a_symbolic_link_is_not_written_through(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    folder.symlink_to("target")
    with pytest.raises(NotReplaceable):
        write_snapshot(folder, ONE)
    assert os.listdir(tmp_path / "target") == []


def test_path_02_a_symbolic_link_within_a_snapshot_is_not_followed(folder: Path, tmp_path: Path) -> None:
    write_snapshot(folder, ONE)
    (tmp_path / "kept").write_bytes(b"kept")
    (folder / "index.json").unlink()
    (folder / "index.json").symlink_to(tmp_path / "kept")
    with pytest.raises(NotReplaceable):
        write_snapshot(folder, TWO)
    assert (tmp_path / "kept").read_bytes() == b"kept"


def test_files_that_are_no_snapshot_are_not_written(folder: Path) -> None:
    with pytest.raises(SealBroken):
        write_snapshot(folder, ONE | {"index.json": b"[]"})
    assert not folder.exists()


def test_leftovers_of_a_kill_are_removed_and_other_neighbours_stay(folder: Path) -> None:
    write_snapshot(folder, ONE)
    for name in (".protocol_snapshot.1.new", ".protocol_snapshot.2.old", ".protocol_snapshots.1.new"):
        (folder.parent / name / "graphs").mkdir(parents=True)
    (folder.parent / ".protocol_snapshot.3.new").symlink_to(folder.parent)
    write_snapshot(folder, TWO)
    assert sorted(os.listdir(folder.parent)) == [
        ".protocol_snapshot.3.new",
        ".protocol_snapshots.1.new",
        "protocol_snapshot",
    ]


def test_cmp_07_killed_at_any_line_the_old_snapshot_or_the_new_one_stands_whole(folder: Path) -> None:
    roots = {verify(files).root: files for files in (ONE, TWO)}
    write_snapshot(folder, ONE)
    seen = []
    for line in range(1, 10_000):
        if not killed_at(line, folder):
            break
        seen.append(open_snapshot(folder).root)
        assert tree(folder) == roots[seen[-1]]
        write_snapshot(folder, ONE)
        assert os.listdir(folder.parent) == [folder.name]
    assert set(seen) == set(roots)
    assert open_snapshot(folder).root == verify(TWO).root


def test_cmp_07_killed_between_two_renames_the_next_write_puts_the_old_snapshot_back(folder: Path) -> None:
    write_snapshot(folder, ONE)
    folder.rename(folder.parent / ".protocol_snapshot.1.old")
    with pytest.raises(SealBroken, match="There is no snapshot"):
        open_snapshot(folder)
    assert not write_snapshot(folder, ONE)
    assert tree(folder) == ONE


def test_cmp_07_where_folders_cannot_be_exchanged_two_renames_replace_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "exchange", lambda left, right: False)
    write_snapshot(folder, ONE)
    write_snapshot(folder, TWO)
    assert tree(folder) == TWO
    assert os.listdir(folder.parent) == [folder.name]


def test_cmp_07_on_a_full_disk_the_old_snapshot_stands(folder: Path) -> None:
    write_snapshot(folder, ONE)
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        try:
            write_snapshot(folder, TWO)
        except OSError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert tree(folder) == ONE
    assert os.listdir(folder.parent) == [folder.name]


def test_seal_12_while_snapshots_are_exchanged_each_reader_sees_one_whole_version(folder: Path) -> None:
    write_snapshot(folder, ONE)
    done = threading.Event()

    def write() -> None:
        for turn in count():
            write_snapshot(folder, (TWO, ONE)[turn % 2])
            if done.is_set() and turn >= 40:
                return

    writer = threading.Thread(target=write)
    writer.start()
    opened = [open_snapshot(folder) for _ in range(STARTS)]
    done.set()
    writer.join()
    roots = {verify(files).root: files for files in (ONE, TWO)}
    assert {sealed.root for sealed in opened} == set(roots)
    for sealed in opened:
        assert sealed.files() == roots[sealed.root]


def test_seal_12_a_file_that_is_renamed_over_another_is_taken_as_it_was_read_or_refused(folder: Path) -> None:
    write_snapshot(folder, ONE)
    name = "graphs/bank__WF_PAY_V0.json"
    done = threading.Event()

    def swap() -> None:
        for turn in count():
            other = folder.parent / "other"
            other.write_bytes((TWO, ONE)[turn % 2][name])
            other.rename(folder / name)
            if done.is_set():
                return

    writer = threading.Thread(target=swap)
    writer.start()
    opened, refused = [], []
    for _ in range(STARTS):
        try:
            opened.append(open_snapshot(folder))
        except SealBroken as broken:
            refused.append(broken)
    done.set()
    writer.join()
    assert {(broken.code, broken.path) for broken in refused} <= {("Z908", name)}
    assert {sealed.read(name) for sealed in opened} <= {ONE[name]}
    assert len(opened) + len(refused) == STARTS


def killed_at(line: int, folder: Path) -> bool:
    """Write TWO in a child that kills itself before the given line of the writing module is run."""
    child = os.fork()
    if child == 0:
        left = line

        def count(frame: FrameType, event: str, argument: object) -> object:
            nonlocal left
            if frame.f_code.co_filename != exchange.__file__:
                return None
            if event == "line":
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return count

        sys.settrace(count)  # type: ignore[arg-type]
        write_snapshot(folder, TWO)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status != 0
