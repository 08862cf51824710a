"""Processes at nodes: what they read and write, what refuses them, and what a trace tells of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import orjson
import pytest

from pgs_runtime.evidence.at_hand import Evidence
from pgs_runtime.evidence.doctor import Bench, examined
from pgs_runtime.examine.governed import account, body
from pgs_runtime.examine.stock import Stock
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.link.interlock import history
from pgs_runtime.operate.resetting import reset
from pgs_runtime.operate.state import load_state
from pgs_runtime.runtime import Outcome, Runtime
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.trace.reading import trace_of
from pgs_runtime.trace.traced import Computed, Reset
from pgs_snapshot import model
from pgs_snapshot.model import Ref
from pgs_snapshot.values import Value
from tests.runtime.bank import BANK, TRANSFER, bank, held, move, moves, opened, rule, transfer
from tests.runtime.protocol import (
    ADA,
    AT,
    COUNT,
    REJECTED,
    TEXT,
    WORKFLOW,
    admit,
    asks,
    computes,
    contract,
    ends,
    fields,
    graph,
    intent,
    node,
    state,
)
from tests.runtime.protocol import opened as opened_desk
from tests.runtime.protocol import transform as computing


def part(step: dict[str, Value], name: str) -> list[dict[str, Value]]:
    """A list that a step gave."""
    return cast("list[dict[str, Value]]", cast("dict[str, Value]", step["outputs"])[name])


def steps(runtime: Runtime, run: str) -> dict[str, dict[str, Value]]:
    """The steps of the process's line, by name."""
    lines = (orjson.loads(line) for line in runtime.store.lines(run))
    line = next(line for line in lines if line["kind"] == "process")
    return {step["step"]: step for step in line["steps"]}


# --- state ---------------------------------------------------------------------------------------


def test_what_a_process_changes_is_there_for_the_next_one() -> None:
    runtime = opened()
    assert move(runtime, 30).result == {"left": 70}
    assert move(runtime, 20).result == {"left": 50}
    assert held(runtime, "domain.accounts") == {"ann": 50, "bob": 150}


def test_a_field_that_nobody_has_written_has_its_default_and_no_row() -> None:
    runtime = opened()
    move(runtime, 30)
    assert held(runtime, "domain.total_reserves") is None


def test_each_session_is_an_instance_of_its_own() -> None:
    runtime = opened()
    move(runtime, 30, bank="main")
    assert move(runtime, 20, bank="other").result == {"left": 80}


def test_an_instance_of_a_name_with_slashes_is_kept_apart_from_others() -> None:
    runtime = opened()
    move(runtime, 30, bank="a/domain.accounts")
    assert move(runtime, 20, bank="a").result == {"left": 80}


# --- how a process ends --------------------------------------------------------------------------


def test_a_declared_error_is_its_outcome_and_changes_nothing() -> None:
    runtime = opened()
    outcome = move(runtime, -1)
    assert (outcome.exit, outcome.kind, outcome.effects) == ("WRONG", "DENIED", {})
    assert held(runtime, "domain.accounts") is None


def test_an_outcome_that_the_body_names_keeps_what_it_changed() -> None:
    runtime = opened()
    assert move(runtime, 5).exit == "EMPTY"
    assert held(runtime, "domain.accounts") == {"ann": 95, "bob": 105}


@pytest.mark.parametrize(
    ("amount", "code", "why"),
    [
        (1, "R021", f"{TRANSFER} raised"),
        (2, "R170", f"{TRANSFER} did what its contract does not declare, at `domain.secret`."),
        (4, "R172", f"{TRANSFER} left `domain.accounts` as what its schema does not take."),
        (6, "R022", f"{TRANSFER} answered with an outcome that it does not declare."),
        (7, "R170", f"{TRANSFER} did what its contract does not declare, at `domain.secret`."),
    ],
)
def test_a_body_that_breaks_its_word_ends_the_run_and_nothing_of_it_stands(amount: int, code: str, why: str) -> None:
    runtime = opened()
    outcome = move(runtime, amount)
    assert (outcome.kind, outcome.exit, outcome.exit_code) == ("FAULTED", code, ExitCode.FAULT)
    assert outcome.message.startswith(why)
    assert held(runtime, "domain.accounts") is None


