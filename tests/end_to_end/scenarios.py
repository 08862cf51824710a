"""Recorded scenarios of the example domains, as payloads, states and expectations of this project.

The scenarios were recorded from another implementation, whose identifiers, files and results differ. What
they say about ours is the exit that is reached and how many values each store holds afterwards; never an
identifier. Where a scenario has `ours`, that is the expectation.

A recorded licence stands in one registry, ours in two stores: by its identifier, and by its holder; what was given
back stands in neither. A recorded actor has two entries in the registry, ours has one. A recorded action is known only
by its audit line, which lacks the domain, so the payload's domain is taken. Whatever was recorded is registered under
the identifier that our generator gives to the same content. What was recorded without its content is left out, and its
store is not counted.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, NotRequired, TypedDict, cast

from pgs_capabilities.transforms.identity import generate_id
from pgs_snapshot.values import Value

ACTORS = "blockchain::ST_ACTORS_V0"
DECISIONS = "blockchain::ST_DECISIONS_V0"
IDENTITY_EVENTS = "blockchain::ST_IDENTITY_EVENTS_V0"
LICENSE_FACTS = "ai_governance::ST_LICENSE_FACTS_V0"
GOVERNED_ACTIONS = "ai_governance::ST_GOVERNED_ACTIONS_V0"
GOVERNANCE_AUDIT = "ai_governance::ST_GOVERNANCE_AUDIT_V0"
LICENSES = "ai_governance::ST_LICENSES_V0"
LICENSE_HOLDERS = "ai_governance::ST_LICENSE_HOLDERS_V0"
LICENSE_AUDIT = "ai_governance::ST_LICENSE_AUDIT_V0"
COLLATZ_RESULTS = "ai_governance::ST_COLLATZ_RESULTS_V0"

REGISTER = "blockchain::WF_REGISTER_ACTOR_UNVERIFIED_V0"
VERIFY = "blockchain::WF_VERIFY_ACTOR_V0"
GOVERN = "ai_governance::WF_GOVERN_AGENT_ACTION_V0"
ADMIT = "ai_governance::WF_GOVERN_AGENT_ADMISSION_V0"
PROVISION = "ai_governance::WF_PROVISION_AI_LICENSING_V0"
DENY = "ai_governance::WF_DENY_PROVISION_V0"
RECLAIM = "ai_governance::WF_AUTO_RECLAIM_V0"
COLLATZ = "ai_governance::WF_DEMO_COLLATZ_CONJECTURE_V0"

_IDENTITY = (ACTORS, DECISIONS, IDENTITY_EVENTS)
_GOVERNANCE = (LICENSE_FACTS, GOVERNED_ACTIONS, GOVERNANCE_AUDIT)
_LICENSING = (LICENSES, LICENSE_HOLDERS, LICENSE_AUDIT)
STORES = {
    REGISTER: _IDENTITY,
    VERIFY: _IDENTITY,
    GOVERN: _GOVERNANCE,
    ADMIT: _GOVERNANCE,
    PROVISION: _LICENSING,
    DENY: _LICENSING,
    RECLAIM: _LICENSING,
    COLLATZ: (COLLATZ_RESULTS,),
}
"""The workflows that are declared here, each with every store that it can touch."""

ExitClass = Literal["COMPLETED", "DENIED", "REJECTED", "FAILED"]
EXIT_CODES: Mapping[ExitClass, int] = {"COMPLETED": 0, "FAILED": 1, "DENIED": 4, "REJECTED": 5}

Record = dict[str, Value]
State = dict[str, dict[str, Value]]
"""What `state load` takes: store -> key -> value, or store -> stream -> list of records."""

File = dict[str, Value]
"""A recorded file: values by key, or a journal's lines under `__jsonl__`."""


class Recorded(TypedDict):
    outcome: NotRequired[str]
    exit_node: str
    state_after: NotRequired[dict[str, File]]


Ours = TypedDict("Ours", {"class": ExitClass, "exit_code": int, "reason": str})


class Scenario(TypedDict):
    """One recorded scenario; `wrong_answer` is an answer that was wrong."""

    id: str
    workflow: str
    payload: Value
    seed_state: NotRequired[dict[str, File]]
    expect: NotRequired[Recorded]
    wrong_answer: NotRequired[Recorded]
    ours: NotRequired[Ours]


