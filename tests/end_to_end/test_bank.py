"""The bank: every answer that it can give, and money that is conserved whatever is asked of it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgs_runtime.faults import Refusal
from pgs_runtime.link.interlock import history
from pgs_runtime.operate.resetting import reset
from pgs_runtime.operate.state import load_state
from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Actor, Outcome, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Store
from pgs_runtime.stores.postgres import PostgresStore
from pgs_runtime.stores.postgres_session import PostgresOptions
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.stores.sqlite_file import SqliteOptions
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.postgres import Server
from tests.runtime.stores.segments import dump

MACHINE = "bank::SM_TRANSFERS_V0"
PAYMENTS = "payments::WF_RESERVE_PAYMENT_V0"
CONTEXT, JOURNAL, DAYS = "bank::CX_BANK_V0", "bank::ST_JOURNAL_V0", "bank::ST_DAYS_V0"
TELLER = Actor("bank::AC_TELLER_V0", "teller-1", {})
AUDITOR = Actor("bank::AC_AUDITOR_V0", "auditor-1", {})
MONEY = 10_000_000
"""What the accounts of a bank hold together, from the first day on."""


@dataclass(slots=True)
class Bank:
    """One bank, on a store."""

    runtime: Runtime
    name: str = "main"

    def ask(self, matter: str, actor: Actor = TELLER, **payload: Value) -> Outcome:
        return self.runtime.run(f"bank::WF_{matter}_V0", {"bank": self.name, **payload}, actor)

    def opened(self, **balances: int) -> Bank:
        """With these accounts, and that much on each."""
        for account, amount in balances.items():
            assert self.ask("OPEN_ACCOUNT", account=account).exit == "COMPLETED"
            if amount:
                assert self.ask("DEPOSIT", account=account, amount=amount).exit == "COMPLETED"
        return self

    def pay(self, source: str, target: str, amount: Value) -> Outcome:
        return self.ask("TRANSFER", from_account=source, to_account=target, amount=amount)

    def held(self, field: str) -> Value:
        cell = self.runtime.store.get("state", CONTEXT, f"{self.name}/domain.{field}")
        value: Value = json.loads(cell.value) if cell else None
        return value

    def accounts(self) -> dict[str, int]:
        held = self.held("accounts")
        return {str(name): int(str(amount)) for name, amount in held.items()} if isinstance(held, dict) else {}

    def lines(self, store: str) -> list[dict[str, Value]]:
        length = self.runtime.store.length(store, self.name)
        return [json.loads(event.body) for event in self.runtime.store.events(store, self.name, 1, length + 1)]

    def journal(self) -> list[str]:
        """What was asked, with why it was not done."""
        return [" ".join(str(line[key]) for key in ("matter", "denial") if key in line) for line in self.lines(JOURNAL)]

    def load(self, **fields: Value) -> None:
        """Set fields from outside."""
        rows = {f"{self.name}/domain.{name}": value for name, value in fields.items()}
        load_state(self.runtime, {CONTEXT: rows}, TELLER)


def ports() -> Ports:
    """A world where nothing is left to chance."""
    ticks = count(1_772_355_600_000_000, 1_000)
    chance = random.Random(7).randbytes  # noqa: S311 - it only has to repeat
    return Ports(clock=lambda: next(ticks), entropy=chance)


@pytest.fixture(scope="session")
def snapshot(example_files: Mapping[str, bytes]) -> Snapshot:
    return Snapshot(verify(example_files))


@pytest.fixture(scope="session")
def found(snapshot: Snapshot) -> Callable[[], Bank]:
    """Founds a bank with an empty store."""
    return lambda: Bank(Runtime(snapshot, MemoryStore(random.Random(7).randbytes), ports()))  # noqa: S311


@pytest.fixture
def bank(found: Callable[[], Bank]) -> Bank:
    return found().opened(ann=200_000, bob=0)


def test_an_account_is_opened_once(found: Callable[[], Bank]) -> None:
    bank = found()
    ends = [bank.ask("OPEN_ACCOUNT", account="ann") for _ in range(2)]
    assert [(end.kind, end.exit) for end in ends] == [("COMPLETED", "COMPLETED"), ("DENIED", "ALREADY_OPEN")]
    assert bank.accounts() == {"RESERVES": MONEY, "ann": 0}
    assert bank.journal() == ["OPENING", "OPENING ALREADY_OPEN"]
    assert bank.ask("OPEN_ACCOUNT", AUDITOR, account="bob").kind == "REJECTED"
    assert bank.ask("OPEN_ACCOUNT", account="RESERVES").exit == "ALREADY_OPEN"


def test_what_is_paid_in_is_booked_out_of_the_reserves(found: Callable[[], Bank]) -> None:
    bank = found().opened(ann=700)
    paid = bank.ask("DEPOSIT", account="ann", amount=300)
    assert (paid.exit, paid.result) == ("COMPLETED", {"balance": 1000})
    assert bank.accounts() == {"RESERVES": MONEY - 1000, "ann": 1000}
    assert bank.held("deposited") == 1000
    assert bank.ask("DEPOSIT", account="nobody", amount=5).exit == "UNKNOWN_ACCOUNT"
    assert bank.ask("DEPOSIT", account="ann", amount=MONEY).exit == "RESERVES_EXHAUSTED"
    rejected = [("RESERVES", 5), ("ann", 0), ("ann", -5), ("ann", "5"), ("", 5)]
    assert {bank.ask("DEPOSIT", account=account, amount=amount).kind for account, amount in rejected} == {"REJECTED"}
    assert bank.journal() == ["OPENING", "DEPOSIT", "DEPOSIT", "DEPOSIT UNKNOWN_ACCOUNT", "DEPOSIT RESERVES_EXHAUSTED"]
    assert bank.accounts() == {"RESERVES": MONEY - 1000, "ann": 1000}


def test_a_transfer_moves_money_and_says_what_is_left(bank: Bank) -> None:
    moved = bank.pay("ann", "bob", 50_000)
    assert (moved.kind, moved.exit, moved.result) == ("COMPLETED", "COMPLETED", {"left": 150_000})
    assert bank.accounts() == {"RESERVES": MONEY - 200_000, "ann": 150_000, "bob": 50_000}
    assert bank.journal()[-1] == "TRANSFER"
    assert "audit" not in line_of(bank, moved)


@pytest.mark.parametrize(
    ("source", "target", "amount", "end"),
    [
        ("ann", "nobody", 5, "UNKNOWN_ACCOUNT"),
        ("nobody", "ann", 5, "UNKNOWN_ACCOUNT"),
        ("bob", "ann", 1, "INSUFFICIENT_FUNDS"),
        ("ann", "bob", 100_001, "BLOCKED"),
        ("ann", "bob", 0, "BLOCKED"),
        ("ann", "bob", -7, "BLOCKED"),
    ],
)
def test_a_transfer_that_is_denied_is_in_the_journal_and_moves_nothing(
    bank: Bank, source: str, target: str, amount: int, end: str
) -> None:
    before = bank.accounts()
    denied = bank.pay(source, target, amount)
    assert (denied.kind, denied.exit) == ("DENIED", end)
    assert bank.journal()[-1] == f"TRANSFER {end}"
    assert bank.accounts() == before


@pytest.mark.parametrize(
    ("source", "target", "amount"),
    [("RESERVES", "ann", 5), ("ann", "RESERVES", 5), ("ann", "ann", 5), ("ann", "bob", "5"), ("", "bob", 5)],
)
def test_a_transfer_that_nobody_may_ask_for_is_not_admitted(
    bank: Bank, source: str, target: str, amount: Value
) -> None:
    journal = bank.journal()
    assert bank.pay(source, target, amount).kind == "REJECTED"
    assert bank.journal() == journal


def test_who_is_no_teller_moves_nothing(bank: Bank) -> None:
    asked: dict[str, Value] = {"from_account": "ann", "to_account": "bob", "amount": 5}
    assert bank.ask("TRANSFER", AUDITOR, **asked).kind == "REJECTED"


def test_a_frozen_bank_moves_nothing_until_an_auditor_has_looked_into_it(bank: Bank) -> None:
    assert bank.ask("FREEZE").kind == bank.ask("REVIEW").kind == "REJECTED"  # of a teller
    assert bank.ask("REVIEW", AUDITOR).exit == "NOTHING_TO_DO"
    assert [bank.ask("FREEZE", AUDITOR).exit for _ in range(2)] == ["COMPLETED", "NOTHING_TO_DO"]
    assert bank.pay("ann", "bob", 5).exit == "FROZEN"
    assert bank.ask("REVIEW", AUDITOR).exit == "COMPLETED"
    assert bank.pay("ann", "bob", 5).exit == "COMPLETED"
    told = ["REVIEW NOTHING_TO_DO", "FREEZING", "FREEZING NOTHING_TO_DO", "TRANSFER FROZEN", "REVIEW", "TRANSFER"]
    assert bank.journal()[-6:] == told


def line_of(bank: Bank, run: Outcome, node: str = "transfer") -> dict[str, Value]:
    """The line of a node."""
    lines: list[dict[str, Value]] = [json.loads(line) for line in bank.runtime.trace(run.trace_id)]
    return next(line for line in lines if line.get("node") == node)


@pytest.mark.parametrize(("amount", "signals"), [(74_999, False), (75_000, True)])
def test_a_large_transfer_is_noted_and_signals_that_it_may_be_a_fraud(bank: Bank, amount: int, signals: bool) -> None:
    moved = bank.pay("ann", "bob", amount)
    told = json.dumps(line_of(bank, moved))
    assert (moved.exit, '"signals"' in told) == ("COMPLETED", signals)
    assert '"level": "C"' in told


def test_a_transfer_that_may_be_a_fraud_freezes_its_bank_until_an_auditor_has_reviewed_it(bank: Bank) -> None:
    machines = bank.runtime.machines
    assert machines.start(MACHINE, "main", TELLER).kind == "REJECTED"
    assert machines.start(MACHINE, "main", AUDITOR).exit == "COMPLETED"
    assert bank.pay("ann", "bob", 74_999).exit == "COMPLETED"
    assert machines.instance(MACHINE, "main").state == "ACTIVE"
    assert bank.pay("ann", "bob", 75_000).exit == "COMPLETED"
    assert machines.instance(MACHINE, "main").state == "FROZEN"
    assert bank.pay("ann", "bob", 1).exit == "FROZEN"
    assert machines.send(MACHINE, "main", "REVIEWED", TELLER).kind == "REJECTED"
    assert machines.send(MACHINE, "main", "REVIEWED", AUDITOR).exit == "COMPLETED"
    assert bank.pay("ann", "bob", 1).exit == "COMPLETED"
    steps = [f"{step.event} {step.state}" for step in machines.steps(MACHINE, "main")]
    assert steps == ["START ACTIVE", "FRAUD FROZEN", "REVIEWED ACTIVE"]


def test_a_third_amount_of_nothing_in_a_row_ends_the_run(bank: Bank) -> None:
    ends = [bank.pay("ann", "bob", amount) for amount in (0, -1, 5, 0, 0, -1, 0)]
    exits = [(end.kind, end.exit) for end in ends]
    blocked, done, stopped = ("DENIED", "BLOCKED"), ("COMPLETED", "COMPLETED"), ("STOPPED", "R173")
    assert exits == [blocked, blocked, done, blocked, blocked, stopped, blocked]
    assert history(bank.runtime.store) == ()


def test_reserves_that_run_out_block_once_and_then_stop_everything_until_somebody_answers_for_it(bank: Bank) -> None:
    much = MONEY - 200_000 - 999_999  # one cent more than the reserves can bear
    blocked, stopped = (bank.ask("DEPOSIT", account="ann", amount=much) for _ in range(2))
    assert (blocked.kind, blocked.exit, blocked.exit_code) == ("DENIED", "BLOCKED", 4)
    assert (stopped.kind, stopped.exit, stopped.exit_code) == ("STOPPED", "R174", 7)
    assert stopped.message.endswith(
        "`bank::PC_DEPOSIT_V0` does not meet it: The reserves fall below 10,000.00 (`domain.accounts.RESERVES` is"
        " `999999`, and has to meet `min: 1000000`; 2 of 2)."
    )
    before = dump(bank.runtime.store)
    for asks in (
        lambda: bank.pay("ann", "bob", 5),
        lambda: Bank(bank.runtime, "other").ask("REPORT"),
        lambda: bank.runtime.run(PAYMENTS, {}, TELLER),
    ):
        with pytest.raises(Refusal, match="Nothing runs while the interlock is engaged") as refused:
            asks()
        assert (refused.value.code, refused.value.exit_code) == ("R175", 7)
    assert dump(bank.runtime.store) == before
    reset(bank.runtime, AUDITOR, "the head of treasury", "Booked by mistake")
    assert bank.pay("ann", "bob", 5).exit == "COMPLETED"
    assert bank.accounts() == {"RESERVES": MONEY - 200_000, "ann": 199_995, "bob": 5}


def test_a_day_ends_with_books_that_balance_and_is_on_record(bank: Bank) -> None:
    bank.pay("ann", "bob", 300)
    ends = [bank.ask("END_OF_DAY") for _ in range(2)]
    assert [(end.exit, end.result) for end in ends] == [
        ("COMPLETED", {"day": 1, "deposited": 200_000}),
        ("COMPLETED", {"day": 2, "deposited": 200_000}),
    ]
    kept = {"accounts": 2, "by": "teller-1", "deposited": 200_000, "reserves": MONEY - 200_000}
    told = bank.lines(DAYS)
    assert [{key: line[key] for key in sorted(line) if key != "at"} for line in told] == [
        {**kept, "day": 1},
        {**kept, "day": 2},
    ]
    assert bank.ask("END_OF_DAY", AUDITOR).kind == "REJECTED"


def test_a_cent_that_nobody_has_paid_in_stops_everything_at_the_end_of_the_day(bank: Bank) -> None:
    bank.load(accounts={"RESERVES": MONEY - 200_000, "ann": 200_001, "bob": 0})
    stopped = bank.ask("END_OF_DAY")
    assert (stopped.kind, stopped.exit) == ("STOPPED", "R174")
    assert (bank.lines(DAYS), bank.held("day")) == ([], None)
    with pytest.raises(Refusal, match="Nothing runs"):
        bank.ask("REPORT")
    bank.load(accounts={"RESERVES": MONEY - 200_000, "ann": 200_000, "bob": 0})
    reset(bank.runtime, AUDITOR, "the head of treasury", "A cent was loaded by mistake")
    assert bank.ask("END_OF_DAY").exit == "COMPLETED"


def test_a_report_tells_how_the_bank_stands_and_changes_nothing(bank: Bank) -> None:
    before = bank.accounts()
    told = bank.ask("REPORT", AUDITOR)
    stands = {"accounts": 2, "day": 1, "deposited": 200_000, "frozen": False, "reserves": MONEY - 200_000}
    assert (told.exit, told.result) == ("COMPLETED", stands)
    assert bank.accounts() == before
    assert bank.ask("REPORT", Actor("payments::AC_TELLER_V0", "somebody", {})).kind == "REJECTED"


def test_each_bank_has_accounts_of_its_own(bank: Bank) -> None:
    other = Bank(bank.runtime, "other").opened(ann=5)
    assert (bank.accounts()["ann"], other.accounts()["ann"]) == (200_000, 5)


# --- whatever is asked -----------------------------------------------------------------------------

NAMES = st.sampled_from(["ann", "bob", "cora", "nobody", "RESERVES"])
AMOUNTS = st.one_of(
    st.integers(-5, 120_000), st.sampled_from([0, 1, 50_001, 75_000, 100_000, 100_001, 10**9, 2**53 - 1, -(10**9)])
)
ASKED = st.one_of(
    st.tuples(st.just("TRANSFER"), NAMES, NAMES, AMOUNTS),
    st.tuples(st.just("DEPOSIT"), NAMES, NAMES, AMOUNTS),
    st.tuples(st.sampled_from(["OPEN_ACCOUNT", "FREEZE", "REVIEW", "END_OF_DAY"]), NAMES, NAMES, AMOUNTS),
)
AsksFor = list[tuple[str, str, str, int]]


def asked(bank: Bank, what: str, first: str, second: str, amount: int) -> Outcome:
    match what:
        case "TRANSFER":
            return bank.pay(first, second, amount)
        case "DEPOSIT":
            return bank.ask("DEPOSIT", account=first, amount=amount)
        case "OPEN_ACCOUNT":
            return bank.ask("OPEN_ACCOUNT", account=first)
    return bank.ask(what, AUDITOR if what in ("FREEZE", "REVIEW") else TELLER)


def lived(bank: Bank, things: AsksFor) -> Iterator[tuple[AsksFor, Outcome]]:
    """Ask one thing after the other; whoever stops everything is answered for."""
    for thing in things:
        done = asked(bank, *thing)
        if done.exit == "R174":
            reset(bank.runtime, AUDITOR, "the head of treasury", "So that more can be asked")
        yield [thing], done


KINDS = {"COMPLETED", "DENIED", "REJECTED", "STOPPED"}


@settings(max_examples=60, deadline=None)
@given(things=st.lists(ASKED, max_size=12))
def test_money_is_conserved_and_no_account_is_ever_overdrawn(found: Callable[[], Bank], things: AsksFor) -> None:
    bank = found().opened(ann=100_000, bob=500)
    for ((what, first, second, amount),), done in lived(bank, things):
        assert done.kind in KINDS
        accounts = bank.accounts()
        assert sum(accounts.values()) == MONEY
        assert min(accounts.values()) >= 0
        assert MONEY - accounts["RESERVES"] == bank.held("deposited")
        if what == "TRANSFER" and done.kind == "COMPLETED":
            assert 0 < amount <= 100_000
            assert "RESERVES" not in (first, second)
    assert bank.ask("END_OF_DAY").exit == "COMPLETED"


def test_pg_04_the_same_day_leaves_the_same_bytes_in_every_store(
    snapshot: Snapshot, tmp_path: Path, postgres: Server
) -> None:
    things = [
        *(("TRANSFER", "ann", to, amount) for to in ("bob", "nobody", "RESERVES") for amount in (700, 80_000, 100_001)),
        *(("TRANSFER", "bob", "ann", amount) for amount in (90_000, 0, -1, 0, 1)),
        *(("DEPOSIT", to, "", amount) for to in ("bob", "nobody", "") for amount in (5, 0, 9_500_000)),
        ("DEPOSIT", "ann", "", 9_500_000),
        *((what, "", "", 0) for what in ("END_OF_DAY", "FREEZE", "FREEZE")),
        ("TRANSFER", "bob", "ann", 5),
        *((what, "", "", 0) for what in ("REVIEW", "REVIEW", "END_OF_DAY")),
    ]

    def left(store: Store) -> object:
        bank = Bank(Runtime(snapshot, store, ports())).opened(ann=200_000, bob=0)
        ends = [done for _, done in lived(bank, things)]
        assert {end.exit for end in ends} >= {"COMPLETED", "BLOCKED", "UNKNOWN_ACCOUNT", "FROZEN", "R173", "R174"}
        return ends, [bank.runtime.trace(end.trace_id) for end in ends], dump(bank.runtime.store)

    with (
        closing(SqliteStore(tmp_path / "state.db", SqliteOptions(mode="fast", entropy=secret))) as sqlite,
        closing(PostgresStore(postgres.address(mode="fast"), PostgresOptions(entropy=secret))) as database,
    ):
        memory, *others = [left(store) for store in (MemoryStore(secret), sqlite, database)]
    assert others == [memory, memory]


def secret(size: int) -> bytes:
    return b"s" * size
