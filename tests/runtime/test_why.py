"""What `why` may not show: what was found by comparing with something that carries a label."""

from __future__ import annotations

import pytest

from pgs_runtime.why.answer import Why, why
from pgs_runtime.why.texts import why_json, why_text
from pgs_snapshot.model import Compare, Literal_, Ref
from pgs_snapshot.values import Value
from tests.runtime.protocol import (
    ADA,
    COUNT,
    FINGERPRINT,
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
    node,
    opened,
)

HIDDEN: dict[str, Value] = {"type": "integer", "labels": ["pii"]}
PAYLOAD = fields(n=COUNT, limit=HIDDEN)
LABELLED = {"admit": ("/payload/limit",)}
WITHIN = Compare("le", (Ref(0, ("n",)), Ref(0, ("limit",))))


def asked(*artifacts: object, n: int, to: str = "") -> Why:
    runtime = opened(*artifacts)
    run = runtime.run(WORKFLOW, {"n": n, "limit": 7341}, ADA).trace_id
    return why(runtime.trace(run), lambda id: runtime.snapshot, runtime.store, FINGERPRINT, to)


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
