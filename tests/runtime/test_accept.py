"""Accepting a snapshot: the copy that old traces need, and no way back in versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import StoreUnusable
from pgs_runtime.workspace.accept import accept, accepted
from pgs_snapshot.seal import SealBroken
from pgs_snapshot.snapshot import Snapshot
from tests.runtime.protocol import REJECTED, admit, ends, fields, graph, intent, memory, sealed


def snapshot(version: int = 1) -> Snapshot:
    return sealed(intent(fields()), graph(admit("done"), ends("done"), REJECTED), version=version)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def test_an_accepted_snapshot_is_kept_and_can_be_opened_by_its_id(data: Path) -> None:
    first = snapshot()
    accept(first, memory(), data)
    assert accepted(data, first.id).sealed.files() == first.sealed.files()


def test_versions_go_up_and_stay_but_never_down(data: Path) -> None:
    store = memory()
    for version in (1, 1, 2, 10, 10):
        accept(snapshot(version), store, data)
    for version in (9, 2, 1):
        with pytest.raises(Refusal) as refused:
            accept(snapshot(version), store, data)
        assert (refused.value.code, refused.value.exit_code) == ("R053", ExitCode.SEAL)
        assert refused.value.message == (
            f"Version {version} of `desk` is older than version 10, which was accepted here."
        )
    kept = {accepted(data, snapshot(version).id).id for version in (1, 2, 10)}
    assert len(kept) == 3


def test_a_snapshot_that_is_refused_leaves_no_copy(data: Path) -> None:
    store = memory()
    accept(snapshot(2), store, data)
    with pytest.raises(Refusal):
        accept(snapshot(1), store, data)
    assert [folder.name for folder in (data / "snapshots").iterdir()] == [snapshot(2).id]


def test_a_copy_that_is_missing_is_made_again(data: Path) -> None:
    store = memory()
    accept(snapshot(), store, data)
    (data / "snapshots" / snapshot().id).rename(data / "elsewhere")
    accept(snapshot(), store, data)
    assert accepted(data, snapshot().id).id == snapshot().id


def test_a_copy_that_was_changed_is_refused_when_it_is_used(data: Path) -> None:
    accept(snapshot(), memory(), data)
    (data / "snapshots" / snapshot().id / "project.json").write_bytes(b"{}")
    with pytest.raises(SealBroken):
        accepted(data, snapshot().id)


def test_a_snapshot_that_was_never_accepted_is_not_there(data: Path) -> None:
    with pytest.raises(SealBroken):
        accepted(data, "0" * 64)


def test_of_two_that_accept_at_once_the_newer_version_stays(data: Path) -> None:
    class Racing(MemoryStore):
        """Somebody accepts version 3 between our look and our word."""

        raced = False

        def swap_meta(self, key: str, expected: bytes | None, value: bytes) -> bool:
            if not self.raced:
                self.raced = True
                super().swap_meta(key, expected, b"3")
            return super().swap_meta(key, expected, value)

    store = Racing()
    with pytest.raises(Refusal, match="older than version 3"):
        accept(snapshot(2), store, data)
    accept(snapshot(3), store, data)


def test_a_place_that_holds_something_else_is_unusable_and_no_version_is_accepted(data: Path) -> None:
    store = memory()
    (data / "snapshots").write_bytes(b"")
    with pytest.raises(StoreUnusable):
        accept(snapshot(2), store, data)
    (data / "snapshots").unlink()
    accept(snapshot(1), store, data)


def test_a_linked_place_is_unsafe(data: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (data / "snapshots").symlink_to(tmp_path / "theirs")
    with pytest.raises(StoreUnusable) as unusable:
        accept(snapshot(), memory(), data)
    assert unusable.value.cause == "unsafe"
    assert list((tmp_path / "theirs").iterdir()) == []
