"""The chain: blocks that follow each other, and money that is there when a block needs it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from hashlib import sha256
from itertools import count

import pytest

from pgs_runtime.operate.state import load_state
from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Actor, Outcome, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.records import Tally
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.end_to_end.ledger_scenarios import BALANCES, CHAIN

NODE = Actor("blockchain::AC_NODE_V0", "node-1", {})
NOTHING = "0x" + "0" * 64
VALIDATOR: dict[str, Value] = {
    "pubkey": "0x" + "b" * 96,
    "withdrawal_credentials": NOTHING,
    "status": "ACTIVE_ONGOING",
    "slashed": False,
    "effective_balance": 32_000_000_000,
    "balance": 32_000_000_000,
    "activation_eligibility_epoch": 0,
    "activation_epoch": 0,
    "exit_epoch": None,
    "withdrawable_epoch": None,
}
Start = Callable[[], Runtime]


@pytest.fixture(scope="session")
def start(example_files: Mapping[str, bytes]) -> Start:
    """Starts a node with an empty store; every one of them has the same clock and the same chance."""
    snapshot = Snapshot(verify(example_files))

    def node() -> Runtime:
        chance = random.Random(7).randbytes  # noqa: S311 - it only has to repeat
        ticks = count(1_772_355_600_000_000, 1_000)
        return Runtime(snapshot, MemoryStore(chance), Ports(clock=lambda: next(ticks), entropy=chance))

    return node


def moved(amount: int, from_wallet: str | None, to_wallet: str | None) -> Value:
    return {"tx_type": "TRANSFER", "amount": amount, "from_wallet": from_wallet, "to_wallet": to_wallet}


def block(after: Value, height: int, *transactions: Value) -> Value:
    return {"predecessor_hash": after, "height": height, "transactions": [*transactions]}


def genesis(node: Runtime, *transactions: Value) -> Outcome:
    payload: Value = {"genesis_block_content": block(NOTHING, 0, *transactions)}
    return node.run("blockchain::WF_BOOTSTRAP_GENESIS_CHAIN_V0", payload, NODE)


def commit(node: Runtime, proposed: Value) -> Outcome:
    return node.run("blockchain::WF_COMMIT_BLOCK_V0", {"proposed_block": proposed}, NODE)


def accounts(node: Runtime, book: str) -> dict[str, int]:
    cells = node.store.scan("state", BALANCES, f"{book}/").cells
    return {cell.key.removeprefix(f"{book}/"): json.loads(cell.value)["n"] for cell in cells}


def test_a_committed_block_moves_its_money(start: Start) -> None:
    node = start()
    first = genesis(node, moved(1000, None, "W_GENESIS"))
    assert commit(node, block(first.result["block_hash"], 1, moved(250, "W_GENESIS", "W_ALICE"))).kind == "COMPLETED"
    assert accounts(node, "CHAIN") == {"W_GENESIS": 750, "W_ALICE": 250}


def test_the_chain_begins_once(start: Start) -> None:
    node = start()
    assert [genesis(node, moved(1000, None, "W")).exit for _ in range(2)] == ["COMPLETED", "ALREADY_EXISTS"]
    assert accounts(node, "CHAIN") == {"W": 1000}


def test_a_block_that_does_not_follow_the_head_is_denied(start: Start) -> None:
    node = start()
    assert commit(node, block(NOTHING, 1)).exit == "NO_CHAIN"
    first = genesis(node).result["block_hash"]
    for wrong in (block(NOTHING, 1), block(first, 0), block(first, 2)):
        assert (commit(node, wrong).kind, commit(node, wrong).exit) == ("DENIED", "LINK_BROKEN")
    assert node.store.length(CHAIN, "chain") == 1


def test_nothing_of_a_block_is_kept_in_which_one_transaction_finds_no_money(start: Start) -> None:
    node = start()
    first = genesis(node, moved(100, None, "A")).result["block_hash"]
    denied = commit(node, block(first, 1, moved(60, "A", "B"), moved(60, "A", "B")))
    assert (denied.kind, denied.exit) == ("DENIED", "OVERDRAWN")
    assert accounts(node, "CHAIN") == {"A": 100}
    assert node.store.length(CHAIN, "chain") == 1


def work(slot: int, nonce: int, amount: int, from_wallet: str | None, to_wallet: str | None) -> Value:
    return {
        "slot_number": slot,
        "wallet_id": from_wallet or to_wallet,
        "owner": from_wallet and "somebody",
        "transaction": moved(amount, from_wallet, to_wallet),
        "nonce": nonce,
    }


def simulate(node: Runtime, slots: int) -> Outcome:
    """A simulation with a transaction or two in each slot but every fifth, some of which find no money."""
    wallet: Value = {"owner": "somebody", "wallet_type": "STANDARD", "currency": "BACHI"}
    validators: dict[str, Value] = {name: {**VALIDATOR, "actor_id": name} for name in ("V1", "V2", "V3")}
    state: Value = {
        "blockchain::ST_WALLETS_V0": {"A": wallet, "B": wallet},
        "blockchain::ST_VALIDATORS_V0": validators,
    }
    load_state(node, state, NODE)
    assert genesis(node).kind == "COMPLETED"
    chance = random.Random(3)  # noqa: S311 - it only has to repeat
    sequence = [work(0, 0, 1000, None, "A")]
    for slot in (slot for slot in range(slots) if slot % 5):
        from_wallet, to_wallet = chance.sample(["A", "B"], 2)
        sequence += [work(slot, slot, chance.randint(1, 600), from_wallet, to_wallet), work(slot, slot, 7, None, "B")]
    payload: Value = {
        "simulation_id": "S",
        "slot_schedule": [*range(slots)],
        "tx_sequence": sequence,
        "triggered_by": "test",
    }
    return node.run("blockchain::WF_RUN_CHAIN_SIMULATION_V0", payload, NODE)


def digest(node: Runtime, tally: Tally) -> str:
    """A digest of all that a store holds."""
    whole = sha256()
    if tally.kind == "events":
        for stream in node.store.streams(tally.store):
            events = node.store.events(tally.store, stream, 1, node.store.length(tally.store, stream) + 1)
            whole.update(repr((stream, [event.body for event in events])).encode())
    else:
        whole.update(repr([(cell.key, cell.value) for cell in node.store.scan(tally.kind, tally.store).cells]).encode())
    return whole.hexdigest()


def test_a_simulation_of_fifty_slots_leaves_the_same_state_twice(start: Start) -> None:
    left = []
    for node in (start(), start()):
        ended = simulate(node, 50)
        assert (ended.kind, ended.result) == ("COMPLETED", {"slots": 50})
        assert accounts(node, "CHAIN") == accounts(node, "LEDGER")
        assert node.store.length(CHAIN, "chain") == 1 + 50 - 9
        left.append({tally.store: digest(node, tally) for tally in node.store.tallies()})
    assert left[0] == left[1]
    assert {CHAIN, BALANCES} <= left[0].keys()