@dataclass(frozen=True, slots=True)
class Expected:
    """How a run ends, and how many keys or records stores hold afterwards, of those where that is known.

    `exit` is None where nothing says which of ours it is.
    """

    kind: ExitClass
    exit: str | None
    exit_code: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Case:
    id: str
    workflow: str
    payload: Value
    state: State
    expected: Expected


@dataclass(frozen=True, slots=True)
class Translated:
    """What is known of the recorded state, and the stores of which something is not."""

    state: State
    unknown: frozenset[str]


class NotOurs(Exception):
    """A scenario of something that is not declared here."""


# What `ours` implies beyond its class: the name of the exit, and the stores that then hold something else
# than before. A rejected run has touched nothing.
_OURS: Mapping[str, tuple[str, Mapping[str, int]]] = {
    "agent_governance/01_same_user_tool_other_params": (
        "COMPLETED",
        {GOVERNED_ACTIONS: 2, GOVERNANCE_AUDIT: 2},
    ),
    "agent_governance/quantity_negative": ("PARAMETER_VIOLATION", {GOVERNANCE_AUDIT: 1}),
    "agent_governance/quantity_numeric_string": ("PARAMETER_VIOLATION", {GOVERNANCE_AUDIT: 1}),
    "agent_admission/01_same_user_tool_other_params": (
        "COMPLETED",
        {GOVERNED_ACTIONS: 2, GOVERNANCE_AUDIT: 2},
    ),
    "licensing/provision_repeat": ("ALREADY_PROVISIONED", {}),
    "licensing/quota_exceeded": ("QUOTA_EXCEEDED", {LICENSE_AUDIT: 1}),
    "licensing/training_not_completed": ("TRAINING_INCOMPLETE", {LICENSE_AUDIT: 1}),
    "licensing/reclaim_active_user": ("ACTIVE", {LICENSE_AUDIT: 2}),
    "identity/verify_decision_rejected": ("VERIFICATION_REJECTED", {DECISIONS: 1, IDENTITY_EVENTS: 3}),
}
# What a recorded scenario implies for stores that the other implementation has nothing like.
_ONLY_HERE: Mapping[str, Mapping[str, int]] = {"identity/verify_known": {DECISIONS: 1}}
# A decision that stands already is written down once here and twice there, so of a verification that is not
# in the tables nothing is counted but the registry.
_OTHERWISE_HERE: Mapping[str, tuple[str, ...]] = {VERIFY: (DECISIONS, IDENTITY_EVENTS)}
# A denial that was not written down there is on our audit trail.
_AUDITED_HERE: Mapping[str, tuple[str, ...]] = {RECLAIM: (LICENSE_AUDIT,)}

# What the outcome before an exit without a name of its own means here.
_ENDS: Mapping[str, ExitClass] = {
    "SUCCESS": "COMPLETED",
    "ALREADY_EXISTS": "COMPLETED",
    "NOT_FOUND": "DENIED",
}
_DONE = ("CONJECTURE_PROVEN", "PROVISIONED", "RECLAIMED")
"""The named exits at which what was asked for has been done."""

DATA = Path(__file__).parents[1] / "data"
CHOSEN = Path(os.environ.get("PGS_CASES") or DATA)
"""Where scenarios are read from: `tests/data`, or the folder that the variable PGS_CASES names."""


def cases(folder: Path) -> tuple[Case, ...]:
    """Every recorded scenario in a folder's `workflows.json` whose workflow is declared here."""
    document = json.loads((folder / "workflows.json").read_text(encoding="utf-8"))
    return tuple(_ours(document["scenarios"]))


def _ours(scenarios: list[Scenario]) -> Iterator[Case]:
    for scenario in scenarios:
        try:
            yield case(scenario)
        except NotOurs:
            continue


def case(scenario: Scenario) -> Case:
    """One scenario, translated.

    Raises:
        NotOurs: its workflow, a file of its state or its end is of something that is not declared here.
    """
    if scenario["workflow"] not in STORES:
        raise NotOurs(scenario["workflow"])
    payload = scenario["payload"]
    seed = translate(scenario.get("seed_state", {}), payload)
    return Case(scenario["id"], scenario["workflow"], payload, seed.state, expected(scenario, seed))


