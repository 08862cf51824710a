"""A bookshop over a store, and a shop in a workspace with who is outside."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from pgs_runtime.stores.sqlite import SqliteStore
from pgs_snapshot.exchange import write_snapshot
from pgs_snapshot.snapshot import Snapshot
from tests.durable.depot import SHIPPING, Depot, Service
from tests.durable.shop import Shop, files, sealed
from tests.end_to_end.programs import Installation, compiled
from tests.parties.mail import MailParty
from tests.replaying import done_again


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Whatever a test here runs is done again when it is over (RPL-01)."""
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    return (yield from done_again(item, folder))


@pytest.fixture(scope="session")
def snapshot() -> Snapshot:
    return sealed(files())


@pytest.fixture
def shop(snapshot: Snapshot, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(snapshot, lambda: SqliteStore(tmp_path / "data" / "state.db"), tmp_path)
    yield shop
    # Whatever a test has made, down to the last line of it, can be done again (RPL-01).
    assert shop.differences() == []
    for store in shop.opened:
        store.close()


@pytest.fixture(scope="session")
def shipping_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """To be copied: the workspace `shipping`, compiled."""
    folder = tmp_path_factory.mktemp("shipping") / "workspace"
    shutil.copytree(SHIPPING, folder, ignore=shutil.ignore_patterns("__pycache__"))
    write_snapshot(folder / "protocol_snapshot", compiled(folder))
    return folder


@pytest.fixture
def depot(shipping_workspace: Path, tmp_path: Path) -> Iterator[Depot]:
    shutil.copytree(shipping_workspace, tmp_path / "workspace")
    with Service() as service, MailParty() as mail:
        place = Installation(tmp_path / "workspace", tmp_path / "data")
        depot = Depot(place, service, mail, tmp_path / "settings.json")
        depot.tell()
        yield depot
