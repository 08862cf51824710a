"""Wallets and transactions: books that balance whatever is asked, and money that moves only by the rules."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgs_runtime.operate.state import load_state
from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Actor, Outcome, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.end_to_end.ledger_scenarios import (
    BALANCES,
    CREATE_WALLET,
    KINDS,
    MEMPOOL,
    SUPPLY,
    TRANSACTIONS,
    VALIDATORS,
    wallet_id,
)
from tests.end_to_end.scenarios import actor_id
from tests.end_to_end.test_chain import VALIDATOR

NODE = Actor("blockchain::AC_NODE_V0", "node-1", {})
AUTHORITY = Actor("blockchain::AC_AUTHORITY_V0", "board", {})
SUPPLYING = ("MINT", "BURN", "SLASH", "REWARD", "POOL")
MOST = 1_000_000_000_000

ANN: dict[str, Value] = {"first_name": "Ann", "last_name": "Field", "email_registration": "ann@example.org"}
BOB: dict[str, Value] = {"first_name": "Bob", "last_name": "Marsh", "email_registration": "bob@example.org"}
ANNS, BOBS = (wallet_id(actor_id(record), "STANDARD") for record in (ANN, BOB))


@dataclass(slots=True)
class Ledger:
    """The ledger on a store in memory, with a wallet each for Ann and for Bob, and one named POOL."""

    runtime: Runtime
    numbers: Iterator[int] = field(default_factory=count)

    def run(self, kind: str, **payload: Value) -> Outcome:
        return self.runtime.run(f"blockchain::WF_{kind}_V0", payload, AUTHORITY if kind in SUPPLYING else NODE)

    def opens(self, record: Value) -> str:
        """A wallet for somebody new."""
        clerk = Actor("blockchain::AC_CLERK_V0", "clerk-1", {})
        self.runtime.run("blockchain::WF_REGISTER_ACTOR_UNVERIFIED_V0", {"actor_record": record}, clerk)
        made = self.run("CREATE_WALLET", actor_record=record, wallet_type="STANDARD", wallet_config={})
        assert (made.kind, made.exit) == ("COMPLETED", "COMPLETED")
        return str(made.result["wallet_id"])

    def mint(self, wallet: str, amount: Value, nonce: int = 0) -> Outcome:
        return self.run("MINT", to_wallet_id=wallet, amount=amount, nonce=nonce, triggered_by="t")

    def transfer(self, record: Value, wallet: str, to: str, amount: Value, nonce: int = 0) -> Outcome:
        return self.run(
            "TRANSFER", actor_record=record, from_wallet_id=wallet, to_address=to, amount=amount, nonce=nonce
        )

    def propose(self, number: int) -> Outcome:
        return self.run("PROPOSE_BLOCK", round_number=number, triggered_by="t", timestamp="2026-01-01T00:00:00Z")

    def submit(self, actor: Actor, tx_type: str, owner: str | None, *sides: str | None) -> Outcome:
        """Ask for a part of a transaction directly, as its kind's workflow does."""
        from_wallet, to_wallet = sides
        moved: Value = {"tx_type": tx_type, "amount": 5, "from_wallet": from_wallet, "to_wallet": to_wallet}
        wallet = to_wallet if from_wallet is None or tx_type == "UNSTAKE" else from_wallet
        asked: Value = {"wallet_id": wallet, "owner": owner, "transaction": moved, "nonce": 0, "triggered_by": "t"}
        return self.runtime.run("blockchain::WF_SUBMIT_V0", asked, actor)

    def balance(self, account: str) -> int:
        return self.count(BALANCES, account)

    def count(self, store: str, key: str) -> int:
        cell = self.runtime.store.get("state", store, key)
        return int(json.loads(cell.value)["n"]) if cell else 0

    def books(self) -> tuple[int, int]:
        """What all accounts hold together, and what was issued and not destroyed."""
        held = self.runtime.store.scan("state", BALANCES)
        return sum(json.loads(cell.value)["n"] for cell in held.cells), self.count(SUPPLY, "all")

    def known(self) -> int:
        return len(self.runtime.store.scan("registry", TRANSACTIONS).cells)

    def pending(self) -> int:
        return len(self.runtime.store.scan("state", MEMPOOL).cells)


