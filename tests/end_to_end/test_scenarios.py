"""The recorded scenarios say of this project what they are meant to say."""

from __future__ import annotations

import json

import pytest

from pgs_snapshot.values import Value, plain
from tests.end_to_end.scenarios import (
    ACTORS,
    DATA,
    DECISIONS,
    EXIT_CODES,
    GOVERN,
    GOVERNANCE_AUDIT,
    GOVERNED_ACTIONS,
    IDENTITY_EVENTS,
    LICENSE_AUDIT,
    LICENSE_FACTS,
    LICENSE_HOLDERS,
    LICENSES,
    RECLAIM,
    REGISTER,
    STORES,
    VERIFY,
    Case,
    Expected,
    File,
    NotOurs,
    Scenario,
    action_id,
    actor_id,
    case,
    cases,
)

CASES = {case.id: case for case in cases(DATA)}


def test_every_scenario_of_these_workflows_is_translated() -> None:
    recorded = json.loads((DATA / "workflows.json").read_text(encoding="utf-8"))["scenarios"]
    assert list(CASES) == [scenario["id"] for scenario in recorded if scenario["workflow"] in STORES]
    assert {case.workflow for case in CASES.values()} == set(STORES)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_expectation_is_whole_and_consistent(case: Case) -> None:
    assert case.expected.exit_code == EXIT_CODES[case.expected.kind]
    assert set(case.expected.counts) == set(STORES[case.workflow])
    assert set(case.state) <= set(STORES[case.workflow])
    assert plain(case.state) == case.state


def test_a_seeded_actor_is_registered_under_our_identifier_with_its_journal() -> None:
    case = CASES["identity/verify_known"]
    record: Value = {"first_name": "Bachi", "last_name": "Eight", "email_registration": "bachi8@yahoo.com"}
    assert case.state[ACTORS] == {"AC_dc6e2a7ae93b8bae": record}
    assert actor_id(record) == "AC_dc6e2a7ae93b8bae"
    assert case.state[IDENTITY_EVENTS] == {
        "AC_dc6e2a7ae93b8bae": [
            {
                "actor_id": "AC_dc6e2a7ae93b8bae",
                "kind": "REGISTERED",
                "at": "2026-01-01T00:00:00.000Z",
                "by": "recorded",
            }
        ]
    }


def test_a_seeded_action_is_registered_under_the_identifier_of_all_its_parameters() -> None:
    case = CASES["agent_governance/01_repeat"]
    action: Value = {
        "tool_name": "PROVISION_STANDARD_LICENSE",
        "parameters": {"tier": "standard", "quantity": 50},
        "requesting_user_id": "EMP_STD_001",
        "domain_context": "ai_licensing",
    }
    assert case.state[GOVERNED_ACTIONS] == {action_id(action): action}
    assert [*case.state[GOVERNANCE_AUDIT]] == ["EMP_STD_001"]
    assert [*case.state[LICENSE_FACTS]] == ["EMP_STD_001", "EMP_ENT_001"]


def identity(actors: int, decisions: int, events: int) -> dict[str, int]:
    return {ACTORS: actors, DECISIONS: decisions, IDENTITY_EVENTS: events}


def governance(facts: int, actions: int, audit: int) -> dict[str, int]:
    return {LICENSE_FACTS: facts, GOVERNED_ACTIONS: actions, GOVERNANCE_AUDIT: audit}


