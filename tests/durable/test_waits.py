"""Waits: a run stands still until a signal that it accepts, or until its time is over; any process goes on with it."""

from __future__ import annotations

import pytest

from pgs_runtime.faults import ExitCode, Refusal
from tests.durable.shop import ADA, BEGAN, BEN, CORA, DECIDED, HOUR, WITHDRAWN, Shop, lines, told

AGREE = "buying::WF_AGREE_V0"
UNTIL = "2026-03-02T09:00:00Z"
ASKED = {"title": "T", "until": UNTIL}
YES = {"title": "T", "agreed": True}


def test_a_run_that_waits_says_for_what_and_until_when(shop: Shop) -> None:
    run = shop.runtime().run(AGREE, ASKED, ADA)
    assert (run.kind, run.exit, run.exit_code) == ("WAITING", "", ExitCode.WAITING)
    assert run.waits == (
        {"due": "2026-03-01T10:00:00.000Z", "node": "first", "signals": [{"event": DECIDED, "name": "AGREED"}]},
    )
    assert told(shop.runtime(), run) == ["run", "intent admit ACK", "suspend first"]


def test_each_signal_may_come_to_another_process(shop: Shop) -> None:
    run = shop.runtime().run(AGREE, ASKED, ADA)
    shop.now += 60_000_000
    between, refused = shop.runtime().signal(run.trace_id, DECIDED, YES, BEN)
    assert (between.kind, refused) == ("WAITING", "")
    assert [wait["node"] for wait in between.waits] == ["second"]
    shop.now += 60_000_000
    runtime = shop.runtime()
    ended, refused = runtime.signal(run.trace_id, DECIDED, YES, CORA)
    assert (ended.kind, refused) == ("COMPLETED", "")
    assert ended.result == {"by": ["ben", "cora"], "at": "2026-03-01T09:02:00.000Z"}
    assert told(runtime, run) == [
        "run", "intent admit ACK", "suspend first",
        "signal first AGREED", "wait first AGREED", "suspend second",
        "signal second AGREED", "wait second AGREED", "exit done COMPLETED",
    ]  # fmt: skip
    assert [(line["segment"], line["time"]) for line in lines(runtime, run) if "segment" in line] == [
        (1, "2026-03-01T09:01:00.000Z"),
        (2, "2026-03-01T09:02:00.000Z"),
    ]


@pytest.mark.parametrize(
    ("event", "fields", "who", "why"),
    [
        (DECIDED, YES, ADA, "`AGREED` of `first` is for somebody else than who acted at `admit`."),
        (DECIDED, {**YES, "title": "X"}, BEN, "`AGREED` of `first` is for another `title`."),
        (DECIDED, {**YES, "agreed": False}, BEN, "`AGREED` of `first` has a condition that does not hold."),
        (
            DECIDED,
            {"title": "T"},
            BEN,
            "`AGREED` of `first` does not take the event: `/agreed` is required, and not there.",
        ),
        (WITHDRAWN, {"why": "no"}, BEN, f"`{WITHDRAWN}` is not waited for."),
        ("buying::EV_OTHER_V0", {}, BEN, "`buying::EV_OTHER_V0` is not waited for."),
    ],
)
def test_a_signal_that_is_not_accepted_is_refused_and_recorded_and_the_wait_goes_on(
    shop: Shop, event: str, fields: dict[str, object], who: object, why: str
) -> None:
    runtime = shop.runtime()
    run = runtime.run(AGREE, ASKED, ADA)
    stands, refused = runtime.signal(run.trace_id, event, fields, who)  # type: ignore[arg-type]
    assert (stands.kind, stands.waits) == ("WAITING", run.waits)
    assert refused == why
    last = lines(runtime, run)[-1]
    assert (last["kind"], last["event"], last["actor"]["id"]) == ("signal", event, who.id)  # type: ignore[attr-defined, index, call-overload]
    assert list(last["fields"]) == ["$redacted"]  # type: ignore[arg-type]
    ended, refused = runtime.signal(run.trace_id, DECIDED, YES, BEN)
    assert (ended.kind, refused) == ("WAITING", "")