@pytest.fixture(scope="session")
def snapshot(example_files: Mapping[str, bytes]) -> Snapshot:
    return Snapshot(verify(example_files))


@pytest.fixture(scope="session")
def opened(snapshot: Snapshot) -> Callable[[], Ledger]:
    """Opens a ledger."""

    def ledger() -> Ledger:
        chance = random.Random(7).randbytes  # noqa: S311 - it only has to repeat
        ticks = count(1_772_355_600_000_000, 1_000)
        ledger = Ledger(Runtime(snapshot, MemoryStore(chance), Ports(clock=lambda: next(ticks), entropy=chance)))
        assert [ledger.opens(record) for record in (ANN, BOB)] == [ANNS, BOBS]
        pool: Value = {"owner": "protocol", "wallet_type": "POOL", "currency": "BACHI"}
        load_state(ledger.runtime, {"blockchain::ST_WALLETS_V0": {"POOL": pool}}, NODE)
        return ledger

    return ledger


@pytest.fixture
def ledger(opened: Callable[[], Ledger]) -> Ledger:
    return opened()


def test_a_wallet_asked_for_again_is_the_one_that_is_there(ledger: Ledger) -> None:
    again = ledger.runtime.run(CREATE_WALLET, {"actor_record": ANN, "wallet_type": "STANDARD"}, NODE)
    assert (again.kind, again.exit, again.result) == ("COMPLETED", "ALREADY_EXISTS", {"wallet_id": ANNS})


def test_a_wallet_of_no_stated_type_is_a_standard_one(ledger: Ledger) -> None:
    found = ledger.runtime.run(CREATE_WALLET, {"actor_record": ANN}, NODE)
    assert (found.exit, found.result) == ("ALREADY_EXISTS", {"wallet_id": ANNS})


def test_a_memo_and_fees_of_other_ledgers_are_let_in_and_make_no_other_transaction(ledger: Ledger) -> None:
    ledger.mint(ANNS, 500)
    more: dict[str, Value] = {
        "memo": "rent",
        "gas_limit": 21000,
        "max_fee_per_gas": "2",
        "max_priority_fee_per_gas": "1",
    }
    paid: dict[str, Value] = {"actor_record": ANN, "from_wallet_id": ANNS, "to_address": BOBS, "amount": 10}
    staked: dict[str, Value] = {"actor_record": ANN, "from_wallet_id": ANNS, "amount": 10}
    back: dict[str, Value] = {"actor_record": ANN, "to_wallet_id": ANNS, "amount": 10, "validator_index": 0}
    for kind, payload in (("TRANSFER", paid), ("STAKE", staked), ("UNSTAKE", back)):
        assert ledger.run(kind, **payload, **more).exit == "COMPLETED"
        assert ledger.run(kind, **payload).exit == "DUPLICATE"
    assert ledger.balance(ANNS) == 490


def test_money_that_is_not_there_is_not_paid(ledger: Ledger) -> None:
    ledger.mint(ANNS, 1_000_000)
    denied = ledger.transfer(ANN, ANNS, BOBS, 2_000_000)
    assert (denied.kind, denied.exit, denied.exit_code) == ("DENIED", "OVERDRAWN", 4)
    assert (ledger.balance(ANNS), ledger.balance(BOBS), ledger.pending()) == (1_000_000, 0, 1)


def test_all_that_is_there_can_be_paid(ledger: Ledger) -> None:
    ledger.mint(ANNS, 500)
    assert ledger.transfer(ANN, ANNS, BOBS, 500).kind == "COMPLETED"
    assert (ledger.balance(ANNS), ledger.balance(BOBS)) == (0, 500)


def test_nobody_pays_from_somebody_elses_wallet(ledger: Ledger) -> None:
    ledger.mint(ANNS, 500)
    assert ledger.transfer(BOB, ANNS, BOBS, 1).exit == "NOT_THE_OWNER"
    assert ledger.balance(ANNS) == 500


def test_nobody_takes_back_what_somebody_else_put_at_stake(ledger: Ledger) -> None:
    ledger.mint(ANNS, 500)
    assert ledger.run("STAKE", actor_record=ANN, from_wallet_id=ANNS, amount=300).kind == "COMPLETED"
    taken = ledger.run("UNSTAKE", actor_record=BOB, to_wallet_id=BOBS, validator_index=0, amount=1)
    assert (taken.kind, taken.exit) == ("DENIED", "OVERDRAWN")
    assert ledger.run("UNSTAKE", actor_record=ANN, to_wallet_id=ANNS, validator_index=0, amount=300).kind == "COMPLETED"
    assert ledger.balance(ANNS) == 500