def licensing(licenses: int, holders: int, audit: int) -> dict[str, int]:
    return {LICENSES: licenses, LICENSE_HOLDERS: holders, LICENSE_AUDIT: audit}


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        (
            "agent_admission/01_same_user_tool_other_params",
            Expected("COMPLETED", "COMPLETED", 0, governance(2, 2, 2)),
        ),
        ("licensing/provision", Expected("COMPLETED", "PROVISIONED", 0, licensing(1, 1, 1))),
        ("licensing/provision_repeat", Expected("FAILED", "ALREADY_PROVISIONED", 1, licensing(1, 1, 1))),
        ("licensing/quota_exceeded", Expected("DENIED", "QUOTA_EXCEEDED", 4, licensing(0, 0, 1))),
        ("licensing/deny", Expected("DENIED", "DENIED", 4, licensing(0, 0, 1))),
        ("licensing/reclaim_inactive", Expected("COMPLETED", "RECLAIMED", 0, licensing(0, 0, 2))),
        ("licensing/reclaim_active_user", Expected("DENIED", "ACTIVE", 4, licensing(1, 1, 2))),
        ("agent_governance/01_repeat", Expected("COMPLETED", "COMPLETED", 0, governance(2, 1, 2))),
        (
            "agent_governance/01_same_user_tool_other_params",
            Expected("COMPLETED", "COMPLETED", 0, governance(2, 2, 2)),
        ),
        ("agent_governance/no_seed_file", Expected("DENIED", "UNAUTHORIZED_ACTOR", 4, governance(0, 0, 1))),
        ("agent_governance/empty_payload", Expected("REJECTED", "REJECTED", 5, governance(2, 0, 0))),
        ("identity/register_repeat", Expected("COMPLETED", "COMPLETED", 0, identity(1, 0, 2))),
        ("identity/verify_known", Expected("COMPLETED", "COMPLETED", 0, identity(1, 1, 3))),
        (
            "identity/verify_decision_rejected",
            Expected("DENIED", "VERIFICATION_REJECTED", 4, identity(1, 1, 3)),
        ),
    ],
)
def test_an_expectation_counts_what_each_store_holds(id: str, expected: Expected) -> None:
    assert CASES[id].expected == expected


# --- scenarios that the tables have never seen ---------------------------------------------------

ADA: Value = {"first_name": "Ada", "last_name": "Byron", "email_registration": "ada@example.org"}
REGISTRY: File = {"__jsonl__": [{"key": "A_1", "target_ref": "A_1"}, {"key": "A_KEY_1", "target_ref": "A_1"}]}
IDENTITY_LINE: Value = {"event_code": "EV_ACTOR_REGISTERED_UNVERIFIED_V0", "actor_id": "A_1", "payload": ADA}


def unseen(workflow: str, files: dict[str, File], payload: Value, exit_node: str, outcome: str) -> Scenario:
    expect = {"exit_node": exit_node, "outcome": outcome}
    return {
        "id": "x/unseen",
        "workflow": workflow,
        "payload": payload,
        "seed_state": files,
        "expect": expect,  # type: ignore[typeddict-item]
    }


def test_a_scenario_with_ours_that_is_not_in_the_table_says_class_and_code_alone() -> None:
    scenario = unseen(GOVERN, {}, {}, "EXIT_SUCCESS", "SUCCESS")
    scenario["ours"] = {"class": "DENIED", "exit_code": 4, "reason": "somehow"}
    assert case(scenario).expected == Expected("DENIED", None, 4, {})


def test_a_rejected_run_leaves_every_store_as_it_was_in_an_unseen_scenario_too() -> None:
    files = {"ai_governance/ai_licensing/license_facts.json": {"E": {"license_status": "active"}}}
    scenario = unseen(GOVERN, files, {}, "EXIT_SUCCESS", "SUCCESS")  # type: ignore[arg-type]
    scenario["ours"] = {"class": "REJECTED", "exit_code": 5, "reason": "somehow"}
    assert case(scenario).expected == Expected("REJECTED", "REJECTED", 5, governance(1, 0, 0))


def test_not_found_before_an_exit_for_every_error_is_a_denial() -> None:
    assert case(unseen(VERIFY, {}, {}, "EXIT_ERROR", "NOT_FOUND")).expected == Expected("DENIED", None, 4, {ACTORS: 0})


def test_a_licence_that_is_not_found_is_denied_and_what_is_written_of_that_is_not_counted() -> None:
    found = case(unseen(RECLAIM, {}, {}, "EXIT_ERROR", "NOT_FOUND")).expected
    assert found == Expected("DENIED", None, 4, {LICENSES: 0, LICENSE_HOLDERS: 0})


