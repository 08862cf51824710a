"""What is killed: a run of one transaction, one of two segments with an effect outside, and one that waits."""

from __future__ import annotations

from pgs_runtime.runtime import Runtime
from tests.durable.kills import Scenario
from tests.durable.shop import ADA, BEN, CORA, DECIDED

NOTE, PAY, AGREE = "buying::WF_NOTE_V0", "buying::WF_PAY_RETRY_V0", "buying::WF_BUY_V0"


def note(runtime: Runtime) -> None:
    assert runtime.run(NOTE, {"title": "T"}, ADA, request_id="once").kind == "COMPLETED"


def pay(runtime: Runtime) -> None:
    """Ask, and ask again, as a caller does that got no answer; who finds the run in the middle goes on with it."""
    outcome = runtime.run(PAY, {"title": "T", "price": 5}, ADA, request_id="once")
    if outcome.kind == "RUNNING":
        outcome = runtime.resume(outcome.trace_id)
    assert outcome.kind == "COMPLETED"


def buy(runtime: Runtime) -> None:
    """Ask for a book, and let somebody agree who looks first whether that is still waited for."""
    outcome = runtime.run(AGREE, {"title": "T", "price": 5}, ADA, request_id="once")
    if outcome.kind == "WAITING":
        outcome, refused = runtime.signal(outcome.trace_id, DECIDED, {"title": "T", "agreed": True}, BEN)
        assert refused == ""
    if outcome.kind == "RUNNING":
        outcome = runtime.resume(outcome.trace_id)
    assert outcome.kind == "COMPLETED"


def undo(runtime: Runtime) -> None:
    """Buy two books of which the second is refused, so that the first is paid back."""
    asked = {"title": "T", "second": "S", "price": 7}
    outcome = runtime.run("buying::WF_BUY_TWO_V0", asked, ADA, request_id="once")
    for node, title, who in (("first", "T", BEN), ("second", "S", CORA)):
        if outcome.kind == "RUNNING":
            outcome = runtime.resume(outcome.trace_id)
        if outcome.kind == "WAITING" and outcome.waits[0]["parent"] == [node]:
            answer = {"title": title, "agreed": who is BEN}
            outcome, refused = runtime.signal(outcome.trace_id, DECIDED, answer, who)
            assert refused == ""
    if outcome.kind == "RUNNING":
        outcome = runtime.resume(outcome.trace_id)
    assert (outcome.kind, outcome.exit) == ("FAILED", "FAILED")


def tell(runtime: Runtime) -> None:
    """Ask for a book, and let another run say that it is bought."""
    waiting = runtime.run(AGREE, {"title": "T", "price": 5}, ADA, request_id="waits")
    if waiting.kind == "RUNNING":
        runtime.resume(waiting.trace_id)
    runtime.run("buying::WF_DECIDE_V0", {"title": "T", "agreed": True}, BEN, request_id="tells")
    runtime.deliver()
    assert runtime.resume(waiting.trace_id).kind == "COMPLETED"
    runtime.deliver()
    assert runtime.store.messages() == ()


SCENARIOS = (Scenario("note", note), Scenario("pay", pay), Scenario("buy", buy))
"""The three that the everyday suite samples."""
EVERY = (*SCENARIOS, Scenario("tell", tell), Scenario("undo", undo))
