"""The chain: blocks that follow each other, and money that is there when a block needs it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Mapping
from hashlib import sha256
from itertools import count
from pathlib import Path

import pytest

from pgs_runtime.operate.state import load_state
from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Actor, Outcome, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.records import Tally
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.end_to_end.ledger_scenarios import BALANCES, CHAIN, CHAIN_BALANCES
from tests.end_to_end.programs import ENVIRONMENT, ROOT

NODE = Actor("blockchain::AC_NODE_V0", "node-1", {})
OPERATOR = Actor("core::AC_OPERATOR_V0", "operator-1", {})
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
    return lambda: node_of(snapshot)


def node_of(snapshot: Snapshot) -> Runtime:
    chance = random.Random(7).randbytes  # noqa: S311 - it only has to repeat
    ticks = count(1_772_355_600_000_000, 1_000)
    return Runtime(snapshot, MemoryStore(chance), Ports(clock=lambda: next(ticks), entropy=chance))


def moved(amount: int, from_wallet: str | None, to_wallet: str | None) -> Value:
    return {
        "tx_type": "TRANSFER" if from_wallet else "MINT",
        "amount": amount,
        "from_wallet": from_wallet,
        "to_wallet": to_wallet,
    }


def block(after: Value, height: int, *transactions: Value) -> Value:
    return {"predecessor_hash": after, "height": height, "transactions": [*transactions]}


def genesis(node: Runtime, *transactions: Value) -> Outcome:
    payload: Value = {"genesis_block_content": block(NOTHING, 0, *transactions)}
    return node.run("blockchain::WF_BOOTSTRAP_GENESIS_CHAIN_V0", payload, NODE)


def commit(node: Runtime, proposed: Value) -> Outcome:
    return node.run("blockchain::WF_COMMIT_BLOCK_V0", {"proposed_block": proposed}, NODE)


def accounts(node: Runtime, book: str) -> dict[str, int]:
    return {cell.key: json.loads(cell.value)["n"] for cell in node.store.scan("state", book).cells}


def test_a_committed_block_moves_its_money(start: Start) -> None:
    node = start()
    first = genesis(node, moved(1000, None, "W_GENESIS"))
    assert commit(node, block(first.result["block_hash"], 1, moved(250, "W_GENESIS", "W_ALICE"))).kind == "COMPLETED"
    assert accounts(node, CHAIN_BALANCES) == {"W_GENESIS": 750, "W_ALICE": 250}


def test_the_chain_begins_once(start: Start) -> None:
    node = start()
    assert [genesis(node, moved(1000, None, "W")).exit for _ in range(2)] == ["COMPLETED", "ALREADY_EXISTS"]
    assert accounts(node, CHAIN_BALANCES) == {"W": 1000}


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
    assert accounts(node, CHAIN_BALANCES) == {"A": 100}
    assert node.store.length(CHAIN, "chain") == 1


def work(slot: int, nonce: int, amount: int, from_wallet: str | None, to_wallet: str | None) -> Value:
    return {
        "slot_number": slot,
        "wallet_id": from_wallet or to_wallet,
        "owner": from_wallet and "somebody",
        "transaction": moved(amount, from_wallet, to_wallet),
        "nonce": nonce,
    }


def simulation(name: str, slots: int) -> dict[str, Value]:
    """A simulation with a transaction or two in each slot but every fifth, some of which find no money."""
    chance = random.Random(name)  # noqa: S311 - it only has to repeat
    first = sum(name.encode()) * 1000
    sequence = [work(0, first, 1000, None, "A")] if slots else []
    for slot in (slot for slot in range(slots) if slot % 5):
        from_wallet, to_wallet = chance.sample(["A", "B"], 2)
        sequence += [work(slot, first + slot, chance.randint(1, 600), from_wallet, to_wallet)]
        sequence += [work(slot, first + slot, 7, None, "B")]
    return {"simulation_id": name, "slot_schedule": [*range(slots)], "tx_sequence": sequence}


def peopled(node: Runtime, length: int = 1) -> Runtime:
    """The node with wallets, validators, and a chain of the genesis alone, or none."""
    wallet: Value = {"owner": "somebody", "wallet_type": "STANDARD", "currency": "BACHI"}
    validators: dict[str, Value] = {name: {**VALIDATOR, "actor_id": name} for name in ("V1", "V2", "V3")}
    state: Value = {
        "blockchain::ST_WALLETS_V0": {"A": wallet, "B": wallet},
        "blockchain::ST_VALIDATORS_V0": validators,
    }
    load_state(node, state, NODE)
    if length:
        assert genesis(node).kind == "COMPLETED"
    return node


def simulate(node: Runtime, slots: int) -> Outcome:
    payload: Value = {**simulation("S", slots), "triggered_by": "test"}
    return node.run("blockchain::WF_RUN_CHAIN_SIMULATION_V0", payload, OPERATOR)


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


def digests(node: Runtime) -> dict[str, str]:
    """A digest of each store that holds or held something."""
    return {tally.store: digest(node, tally) for tally in node.store.tallies()}


def test_a_simulation_of_fifty_slots_leaves_the_same_state_twice(start: Start) -> None:
    left = []
    for node in (peopled(start()), peopled(start())):
        ended = simulate(node, 50)
        assert (ended.kind, ended.result) == ("COMPLETED", {"slots": 50})
        assert accounts(node, CHAIN_BALANCES) == accounts(node, BALANCES)
        assert node.store.length(CHAIN, "chain") == 1 + 50 - 9
        left.append(digests(node))
    assert left[0] == left[1]
    assert {CHAIN, BALANCES} <= left[0].keys()


def test_a_simulation_leaves_the_same_state_in_whichever_process(start: Start, example_workspace: Path) -> None:
    program = (
        "import sys, json; from pathlib import Path; from pgs_snapshot.folder import open_snapshot\n"
        "from pgs_snapshot.snapshot import Snapshot; from tests.end_to_end import test_chain as here\n"
        "node = here.peopled(here.node_of(Snapshot(open_snapshot(Path(sys.argv[1])))))\n"
        "here.simulate(node, 12); print(json.dumps(here.digests(node)))"
    )
    line = [sys.executable, "-c", program, str(example_workspace / "protocol_snapshot")]
    others = [
        subprocess.Popen(line, stdout=subprocess.PIPE, cwd=ROOT, env={**ENVIRONMENT, "PYTHONHASHSEED": seed})
        for seed in ("1", "2")
    ]
    node = peopled(start())
    assert simulate(node, 12).kind == "COMPLETED"
    assert [json.loads(other.communicate()[0]) for other in others] == [digests(node)] * 2


def test_a_simulation_without_transactions_leaves_the_chain_at_its_genesis(start: Start) -> None:
    node = peopled(start())
    quiet: Value = {**simulation("S", 0), "slot_schedule": [0, 1], "triggered_by": "test"}
    assert node.run("blockchain::WF_RUN_CHAIN_SIMULATION_V0", quiet, OPERATOR).result == {"slots": 2}
    assert node.store.length(CHAIN, "chain") == 1


def test_a_simulation_without_a_chain_leaves_nothing(start: Start) -> None:
    node = peopled(start(), length=0)
    before = digests(node)
    ended = simulate(node, 3)
    assert (ended.kind, ended.exit) == ("FAILED", "SLOT_FAILED")
    assert digests(node) == before


def test_a_simulation_of_no_slot_is_none(start: Start) -> None:
    assert simulate(peopled(start()), 0).kind == "REJECTED"


def test_simulations_of_different_length_at_once_leave_the_same_state_twice(start: Start) -> None:
    left = []
    several: Value = {
        "simulations": [simulation("S", 12), simulation("T", 1), {**simulation("U", 3), "slot_schedule": [1]}],
        "triggered_by": "test",
    }
    for node in (peopled(start()), peopled(start())):
        ended = node.run("blockchain::WF_RUN_CHAIN_SIMULATIONS_V0", several, OPERATOR)
        ends = [each["exit"] for each in ended.result["simulations"]]
        assert (ended.exit, ends) == ("SOME_FAILED", ["COMPLETED", "COMPLETED", "SLOT_FAILED"])
        assert accounts(node, CHAIN_BALANCES) == accounts(node, BALANCES)
        assert node.store.length(CHAIN, "chain") == 1 + (12 - 2) + 1
        left.append(digests(node))
    assert left[0] == left[1]
