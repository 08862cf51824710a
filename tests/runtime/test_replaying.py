"""What holds every test here to RPL-01: it sees the runs that there are, and those that are not the same."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from pgs_runtime.stores.port import Store
from pgs_runtime.stores.sqlite import SqliteStore
from tests.replaying import Replays
from tests.runtime.desk import desk, order, place
from tests.runtime.protocol import memory


def replays_of(store: Store) -> Replays:
    """What has seen a desk over a store, and done nothing again yet."""
    replays = Replays()
    replays.tests = True
    runtime = desk(store)
    replays.made(runtime)
    place(runtime, order())
    return replays


def test_a_run_is_done_again_once_until_it_has_another_line(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "state.db")) as file:
        for store in (memory(), file):
            replays = replays_of(store)
            assert (replays.differences(tmp_path), replays.again) == ([], 1)
            assert (replays.differences(tmp_path), replays.again) == ([], 1)


@pytest.mark.tampers("the store forgets what it was asked")
def test_a_run_that_is_not_the_same_is_told() -> None:
    store = memory()
    replays = replays_of(store)
    (run,) = store.runs()
    store._lines[run.id][2] = store._lines[run.id][2].replace(b"SUCCESS", b"FAILURE")
    (told,) = replays.differences(None)
    assert told.startswith(f"desk::WF_RUN_V0 COMPLETED {run.id}: ")
