"""Agents, licences and a computation: what nobody recorded, and what their rules are for."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from itertools import count

import pytest

from pgs_runtime.operate.state import load_state
from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Actor, Outcome, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.end_to_end.scenarios import (
    ADMIT,
    COLLATZ,
    DENY,
    LICENSE_AUDIT,
    LICENSE_FACTS,
    LICENSE_HOLDERS,
    LICENSES,
    PROVISION,
    RECLAIM,
)

DESK = Actor("ai_governance::AC_LICENSE_DESK_V0", "desk", {})
OPERATOR = Actor("core::AC_OPERATOR_V0", "operator", {})
FACTS: Value = {
    user: {"license_status": status, "license_tier": tier, "org_unit": "u"}
    for user, status, tier in [
        ("STD", "active", "standard"),
        ("ENT", "active", "enterprise"),
        ("NONE", "active", "none"),
        ("OFF", "inactive", "enterprise"),
    ]
}


@pytest.fixture(scope="module")
def snapshot(example_files: Mapping[str, bytes]) -> Snapshot:
    return Snapshot(verify(example_files))


@pytest.fixture
def runtime(snapshot: Snapshot) -> Iterator[Runtime]:
    """The domains on a store in memory; it is the first of March 2026."""
    ticks = count(1_772_355_600_000_000, 1_000)
    chance: Callable[[int], bytes] = random.Random(1).randbytes  # noqa: S311 - it only has to repeat
    with closing(MemoryStore(chance)) as store:
        yield Runtime(snapshot, store, Ports(clock=lambda: next(ticks), entropy=chance))


def provision(runtime: Runtime, employee: str, license: str, cap: int = 9, **context: Value) -> Outcome:
    stated: Value = {"training_completed": True, "assigned_count": 0, "cap": cap, **context}
    payload: Value = {"employee_id": employee, "context": stated, "generated": {"license_id": license}}
    return runtime.run(PROVISION, payload, DESK)


def reclaim(runtime: Runtime, employee: str, license: str, active: str, **more: Value) -> Outcome:
    context: Value = {"employee_id": employee, "last_active_date": active}
    return runtime.run(RECLAIM, {"license_id": license, "context": context, **more}, DESK)


def trail(runtime: Runtime, employee: str) -> list[str]:
    events = runtime.store.events(LICENSE_AUDIT, employee, 1, 99)
    return [json.loads(event.body)["decision"] for event in events]


def rows(runtime: Runtime) -> tuple[int, int]:
    """How many licences are registered, and how many holders there are."""
    held = {tally.store: tally.rows for tally in runtime.store.tallies()}
    return held.get(LICENSES, 0), held.get(LICENSE_HOLDERS, 0)


def test_more_licences_than_the_cap_are_never_out_whatever_the_desk_states(runtime: Runtime) -> None:
    exits = [provision(runtime, f"E{number}", f"L{number}", cap=2).exit for number in range(3)]
    assert exits == ["PROVISIONED", "PROVISIONED", "QUOTA_EXCEEDED"]
    assert [trail(runtime, "E0"), trail(runtime, "E2")] == [["PROVISIONED"], ["DENIED"]]


@pytest.mark.parametrize("cap", [0, 1])
def test_where_all_licences_are_out_nobody_gets_one(runtime: Runtime, cap: int) -> None:
    assert provision(runtime, "E", "L", cap=cap, assigned_count=cap).exit == "QUOTA_EXCEEDED"


def test_one_licence_for_two_and_two_for_one_are_mistakes_that_leave_nothing(runtime: Runtime) -> None:
    assert provision(runtime, "E1", "L1").exit == "PROVISIONED"
    again = [provision(runtime, *who) for who in (("E1", "L2"), ("E2", "L1"))]
    assert [(outcome.kind, outcome.exit) for outcome in again] == [("FAILED", "ALREADY_PROVISIONED")] * 2
    assert (rows(runtime), trail(runtime, "E1"), trail(runtime, "E2")) == ((1, 1), ["PROVISIONED"], [])


def test_a_licence_that_went_back_makes_room_and_its_identifier_stays_taken(runtime: Runtime) -> None:
    assert provision(runtime, "E1", "L1", cap=1).exit == "PROVISIONED"
    assert reclaim(runtime, "E1", "L1", "2026-01-01T00:00:00Z").exit == "RECLAIMED"
    assert provision(runtime, "E1", "L1", cap=1).exit == "ALREADY_PROVISIONED"
    assert provision(runtime, "E1", "L2", cap=1).exit == "PROVISIONED"
    assert trail(runtime, "E1") == ["PROVISIONED", "RECLAIMED", "PROVISIONED"]


@pytest.mark.parametrize(
    ("active", "days", "exit"),
    [
        ("2026-01-30T09:00:00Z", 30, "RECLAIMED"),
        ("2026-01-31T09:00:01Z", 30, "ACTIVE"),
        ("2026-01-30T09:00:00Z", 31, "ACTIVE"),
        ("2999-01-01T00:00:00Z", 1, "ACTIVE"),
    ],
)
def test_only_so_many_whole_days_without_activity_cost_a_licence(
    runtime: Runtime, active: str, days: int, exit: str
) -> None:
    provision(runtime, "E1", "L1")
    assert reclaim(runtime, "E1", "L1", active, threshold_days=days).exit == exit
    assert rows(runtime)[1] == (0 if exit == "RECLAIMED" else 1)


@pytest.mark.parametrize(
    ("active", "stated", "exit", "days"),
    [
        ("2025-01-20T11:00:00Z", "2025-02-20T11:00:00Z", "RECLAIMED", 404),
        ("2025-01-21T11:00:01Z", "2025-02-20T11:00:00Z", "ACTIVE", 29),
        ("2025-02-20T11:00:00Z", "2025-02-20T11:00:00Z", "ACTIVE", 0),
        ("2026-02-20T11:00:00Z", "2999-01-01T00:00:00Z", "ACTIVE", 8),
    ],
)
def test_a_stated_day_can_only_keep_a_licence_and_never_cost_one(
    runtime: Runtime, active: str, stated: str, exit: str, days: int
) -> None:
    provision(runtime, "E1", "L1")
    context: Value = {"employee_id": "E1", "last_active_date": active, "current_date": stated, "is_inactive": True}
    outcome = runtime.run(RECLAIM, {"license_id": "L1", "context": context}, DESK)
    assert (outcome.exit, outcome.result, rows(runtime)[1]) == (
        exit,
        {"days_inactive": days},
        0 if exit == "RECLAIMED" else 1,
    )


@pytest.mark.parametrize("reason", ["QUOTA_EXCEEDED", "not trained", "é", "x" * 100])
def test_a_denial_is_written_down_in_the_words_that_it_was_given_in(runtime: Runtime, reason: str) -> None:
    outcome = runtime.run(DENY, {"employee_id": "E1", "reason_code": reason}, DESK)
    assert (outcome.kind, outcome.exit) == ("DENIED", "DENIED")
    (event,) = runtime.store.events(LICENSE_AUDIT, "E1", 1, 99)
    assert json.loads(event.body)["reason"] == reason


@pytest.mark.parametrize(("employee", "license"), [("E2", "L1"), ("E1", "L2"), ("E2", "L2")])
def test_a_licence_is_taken_from_nobody_but_its_holder(runtime: Runtime, employee: str, license: str) -> None:
    provision(runtime, "E1", "L1")
    assert reclaim(runtime, employee, license, "2020-01-01T00:00:00Z").exit == "UNKNOWN_LICENSE"
    assert (rows(runtime), trail(runtime, employee)[-1]) == ((1, 1), "DENIED")


def test_books_that_contradict_themselves_are_not_touched(runtime: Runtime) -> None:
    load_state(runtime, {LICENSE_HOLDERS: {"E1": {"license_id": "L1"}}}, OPERATOR)
    outcome = reclaim(runtime, "E1", "L1", "2020-01-01T00:00:00Z")
    assert (outcome.kind, outcome.exit, rows(runtime)) == ("FAILED", "NOT_WRITTEN", (0, 1))


def test_agents_neither_give_nor_take_licences(runtime: Runtime) -> None:
    agent = Actor("ai_governance::AC_AGENT_V0", "E1", {})
    denial: Value = {"employee_id": "E1", "reason_code": "NO"}
    assert runtime.run(DENY, denial, agent).kind == "REJECTED"
    assert runtime.run(DENY, denial, DESK).kind == "DENIED"


# --- agents --------------------------------------------------------------------------------------

ADMISSIONS: list[tuple[str, str, str, Value]] = [
    ("COMPLETED", "STD", "web_search", {"query": "x"}),
    ("COMPLETED", "STD", "read_file", {"path": "a.txt"}),
    ("COMPLETED", "ENT", "write_file", {"path": "a.txt", "content": ""}),
    ("UNDECLARED_TOOL", "ENT", "READ_RECORD", {"record_type": "user_profile", "id": "x"}),
    ("UNDECLARED_TOOL", "NOBODY", "rm", {}),
    ("UNAUTHORIZED_ACTOR", "NOBODY", "web_search", {"query": "x"}),
    ("UNAUTHORIZED_ACTOR", "OFF", "web_search", {"query": "x"}),
    ("UNAUTHORIZED_TOOL", "NONE", "web_search", {"query": "x"}),
    ("UNAUTHORIZED_TOOL", "STD", "write_file", {"path": "a.txt", "content": ""}),
    ("PARAMETER_VIOLATION", "STD", "web_search", {"query": None}),
    ("PARAMETER_VIOLATION", "STD", "read_file", {"path": "a.txt", "follow": True}),
    ("PARAMETER_VIOLATION", "ENT", "write_file", {"path": "a.txt"}),
]


@pytest.mark.parametrize(("exit", "user", "tool", "parameters"), ADMISSIONS)
def test_what_an_agent_proposes_passes_every_gate_or_is_denied_for_its_reason(
    runtime: Runtime, exit: str, user: str, tool: str, parameters: Value
) -> None:
    load_state(runtime, {LICENSE_FACTS: FACTS}, OPERATOR)
    proposal: dict[str, Value] = {"tool_name": tool, "parameters": parameters, "requesting_user_id": user}
    outcome = runtime.run(ADMIT, {**proposal, "domain_context": "d"}, Actor("ai_governance::AC_AGENT_V0", user, {}))
    assert (outcome.kind, outcome.exit) == ("COMPLETED" if exit == "COMPLETED" else "DENIED", exit)


def test_no_agent_borrows_a_licence(runtime: Runtime) -> None:
    load_state(runtime, {LICENSE_FACTS: FACTS}, OPERATOR)
    proposal: Value = {
        "tool_name": "write_file",
        "parameters": {"path": "a", "content": "b"},
        "requesting_user_id": "ENT",
        "domain_context": "d",
    }
    assert runtime.run(ADMIT, proposal, Actor("ai_governance::AC_AGENT_V0", "STD", {})).kind == "REJECTED"


# --- the computation -----------------------------------------------------------------------------


def test_the_longest_sequence_below_a_million_is_within_the_steps_that_are_allowed(runtime: Runtime) -> None:
    outcome = runtime.run(COLLATZ, {"numbers": [837799] * 32}, OPERATOR)
    assert (outcome.exit, json.dumps(outcome.result).count(",")) == ("CONJECTURE_PROVEN", 524)


def test_a_number_that_does_not_come_to_one_within_the_steps_is_an_answer(runtime: Runtime) -> None:
    outcome = runtime.run(COLLATZ, {"numbers": [3, 27]}, OPERATOR, config={"most_steps": 100})
    assert (outcome.kind, outcome.exit, outcome.result) == ("DENIED", "CONJECTURE_VIOLATED", {"number": 27})
    assert outcome.effects == {}


def test_as_many_of_the_longest_sequences_as_may_be_asked_for_are_no_value_too_large(runtime: Runtime) -> None:
    numbers: Value = list(range(837799, 837799 + 32))
    assert runtime.run(COLLATZ, {"numbers": numbers}, OPERATOR).exit == "CONJECTURE_PROVEN"
