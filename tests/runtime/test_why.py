"""What `why` says of runs of small protocols, and what it may not show: what follows from something labelled."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from pgs_runtime.faults import Refusal
from pgs_runtime.runtime import Runtime
from pgs_runtime.why.answer import Why
from pgs_runtime.why.texts import why_json, why_text
from pgs_snapshot.model import Compare, Literal_, Ref
from pgs_snapshot.values import Value
from tests.runtime.desk import desk, order, place
from tests.runtime.protocol import (
    ADA,
    COUNT,
    REJECTED,
    WORKFLOW,
    admit,
    case,
    contract,
    decides,
    ends,
    fields,
    graph,
    intent,
    memory,
    node,
    opened,
    ports,
)
from tests.runtime.test_overrides import GRACE, Desk

HIDDEN: dict[str, Value] = {"type": "integer", "labels": ["pii"]}
PAYLOAD = fields(n=COUNT, limit=HIDDEN)
LABELLED = {"admit": ("/payload/limit",)}
WITHIN = Compare("le", (Ref(0, ("n",)), Ref(0, ("limit",))))


def asked(*artifacts: object, n: int, to: str = "") -> Why:
    runtime = opened(*artifacts)
    run = runtime.run(WORKFLOW, {"n": n, "limit": 7341}, ADA).trace_id
    return runtime.why(run, to)


@pytest.mark.parametrize(("n", "to"), [(9000, ""), (12, "rejected")])
def test_a_bound_that_a_rule_takes_from_a_label_is_not_found_out(n: int, to: str) -> None:
    told = asked(intent(PAYLOAD, WITHIN), graph(admit("done"), ends("done"), REJECTED, hidden=LABELLED), n=n, to=to)
    assert told.otherwise is not None
    changes = [change for each in told.otherwise.found for change in each.changes]
    assert changes
    assert all(change.hides_new for change in changes)
    assert "With another value of `" in why_text(told)
    assert "734" not in why_text(told) + why_json(told)


def test_a_bound_that_a_decision_takes_from_a_label_is_not_found_out() -> None:
    check = contract(
        "check",
        PAYLOAD,
        [decides("within", case("YES", WITHIN), case("NO"), YES="YES", NO="NO")],
        {"YES": {}, "NO": {}},
    )
    inputs = {"n": Ref(0, ("n",)), "limit": Ref(0, ("limit",))}
    made = graph(
        admit("check"),
        node("check", "check", inputs, YES="done", NO="denied"),
        ends("done"),
        ends("denied", "DENIED"),
        REJECTED,
        hidden={**LABELLED, "check": ("/inputs/limit", "/steps/within/operands/0")},
    )
    told = asked(intent(PAYLOAD), check, made, n=9000)
    assert told.otherwise is not None
    assert [change.hides_new for each in told.otherwise.found for change in each.changes] == [True, True]
    assert "734" not in why_text(told) + why_json(told)


def test_a_decision_on_nothing_of_the_payload_is_proved_to_be_one() -> None:
    check = contract(
        "check",
        fields(by={"type": "string"}),
        [
            decides(
                "who", case("YES", Compare("eq", (Ref(0, ("by",)), Literal_("eve")))), case("NO"), YES="YES", NO="NO"
            )
        ],
        {"YES": {}, "NO": {}},
    )
    made = graph(
        admit("check"),
        node("check", "check", {"by": Ref(1, ("id",))}, YES="done", NO="denied"),
        ends("done"),
        ends("denied", "DENIED"),
        REJECTED,
        hidden=LABELLED,
    )
    told = asked(intent(PAYLOAD), check, made, n=3)
    assert why_text(told).splitlines()[-2:] == [
        "No payload that is admitted could have led elsewhere: nothing of the payload is compared on the way. What",
        "  decided depends on the actor.",
    ]


# --- rules, and people who speak about them --------------------------------------------------------


def told_of(runtime: Runtime, run: str) -> list[str]:
    """The answer, without its first line and without empty ones."""
    return [line for line in why_text(runtime.why(run)).splitlines()[1:] if line]


def test_a_rule_that_was_overridden_is_told_first_and_by_its_name() -> None:
    desk = Desk()
    desk.grant()
    assert told_of(desk.runtime, desk.ask().trace_id) == [
        "The rule `SMALL` did not hold, and `grace` had overridden it until 2026-03-01 at 10:00:00.000 UTC, for the "
        "reason `The bridge is closed`.",
        "`admit` decided it: it ended as `ACK`, and that led to `done`.  (desk.yaml:1)",
        "No payload that is admitted could have led elsewhere: nothing of the payload is compared on the way.",
    ]


def test_each_of_several_rules_is_told_with_what_it_looks_at() -> None:
    desk = Desk()
    assert told_of(desk.runtime, desk.ask(n=100, m=100).trace_id)[1:5] == [
        "  The rule `SMALL` at `desk.yaml:10` does not hold.",
        "  The rule `FEW` at `desk.yaml:11` does not hold.",
        "  The rule `SMALL` looks at `n` of the payload.",
        "  The rule `FEW` looks at `m` of the payload.",
    ]


def test_what_somebody_said_about_a_rule_was_decided_by_nothing() -> None:
    desk = Desk()
    granted = desk.grant()
    for run in (granted, desk.runtime.revoke(granted, GRACE, "it is open again")):
        with pytest.raises(Refusal) as refused:
            desk.runtime.why(run)
        assert (refused.value.code, refused.value.message) == (
            "R160",
            "Somebody spoke about a rule here: no workflow ran, and nothing was decided.",
        )


def test_what_its_machine_has_ended_no_payload_decided() -> None:
    hours = count(0, 3_600_000_000)
    slow = Runtime(desk().snapshot, memory(), replace(ports(), elapsed=lambda: next(hours)))
    assert told_of(slow, place(slow, order(n=4)).trace_id) == [
        "The run broke off at `work` with the fault `R033`: The run takes more than 3600 s, which is the limit.",
        "Before that the way could have parted at each of these: `admit` ended as `ACK`, `book` ended as `SUCCESS`.",
        "Its machine ended the run, and not its protocol: no payload decided that.",
    ]


def test_a_payload_that_its_transform_did_not_bear_is_changed_into_one_that_it_does() -> None:
    runtime = desk()
    for how in ("fail", "recurse"):
        assert told_of(runtime, place(runtime, order(how, 4, how)).trace_id)[-2] == (
            f'With `how` `"plainly"` instead of `"{how}"` this run would have ended COMPLETED at `done`.'
        )


# --- what is not at hand ---------------------------------------------------------------------------


def test_without_the_snapshot_that_ran_what_decided_is_told_and_no_more() -> None:
    runtime = desk()
    run = place(runtime, order(n=101)).trace_id
    other = opened(intent(PAYLOAD), graph(admit("done"), ends("done"), REJECTED)).snapshot
    later = Runtime(other, runtime.store, ports())
    told = later.why(run)
    assert [(each.path, each.outcome, each.at) for each in told.decisions] == [("choose", "DENIED", "")]
    assert (told.otherwise, told.untold) == (
        None,
        "The snapshot that ran is not at hand, so nothing can be said of other payloads.",
    )


def test_a_run_that_there_is_not_has_no_reasons() -> None:
    with pytest.raises(Refusal) as refused:
        desk().why("01jika0fk0emcqaor5c8r3cpj6")
    assert refused.value.code == "R014"