def test_a_transaction_is_submitted_once_and_another_nonce_makes_another(ledger: Ledger) -> None:
    assert [ledger.mint(ANNS, 5, nonce).exit for nonce in (0, 0, 1)] == ["COMPLETED", "DUPLICATE", "COMPLETED"]
    assert (ledger.balance(ANNS), ledger.pending()) == (10, 2)


def test_what_was_denied_can_be_submitted_when_the_money_is_there(ledger: Ledger) -> None:
    assert ledger.transfer(ANN, ANNS, BOBS, 5).exit == "OVERDRAWN"
    ledger.mint(ANNS, 5)
    assert ledger.transfer(ANN, ANNS, BOBS, 5).kind == "COMPLETED"


@pytest.mark.parametrize("amount", [0, -1, -100, 1.5, True, "5", None, MOST + 1])
def test_an_amount_is_a_positive_number_of_smallest_units(amount: Value, ledger: Ledger) -> None:
    assert ledger.mint(ANNS, amount).kind == "REJECTED"
    assert ledger.books() == (0, 0)


@pytest.mark.parametrize(
    ("kind", "payload", "change"),
    [
        ("MINT", {"to_wallet_id": ANNS}, (10, 10)),
        ("REWARD", {"to_wallet_id": ANNS, "block_hash": "0x0a"}, (10, 10)),
        ("POOL", {}, (0, 10)),
        ("BURN", {"from_wallet_id": ANNS}, (-10, -10)),
        ("SLASH", {"from_wallet_id": ANNS, "validator_index": 0}, (-10, -10)),
    ],
)
def test_the_protocol_issues_and_destroys(
    kind: str, payload: dict[str, Value], change: tuple[int, int], ledger: Ledger
) -> None:
    ledger.mint(ANNS, 100)
    assert ledger.run(kind, **payload, amount=10, triggered_by="t").kind == "COMPLETED"
    assert (ledger.balance(ANNS) - 100, ledger.books()[1] - 100) == change


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_transaction_counts_whole_positive_units(kind: str, ledger: Ledger) -> None:
    ledger.mint(ANNS, 100)
    for amount in (0, -1, 0.5, 1e15, "5", None, True, [5], MOST + 1, 2**53 - 1):
        asked = payload_of(kind, ANNS, BOBS, 1, ANN, 1) | {"amount": amount}
        assert ledger.run(kind, **asked).kind == "REJECTED"
    assert (ledger.books(), ledger.pending()) == ((100, 100), 1)


def test_a_whole_number_with_a_point_is_that_number(ledger: Ledger) -> None:
    assert ledger.mint(ANNS, 5.0).kind == "COMPLETED"
    assert ledger.books() == (5, 5)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "POOL"])
def test_an_unknown_wallet_moves_nothing(kind: str, ledger: Ledger) -> None:
    ended = ledger.run(kind, **payload_of(kind, "W_none", BOBS, 5, ANN, 0))
    assert (ended.kind, ended.exit, ledger.books()) == ("DENIED", "NOT_FOUND", (0, 0))


def test_paying_little_by_little_does_not_pay_more_than_there_is(ledger: Ledger) -> None:
    ledger.mint(ANNS, 10)
    exits = [ledger.transfer(ANN, ANNS, BOBS, 4, nonce).exit for nonce in range(4)]
    assert exits == ["COMPLETED", "COMPLETED", "OVERDRAWN", "OVERDRAWN"]
    assert (ledger.balance(ANNS), ledger.balance(BOBS)) == (2, 8)


def test_who_pays_himself_has_what_he_had(ledger: Ledger) -> None:
    ledger.mint(ANNS, 10)
    assert ledger.transfer(ANN, ANNS, ANNS, 10).kind == "COMPLETED"
    assert ledger.transfer(ANN, ANNS, ANNS, 11).exit == "OVERDRAWN"
    assert ledger.books() == (10, 10)


