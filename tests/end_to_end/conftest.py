"""Installations: the example protocols, and a project that gives trouble on demand, each compiled once."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from pgs_snapshot.exchange import write_snapshot
from tests.end_to_end.programs import ROOT, TROUBLE, Installation, compiled
from tests.replaying import done_again


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    return (yield from done_again(item, folder))


@pytest.fixture(scope="session")
def example_files() -> Mapping[str, bytes]:
    """The files of the example protocols' snapshot."""
    return compiled(ROOT)


@pytest.fixture(scope="session")
def example_workspace(example_files: Mapping[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """To be copied: a workspace with the project file and the snapshot of the examples."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copy(ROOT / "pgs.yaml", folder)
    write_snapshot(folder / "protocol_snapshot", example_files)
    return folder


@pytest.fixture(scope="session")
def trouble_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """To be copied: the project that gives trouble, compiled."""
    folder = tmp_path_factory.mktemp("trouble") / "workspace"
    shutil.copytree(TROUBLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    write_snapshot(folder / "protocol_snapshot", compiled(folder))
    return folder


@pytest.fixture
def examples(example_workspace: Path, tmp_path: Path) -> Installation:
    """The example protocols in a workspace of the test's own."""
    shutil.copytree(example_workspace, tmp_path / "workspace")
    return Installation(tmp_path / "workspace", tmp_path / "data")


@pytest.fixture
def trouble(trouble_workspace: Path, tmp_path: Path) -> Installation:
    """The project that gives trouble, in a workspace of the test's own."""
    shutil.copytree(trouble_workspace, tmp_path / "workspace")
    return Installation(tmp_path / "workspace", tmp_path / "data")
