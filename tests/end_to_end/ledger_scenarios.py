"""Recorded scenarios of wallets, transactions and the chain, as payloads, states and expectations of this project.

As in `scenarios`, what they say about ours is how a run ends and how many values each store holds afterwards. What
differs here is said once:

- an actor has our identifier, wherever a recorded one stands, and so has a wallet that a recorded workflow opened;
- whose wallet it is was recorded and never looked at. A wallet of somebody who is registered nowhere belongs to the
  actor whom the scenario registers, if there is one: ours looks at it;
- a balance is an account, and what the accounts hold was issued;
- no stake was recorded anywhere. Where a scenario gets one back, that much is at stake.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from pgs_capabilities.transforms.identity import generate_id
from pgs_snapshot.values import Value
from tests.end_to_end.scenarios import (
    ACTORS,
    EXIT_CODES,
    IDENTITY_EVENTS,
    Case,
    ExitClass,
    Expected,
    File,
    Record,
    Scenario,
    State,
    actor_id,
    translate,
)

WALLETS = "blockchain::ST_WALLETS_V0"
WALLET_EVENTS = "blockchain::ST_WALLET_EVENTS_V0"
BALANCES = "blockchain::ST_BALANCES_V0"
SUPPLY = "blockchain::ST_SUPPLY_V0"
CHAIN_BALANCES = "blockchain::ST_CHAIN_BALANCES_V0"
CHAIN_SUPPLY = "blockchain::ST_CHAIN_SUPPLY_V0"
TRANSACTIONS = "blockchain::ST_TRANSACTIONS_V0"
TRANSACTION_EVENTS = "blockchain::ST_TRANSACTION_EVENTS_V0"
MEMPOOL = "blockchain::ST_MEMPOOL_V0"
CHAIN = "blockchain::ST_CHAIN_V0"
HEAD = "blockchain::ST_HEAD_V0"
VALIDATORS = "blockchain::ST_VALIDATORS_V0"
VALIDATOR_EVENTS = "blockchain::ST_VALIDATOR_EVENTS_V0"
BLOCKS = "blockchain::ST_BLOCKS_V0"
ROUNDS = "blockchain::ST_ROUNDS_V0"

CREATE_WALLET = "blockchain::WF_CREATE_WALLET_V0"
KINDS = ("MINT", "BURN", "TRANSFER", "STAKE", "UNSTAKE", "SLASH", "REWARD", "POOL")
OF_THE_CHAIN = ("BOOTSTRAP_GENESIS_CHAIN", "COMMIT_BLOCK", "REGISTER_VALIDATOR", "PROPOSE_BLOCK")
WORKFLOWS = (CREATE_WALLET, *(f"blockchain::WF_{name}_V0" for name in (*KINDS, *OF_THE_CHAIN)))

_IDENTITY = "blockchain/identity/"
_WALLETS = "blockchain/wallet/state/wallets.json"
_MEMPOOL = "blockchain/mempool/state/mempool.json"
_VALIDATORS = "blockchain/consensus_pos/registry/validators.json"
_CHAIN = "blockchain/chain/chain.jsonl"
_HEAD = "blockchain/chain/chain_head.json"
_COUNTED: Mapping[str, tuple[str, int]] = {
    _WALLETS: (WALLETS, 1),
    "blockchain/wallet/events/wallet_events.jsonl": (WALLET_EVENTS, 1),
    "blockchain/mempool/registry/mempool_index.json": (TRANSACTIONS, 2),
    _MEMPOOL: (MEMPOOL, 1),
    _CHAIN: (CHAIN, 1),
    _HEAD: (HEAD, 1),
    _VALIDATORS: (VALIDATORS, 1),
    "blockchain/consensus_pos/events/validator_events.jsonl": (VALIDATOR_EVENTS, 1),
    "blockchain/block/blocks/blocks.json": (BLOCKS, 1),
    "blockchain/consensus_pos/rounds/rounds.jsonl": (ROUNDS, 1),
    "blockchain/transaction/events/transaction_events.jsonl": (TRANSACTION_EVENTS, 1),
}
"""Recorded files, with the store that is ours and how many recorded values are one of ours."""
_OURS: Mapping[str, Mapping[str, int]] = {"chain/commit_good_link": {CHAIN: 2}}
"""The stores that hold something else behind a scenario whose recorded answer is wrong."""


def ledger_cases(folder: Path) -> tuple[Case, ...]:
    """Every recorded scenario in a folder's `workflows.json` of the workflows here."""
    document = json.loads((folder / "workflows.json").read_text(encoding="utf-8"))
    return tuple(_cases(document["scenarios"]))


