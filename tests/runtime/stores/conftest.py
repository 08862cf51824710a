"""The backends that the one suite of store tests runs on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Store
from pgs_runtime.stores.postgres import PostgresStore
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.stores.sqlite_file import SqliteOptions
from tests.postgres import Server

POSTGRES = ("postgres durable", "postgres fast")
BACKENDS: dict[str, Callable[[Path], Store]] = {
    "memory": lambda folder: MemoryStore(),
    "sqlite durable": lambda folder: SqliteStore(folder / "state.db"),
    "sqlite fast": lambda folder: SqliteStore(folder / "state.db", SqliteOptions(mode="fast")),
}


@pytest.fixture(params=[*BACKENDS, *POSTGRES])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param in POSTGRES:
        server: Server = request.getfixturevalue("postgres")
        opened: Store = PostgresStore(server.address(mode=request.param.split()[1]))
    else:
        opened = BACKENDS[request.param](tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a SQLite store may be made."""
    return tmp_path / "data" / "state.db"