def test_nobody_stakes_more_than_there_is_or_gets_a_stake_back_twice(ledger: Ledger) -> None:
    ledger.mint(ANNS, 10)
    staked = [ledger.run("STAKE", actor_record=ANN, from_wallet_id=ANNS, amount=amount) for amount in (11, 10)]
    assert [ended.exit for ended in staked] == ["OVERDRAWN", "COMPLETED"]
    back: dict[str, Value] = {"actor_record": ANN, "to_wallet_id": ANNS, "validator_index": 0, "amount": 10}
    exits = [ledger.run("UNSTAKE", **back, nonce=nonce).exit for nonce in (0, 0, 1)]
    assert exits == ["COMPLETED", "DUPLICATE", "OVERDRAWN"]
    assert ledger.books() == (10, 10)


def test_a_penalty_takes_no_more_than_there_is_and_no_stake(ledger: Ledger) -> None:
    ledger.mint(ANNS, 10)
    ledger.run("STAKE", actor_record=ANN, from_wallet_id=ANNS, amount=4)
    penalty: dict[str, Value] = {"validator_index": 0, "triggered_by": "t"}
    account = f"STAKE_{actor_id(ANN)}"
    exits = [ledger.run("SLASH", from_wallet_id=ANNS, amount=amount, **penalty).exit for amount in (7, 6)]
    assert exits == ["OVERDRAWN", "COMPLETED"]
    assert ledger.run("SLASH", from_wallet_id=account, amount=1, **penalty).exit == "NOT_FOUND"
    assert ledger.books() == (4, 4)


def test_the_same_request_moves_its_money_once(ledger: Ledger) -> None:
    asked: Value = {"to_wallet_id": ANNS, "amount": 5, "triggered_by": "t"}
    ends = [ledger.runtime.run("blockchain::WF_MINT_V0", asked, AUTHORITY, request_id="r-1") for _ in range(3)]
    assert len({ended.trace_id for ended in ends}) == 1
    assert {ended.exit for ended in ends} == {"COMPLETED"}
    assert (ledger.books(), ledger.pending()) == ((5, 5), 1)


@pytest.mark.parametrize("actor", [NODE, Actor("blockchain::AC_CLERK_V0", "clerk-1", {})])
@pytest.mark.parametrize("kind", SUPPLYING)
def test_the_supply_is_changed_by_the_authority_alone(kind: str, actor: Actor, ledger: Ledger) -> None:
    ledger.mint(ANNS, 100)
    asked = payload_of(kind, ANNS, BOBS, 5, ANN, 1)
    assert ledger.runtime.run(f"blockchain::WF_{kind}_V0", asked, actor).kind == "REJECTED"
    assert ledger.books() == (100, 100)


def test_who_asks_for_a_part_directly_is_under_the_same_rules(ledger: Ledger) -> None:
    ledger.mint(ANNS, 100)
    anns, bobs, operator = actor_id(ANN), actor_id(BOB), Actor("core::AC_OPERATOR_V0", "operator-1", {})
    rejected = [
        ledger.submit(NODE, "MINT", None, None, ANNS),
        ledger.submit(operator, "MINT", anns, None, ANNS),
        ledger.submit(operator, "MINT", None, BOBS, ANNS),
        ledger.submit(operator, "BURN", None, ANNS, BOBS),
        ledger.submit(operator, "TRANSFER", None, ANNS, BOBS),
        ledger.submit(operator, "TRANSFER", anns, None, ANNS),
        ledger.submit(operator, "TRANSFER", anns, ANNS, None),
        ledger.submit(operator, "UNSTAKE", anns, None, ANNS),
    ]
    assert {ended.kind for ended in rejected} == {"REJECTED"}
    assert ledger.submit(operator, "TRANSFER", bobs, ANNS, BOBS).exit == "NOT_THE_OWNER"
    assert ledger.submit(operator, "TRANSFER", anns, "W_none", BOBS).exit == "NOT_FOUND"
    assert (ledger.books(), ledger.balance(ANNS), ledger.pending()) == ((100, 100), 100, 1)


def waiting(many: int) -> dict[str, Value]:
    moved: Value = {"tx_type": "MINT", "amount": 1, "from_wallet": None, "to_wallet": ANNS}
    return {
        f"T_{number}": {"number": number, "transaction": moved, "status": "PENDING"} for number in range(1, many + 1)
    }


