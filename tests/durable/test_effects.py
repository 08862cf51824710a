"""External effects: intended, asked for once or under the same key again, and in doubt where nobody knows."""

from __future__ import annotations

import pytest

from pgs_runtime.faults import ExitCode, Refusal
from pgs_snapshot.values import Outcome
from tests.durable.shop import ADA, BEN, Shop, lines, notes, told

RETRY, SUSPEND, LOOKUP = (f"buying::WF_PAY_{how}_V0" for how in ("RETRY", "SUSPEND", "LOOKUP"))
ASKED = {"title": "T", "price": 5}


@pytest.mark.parametrize("workflow", [RETRY, SUSPEND])
def test_what_is_answered_is_done_once(shop: Shop, workflow: str) -> None:
    runtime = shop.runtime()
    run = runtime.run(workflow, ASKED, ADA)
    effect = lines(runtime, run)[3]
    assert (run.kind, run.result) == ("COMPLETED", {"receipt": f"R-{str(effect['key'])[:8]}"})
    assert run.effects == {"buying::CS_TRANSFER_V0": {"PAY": 1}, "buying::ST_NOTES_V0": {"APPEND": 1}}
    assert (shop.paid, shop.pauses) == ([5], [])
    assert told(runtime, run) == [
        "run", "intent admit ACK", "contract note SUCCESS", "effect pay",
        "reply pay SUCCESS", "contract pay SUCCESS", "exit done COMPLETED",
    ]  # fmt: skip
    (row,) = runtime.store.effects(run.trace_id)
    assert (row.key, row.status, row.line) == (effect["key"], "DONE", 3)


def test_what_certainly_did_not_take_place_is_tried_again_and_then_left(shop: Shop) -> None:
    shop.behaves("down")
    runtime = shop.runtime()
    run = runtime.run(RETRY, ASKED, ADA)
    assert (run.kind, run.exit_code, shop.paid) == ("IN_DOUBT", ExitCode.IN_DOUBT, [])
    assert shop.pauses == [0.1, 0.2]
    assert lines(runtime, run)[-1]["why"] == "The bank is closed."
    assert [(doubt["node"], doubt["operation"]) for doubt in run.doubts] == [("pay", "PAY")]


@pytest.mark.parametrize(("workflow", "asked"), [(RETRY, ASKED), (LOOKUP, {"price": 5})])
def test_an_answer_that_was_lost_is_found_out_as_the_binding_says(
    shop: Shop, workflow: str, asked: dict[str, object]
) -> None:
    shop.behaves("lossy")
    runtime = shop.runtime()
    run = runtime.run(workflow, asked, ADA)
    assert (run.kind, shop.paid) == ("COMPLETED", [5])
    assert [line for line in told(runtime, run) if line.startswith(("effect", "reply", "doubt"))] == [
        "effect pay",
        "reply pay SUCCESS",
    ]


def test_an_answer_that_was_lost_suspends_the_run_where_nothing_else_was_said(shop: Shop) -> None:
    shop.behaves("lossy")
    runtime = shop.runtime()
    run = runtime.run(SUSPEND, ASKED, ADA)
    assert (run.kind, run.exit_code, shop.paid) == ("IN_DOUBT", ExitCode.IN_DOUBT, [5])
    assert told(runtime, run)[3:] == ["effect pay", "doubt pay"]
    assert runtime.resume(run.trace_id).kind == "IN_DOUBT"
    assert shop.paid == [5]


def test_nobody_knows_is_an_outcome_where_the_author_has_an_edge_for_it(shop: Shop) -> None:
    shop.behaves("down")
    runtime = shop.runtime()
    run = runtime.run("buying::WF_BUY_V0", {"title": "T", "price": 5}, ADA)
    ended, _ = runtime.signal(run.trace_id, "buying::EV_DECIDED_V0", {"title": "T", "agreed": True}, BEN)
    assert (ended.kind, ended.result) == ("COMPLETED", {"receipt": "none"})
    assert "reply pay UNKNOWN" in told(runtime, run)
    (row,) = runtime.store.effects(run.trace_id)
    assert row.status == "IN_DOUBT"


# --- what a person says --------------------------------------------------------------------------


def doubtful(shop: Shop, how: str = "lossy") -> str:
    shop.behaves(how)
    run = shop.runtime().run(SUSPEND, ASKED, ADA)
    assert run.kind == "IN_DOUBT"
    return run.trace_id


def test_a_person_says_that_it_took_place_and_how_it_ended(shop: Shop) -> None:
    id = doubtful(shop)
    runtime = shop.runtime()
    ended = runtime.reconcile(id, "done", BEN, "it is on the statement", told=Outcome("SUCCESS", receipt="R-1"))
    assert (ended.kind, ended.result, shop.paid) == ("COMPLETED", {"receipt": "R-1"}, [5])
    said = lines(runtime, id)[-3]
    assert (said["kind"], said["as"], said["reason"]) == ("reconciled", "done", "it is on the statement")
    assert said["actor"] == {"id": "ben", "type": "core::AC_OPERATOR_V0"}
    assert runtime.store.effects(id)[0].status == "DONE"