def wallet_id(owner: str, wallet_type: str) -> str:
    """The identifier of somebody's wallet of a type."""
    return cast(str, generate_id("W", {"actor_id": owner, "wallet_type": wallet_type})["id"])


def _cases(scenarios: list[Scenario]) -> Iterator[Case]:
    for scenario in scenarios:
        if scenario["workflow"] in WORKFLOWS:
            state = _state(scenario)
            payload = _renamed(scenario["payload"], _names(scenario))
            yield Case(scenario["id"], scenario["workflow"], payload, state, _expected(scenario, state))


def _files(scenario: Scenario) -> Mapping[str, File]:
    return scenario.get("seed_state", {})


def _names(scenario: Scenario) -> Mapping[str, str]:
    """Our identifier of each recorded actor."""
    journal = _files(scenario).get("blockchain/identity/events/identity_events.jsonl", {})
    lines = cast("list[Record]", journal.get("__jsonl__", []))
    records = [cast(Record, line["record"]) for line in lines]
    return {cast(str, record["actor_id"]): actor_id(record["payload"]) for record in records}


def _renamed(value: Value, names: Mapping[str, str]) -> Value:
    if isinstance(value, dict):
        return {key: _renamed(member, names) for key, member in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _state(scenario: Scenario) -> State:
    files = _files(scenario)
    state = dict(translate({path: file for path, file in files.items() if path.startswith(_IDENTITY)}, None).state)
    state |= _wallets(scenario)
    for store, rows in _chain(scenario).items():
        state[store] = {**state.get(store, {}), **rows}
    return {store: rows for store, rows in state.items() if rows}


def _wallets(scenario: Scenario) -> State:
    names = _names(scenario)
    opened = "blockchain/wallet/events/wallet_events.jsonl" in _files(scenario)
    wallets: dict[str, Value] = {}
    journals: dict[str, Value] = {}
    balances: dict[str, int] = {}
    for name, recorded in cast("dict[str, Record]", _files(scenario).get(_WALLETS, {})).items():
        owner = cast(str, recorded["actor_id"])
        owner = names.get(owner, next(iter(names.values()), owner))
        kind = cast(str, recorded["wallet_type"])
        key = wallet_id(owner, kind) if opened else name
        wallets[key] = {"owner": owner, "wallet_type": kind, "currency": recorded["currency"]}
        balances[key] = cast(int, recorded["balance"])
        if opened:
            journals[key] = [{"kind": "CREATED", "owner": owner, "at": "2026-01-01T00:00:00Z", "by": "recorded"}]
    if scenario["workflow"] == "blockchain::WF_UNSTAKE_V0":
        stake = cast(int, cast(Record, scenario["payload"])["amount"])
        balances |= {f"STAKE_{owner}": stake for owner in names.values()}
    accounts: dict[str, Value] = {account: {"n": held} for account, held in balances.items()}
    supply: dict[str, Value] = {"all": {"n": sum(balances.values())}} if balances else {}
    return {WALLETS: wallets, WALLET_EVENTS: journals, BALANCES: accounts, SUPPLY: supply}


def _chain(scenario: Scenario) -> State:
    files, names = _files(scenario), _names(scenario)
    validators = files.get(_VALIDATORS, {})
    blocks = [cast(Record, line["record"]) for line in cast("list[Record]", files.get(_CHAIN, {}).get("__jsonl__", []))]
    balances: dict[str, int] = {}
    for block in blocks:
        for moved in cast("list[Record]", block["transactions"]):
            for side, sign in (("from_wallet", -1), ("to_wallet", 1)):
                if isinstance(moved[side], str):
                    account = cast(str, moved[side])
                    balances[account] = balances.get(account, 0) + sign * cast(int, moved["amount"])
    state: State = {
        VALIDATORS: {names.get(key, key): _renamed(value, names) for key, value in validators.items()},
        MEMPOOL: _pending(waiting := _submitted(cast("dict[str, Record]", files.get(_MEMPOOL, {})), names)),
        TRANSACTIONS: {key: {"transaction": moved, "nonce": 0} for key, (moved, _) in waiting.items()},
        TRANSACTION_EVENTS: {key: [_event(moved)] for key, (moved, _) in waiting.items()},
    }
    if waiting:
        state["blockchain::ST_SUBMISSIONS_V0"] = {"all": {"n": len(waiting)}}
    if blocks:
        head: Value = {"hash": files[_HEAD]["head"], "height": blocks[-1]["height"]}
        state |= {CHAIN: {"chain": [*blocks]}, HEAD: {"head": head}}
        state |= {CHAIN_BALANCES: {account: {"n": held} for account, held in balances.items()}}
        state |= {CHAIN_SUPPLY: {"all": {"n": sum(balances.values())}}}
    return state


def _submitted(mempool: Mapping[str, Record], names: Mapping[str, str]) -> dict[str, tuple[Record, str]]:
    """Each recorded transaction under our identifier, with its status; ours has no other nonce than 0."""
    submitted: dict[str, tuple[Record, str]] = {}
    for recorded in mempool.values():
        sides = {side: _renamed(recorded[f"{side}_id"], names) for side in ("from_wallet", "to_wallet")}
        moved: Record = {"tx_type": recorded["tx_type"], "amount": recorded["amount"], **sides}
        key = cast(str, generate_id("T", {"transaction": {**moved}, "nonce": 0})["id"])
        submitted[key] = moved, cast(str, recorded["status"])
    return submitted


def _pending(submitted: Mapping[str, tuple[Record, str]]) -> dict[str, Value]:
    return {
        key: {"number": number, "transaction": {**moved}, "status": status}
        for number, (key, (moved, status)) in enumerate(submitted.items(), 1)
    }


def _event(moved: Record) -> Record:
    told: Record = {name: moved[name] for name in ("tx_type", "amount")}
    return {"kind": "SUBMITTED", "at": "2026-01-01T00:00:00Z", "by": "recorded", "triggered_by": "recorded", **told}


def _expected(scenario: Scenario, state: State) -> Expected:
    before = {store: _size(state.get(store, {})) for store in (ACTORS, IDENTITY_EVENTS)}
    before |= {store: _size(state.get(store, {})) for store, _ in _COUNTED.values()}
    if "ours" in scenario:
        ours = scenario["ours"]
        return Expected(ours["class"], None, ours["exit_code"], {**before, **_OURS.get(scenario["id"], {})})
    recorded = scenario["expect"]
    after = dict(before)
    for path, file in recorded.get("state_after", {}).items():
        if path in _COUNTED:
            store, each = _COUNTED[path]
            after[store] += (_lines(file) - _lines(_files(scenario).get(path, {}))) // each
    outcome = recorded.get("outcome", "")
    reason = recorded["exit_node"].removeprefix("EXIT").removeprefix("_")
    kind: ExitClass = "COMPLETED" if outcome == "SUCCESS" else "DENIED"
    exit = None if kind == "COMPLETED" else outcome if reason in ("", "ERROR") else reason
    return Expected(kind, exit, EXIT_CODES[kind], after)


def _lines(file: File) -> int:
    return len(cast("list[Value]", file.get("__jsonl__", file)))


def _size(values: Mapping[str, Value]) -> int:
    return sum(len(value) if isinstance(value, list) else 1 for value in values.values())
