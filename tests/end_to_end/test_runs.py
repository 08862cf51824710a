"""Every recorded scenario, and what else the example protocols decide, by the library and by the command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing

import pytest

from pgs_runtime.link.places import WITHDRAWN
from pgs_runtime.operate.state import load_state
from pgs_runtime.runtime import Outcome
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_snapshot.values import Value
from tests.end_to_end.programs import Installation, agrees, operator
from tests.end_to_end.scenarios import (
    ACTORS,
    CHOSEN,
    DECISIONS,
    GOVERN,
    GOVERNANCE_AUDIT,
    GOVERNED_ACTIONS,
    IDENTITY_EVENTS,
    LICENSE_FACTS,
    REGISTER,
    STORES,
    VERIFY,
    Case,
    Record,
    State,
    actor_id,
    cases,
)

CASES = cases(CHOSEN)


def run(place: Installation, workflow: str, payload: Value, state: Mapping[str, object] | None = None) -> Outcome:
    """Load a state, if there is any, and run a workflow as the operator."""
    with place.open() as runtime:
        if state:
            load_state(runtime, json.loads(json.dumps(state)), operator(runtime))
        return runtime.run(workflow, payload, operator(runtime))


def counts(place: Installation, workflow: str) -> dict[str, int]:
    """How many keys or records each store of a workflow holds, without keys that were withdrawn."""
    with closing(SqliteStore(place.data / "state.db")) as store:
        rows = {tally.store: tally.rows for tally in store.tallies()}
    return {name: rows.get(name, 0) - rows.get(name + WITHDRAWN, 0) for name in STORES[workflow]}


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_recorded_scenario_ends_as_it_must_and_leaves_what_it_must(case: Case, examples: Installation) -> None:
    outcome = run(examples, case.workflow, case.payload, case.state)
    expected = case.expected
    assert (outcome.kind, outcome.exit_code) == (expected.kind, expected.exit_code)
    assert expected.exit in (None, outcome.exit)
    assert counts(examples, case.workflow).items() >= expected.counts.items()


# --- decisions that nobody recorded --------------------------------------------------------------

ADA: Record = {"first_name": "Ada", "last_name": "Byron", "email_registration": "ada@example.org"}
ADA_ID = actor_id(ADA)
KNOWN: State = {ACTORS: {ADA_ID: ADA}}
VERIFIED: Record = {
    "actor_id": ADA_ID,
    "actor_record": ADA,
    "verifier_id": "V1",
    "decision": "VERIFIED",
    "notes": "Seen.",
}
FACTS: State = {
    LICENSE_FACTS: {
        user: {"license_status": status, "license_tier": tier, "org_unit": "u"}
        for user, status, tier in [
            ("STD", "active", "standard"),
            ("ENT", "active", "enterprise"),
            ("NONE", "active", "none"),
            ("ODD", "active", "platinum"),
            ("OFF", "inactive", "standard"),
            ("CAPS", "Active", "standard"),
        ]
    }
}
READ: Record = {"record_type": "user_profile", "id": "x"}
STANDARD: Record = {"tier": "standard", "quantity": 5}
PREMIUM: Record = {"tier": "premium", "quantity": 5}
PROVISION = "PROVISION_STANDARD_LICENSE"


def action(tool: Value, parameters: Value, user: Value, **more: Value) -> Record:
    return {
        "tool_name": tool,
        "parameters": parameters,
        "requesting_user_id": user,
        "domain_context": "d",
        **more,
    }


def without(record: Record, name: str) -> Record:
    return {key: value for key, value in record.items() if key != name}


AUTHORIZED = [
    action("READ_RECORD", READ, "NONE"),
    action("READ_RECORD", READ, "ENT"),
    action(PROVISION, {"tier": "standard", "quantity": 1}, "STD"),
    action(PROVISION, {"tier": "standard", "quantity": 100}, "ENT"),
    action(PROVISION, {"tier": "standard", "quantity": 7.0}, "STD", request_id="R1"),
    action("PROVISION_PREMIUM_LICENSE", {"tier": "premium", "quantity": 50}, "ENT"),
    action("READ_RECORD", {"record_type": "license_pool", "id": "é\U0001f701"}, "STD"),
]
DENIED: list[tuple[str, Record]] = [
    ("UNAUTHORIZED_ACTOR", action("READ_RECORD", READ, "NOBODY")),
    ("UNAUTHORIZED_ACTOR", action("READ_RECORD", READ, "OFF")),
    ("UNAUTHORIZED_ACTOR", action("READ_RECORD", READ, "CAPS")),
    ("UNAUTHORIZED_ACTOR", action("READ_RECORD", READ, "std")),
    ("UNAUTHORIZED_ACTOR", action("READ_RECORD", READ, "")),
    ("UNAUTHORIZED_ACTOR", action(PROVISION, {"quantity": -1}, "NOBODY")),
    ("UNAUTHORIZED_TOOL", action("READ_RECORD", READ, "ODD")),
    ("UNAUTHORIZED_TOOL", action(PROVISION, STANDARD, "NONE")),
    ("UNAUTHORIZED_TOOL", action("PROVISION_PREMIUM_LICENSE", PREMIUM, "STD")),
    ("UNDECLARED_TOOL", action("", {}, "ENT")),
    ("UNDECLARED_TOOL", action("read_record", READ, "ENT")),
    ("UNDECLARED_TOOL", action("READ_RECORD ", READ, "NOBODY")),
    ("PARAMETER_VIOLATION", action(PROVISION, {"tier": "standard"}, "STD")),
    ("PARAMETER_VIOLATION", action(PROVISION, {"quantity": 5}, "STD")),
    ("PARAMETER_VIOLATION", action(PROVISION, {}, "STD")),
    ("PARAMETER_VIOLATION", action(PROVISION, {**STANDARD, "force": True}, "STD")),
    ("PARAMETER_VIOLATION", action(PROVISION, {**STANDARD, "quantity": True}, "STD")),
    ("PARAMETER_VIOLATION", action(PROVISION, {**STANDARD, "quantity": None}, "STD")),
    ("PARAMETER_VIOLATION", action(PROVISION, {**STANDARD, "quantity": 1.5}, "STD")),
    ("PARAMETER_VIOLATION", action(PROVISION, {**STANDARD, "quantity": 0}, "STD")),
    ("PARAMETER_VIOLATION", action(PROVISION, {**STANDARD, "quantity": [5]}, "STD")),
    ("PARAMETER_VIOLATION", action(PROVISION, {**STANDARD, "quantity": "5"}, "STD")),
    ("PARAMETER_VIOLATION", action(PROVISION, {**STANDARD, "tier": "premium"}, "STD")),
    ("PARAMETER_VIOLATION", action("PROVISION_PREMIUM_LICENSE", {**PREMIUM, "quantity": 51}, "ENT")),
    ("PARAMETER_VIOLATION", action("READ_RECORD", {**READ, "record_type": "salaries"}, "STD")),
    ("PARAMETER_VIOLATION", action("READ_RECORD", {**READ, "id": ""}, "STD")),
    ("PARAMETER_VIOLATION", action("READ_RECORD", {**READ, "id": None}, "STD")),
    ("PARAMETER_VIOLATION", action("READ_RECORD", {**READ, "id": {"$ne": ""}}, "STD")),
]
REFUSED: list[Value] = [
    action("READ_RECORD", "record", "STD"),
    action("READ_RECORD", [READ], "STD"),
    action("READ_RECORD", None, "STD"),
    action(None, READ, "STD"),
    action(["READ_RECORD"], READ, "STD"),
    action("READ_RECORD", READ, 5),
    action("READ_RECORD", READ, None),
    action("READ_RECORD", READ, "STD", extra=1),
    action("READ_RECORD", READ, "STD", request_id=None),
    action("READ_RECORD" * 20, READ, "STD"),
    *(without(action("READ_RECORD", READ, "STD"), name) for name in action("", {}, "")),
    [],
    None,
    "READ_RECORD",
]


@pytest.mark.parametrize("payload", AUTHORIZED, ids=json.dumps)
def test_a_permitted_action_is_registered_and_audited(payload: Record, examples: Installation) -> None:
    outcome = run(examples, GOVERN, payload, FACTS)
    assert (outcome.kind, outcome.exit, outcome.exit_code) == ("COMPLETED", "COMPLETED", 0)
    held = counts(examples, GOVERN)
    assert (held[GOVERNED_ACTIONS], held[GOVERNANCE_AUDIT]) == (1, 1)


@pytest.mark.parametrize(("reason", "payload"), DENIED, ids=[json.dumps(payload) for _, payload in DENIED])
def test_a_forbidden_action_is_denied_for_its_reason_and_audited(
    reason: str, payload: Record, examples: Installation
) -> None:
    outcome = run(examples, GOVERN, payload, FACTS)
    assert (outcome.kind, outcome.exit, outcome.exit_code) == ("DENIED", reason, 4)
    held = counts(examples, GOVERN)
    assert (held[GOVERNED_ACTIONS], held[GOVERNANCE_AUDIT]) == (0, 1)


@pytest.mark.parametrize("payload", REFUSED, ids=lambda payload: json.dumps(payload)[:99])
def test_a_malformed_request_is_rejected_and_touches_nothing(payload: Value, examples: Installation) -> None:
    outcome = run(examples, GOVERN, payload, FACTS)
    assert (outcome.kind, outcome.exit, outcome.exit_code) == ("REJECTED", "REJECTED", 5)
    assert outcome.effects == {}
    held = counts(examples, GOVERN)
    assert (held[GOVERNED_ACTIONS], held[GOVERNANCE_AUDIT]) == (0, 0)


@pytest.mark.parametrize(
    ("state", "change", "exit", "decisions", "events"),
    [
        (KNOWN, {}, "COMPLETED", 1, 2),
        (KNOWN, {"notes": "x" * 4000}, "COMPLETED", 1, 2),
        (KNOWN, {"decision": "REJECTED"}, "VERIFICATION_REJECTED", 1, 2),
        (KNOWN, {"actor_id": "AC_0000000000000000"}, "IDENTITY_MISMATCH", 0, 0),
        (KNOWN, {"actor_id": ""}, "IDENTITY_MISMATCH", 0, 0),
        (KNOWN, {"actor_record": {**ADA, "first_name": "ada"}}, "IDENTITY_MISMATCH", 0, 0),
        (None, {}, "NOT_FOUND", 0, 0),
        ({ACTORS: {ADA_ID: {**ADA, "last_name": "Other"}}}, {}, "IDENTITY_MISMATCH", 0, 0),
    ],
)
def test_a_verification_concerns_the_registered_actor_and_no_other(
    state: State | None, change: Record, exit: str, decisions: int, events: int, examples: Installation
) -> None:
    outcome = run(examples, VERIFY, {**VERIFIED, **change}, state)
    kind = "COMPLETED" if exit == "COMPLETED" else "DENIED"
    assert (outcome.kind, outcome.exit) == (kind, exit)
    held = counts(examples, VERIFY)
    assert (held[DECISIONS], held[IDENTITY_EVENTS]) == (decisions, events)


@pytest.mark.parametrize(("state", "exit"), [(KNOWN, "COMPLETED"), (None, "NOT_FOUND")])
def test_a_verification_without_an_identifier_concerns_whom_the_record_names(
    state: State | None, exit: str, examples: Installation
) -> None:
    assert run(examples, VERIFY, without(VERIFIED, "actor_id"), state).exit == exit


@pytest.mark.parametrize(
    ("again", "kind", "exit", "events"),
    [("VERIFIED", "COMPLETED", "COMPLETED", 3), ("REJECTED", "DENIED", "DECISION_CONFLICT", 3)],
)
def test_a_decision_stands_whoever_decides_again(
    again: str, kind: str, exit: str, events: int, examples: Installation
) -> None:
    run(examples, VERIFY, VERIFIED, KNOWN)
    outcome = run(examples, VERIFY, {**VERIFIED, "decision": again, "verifier_id": "V2"})
    assert (outcome.kind, outcome.exit) == (kind, exit)
    held = counts(examples, VERIFY)
    assert (held[ACTORS], held[DECISIONS], held[IDENTITY_EVENTS]) == (1, 1, events)


@pytest.mark.parametrize(
    "change",
    [
        {"decision": "MAYBE"},
        {"decision": "verified"},
        {"decision": True},
        {"decision": None},
        {"actor_id": None},
        {"verifier_id": 7},
        {"notes": "x" * 4001},
        {"actor_record": {}},
        {"status": "VERIFIED"},
    ],
    ids=json.dumps,
)
def test_a_malformed_verification_is_rejected(change: Record, examples: Installation) -> None:
    outcome = run(examples, VERIFY, {**VERIFIED, **change}, KNOWN)
    assert (outcome.kind, outcome.effects) == ("REJECTED", {})


@pytest.mark.parametrize(
    "record",
    [
        ADA,
        {**ADA, "first_name": "Łukasz-Øystein", "last_name": "千"},
        {**ADA, "first_name": "x" * 200, "last_name": "\U0001f701" * 200},
        {**ADA, "first_name": "<script>", "last_name": "' OR 1=1 --"},
    ],
    ids=["plain", "letters", "long", "markup"],
)
def test_an_actor_is_registered_once_and_seen_again(record: Record, examples: Installation) -> None:
    first, second = (run(examples, REGISTER, {"actor_record": record}) for _ in range(2))
    assert (first.kind, second.kind) == ("COMPLETED", "COMPLETED")
    assert first.result == second.result == {"actor_id": actor_id(record)}
    held = counts(examples, REGISTER)
    assert (held[ACTORS], held[IDENTITY_EVENTS]) == (1, 2)


@pytest.mark.parametrize(
    "record",
    [
        *(without(ADA, name) for name in ADA),
        *({**ADA, name: value} for name in ADA for value in ("", None, 5, True, ["x"], {"x": 1}, "x" * 255)),
        {**ADA, "nickname": "A"},
        {**ADA, "email_registration": "nobody"},
        {**ADA, "email_registration": "a@b@c.org"},
        {**ADA, "email_registration": "a b@c.org"},
        [ADA],
        "Ada",
        None,
    ],
    ids=lambda record: json.dumps(record)[:110],
)
def test_a_malformed_record_is_rejected_and_registers_nobody(record: Value, examples: Installation) -> None:
    outcome = run(examples, REGISTER, {"actor_record": record})
    assert (outcome.kind, outcome.exit_code, outcome.effects) == ("REJECTED", 5, {})
    assert not any(counts(examples, REGISTER).values())


def test_an_actor_whose_identifier_is_taken_by_another_record_is_denied(examples: Installation) -> None:
    other = {ACTORS: {ADA_ID: {**ADA, "last_name": "Other"}}}
    outcome = run(examples, REGISTER, {"actor_record": ADA}, other)
    assert (outcome.kind, outcome.exit) == ("DENIED", "IDENTITY_CONFLICT")


# --- through the command -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "kind", "code"),
    [
        (action("READ_RECORD", READ, "STD"), "COMPLETED", 0),
        (action("READ_RECORD", READ, "NOBODY"), "DENIED", 4),
        ({}, "REJECTED", 5),
    ],
    ids=["completed", "denied", "rejected"],
)
def test_cli_03_the_command_the_store_and_the_trace_tell_the_same_end(
    payload: Value, kind: str, code: int, examples: Installation
) -> None:
    loaded = examples.runtime("state", "load", "-", "--json", stdin=json.dumps(FACTS).encode())
    assert (loaded.code, loaded.json()["rows"]) == (0, {LICENSE_FACTS: len(FACTS[LICENSE_FACTS])})
    answer = examples.run(GOVERN, json.dumps(payload).encode(), "--json")
    assert (answer.code, answer.json()["kind"], answer.err) == (code, kind, "")
    assert agrees(answer, examples)


@pytest.mark.parametrize(
    ("how", "kind", "exit", "code"),
    [
        ("complete", "COMPLETED", "COMPLETED", 0),
        ("fail", "FAILED", "FAILED", 1),
        ("deny", "DENIED", "DENIED", 4),
        ("raise", "FAULTED", "R021", 6),
        ("undeclared outcome", "FAULTED", "R022", 6),
        ("missing output", "FAULTED", "R023", 6),
        ("nothing", "FAULTED", "R024", 6),
        ("an object", "FAULTED", "R025", 6),
        ("recurse", "FAULTED", "R031", 10),
        ("large", "FAULTED", "R034", 10),
    ],
)
def test_cli_03_a_run_in_trouble_ends_the_same_for_the_command_the_store_and_the_trace(
    how: str, kind: str, exit: str, code: int, trouble: Installation
) -> None:
    answer = trouble.run("trouble::WF_BEHAVE_V0", json.dumps({"how": how}).encode(), "--json")
    told = answer.json()
    assert (answer.code, told["kind"], told["exit"], answer.err) == (code, kind, exit, "")
    assert agrees(answer, trouble)
    assert "0451" not in answer.out  # the text of an exception may hold a secret
    stands = {"COMPLETED": 2, "DENIED": 1}.get(kind, 0)
    with closing(SqliteStore(trouble.data / "state.db")) as store:
        assert sum(tally.rows for tally in store.tallies()) == stands
    assert sum(told["effects"].get("trouble::ST_KEYS_V0", {}).values()) == min(stands, 1)
