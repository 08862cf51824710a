"""A shop over each backend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pgs_runtime.stores.sqlite import SqliteStore
from pgs_snapshot.snapshot import Snapshot
from tests.durable.shop import Shop, files, sealed


@pytest.fixture(scope="session")
def snapshot() -> Snapshot:
    return sealed(files())


@pytest.fixture
def shop(snapshot: Snapshot, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(snapshot, lambda: SqliteStore(tmp_path / "data" / "state.db"), tmp_path)
    yield shop
    for store in shop.opened:
        store.close()