def test_money_that_is_conserved_cannot_be_made() -> None:
    conserving = model.Context(BANK, "", bank().fields, ({"conserved": "sum(domain.accounts)"},), "bank.yaml:1")
    runtime = opened(conserving)
    runtime.store.close()
    move(runtime, 30, source="ann", target="ann")
    outcome = move(runtime, 3, source="ann", target="ann")
    assert (outcome.kind, outcome.exit) == ("FAULTED", "R171")
    assert outcome.message == f"{TRANSFER} would break `conserved: sum(domain.accounts)`."


# --- rules ---------------------------------------------------------------------------------------


def test_a_rule_of_level_b_blocks_before_the_body() -> None:
    runtime = opened(transfer([rule(40, "args.amount", "B", max=50)]))
    assert move(runtime, 51).exit == "BLOCKED"
    assert held(runtime, "domain.accounts") is None
    assert move(runtime, 50).exit == "COMPLETED"


def test_a_rule_for_what_comes_out_sees_the_proposed_state_and_nothing_of_it_is_written() -> None:
    runtime = opened(transfer(after=[rule(41, "domain.total_reserves", "B", min=400)]))
    assert move(runtime, 600).exit == "COMPLETED"
    blocked = move(runtime, 700)
    assert blocked.exit == "BLOCKED"
    assert held(runtime, "domain.total_reserves") == 400
    assert steps(runtime, blocked.trace_id)["run"]["outputs"] == {
        "audit": [
            {
                "acts": True, "count": 1, "field": "domain.total_reserves", "level": "B", "of": 1,
                "rule": "bank.yaml:41", "value": -300,
            }
        ],
        "delta": [],
        "result": {},
    }  # fmt: skip


def test_a_rule_of_level_c_is_noted_and_nothing_else() -> None:
    runtime = opened(transfer([rule(42, "args.amount", "C", max=10)]))
    outcome = move(runtime, 30)
    assert outcome.exit == "COMPLETED"
    (noted,) = cast(
        "list[dict[str, Value]]", cast("dict[str, Value]", steps(runtime, outcome.trace_id)["run"]["outputs"])["audit"]
    )
    assert (noted["rule"], noted["value"]) == ("bank.yaml:42", 30)


def test_a_threshold_counts_over_runs_and_acts_at_the_number_that_it_names() -> None:
    runtime = opened(transfer([rule(43, "args.amount", "A", threshold=3, max=50)]))
    assert [move(runtime, 60).kind for _ in range(3)] == ["DENIED", "DENIED", "STOPPED"]


def test_a_threshold_counts_for_each_instance() -> None:
    runtime = opened(transfer([rule(43, "args.amount", "A", threshold=2, max=50)]))
    assert [move(runtime, 60, bank=name).kind for name in ("a", "b", "a", "b")] == [
        "DENIED",
        "DENIED",
        "STOPPED",
        "STOPPED",
    ]


def test_below_its_threshold_a_rule_lets_through_what_it_says_to_let_through() -> None:
    runtime = opened(transfer([rule(44, "args.amount", "B", threshold=2, commits=True, max=50)]))
    assert [move(runtime, 60).exit for _ in range(4)] == ["COMPLETED", "BLOCKED", "COMPLETED", "BLOCKED"]


