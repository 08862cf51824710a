"""Undo: what was committed before a run fails is taken back, the last first, also by who comes after a crash."""

from __future__ import annotations

import pytest

from pgs_runtime.faults import ExitCode, Refusal
from tests.durable.shop import ADA, BEN, DECIDED, Shop, lines, notes, told

BUY, TWO = "buying::WF_BUY_V0", "buying::WF_BUY_TWO_V0"


def agree(shop: Shop, id: str, title: str, agreed: bool = True) -> None:
    _, refused = shop.runtime().signal(id, DECIDED, {"title": title, "agreed": agreed}, BEN)
    assert refused == ""


def test_what_was_committed_before_a_failed_exit_is_undone(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run(BUY, {"title": "T", "price": 500}, ADA)
    agree(shop, run.trace_id, "T")
    assert runtime.resume(run.trace_id).exit == "DECLINED"
    assert notes(runtime.store, "T") == ["ORDERED", "GIVEN_UP"]
    assert told(runtime, run)[-4:] == [
        "reply pay DECLINED", "contract pay DECLINED", "undo note SUCCESS", "exit declined DECLINED",
    ]  # fmt: skip
    last = lines(runtime, run)[-1]
    assert last["effects"] == {"buying::ST_NOTES_V0": {"APPEND": 2}}
    assert "rolled_back" not in last


def test_an_undo_may_itself_ask_the_outside(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run(TWO, {"title": "T", "second": "S", "price": 7}, ADA)
    agree(shop, run.trace_id, "T")
    agree(shop, run.trace_id, "S", agreed=False)
    ended = runtime.resume(run.trace_id)
    assert (ended.kind, shop.paid, shop.refunded) == ("FAILED", [7], 1)
    assert told(runtime, run)[-4:] == [
        "effect first", "reply first SUCCESS", "undo first SUCCESS", "exit failed FAILED",
    ]  # fmt: skip
    assert lines(runtime, run)[-4]["undoing"] is True


def test_what_was_not_done_is_not_undone(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run(TWO, {"title": "T", "second": "S", "price": 7}, ADA)
    agree(shop, run.trace_id, "T", agreed=False)
    assert (runtime.resume(run.trace_id).exit, shop.paid, shop.refunded) == ("REFUSED", [], 0)


def test_a_run_that_waits_is_cancelled_and_undone(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run(TWO, {"title": "T", "second": "S", "price": 7}, ADA)
    agree(shop, run.trace_id, "T")
    ended = shop.runtime().cancel(run.trace_id, BEN, "changed my mind")
    assert (ended.kind, ended.exit, ended.exit_code) == ("CANCELLED", "CANCELLED", ExitCode.INTERRUPTED)
    assert (shop.paid, shop.refunded) == ([7], 1)
    assert told(runtime, run)[-6:] == [
        "cancel", "second return CANCELLED", "effect first", "reply first SUCCESS", "undo first SUCCESS", "cancelled",
    ]  # fmt: skip
    said = next(line for line in lines(runtime, run) if line["kind"] == "cancel")
    assert (said["reason"], said["actor"]) == ("changed my mind", {"id": "ben", "type": "core::AC_OPERATOR_V0"})


def test_a_run_is_not_cancelled_in_the_middle_of_a_call_that_only_its_end_can_take_back(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run("buying::WF_HOLD_TWO_V0", {"title": "T", "second": "S"}, ADA)
    agree(shop, run.trace_id, "T")
    before = lines(runtime, run)
    with pytest.raises(Refusal) as refused:
        shop.runtime().cancel(run.trace_id, BEN, "no")
    assert (refused.value.code, refused.value.exit_code) == ("R140", ExitCode.USAGE)
    assert refused.value.message == (
        "`first` has acted and has not ended, so nothing can take it back yet: its `undo` is for its end."
    )
    assert lines(runtime, run) == before
    agree(shop, run.trace_id, "T")
    ended = shop.runtime().cancel(run.trace_id, BEN, "no")  # the second one has not acted yet
    assert (ended.kind, notes(runtime.store, "T")) == ("CANCELLED", ["ORDERED", "GIVEN_UP"])
    assert told(runtime, run)[-4:] == ["cancel", "second return CANCELLED", "undo first SUCCESS", "cancelled"]


def test_concurrent_items_are_all_cancelled(shop: Shop) -> None:
    runtime = shop.runtime()
    asked = {"titles": ["A", "B"], "until": "2026-03-02T09:00:00Z"}
    run = runtime.run("buying::WF_AGREE_ALL_V0", asked, ADA)
    assert runtime.cancel(run.trace_id, BEN, "no").kind == "CANCELLED"
    assert told(runtime, run)[-4:] == [
        "cancel", "every[0] return CANCELLED", "every[1] return CANCELLED", "cancelled",
    ]  # fmt: skip


def test_what_has_ended_is_not_cancelled(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run(BUY, {"title": "T", "price": 5}, ADA)
    runtime.cancel(run.trace_id, BEN, "no")
    with pytest.raises(Refusal) as refused:
        runtime.cancel(run.trace_id, BEN, "no")
    assert refused.value.code == "R084"


def test_a_reason_is_a_text_that_a_trace_can_hold(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run(BUY, {"title": "T", "price": 5}, ADA)
    for reason in ("x" * 2000, "\ud800"):
        with pytest.raises(Refusal) as refused:
            runtime.cancel(run.trace_id, BEN, reason)
        assert refused.value.code == "R086"
    assert runtime.resume(run.trace_id).kind == "WAITING"