def translate(files: Mapping[str, File], payload: Value) -> Translated:
    """The recorded files as our stores.

    Raises:
        NotOurs: a file belongs to no store of ours.
    """
    state: State = {}
    unknown: set[str] = set()
    for path in files:
        if path not in _FILES:
            raise NotOurs(path)
        for store, rows in _FILES[path].items():
            state[store], whole = rows(files, payload)
            if not whole:
                unknown.add(store)
    return Translated(state, frozenset(unknown))


def expected(scenario: Scenario, seed: Translated) -> Expected:
    """What a run of ours has to give.

    Raises:
        NotOurs: nothing says how it has to end here.
    """
    workflow = scenario["workflow"]
    before = {store: _size(seed.state.get(store, {})) for store in STORES[workflow]}
    if "ours" in scenario:
        return _expected_of_ours(scenario["id"], scenario["ours"], before)
    if "expect" not in scenario:
        raise NotOurs(scenario["id"])
    kind, exit = _end(scenario["expect"])
    counts = {**before, **_ONLY_HERE.get(scenario["id"], {})}
    files = scenario.get("seed_state", {})
    for path, file in scenario["expect"].get("state_after", {}).items():
        for held in _FILES.get(path, {}):
            counts[held] += _recorded_size(path, file) - _recorded_size(path, files.get(path, {}))
    otherwise = () if scenario["id"] in _ONLY_HERE else _OTHERWISE_HERE.get(workflow, ())
    audited = _AUDITED_HERE.get(workflow, ()) if kind == "DENIED" else ()
    for store in {*seed.unknown, *otherwise, *audited}:
        del counts[store]
    return Expected(kind, exit, EXIT_CODES[kind], counts)


def _expected_of_ours(id: str, ours: Ours, before: Mapping[str, int]) -> Expected:
    kind, code = ours["class"], ours["exit_code"]
    if kind == "REJECTED":
        return Expected(kind, "REJECTED", code, before)
    if id in _OURS:
        exit, changed = _OURS[id]
        return Expected(kind, exit, code, {**before, **changed})
    return Expected(kind, None, code, before if kind == "FAILED" else {})


def _end(recorded: Recorded) -> tuple[ExitClass, str | None]:
    """The class that a recorded end means here, and the exit's name where it has one."""
    reason = recorded["exit_node"].removeprefix("EXIT").removeprefix("_")
    if reason in ("REJECTED", "NACK"):
        return "REJECTED", "REJECTED"
    if reason == "SUCCESS":
        return "COMPLETED", "COMPLETED"
    if reason and reason != "ERROR":
        return "COMPLETED" if reason in _DONE else "DENIED", reason
    outcome = recorded.get("outcome", "")
    if outcome not in _ENDS:
        raise NotOurs(outcome)
    kind = _ENDS[outcome]
    return kind, kind if kind == "COMPLETED" else None


def _size(values: Mapping[str, Value]) -> int:
    return sum(len(value) if isinstance(value, list) else 1 for value in values.values())


def _recorded_size(path: str, file: File) -> int:
    if path == _REGISTRY:
        return len({_text(entry.get("target_ref")) for entry in _lines(file)})
    if path == _LICENSES:
        return len(_held(file))
    return len(_lines(file)) if "__jsonl__" in file else len(file)


# --- identity ------------------------------------------------------------------------------------

_STATUSES = ("VERIFIED", "REJECTED")


def actor_id(record: Value) -> str:
    """The identifier of an actor with this record."""
    return cast(str, generate_id("AC", record)["id"])


def _actor_records(files: Mapping[str, File]) -> dict[str, Value]:
    """The record of each actor under the recorded identifier, as the journal has it."""
    entries = [_record(line) for line in _lines(files.get(_IDENTITY_JOURNAL, {}))]
    registered = (entry for entry in entries if "REGISTERED" in _text(entry.get("event_code")))
    return {_text(entry.get("actor_id")): entry["payload"] for entry in registered if "payload" in entry}