def test_a_rule_of_level_a_ends_the_run_and_its_count_goes_back_to_zero() -> None:
    runtime = opened(transfer([rule(45, "args.amount", "A", threshold=2, max=50)]))
    move(runtime, 60)
    stopped = move(runtime, 60)
    assert (stopped.kind, stopped.exit, stopped.exit_code) == ("STOPPED", "R173", ExitCode.STOPPED)
    assert stopped.message == (
        f"The rule at `bank.yaml:45`, of level A, ends the run: `{TRANSFER}` does not meet it (`args.amount` is `60`,"
        " and has to meet `max: 50`; 2 of 2)."
    )
    assert [move(runtime, 60).kind for _ in range(2)] == ["DENIED", "STOPPED"]


def test_a_rule_that_cannot_be_judged_counts_as_broken() -> None:
    runtime = opened(transfer([rule(46, "domain.accounts.zoe", "B", min=1)]))
    assert move(runtime, 30).exit == "BLOCKED"


def test_a_rule_of_level_s_stops_everything_until_somebody_resets_it() -> None:
    runtime = opened(transfer([rule(47, "args.amount", "S", max=50)]))
    stopped = move(runtime, 60)
    assert (stopped.kind, stopped.exit, stopped.exit_code) == ("STOPPED", "R174", ExitCode.STOPPED)
    with pytest.raises(Refusal, match="Nothing runs while the interlock is engaged") as refused:
        move(runtime, 10)
    assert (refused.value.code, refused.value.exit_code) == ("R175", ExitCode.STOPPED)
    run, record = reset(runtime, ADA, "the head of treasury", "The limit was wrong.")
    assert (record.run, record.rule) == (stopped.trace_id, "bank.yaml:47")
    assert move(runtime, 10).exit == "COMPLETED"
    told = trace_of(runtime.store.lines(run))
    assert told.resets == (
        Reset(1, "the head of treasury", "The limit was wrong.", stopped.trace_id, "bank.yaml:47", TRANSFER),
    )


def test_what_is_not_engaged_is_not_reset_and_nobody_resets_it_without_a_reason() -> None:
    runtime = opened()
    with pytest.raises(Refusal, match="The interlock is not engaged"):
        reset(runtime, ADA, "ann", "why not")
    with pytest.raises(Refusal, match="by somebody and for a reason"):
        reset(runtime, ADA, "ann", " ")


def test_what_has_engaged_the_interlock_is_on_record() -> None:
    runtime = opened(transfer([rule(47, "args.amount", "S", max=50)]))
    move(runtime, 60)
    records = history(runtime.store)
    assert [(record.does, record.target) for record in records] == [("engage", TRANSFER)]


# --- what is loaded and shown --------------------------------------------------------------------


def test_fields_of_an_instance_are_loaded_as_they_are_exported() -> None:
    runtime = opened()
    rows: Value = {BANK: {"main/domain.accounts": {"ann": 500}}}
    assert load_state(runtime, rows, ADA).rows == {BANK: 1}
    assert move(runtime, 30).result == {"left": 470}
    assert Stock(runtime.store).get(BANK, "main/domain.accounts") == (b'{"ann":470,"bob":130}',)


@pytest.mark.parametrize("key", ["main/domain.sig_fraud_detected", "main/domain.nothing", "domain.accounts"])
def test_what_is_no_stored_field_of_an_instance_is_not_loaded(key: str) -> None:
    with pytest.raises(Refusal, match="is no field of `desk::CX_BANK_V0` that is stored"):
        load_state(opened(), {BANK: {key: {}}}, ADA)


def test_a_value_that_does_not_fit_its_field_is_not_loaded() -> None:
    with pytest.raises(Refusal, match=r"does not fit `desk::CX_BANK_V0 domain\.accounts`"):
        load_state(opened(), {BANK: {"main/domain.accounts": {"ann": "much"}}}, ADA)


