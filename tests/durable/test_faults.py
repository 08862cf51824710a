"""A fault ends a run in the middle: what was committed before it stands, and what was answered stays answered."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pgs_runtime.examine.account import account
from pgs_runtime.faults import ExitCode
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.trace.reading import trace_of
from tests.durable.shop import ADA, BEN, BUYING, DECIDED, Shop, files, lines, notes, sealed, told

ASKED = {"title": "T", "price": 5}


@pytest.mark.parametrize(
    ("most", "ends", "dropped"),
    [(3, ["intent admit ACK", "contract note SUCCESS", "fault pay R030"], {"from": 1, "to": 2}),
     (6, ["reply pay SUCCESS", "contract pay SUCCESS", "fault done R030"], None)],
)  # fmt: skip
def test_a_limit_behind_a_commit_drops_only_what_came_after_it(
    tmp_path: Path, most: int, ends: list[str], dropped: object
) -> None:
    workspace = tmp_path / "workspace"
    shutil.copytree(BUYING, workspace)
    with (workspace / "pgs.yaml").open("a", encoding="utf-8") as project:
        project.write(f"limits: {{run_lines: {most}}}\n")
    shop = Shop(sealed(files(workspace)), lambda: SqliteStore(tmp_path / "data" / "state.db"), tmp_path)
    runtime = shop.runtime()
    run = runtime.run("buying::WF_PAY_RETRY_V0", ASKED, ADA)
    assert (run.kind, run.exit, run.exit_code) == ("FAULTED", "R030", ExitCode.LIMIT)
    assert told(runtime, run)[-3:] == ends
    last = lines(runtime, run)[-1]
    assert last.get("rolled_back") == dropped
    committed = most > 3
    assert notes(runtime.store, "T") == (["ORDERED"] if committed else [])
    assert run.effects == (
        {"buying::CS_TRANSFER_V0": {"PAY": 1}, "buying::ST_NOTES_V0": {"APPEND": 1}} if committed else {}
    )
    assert shop.paid == ([5] if committed else [])
    assert runtime.resume(run.trace_id).kind == "FAULTED"
    runtime.close()


def test_a_fault_drops_what_was_taken_back_since_the_last_commit_and_every_account_says_so(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    shutil.copytree(BUYING, workspace)
    with (workspace / "pgs.yaml").open("a", encoding="utf-8") as project:
        project.write("limits: {run_lines: 12}\n")
    shop = Shop(sealed(files(workspace)), lambda: SqliteStore(tmp_path / "data" / "state.db"), tmp_path)
    runtime = shop.runtime()
    run = runtime.run("buying::WF_BUY_TWO_V0", {"title": "T", "second": "S", "price": 500}, ADA)
    runtime.signal(run.trace_id, DECIDED, {"title": "T", "agreed": True}, BEN)
    assert told(runtime, run)[-3:] == ["first undo note SUCCESS", "first return declined DECLINED", "fault first R030"]
    last = lines(runtime, run)[-1]
    assert (last["rolled_back"], last["effects"]) == ({"from": 9, "to": 11}, {"buying::ST_NOTES_V0": {"APPEND": 1}})
    assert notes(runtime.store, "T") == ["ORDERED"]  # as it was committed: what was done stands, and nothing is lost
    account_of_it = account(trace_of(runtime.trace(run.trace_id)), runtime.snapshot)
    assert "taken back later by `buying::CC_NOTE_V0`, outcome `SUCCESS`, and that was dropped" in account_of_it
    runtime.close()