def _actors(files: Mapping[str, File], _payload: Value) -> tuple[dict[str, Value], bool]:
    records = _actor_records(files)
    registered = {_text(entry.get("target_ref")) for entry in _lines(files[_REGISTRY])}
    known = {actor_id(records[name]): records[name] for name in registered & records.keys()}
    return known, registered <= records.keys()


def _identity_events(files: Mapping[str, File], _payload: Value) -> tuple[dict[str, Value], bool]:
    records = _actor_records(files)
    streams: dict[str, list[Value]] = {}
    whole = True
    for line in _lines(files[_IDENTITY_JOURNAL]):
        entry = _record(line)
        event = _identity_event(entry)
        recorded = _text(entry.get("actor_id"))
        if event is None or recorded not in records:
            whole = False
            continue
        name = actor_id(records[recorded])
        streams.setdefault(name, []).append({"actor_id": name, "at": _instant(line), "by": "recorded", **event})
    return {**streams}, whole


def _identity_event(entry: Record) -> Record | None:
    """What of a journal's line is ours, None for a kind of line that is not."""
    if "REGISTERED" in _text(entry.get("event_code")):
        return {"kind": "REGISTERED"}
    if entry.get("new_state") in _STATUSES:
        return {"kind": "STATUS_CHANGED", "from_status": "UNVERIFIED", "to_status": entry["new_state"]}
    decision = _record({"record": entry.get("payload")}).get("decision")
    return {"kind": decision} if decision in _STATUSES else None


# --- agent governance ----------------------------------------------------------------------------

_REASONS = ("UNDECLARED_TOOL", "UNAUTHORIZED_ACTOR", "UNAUTHORIZED_TOOL", "PARAMETER_VIOLATION")


def action_id(action: Value) -> str:
    """The identifier of an action: tool, parameters, user and domain."""
    return cast(str, generate_id("AGOV", action)["id"])


def _action(entry: Record, payload: Value) -> Record:
    """The action of an audit line; a denial's line lacks the parameters."""
    parameters = entry.get("parameters")
    domain = payload.get("domain_context") if isinstance(payload, dict) else ""
    return {
        "tool_name": _text(entry.get("tool_name")),
        "parameters": parameters if isinstance(parameters, dict) else {},
        "requesting_user_id": _text(entry.get("requesting_user_id")),
        "domain_context": _text(domain),
    }


def _facts(files: Mapping[str, File], _payload: Value) -> tuple[dict[str, Value], bool]:
    facts: dict[str, Value] = {
        user: {name: _text(facts.get(name)) for name in ("license_status", "license_tier", "org_unit")}
        for user, facts in files[_FACTS].items()
        if isinstance(facts, dict)
    }
    return facts, len(facts) == len(files[_FACTS])


def _governed_actions(
    registry: str, journal: str, files: Mapping[str, File], payload: Value
) -> tuple[dict[str, Value], bool]:
    entries = [_record(line) for line in _lines(files.get(journal, {}))]
    actions = {
        _text(entry.get("action_id")): _action(entry, payload)
        for entry in entries
        if entry.get("decision") == "AUTHORIZED"
    }
    registered = {_text(entry.get("key")) for entry in _lines(files[registry])}
    known: dict[str, Value] = {action_id(actions[name]): actions[name] for name in sorted(registered & actions.keys())}
    return known, registered <= actions.keys()


def _governance_audit(journal: str, files: Mapping[str, File], payload: Value) -> tuple[dict[str, Value], bool]:
    streams: dict[str, list[Value]] = {}
    for line in _lines(files[journal]):
        entry = _record(line)
        action = _action(entry, payload)
        record: Record = {
            "action_id": action_id(action),
            "decision": "AUTHORIZED" if entry.get("decision") == "AUTHORIZED" else "DENIED",
            "at": _instant(line),
            "by": "recorded",
            **action,
        }
        if isinstance(entry.get("license_tier"), str):
            record["license_tier"] = entry["license_tier"]
        if entry.get("denial_reason") in _REASONS:
            record["denial_reason"] = entry["denial_reason"]
        streams.setdefault(_text(action["requesting_user_id"]), []).append(record)
    return {**streams}, True