def test_a_trace_tells_what_was_read_what_was_changed_and_what_was_written() -> None:
    runtime = opened()
    told = steps(runtime, move(runtime, 600).trace_id)
    assert told["hydrate"]["inputs"] == {"session": "main"}
    assert part(told["run"], "delta") == [
        {"new": -500, "op": "SET", "path": "domain.accounts.ann"},
        {"new": 700, "op": "SET", "path": "domain.accounts.bob"},
        {"new": 400, "old": 1000, "op": "SET", "path": "domain.total_reserves"},
        {"new": True, "old": False, "op": "SET", "path": "domain.sig_fraud_detected"},
    ]
    assert told["commit"]["inputs"] == {
        "outcome": "SUCCESS",
        "session": "main",
        "set": {"domain.accounts": {"ann": -500, "bob": 700}, "domain.total_reserves": 400},
    }


def test_a_field_with_a_label_is_never_shown() -> None:
    hidden = {"move": ("/inputs/source", "/outputs/SUCCESS/left"), "done": ("/result/left",), "admit": ()}
    runtime = opened(bank(labels=["pii"]), transfer(labels=["pii"]), moves(hidden))
    outcome = move(runtime, 123_456_789, source="Grace", target="Alan")
    body = b"".join(runtime.store.lines(outcome.trace_id)[1:])
    assert outcome.result == {"left": -123_456_689}
    assert not [word for word in (b"123456689", b"123456889", b"Grace", b"Alan") if word in body]
    changes = part(steps(runtime, outcome.trace_id)["run"], "delta")
    assert changes[0].keys() == {"new", "op", "path"}
    assert changes[0]["path"] == "domain.accounts"


def test_what_a_rule_saw_that_stops_a_run_is_not_told_where_something_carries_a_label() -> None:
    message = move(opened(bank(labels=["pii"]), transfer([rule(42, "args.amount", "A", max=10)])), 60).message
    assert message.endswith(f"`{TRANSFER}` does not meet it (`args.amount` has to meet `max: 10`).")


def test_what_a_rule_saw_is_not_shown_where_something_carries_a_label() -> None:
    runtime = opened(bank(labels=["pii"]), transfer([rule(42, "args.amount", "C", max=10)]))
    (noted,) = part(steps(runtime, move(runtime, 30).trace_id)["run"], "audit")
    assert "value" not in noted


# --- rules of contracts and intents --------------------------------------------------------------


def guarded(kind: str, *rules: model.AuditRule, after: tuple[model.AuditRule, ...] = ()) -> Runtime:
    """A desk that takes orders, with rules at its contract or its intent."""
    gate = model.Gate(rules, after)
    kept: dict[str, model.Expr] = {"key": Ref(0, ("id",)), "value": Ref(0, ("n",))}
    work = contract(
        "note",
        fields(id=TEXT, n=COUNT),
        [
            asks("keep", "NOTES", "WRITE", kept, SUCCESS=None, STALE="STALE"),
            computes("double", "double", {"n": Ref(0, ("n",))}, SUCCESS="SUCCESS"),
        ],
        {"SUCCESS": {"n": Ref(5, ("n",))}, "STALE": {}, "BLOCKED": {}},
    )
    takes = intent(fields(id=TEXT, n=COUNT))
    if kind == "contract":
        work = replace(work, gate=gate)
    else:
        takes = replace(takes, gate=gate)
    given = {"id": Ref(0, ("id",)), "n": Ref(0, ("n",))}
    at = node("note", "note", given, SUCCESS="done", STALE="stale", BLOCKED="blocked")
    exits = (ends("done"), ends("stale", "FAILED"), ends("blocked", "DENIED", names=("BLOCKED",)), REJECTED)
    binding = model.Binding("desk::RB_DESK_V0", "", ("desk::ST_NOTES_V0",), fields(), AT)
    double = computing("double", fields(n=COUNT), SUCCESS=fields(n=COUNT))
    shape = graph(admit("note"), at, *exits, binding=binding.name)
    source = "def double(n):\n    return {'n': n * 2}\n"
    return opened_desk(takes, work, binding, double, state("NOTES", COUNT), shape, source=source)


def note(runtime: Runtime, n: int) -> Outcome:
    return runtime.run(WORKFLOW, {"id": "a", "n": n}, ADA)