def test_duties_stay_separated_over_several_waits(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run(AGREE, ASKED, ADA)
    runtime.signal(run.trace_id, DECIDED, YES, BEN)
    for who, node in ((ADA, "admit"), (BEN, "first")):
        _, refused = runtime.signal(run.trace_id, DECIDED, YES, who)
        assert refused == f"`AGREED` of `second` is for somebody else than who acted at `{node}`."
    ended, _ = runtime.signal(run.trace_id, DECIDED, YES, CORA)
    assert ended.kind == "COMPLETED"


def test_a_wait_whose_time_is_over_has_expired_whoever_looks_first(shop: Shop) -> None:
    by_resume, by_signal = (shop.runtime().run(AGREE, ASKED, ADA) for _ in range(2))
    shop.now += HOUR - 1_000
    assert shop.runtime().resume(by_resume.trace_id).kind == "WAITING"
    shop.now += 1_000
    resumed = shop.runtime().resume(by_resume.trace_id)
    assert (resumed.kind, resumed.exit) == ("DENIED", "EXPIRED")
    late, refused = shop.runtime().signal(by_signal.trace_id, DECIDED, YES, BEN)
    assert (late.kind, late.exit, refused) == ("DENIED", "EXPIRED", "The time of the wait was over.")
    for run in (by_resume, by_signal):
        assert told(shop.runtime(), run)[2:] == [
            "suspend first", "expired first", "wait first EXPIRED", "exit expired EXPIRED",
        ]  # fmt: skip


def test_a_wait_may_end_at_a_point_in_time(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run(AGREE, ASKED, ADA)
    stands, _ = runtime.signal(run.trace_id, DECIDED, YES, BEN)
    assert stands.waits[0]["due"] == "2026-03-02T09:00:00.000Z"
    shop.now = BEGAN + 24 * HOUR
    assert runtime.resume(run.trace_id).exit == "EXPIRED"


def test_another_signal_of_the_same_wait_has_its_own_name_and_event(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run(AGREE, ASKED, ADA)
    runtime.signal(run.trace_id, DECIDED, YES, BEN)
    ended, _ = runtime.signal(run.trace_id, WITHDRAWN, {"why": "too dear"}, ADA)
    assert (ended.exit, ended.result) == ("WITHDRAWN", {"why": "too dear"})


def test_what_has_ended_waits_for_nothing(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run(AGREE, ASKED, ADA)
    shop.now += HOUR
    runtime.resume(run.trace_id)
    with pytest.raises(Refusal) as refused:
        runtime.signal(run.trace_id, DECIDED, YES, BEN)
    assert (refused.value.code, refused.value.exit_code) == ("R084", ExitCode.USAGE)
    assert runtime.resume(run.trace_id).exit == "EXPIRED"


def test_a_repeated_request_tells_how_its_run_stands(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run(AGREE, ASKED, ADA, request_id="once")
    again = shop.runtime().run(AGREE, ASKED, ADA, request_id="once")
    assert (again.trace_id, again.kind, again.repeated, again.waits) == (run.trace_id, "WAITING", True, run.waits)


def test_an_unknown_run_is_refused(shop: Shop) -> None:
    with pytest.raises(Refusal) as refused:
        shop.runtime().signal("0" * 26, DECIDED, YES, BEN)
    assert refused.value.code == "R014"


def test_waits_of_several_items_are_answered_in_any_order(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run("buying::WF_AGREE_ALL_V0", {"titles": ["A", "B"], "until": UNTIL}, ADA)
    assert [(wait["node"], wait["iteration"]) for wait in run.waits] == [("first", [0]), ("first", [1])]
    for title, who in (("B", BEN), ("B", CORA), ("A", CORA)):
        stands, refused = shop.runtime().signal(run.trace_id, DECIDED, {"title": title, "agreed": True}, who)
        assert (stands.kind, refused) == ("WAITING", "")
    ended, _ = shop.runtime().signal(run.trace_id, DECIDED, {"title": "A", "agreed": True}, BEN)
    assert (ended.kind, ended.result) == ("COMPLETED", {"count": 2})
    assert told(runtime, run) == [
        "run", "intent admit ACK",
        "every[0] intent admit ACK", "every[1] intent admit ACK", "every[0] suspend first", "every[1] suspend first",
        "every[1] signal first AGREED", "every[1] wait first AGREED", "every[1] suspend second",
        "every[1] signal second AGREED", "every[1] wait second AGREED", "every[1] return done COMPLETED",
        "every[0] signal first AGREED", "every[0] wait first AGREED", "every[0] suspend second",
        "every[0] signal second AGREED", "every[0] wait second AGREED", "every[0] return done COMPLETED",
        "each every SUCCESS", "exit done COMPLETED",
    ]  # fmt: skip


def test_an_item_that_expires_leaves_the_others_waiting(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run("buying::WF_AGREE_ALL_V0", {"titles": ["A", "B"], "until": UNTIL}, ADA)
    runtime.signal(run.trace_id, DECIDED, {"title": "A", "agreed": True}, BEN)
    shop.now += HOUR
    stands = runtime.resume(run.trace_id)
    assert [(wait["node"], wait["iteration"]) for wait in stands.waits] == [("second", [0])]
    shop.now += 24 * HOUR
    ended = runtime.resume(run.trace_id)
    assert (ended.exit, ended.result) == ("SOME", {"exits": ["EXPIRED", "EXPIRED"]})