# --- licences, and what was computed -------------------------------------------------------------


def _held(file: File) -> dict[str, str]:
    """The licence of each employee who still holds one."""
    held: dict[str, str] = {}
    for entry in _lines(file):
        if entry.get("tombstone"):
            held.pop(_text(entry.get("key")), None)
        else:
            held[_text(entry.get("key"))] = _text(entry.get("target_ref"))
    return held


def _licenses(files: Mapping[str, File], _payload: Value) -> tuple[dict[str, Value], bool]:
    held = _held(files[_LICENSES])
    return {
        license: {"employee_id": employee, "at": _instant({}), "by": "recorded"} for employee, license in held.items()
    }, True


def _license_holders(files: Mapping[str, File], _payload: Value) -> tuple[dict[str, Value], bool]:
    return {employee: {"license_id": license} for employee, license in _held(files[_LICENSES]).items()}, True


def _license_audit(files: Mapping[str, File], _payload: Value) -> tuple[dict[str, Value], bool]:
    streams: dict[str, list[Value]] = {}
    for line in _lines(files[_LICENSE_JOURNAL]):
        entry = _record(line)
        record: Record = {name: entry[name] for name in ("decision", "employee_id")}
        record |= {"at": _instant(line), "by": "recorded"}
        if isinstance(entry.get("license_id"), str):
            record["license_id"] = entry["license_id"]
        streams.setdefault(_text(entry["employee_id"]), []).append(record)
    return {**streams}, True


def _collatz_results(files: Mapping[str, File], _payload: Value) -> tuple[dict[str, Value], bool]:
    rows = files[_COLLATZ].items()
    return {key: {"sequences": _record({"record": row})["sequences"], "at": _instant({})} for key, row in rows}, True


# --- recorded files ------------------------------------------------------------------------------

_REGISTRY = "blockchain/identity/registry/actors.json"
_IDENTITY_JOURNAL = "blockchain/identity/events/identity_events.jsonl"
_FACTS = "ai_governance/ai_licensing/license_facts.json"
_GOVERNED = tuple(
    (f"ai_governance/{of}/governance_actions.json", f"ai_governance/{of}/governance_audit.jsonl")
    for of in ("agent_governance", "agent_admission")
)
"""Registry and journal of actions, of both subdomains that have some."""
_LICENSES = "ai_governance/ai_licensing/license_registry.json"
_LICENSE_JOURNAL = "ai_governance/ai_licensing/audit_log.jsonl"
_COLLATZ = "ai_governance/collatz_conjecture/collatz_results.json"

Rows = Callable[[Mapping[str, File], Value], tuple[dict[str, Value], bool]]
"""The rows of a store, and whether that is all that was recorded."""

_FILES: Mapping[str, Mapping[str, Rows]] = {
    _REGISTRY: {ACTORS: _actors},
    _IDENTITY_JOURNAL: {IDENTITY_EVENTS: _identity_events},
    _FACTS: {LICENSE_FACTS: _facts},
    **{registry: {GOVERNED_ACTIONS: partial(_governed_actions, registry, journal)} for registry, journal in _GOVERNED},
    **{journal: {GOVERNANCE_AUDIT: partial(_governance_audit, journal)} for _, journal in _GOVERNED},
    _LICENSES: {LICENSES: _licenses, LICENSE_HOLDERS: _license_holders},
    _LICENSE_JOURNAL: {LICENSE_AUDIT: _license_audit},
    _COLLATZ: {COLLATZ_RESULTS: _collatz_results},
}
"""The recorded files, each with the stores of ours that hold what is in it."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}")


def _lines(file: File) -> list[Record]:
    return [line for line in cast("list[Record]", file.get("__jsonl__", [])) if isinstance(line, dict)]


def _record(line: Record) -> Record:
    record = line.get("record")
    return record if isinstance(record, dict) else {}


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _instant(line: Record) -> str:
    """The line's local timestamp with microseconds as RFC 3339 UTC with milliseconds; any, if it has none."""
    found = _MOMENT.match(_text(line.get("timestamp")))
    return f"{found[0] if found else '2026-01-01T00:00:00.000'}Z"