def test_a_person_says_that_it_did_not_take_place_and_it_is_asked_for_under_the_same_key(shop: Shop) -> None:
    id = doubtful(shop)
    runtime = shop.runtime()
    ended = runtime.reconcile(id, "retry", BEN, "not on the statement")
    assert (ended.kind, shop.paid) == ("COMPLETED", [5])
    assert told(runtime, id)[3:] == [
        "effect pay", "doubt pay", "reconciled pay retry", "reply pay SUCCESS", "contract pay SUCCESS",
        "exit done COMPLETED",
    ]  # fmt: skip


def test_a_person_gives_it_up_and_what_was_done_is_undone(shop: Shop) -> None:
    shop.behaves("down")
    id = shop.runtime().run(SUSPEND, ASKED, ADA).trace_id
    runtime = shop.runtime()
    ended = runtime.reconcile(id, "give_up", BEN, "nobody wants it")
    assert (ended.kind, ended.exit_code) == ("CANCELLED", ExitCode.INTERRUPTED)
    assert notes(runtime.store, "T") == ["ORDERED", "GIVEN_UP"]
    assert told(runtime, id)[-3:] == ["reconciled pay give_up", "undo note SUCCESS", "cancelled"]
    assert runtime.store.effects(id)[0].status == "FAILED"


@pytest.mark.parametrize(
    ("verdict", "key", "outcome", "exit_code"),
    [
        ("done", "", None, ExitCode.USAGE),
        ("done", "", Outcome("OTHER"), ExitCode.USAGE),
        ("done", "", Outcome("SUCCESS"), ExitCode.REJECTED),
        ("done", "", Outcome("SUCCESS", receipt=3), ExitCode.REJECTED),
        ("retry", "0" * 64, None, ExitCode.USAGE),
    ],
)
def test_what_cannot_be_so_is_refused_and_changes_nothing(
    shop: Shop, verdict: str, key: str, outcome: Outcome | None, exit_code: ExitCode
) -> None:
    id = doubtful(shop)
    runtime = shop.runtime()
    before = runtime.trace(id)
    with pytest.raises(Refusal) as refused:
        runtime.reconcile(id, verdict, BEN, "so it is", key, outcome)  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.exit_code) == ("R085", exit_code)
    assert runtime.trace(id) == before


def test_nothing_is_reconciled_where_nothing_is_in_doubt(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run(RETRY, ASKED, ADA)
    with pytest.raises(Refusal) as refused:
        runtime.reconcile(run.trace_id, "retry", BEN, "so it is")
    assert refused.value.code == "R085"


# --- several at once -----------------------------------------------------------------------------


def test_effects_of_concurrent_items_are_intended_together_and_recorded_in_their_order(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run("buying::WF_PAY_ALL_V0", {"prices": [3, 500, 4]}, ADA)
    assert (run.exit, run.result) == ("SOME", {"exits": ["COMPLETED", "FAILED", "COMPLETED"]})
    assert shop.paid == [3, 4]
    assert notes(runtime.store, "many") == ["ORDERED", "ORDERED", "ORDERED", "GIVEN_UP"]
    assert told(runtime, run) == [
        "run", "intent admit ACK",
        *(f"every[{item}] {line}" for item in range(3) for line in ("intent admit ACK", "contract note SUCCESS")),
        *(f"every[{item}] effect pay" for item in range(3)),
        "every[0] reply pay SUCCESS", "every[1] reply pay DECLINED", "every[2] reply pay SUCCESS",
        "every[0] contract pay SUCCESS", "every[0] return done COMPLETED",
        "every[1] contract pay DECLINED", "every[1] undo note SUCCESS", "every[1] return failed FAILED",
        "every[2] contract pay SUCCESS", "every[2] return done COMPLETED",
        "each every SOME_FAILED", "exit some SOME",
    ]  # fmt: skip
    keys = {row.key for row in runtime.store.effects(run.trace_id)}
    assert len(keys) == 3


def test_one_item_in_doubt_does_not_keep_the_others(shop: Shop) -> None:
    runtime = shop.runtime()
    shop.behaves("down")
    run = runtime.run("buying::WF_PAY_ALL_V0", {"prices": [3, 4]}, ADA)
    assert (run.kind, len(run.doubts)) == ("IN_DOUBT", 2)
    shop.behaves("down", yes=False)
    with pytest.raises(Refusal, match="Several effects"):
        runtime.reconcile(run.trace_id, "retry", BEN, "open again")
    stands = runtime.reconcile(run.trace_id, "retry", BEN, "open again", str(run.doubts[1]["key"]))
    assert (stands.kind, shop.paid) == ("IN_DOUBT", [4])
    ended = shop.runtime().reconcile(run.trace_id, "retry", BEN, "open again")
    assert (ended.kind, ended.result, shop.paid) == ("COMPLETED", {"count": 2}, [3, 4])