def test_the_mempool_takes_what_a_block_takes(ledger: Ledger) -> None:
    validators: Value = {"V": {**VALIDATOR, "actor_id": "V"}}
    load_state(ledger.runtime, {MEMPOOL: waiting(199), VALIDATORS: validators}, NODE)
    ends = [ledger.mint(ANNS, 5, nonce) for nonce in (0, 1)]
    assert [(ended.kind, ended.exit) for ended in ends] == [("COMPLETED", "COMPLETED"), ("DENIED", "MEMPOOL_FULL")]
    assert (ledger.books(), ledger.pending(), ledger.known()) == ((5, 5), 200, 1)
    block = ledger.propose(1)
    assert (block.exit, len(block.result["transactions"]), ledger.pending()) == ("COMPLETED", 200, 0)
    assert ledger.mint(ANNS, 5, 1).kind == "COMPLETED"


def test_a_block_that_nobody_could_have_filled_is_not_proposed(ledger: Ledger) -> None:
    validators: Value = {"V": {**VALIDATOR, "actor_id": "V"}}
    load_state(ledger.runtime, {MEMPOOL: waiting(201), VALIDATORS: validators}, NODE)
    refused = ledger.propose(1)
    assert (refused.kind, refused.exit, ledger.pending()) == ("DENIED", "MEMPOOL_FULL", 201)


EXAMPLES = int(os.environ.get("PGS_LEDGER_EXAMPLES", "40"))
"""Sequences of fifty requests each."""

STEP = st.tuples(
    st.sampled_from(KINDS),
    st.sampled_from(["ANN", "BOB", "POOL", "W_none"]),
    st.sampled_from(["ANN", "BOB", "somewhere"]),
    st.one_of(st.integers(1, 400), st.integers(-5, MOST + 1)),
    st.sampled_from(["ANN", "BOB"]),
)


def payload_of(kind: str, wallet: str, to: str, amount: int, record: Value, nonce: int) -> dict[str, Value]:
    one: dict[str, Value] = {"amount": amount, "nonce": nonce}
    if kind not in ("TRANSFER", "STAKE", "UNSTAKE"):
        one |= {"triggered_by": "t"}
        if kind in ("MINT", "REWARD"):
            one |= {"to_wallet_id": wallet}
        elif kind != "POOL":
            one |= {"from_wallet_id": wallet}
        if kind == "REWARD":
            one |= {"block_hash": "0x0a"}
        return one | {"validator_index": 0} if kind == "SLASH" else one
    one |= {"actor_record": record}
    if kind == "UNSTAKE":
        return one | {"to_wallet_id": wallet, "validator_index": 0}
    one |= {"from_wallet_id": wallet}
    return one | {"to_address": to} if kind == "TRANSFER" else one


@pytest.fixture(scope="module")
def lasting(opened: Callable[[], Ledger]) -> Ledger:
    """A ledger for a whole test, which links its workflows once; each example has owners of its own."""
    ledger = opened()
    load_state(ledger.runtime, {VALIDATORS: {"V": {**VALIDATOR, "actor_id": "V"}}}, NODE)
    return ledger


@settings(max_examples=EXAMPLES)
@given(st.lists(STEP, min_size=50, max_size=50))
def test_whatever_is_asked_all_accounts_together_hold_what_was_issued(
    lasting: Ledger, steps: list[tuple[str, str, str, int, str]]
) -> None:
    ledger, number = lasting, next(lasting.numbers)
    people: dict[str, Value] = {
        name: {**record, "last_name": str(number)} for name, record in (("ANN", ANN), ("BOB", BOB))
    }
    wallets = {name: ledger.opens(record) for name, record in people.items()}
    ledger.mint(wallets["ANN"], 1000)
    assert ledger.propose(number).kind == "COMPLETED"
    before = ledger.books()
    for nonce, (kind, wallet, to, amount, who) in enumerate(steps, number * 100):
        asked = payload_of(kind, wallets.get(wallet, wallet), wallets.get(to, to), amount, people[who], nonce)
        ended = ledger.run(kind, **asked)
        held, issued = ledger.books()
        assert held == issued >= 0
        assert (ended.kind == "REJECTED") == (not 1 <= amount <= MOST)
        if ended.kind != "COMPLETED":
            assert (held, issued) == before
        before = held, issued
