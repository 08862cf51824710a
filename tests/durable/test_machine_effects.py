"""Machines whose entries ask the outside: what comes between moves the instance, and what was done outside stays."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pgs_runtime.stores.sqlite import SqliteStore
from pgs_snapshot.values import Outcome
from tests.durable.shop import ADA, BEN, BUYING, Shop, files, sealed

BASKET = "buying::SM_BASKET_V0"
PAYMENT = {"title": "T", "price": 5}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The bookshop, with a machine."""
    workspace = tmp_path / "buying"
    shutil.copytree(BUYING, workspace, ignore=shutil.ignore_patterns("__pycache__"))
    with open(workspace / "buying.yaml", "a", encoding="utf-8") as declarations:
        declarations.write((Path(__file__).parent / "basket.yaml").read_text(encoding="utf-8"))
    return Shop(sealed(files(workspace)), lambda: SqliteStore(tmp_path / "data" / "state.db"), tmp_path)


def test_an_entry_that_asks_the_outside_leads_on_by_what_that_answers(shop: Shop) -> None:
    machines = shop.runtime().machines
    machines.start(BASKET, "b1", ADA)
    assert machines.send(BASKET, "b1", "PAY", ADA, PAYMENT).result["state"] == "PAID"
    assert shop.paid == [5]
    assert shop.differences() == []


def test_an_event_that_comes_between_moves_the_instance_and_the_other_is_overtaken(shop: Shop) -> None:
    runtime = shop.runtime()
    runtime.machines.start(BASKET, "b1", ADA)
    shop.behaves("lossy")
    paying = runtime.machines.send(BASKET, "b1", "PAY", ADA, PAYMENT)
    assert (paying.kind, runtime.machines.instance(BASKET, "b1").state) == ("IN_DOUBT", "FILLED")
    assert runtime.machines.send(BASKET, "b1", "DROP", ADA).result["state"] == "DROPPED"
    ended = shop.runtime().reconcile(paying.trace_id, "done", BEN, "it is paid", told=Outcome("SUCCESS", receipt="R-1"))
    assert (ended.kind, ended.exit) == ("DENIED", "OVERTAKEN")
    assert [step.state for step in runtime.machines.steps(BASKET, "b1")] == ["FILLED", "DROPPED"]
    assert shop.differences() == []
