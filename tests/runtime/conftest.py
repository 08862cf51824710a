"""Whatever a test here runs is done again when it is over."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Store
from pgs_runtime.stores.postgres import PostgresStore
from pgs_runtime.stores.sqlite import SqliteStore
from tests.postgres import Server
from tests.replaying import done_again


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store of each kind, one after the other."""
    if request.param == "memory":
        yield MemoryStore()
        return
    if request.param == "sqlite":
        found: Store = SqliteStore(tmp_path / "state.db")
    else:
        server: Server = request.getfixturevalue("postgres")
        found = PostgresStore(server.address(mode="fast"))
    with closing(found):
        yield found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from done_again(item))