def test_a_rule_at_what_goes_into_a_contract_blocks_it_before_its_first_step() -> None:
    runtime = guarded("contract", rule(50, "inputs.n", "B", max=9))
    assert [note(runtime, n).exit for n in (9, 10)] == ["COMPLETED", "BLOCKED"]
    assert Stock(runtime.store).get("desk::ST_NOTES_V0", "a") == (b"9",)


def test_a_rule_at_what_comes_out_of_a_contract_takes_back_what_it_wrote() -> None:
    runtime = guarded("contract", after=(rule(51, "outputs.n", "B", max=18),))
    outcomes = [note(runtime, n) for n in (9, 10)]
    assert [(outcome.exit, outcome.effects) for outcome in outcomes] == [
        ("COMPLETED", {"desk::ST_NOTES_V0": {"WRITE": 1}}),
        ("BLOCKED", {}),
    ]
    assert Stock(runtime.store).get("desk::ST_NOTES_V0", "a") == (b"9",)


def test_counts_of_what_a_rule_has_taken_back_stay() -> None:
    runtime = guarded("contract", after=(rule(52, "outputs.n", "A", threshold=3, max=18),))
    assert [note(runtime, 10).kind for _ in range(3)] == ["DENIED", "DENIED", "STOPPED"]


def test_a_rule_at_an_intent_rejects_and_says_which_one_it_was() -> None:
    runtime = guarded("intent", rule(53, "payload.n", "B", max=9))
    assert note(runtime, 9).exit == "COMPLETED"
    rejected = note(runtime, 10)
    assert (rejected.kind, rejected.message) == ("REJECTED", "the rule at `bank.yaml:53` does not hold")
    (passed,) = trace_of(runtime.store.lines(rejected.trace_id)).passed
    assert [(found.rule, found.value) for found in passed.audit] == [("bank.yaml:53", 10)]


def test_a_rule_at_an_intent_of_level_s_stops_everything() -> None:
    runtime = guarded("intent", rule(54, "payload.n", "S", max=9))
    assert note(runtime, 10).kind == "STOPPED"
    with pytest.raises(Refusal, match="Nothing runs while the interlock is engaged"):
        note(runtime, 1)


def test_the_doctor_tells_of_the_interlock_and_what_to_type(tmp_path: Path) -> None:
    stopping = transfer([rule(47, "args.amount", "S", max=50)])

    def said() -> list[tuple[bool, str]]:
        with Evidence(tmp_path, tmp_path) as evidence:
            assert evidence.store is not None
            found = examined(Bench(evidence.store, evidence, None, (), datetime(2026, 1, 1, tzinfo=UTC)))
            return [(each.wrong, each.do) for each in found if each.topic == "interlock"]

    with opened(stopping, store=SqliteStore(tmp_path / "state.db")) as runtime:
        move(runtime, 10)
        assert said() == []
        move(runtime, 60)
        ((wrong, do),) = said()
        assert wrong
        assert "pgs_runtime interlock reset" in do
        reset(runtime, ADA, "ann", "seen to")
        assert said() == [(False, "")]


def test_an_account_tells_what_was_changed_and_not_what_was_set_to_what_it_was() -> None:
    runtime = opened()
    passed = trace_of(runtime.store.lines(move(runtime, 600).trace_id)).passed[1]
    run = body(passed)
    assert run is not None
    assert list(account(passed, run, str)) == [
        f"{TRANSFER} over {BANK}, session main: SUCCESS",
        "set domain.accounts.ann to -500",
        "set domain.accounts.bob to 700",
        "changed domain.total_reserves from 1000 to 400",
        "changed domain.sig_fraud_detected from false to true",
        "set the signal domain.sig_fraud_detected",
    ]
    again = trace_of(runtime.store.lines(move(runtime, 0, source="bob", target="bob").trace_id)).passed[1]
    (only,) = account(again, cast(Computed, body(again)), str)
    assert only.endswith("SUCCESS")
