"""What a run emits reaches every run that listens for it, once, whatever ends the process in between."""

from __future__ import annotations

from contextlib import suppress

from pgs_runtime.stores.port import Committed, Segment
from tests.durable.shop import ADA, BEN, CORA, Shop, lines, told

AGREE, BUY, DECIDE = "buying::WF_AGREE_V0", "buying::WF_BUY_V0", "buying::WF_DECIDE_V0"
ASKED = {"title": "T", "until": "2026-03-02T09:00:00Z"}
YES = {"title": "T", "agreed": True}


def test_an_event_that_a_workflow_emits_ends_the_waits_that_it_fits(shop: Shop) -> None:
    runtime = shop.runtime()
    mine = runtime.run(BUY, {"title": "T", "price": 5}, ADA)
    other = runtime.run(BUY, {"title": "S", "price": 5}, ADA)
    said = shop.runtime().run(DECIDE, YES, BEN)
    assert (said.kind, shop.paid) == ("COMPLETED", [5])
    assert runtime.resume(mine.trace_id).kind == "COMPLETED"
    assert runtime.resume(other.trace_id).kind == "WAITING"
    assert len(lines(runtime, other)) == 3, "what is for another is not recorded"
    signal = next(line for line in lines(runtime, mine) if line["kind"] == "signal")
    assert signal["message"] == {"n": 0, "run": said.trace_id, "workflow": DECIDE}
    assert (signal["actor"], signal["authenticated_by"]) == ({"id": "ben", "type": "core::AC_OPERATOR_V0"}, "workflow")
    assert runtime.store.messages() == ()


def test_a_message_obeys_the_separation_of_duties(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run(AGREE, ASKED, ADA)
    runtime.run(DECIDE, YES, ADA)
    assert len(lines(runtime, run)) == 3
    runtime.run(DECIDE, YES, BEN)
    assert [wait["node"] for wait in runtime.resume(run.trace_id).waits] == ["second"]
    runtime.run(DECIDE, YES, CORA)
    assert runtime.resume(run.trace_id).result["by"] == ["ben", "cora"]


def test_one_message_is_one_signal_for_a_run_with_several_waits(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run("buying::WF_AGREE_ALL_V0", {"titles": ["T", "T"], "until": ASKED["until"]}, ADA)
    runtime.run(DECIDE, YES, BEN)
    assert told(runtime, run)[-3:] == [
        "every[0] signal first AGREED",
        "every[0] wait first AGREED",
        "every[0] suspend second",
    ]
    runtime.deliver()
    assert len(told(runtime, run)) == 9


def test_nobody_listens_and_nothing_is_kept(shop: Shop) -> None:
    runtime = shop.runtime()
    runtime.run(DECIDE, YES, BEN)
    assert runtime.store.messages() == ()


def test_a_message_of_a_process_that_ended_is_delivered_by_the_next_one(shop: Shop) -> None:
    runtime = shop.runtime()
    mine = runtime.run(BUY, {"title": "T", "price": 5}, ADA)
    ending = shop.runtime()
    commit = ending.store.commit

    def last(segment: Segment) -> object:
        committed = commit(segment)
        assert isinstance(committed, Committed)
        raise KeyboardInterrupt

    ending.store.commit = last  # type: ignore[method-assign, assignment]
    with suppress(KeyboardInterrupt):
        ending.run(DECIDE, YES, BEN)
    assert len(runtime.store.messages()) == 1
    assert runtime.resume(mine.trace_id).kind == "WAITING"
    runtime.deliver()
    runtime.deliver()
    assert runtime.resume(mine.trace_id).kind == "COMPLETED"
    assert shop.paid == [5]
    assert runtime.store.messages() == ()


def test_who_begins_to_wait_when_something_was_said_already_has_not_heard_it(shop: Shop) -> None:
    """The process that said it has ended before it could deliver it."""
    runtime = shop.runtime()
    mine = runtime.run(BUY, {"title": "T", "price": 5}, ADA)
    ending = shop.runtime()
    commit = ending.store.commit

    def last(segment: Segment) -> object:
        commit(segment)
        raise KeyboardInterrupt

    ending.store.commit = last  # type: ignore[method-assign, assignment]
    with suppress(KeyboardInterrupt):
        ending.run(DECIDE, YES, BEN)
    late = runtime.run(BUY, {"title": "T", "price": 6}, ADA)
    runtime.deliver()
    assert (runtime.resume(mine.trace_id).kind, runtime.resume(late.trace_id).kind) == ("COMPLETED", "WAITING")
    assert shop.paid == [5]
    assert runtime.store.messages() == ()
