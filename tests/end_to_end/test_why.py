"""Why runs of the examples went where they went, and the change of the payload that would have led elsewhere."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from pgs_runtime.operate.state import load_state
from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.why.answer import Why, why
from pgs_runtime.why.texts import why_json, why_text
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.architecture.pages import blocks, page
from tests.durable.shop import ADA, BEN, CORA, DECIDED, HOUR, Shop, files, sealed
from tests.durable.ward import LABELLED, RUNS, ward_of
from tests.end_to_end.programs import ROOT, Installation, agrees, operator
from tests.end_to_end.scenarios import GOVERN, LICENSE_FACTS
from tests.end_to_end.test_payments import ANN, BOB, RESERVE, TELLER, Bank

ACTION: dict[str, Value] = {
    "tool_name": "PROVISION_STANDARD_LICENSE",
    "parameters": {"tier": "standard", "quantity": 50},
    "requesting_user_id": "EMP_1",
    "domain_context": "ai_licensing",
}
FACTS: Value = {
    "EMP_1": {"license_status": "active", "license_tier": "standard", "org_unit": "IT"},
    "EMP_2": {"license_status": "lapsed", "license_tier": "standard", "org_unit": "IT"},
}


@pytest.fixture(scope="module")
def snapshot(example_files: Mapping[str, bytes]) -> Snapshot:
    return Snapshot(verify(example_files))


def asked(runtime: Runtime, run: str, to: str = "") -> Why:
    return why(runtime.trace(run), lambda id: runtime.snapshot, runtime.store, runtime.ports.fingerprint, to)


def claims(told: Why) -> list[str]:
    """What is said of other payloads."""
    text = why_text(told).split("\n\n")[-1]
    return re.sub("\n    *", " ", re.sub("\n  (?=[^` ]|`[a-z]+::|`denied|`auth)", " ", text)).splitlines()


def governed(snapshot: Snapshot, **other: Value) -> tuple[Runtime, str]:
    runtime = Runtime(snapshot, MemoryStore())
    load_state(runtime, {LICENSE_FACTS: FACTS}, operator(runtime))
    return runtime, runtime.run(GOVERN, {**ACTION, **other}, operator(runtime)).trace_id


# --- an agent's action -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "node", "outcome", "change", "end"),
    [
        (
            {"parameters": {"tier": "standard", "quantity": 101}},
            "check_parameters",
            "PARAMETER_VIOLATION",
            {"at": "/parameters/quantity", "seen": 101, "new": 100},
            ("COMPLETED", "authorized"),
        ),
        (
            {"tool_name": "PROVISION_PREMIUM_LICENSE"},
            "check_surface",
            "UNAUTHORIZED_TOOL",
            {"at": "/tool_name", "seen": "PROVISION_PREMIUM_LICENSE", "new": "READ_RECORD"},
            ("DENIED", "denied"),
        ),
        (
            {"tool_name": "DELETE_EVERYTHING"},
            "check_tool",
            "UNDECLARED_TOOL",
            {"at": "/tool_name", "seen": "DELETE_EVERYTHING", "new": "READ_RECORD"},
            ("DENIED", "denied"),
        ),
    ],
)
def test_a_denied_action_would_have_passed_the_gate_with_the_nearest_value(
    snapshot: Snapshot, other: dict[str, Value], node: str, outcome: str, change: dict[str, Value], end: tuple[str, str]
) -> None:
    told = json.loads(why_json(asked(*governed(snapshot, **other))))
    assert (told["decisions"][0]["node"], told["decisions"][0]["outcome"]) == (node, outcome)
    first = told["otherwise"]["found"][0]
    assert [{**change, "added": False, "hidden": False, "left_out": False}] == first["changes"]
    assert (first["ends"]["kind"], first["ends"]["node"]) == end


def test_what_a_store_says_of_a_person_is_named_as_what_decided(snapshot: Snapshot) -> None:
    told = asked(*governed(snapshot, requesting_user_id="EMP_2"))
    text = why_text(told)
    assert '`$.steps.facts.value.license_status` (`"lapsed"`) does not equal `"active"`' in text
    assert f"`$.steps.facts.value.license_status` is what `{LICENSE_FACTS}` answered" in text


def test_the_run_that_registered_the_same_action_before_is_named(snapshot: Snapshot) -> None:
    runtime, first = governed(snapshot)
    second = runtime.run(GOVERN, ACTION, operator(runtime))
    text = why_text(asked(runtime, second.trace_id))
    assert re.search(rf"has held `AGOV_[0-9a-f]+` since the run `{first}`, line 8\.", text)


# --- payments --------------------------------------------------------------------------------------


@pytest.fixture
def bank(snapshot: Snapshot) -> tuple[Bank, str, str, str]:
    """Ann may pay up to 500 at once, and Bob is not known."""
    ticks = iter(range(1_772_355_600_000_000, 1_772_355_900_000_000, 1_000))
    bank = Bank(Runtime(snapshot, MemoryStore(), Ports(clock=lambda: next(ticks))))
    ann, anns = bank.account(ANN)
    _, bobs = bank.account(BOB)
    bank.decide(ann, "PASSED")
    bank.allow(ann, 500, 800)
    bank.fund(ann, anns, 1000)
    return bank, ann, anns, bobs


def test_the_largest_payment_within_the_limit_is_found(bank: tuple[Bank, str, str, str]) -> None:
    made, ann, anns, bobs = bank
    told = asked(made.runtime, made.reserve(ann, anns, bobs, 501).trace_id)
    assert claims(told)[0] == (
        "With `amount` `500` instead of `501` this run would have ended COMPLETED at `reserved`, provided that nothing "
        "stands where this run did not look: `RESOLVE` of `payments::ST_PAYMENTS_V0` and `WRITE` of "
        "`payments::ST_PAYMENT_STATES_V0`."
    )
    assert "`$.steps.limits.value.per_payment` is what `payments::ST_LIMITS_V0` answered" in why_text(told)


def test_a_limit_on_the_sum_is_found_although_it_is_computed(bank: tuple[Bank, str, str, str]) -> None:
    made, ann, anns, bobs = bank
    made.reserve(ann, anns, bobs, 499)
    told = asked(made.runtime, made.reserve(ann, anns, bobs, 400).trace_id)
    assert claims(told)[0].startswith("With `amount` `301` instead of `400` this run would have ended COMPLETED")


def test_an_exit_can_be_asked_for_and_one_of_refused_requests_too(bank: tuple[Bank, str, str, str]) -> None:
    made, ann, anns, bobs = bank
    run = made.reserve(ann, anns, bobs, 501).trace_id
    assert claims(asked(made.runtime, run, "rejected"))[0] == (
        "With `amount` `0` instead of `501` this run would have ended REJECTED at `rejected`."
    )
    assert claims(asked(made.runtime, run, "KYC_NOT_PASSED"))[0].startswith(
        "No payload was found that would have led to `KYC_NOT_PASSED`, among "
    )


def test_a_rule_of_the_intent_is_told_with_what_it_looks_at(bank: tuple[Bank, str, str, str]) -> None:
    made, ann, anns, _ = bank
    told = asked(made.runtime, made.reserve(ann, anns, anns, 5).trace_id)
    text = why_text(told)
    assert re.search(r"The rule at `protocols/payments/reserve_payment\.yaml:[0-9]+` does not hold\.", text)
    assert "That rule looks at `payee_account` and `payer_account` of the payload." in text
    assert " the request would have been admitted. How it would have gone on then is not on record." in claims(told)[0]


def test_every_place_that_does_not_fit_the_schema_is_mended_at_once(bank: tuple[Bank, str, str, str]) -> None:
    made, ann, anns, bobs = bank
    told = asked(made.runtime, made.reserve(ann, anns, bobs, 0, currency="QQQ").trace_id)
    assert claims(told)[0] == (
        'With `amount` `1` instead of `0` and `currency` `"CHF"` instead of `"QQQ"` the request would have been '
        "admitted. How it would have gone on then is not on record."
    )


def test_an_actor_who_may_not_ask_is_not_admitted_with_any_payload(bank: tuple[Bank, str, str, str]) -> None:
    made, _, anns, bobs = bank
    order: Value = {"payer_account": anns, "payee_account": bobs, "amount": 5, "currency": "EUR", "reference": "R"}
    told = asked(made.runtime, made.runtime.run(RESERVE, order, TELLER).trace_id)
    assert claims(told) == [
        "No other payload would have been admitted either: what refused the request is not in the payload. What "
        "decided depends on the actor."
    ]


def test_what_was_found_by_comparing_with_a_label_is_not_told(bank: tuple[Bank, str, str, str]) -> None:
    made, ann, anns, bobs = bank
    run = made.reserve(ann, anns, bobs, 5, note="Zebra and Quagga").trace_id
    assert "Zebra" not in why_text(asked(made.runtime, run)) + why_json(asked(made.runtime, run))


# --- waits, calls, loops ---------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    store = MemoryStore()
    return Shop(sealed(files()), lambda: store, tmp_path)


def test_a_wait_that_was_answered_says_by_whom_and_when(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run("buying::WF_BUY_V0", {"title": "T", "price": 5}, ADA).trace_id
    shop.now += HOUR
    runtime.signal(run, DECIDED, {"title": "T", "agreed": False}, BEN)
    told = asked(runtime, run)
    assert told.decisions[0].why == (
        "`ben` sent `buying::EV_DECIDED_V0`",
        "that was on 2026-03-01 at 10:00:00.000 UTC, and the wait was until 2026-03-03 at 09:00:00.000 UTC",
    )
    assert claims(told)[1] == (
        'With `title` `"T1"` instead of `"T"` nobody can tell where it would have ended: `decide` asks or waits for '
        "what was not recorded."
    )


def test_a_wait_that_is_over_and_a_run_that_goes_on(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run("buying::WF_BUY_V0", {"title": "T", "price": 5}, ADA).trace_id
    assert asked(runtime, run).untold == "The run has not ended, so nothing can be said of other payloads."
    shop.now += 50 * HOUR
    runtime.resume(run)
    told = asked(runtime, run)
    assert (told.decisions[0].outcome, told.decisions[0].why[0]) == ("EXPIRED", "its time was over")


def test_the_item_that_failed_is_named_and_what_decided_within_it(shop: Shop) -> None:
    runtime = shop.runtime()
    wishes: Value = [{"title": "A", "kind": "MAP"}, {"title": "B", "kind": "BOOK"}]
    run = runtime.run("buying::WF_BUY_ALL_V0", {"wishes": wishes}, ADA).trace_id
    runtime.signal(run, DECIDED, {"title": "B", "agreed": False}, BEN)
    told = asked(runtime, run)
    assert [(each.path, each.outcome) for each in told.decisions] == [
        ("every", "SOME_FAILED"),
        ("every[1]/decide", "REFUSED"),
    ]
    assert claims(told)[0] == (
        'With `wishes[1].kind` `"MAP"` instead of `"BOOK"` this run would have ended COMPLETED at `done`.'
    )


def test_what_decided_within_a_call_is_told(shop: Shop) -> None:
    runtime = shop.runtime()
    run = runtime.run("buying::WF_BUY_TWO_V0", {"title": "A", "second": "B", "price": 7}, ADA).trace_id
    runtime.signal(run, DECIDED, {"title": "A", "agreed": True}, BEN)
    runtime.signal(run, DECIDED, {"title": "B", "agreed": False}, CORA)
    assert [each.path for each in asked(runtime, run).decisions] == ["second", "second/decide"]


@pytest.mark.parametrize("name", RUNS)
def test_nothing_that_carries_a_label_is_told(name: str) -> None:
    ward = ward_of(name)
    told = asked(ward.runtime, ward.run)
    assert LABELLED not in why_text(told) + why_json(told)


# --- the command -----------------------------------------------------------------------------------


def test_the_page_shows_what_the_command_says_of_the_example_trace(examples: Installation) -> None:
    answers = [examples.runtime("why", trace) for trace in sorted((ROOT / "traces/examples").iterdir())]
    assert {answer.code for answer in answers} == {0}
    denied = [answer.out for answer in answers if "DENIED UNAUTHORIZED_TOOL" in answer.out]
    shown = [block for block in blocks(page("why.md")) if block.language == "text"]
    if "PGS_REWRITE_GOLDENS" in os.environ:
        text = page("why.md").replace(shown[0].text, denied[0])
        (ROOT / "docs/why.md").write_text(text, encoding="utf-8")
    assert [_unnumbered(answer) for answer in denied] == [_unnumbered(block.text) for block in shown]
    assert examples.untouched()


def _unnumbered(text: str) -> str:
    return re.sub(r"\b[0-9a-v]{26}\b", "ID", text)


def test_a_run_of_the_store_is_told_by_its_id_and_by_its_file(examples: Installation) -> None:
    ran = examples.run(GOVERN, json.dumps({**ACTION, "tool_name": "X"}).encode(), "--json")
    assert agrees(ran, examples)
    run = ran.json()["trace_id"]
    told = examples.runtime("why", run, "--json")
    assert (told.code, told.json()["format"], told.json()["run"]) == (0, "pgs-why/1", run)
    assert examples.runtime("why", examples.workspace / "traces" / run, "--json").out == told.out
    assert examples.runtime("why", run, "--to", "authorised", "--json").error() == {
        "code": "R161",
        "hint": "Is it `authorized`?",
        "message": f"`{GOVERN}` has no exit `authorised`.",
        "where": "",
    }


def test_rows_that_were_loaded_were_decided_by_nothing(snapshot: Snapshot) -> None:
    runtime = Runtime(snapshot, MemoryStore())
    loaded = load_state(runtime, {LICENSE_FACTS: FACTS}, operator(runtime))
    with pytest.raises(Exception, match="no workflow ran, and nothing was decided") as refused:
        asked(runtime, loaded.trace_id)
    assert getattr(refused.value, "code", "") == "R160"