def test_not_found_before_an_exit_without_a_name_is_a_denial() -> None:
    expected = case(unseen(VERIFY, {}, {}, "EXIT", "NOT_FOUND")).expected
    assert expected == Expected("DENIED", None, 4, {ACTORS: 0})


def test_an_actor_whose_record_was_recorded_nowhere_is_left_out_and_not_counted() -> None:
    files = {"blockchain/identity/registry/actors.json": REGISTRY}
    found = case(unseen(REGISTER, files, {}, "EXIT", "SUCCESS"))
    assert found.state == {ACTORS: {}}
    assert found.expected == Expected("COMPLETED", "COMPLETED", 0, {DECISIONS: 0, IDENTITY_EVENTS: 0})


def test_a_verification_that_was_recorded_is_in_our_journal() -> None:
    lines: list[Value] = [
        {"timestamp": "2026-01-01T00:00:00.000000", "record": IDENTITY_LINE},
        {"timestamp": "{{timestamp}}", "record": {"actor_id": "A_1", "new_state": "VERIFIED"}},
        {"record": {"actor_id": "A_1", "payload": {"decision": "VERIFIED"}}},
        {"record": {"actor_id": "A_2", "payload": {"decision": "VERIFIED"}}},
        {"record": None},
    ]
    files: dict[str, File] = {
        "blockchain/identity/registry/actors.json": REGISTRY,
        "blockchain/identity/events/identity_events.jsonl": {"__jsonl__": lines},
    }
    found = case(unseen(VERIFY, files, {}, "EXIT", "ALREADY_EXISTS"))
    (journal,) = found.state[IDENTITY_EVENTS].values()
    assert isinstance(journal, list)
    assert [event["kind"] for event in journal if isinstance(event, dict)] == [
        "REGISTERED",
        "STATUS_CHANGED",
        "VERIFIED",
    ]
    assert found.state[ACTORS] == {actor_id(ADA): ADA}


def test_a_denial_without_parameters_is_on_our_audit_trail() -> None:
    line: Value = {"record": {"decision": "DENIED", "denial_reason": "UNDECLARED_TOOL", "tool_name": None}}
    files: dict[str, File] = {
        "ai_governance/agent_governance/governance_audit.jsonl": {"__jsonl__": [line]},
        "ai_governance/agent_governance/governance_actions.json": {"__jsonl__": [{"key": "AGOV_1"}]},
        "ai_governance/ai_licensing/license_facts.json": {"E": {"license_status": "active"}, "F": "?"},
    }
    found = case(unseen(GOVERN, files, {}, "EXIT_UNAUTHORIZED_TOOL", "SUCCESS"))
    assert [*found.state[GOVERNANCE_AUDIT]] == [""]
    assert found.state[GOVERNED_ACTIONS] == {}
    assert found.state[LICENSE_FACTS] == {"E": {"license_status": "active", "license_tier": "", "org_unit": ""}}
    assert found.expected == Expected("DENIED", "UNAUTHORIZED_TOOL", 4, {GOVERNANCE_AUDIT: 1})


@pytest.mark.parametrize("empty", [{}, {"__jsonl__": []}])
def test_an_empty_file_is_an_empty_store(empty: File) -> None:
    files = {
        "blockchain/identity/registry/actors.json": empty,
        "blockchain/identity/events/identity_events.jsonl": empty,
    }
    found = case(unseen(REGISTER, files, {}, "EXIT", "SUCCESS"))
    assert found.expected.counts == identity(0, 0, 0)


@pytest.mark.parametrize(
    "scenario",
    [
        unseen("blockchain::WF_MINT_V0", {}, {}, "EXIT_SUCCESS", "SUCCESS"),
        unseen(REGISTER, {"nowhere.json": {}}, {}, "EXIT", "SUCCESS"),
        unseen(REGISTER, {}, {}, "EXIT", "VIOLATION"),
    ],
    ids=["workflow", "file", "end"],
)
def test_what_is_not_declared_here_is_not_taken_for_ours(scenario: Scenario) -> None:
    with pytest.raises(NotOurs):
        case(scenario)
