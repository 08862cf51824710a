"""Payments: every answer that the domain can give, and books that balance whatever is asked of them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgs_runtime.operate.state import load_state
from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Actor, Grant, Outcome, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value

ACCOUNTS, AUDIT = "payments::ST_ACCOUNTS_V0", "payments::ST_AUDIT_V0"
OPEN, DECIDE = "payments::WF_OPEN_ACCOUNT_V0", "payments::WF_DECIDE_KYC_V0"
RESERVE, SETTLE, RELEASE = (f"payments::WF_{verb}_PAYMENT_V0" for verb in ("RESERVE", "SETTLE", "RELEASE"))

TELLER = Actor("payments::AC_TELLER_V0", "teller-1", {})
OFFICER = Actor("payments::AC_COMPLIANCE_OFFICER_V0", "officer-1", {})
PROCESSOR = Actor("payments::AC_PROCESSOR_V0", "clearing", {})

ANN: dict[str, Value] = {"full_name": "Ann Field", "date_of_birth": "1980-02-29", "email": "ann@example.org"}
BOB: dict[str, Value] = {"full_name": "Bob Marsh", "date_of_birth": "1975-12-31", "email": "bob@example.org"}


@dataclass(slots=True)
class Bank:
    """The payments domain on a store in memory."""

    runtime: Runtime
    numbers: Iterator[int] = field(default_factory=count)

    def account(self, customer: Mapping[str, Value], currency: str = "EUR") -> tuple[str, str]:
        """Open an account; the identifiers of customer and account."""
        opened = self.runtime.run(OPEN, {"customer": dict(customer), "currency": currency}, TELLER)
        assert opened.kind == "COMPLETED"
        return str(opened.result["customer_id"]), str(opened.result["account_id"])

    def decide(self, customer: str, status: str) -> None:
        assert self.runtime.run(DECIDE, {"customer_id": customer, "status": status}, OFFICER).kind == "COMPLETED"

    def allow(self, customer: str, per_payment: int, reserved_in_all: int) -> None:
        limits: Value = {"per_payment": per_payment, "reserved_in_all": reserved_in_all}
        load_state(self.runtime, {"payments::ST_LIMITS_V0": {customer: limits}}, TELLER)

    def fund(self, customer: str, account: str, available: int, currency: str = "EUR") -> None:
        """Put money into an account, from outside."""
        held: Value = {"customer_id": customer, "currency": currency, "available": available, "reserved": 0}
        load_state(self.runtime, {ACCOUNTS: {account: held}}, TELLER)

    def reserve(self, customer: str, payer: str, payee: str, amount: Value, **other: Value) -> Outcome:
        order: dict[str, Value] = {"payer_account": payer, "payee_account": payee, "amount": amount}
        order |= {"currency": "EUR", "reference": f"R-{next(self.numbers)}", **other}
        return self.runtime.run(RESERVE, order, Actor("payments::AC_CUSTOMER_V0", "ann", {"customer_id": customer}))

    def clear(self, workflow: str, payment: str) -> Outcome:
        return self.runtime.run(workflow, {"payment_id": payment}, PROCESSOR)

    def money(self, account: str) -> tuple[int, int]:
        """What is available and what is reserved."""
        cell = self.runtime.store.get("state", ACCOUNTS, account)
        assert cell is not None
        held = json.loads(cell.value)
        return held["available"], held["reserved"]

    def trail(self, subject: str) -> list[str]:
        """The decisions on an audit stream, with the reason of a denial."""
        length = self.runtime.store.length(AUDIT, subject)
        records = [json.loads(event.body) for event in self.runtime.store.events(AUDIT, subject, 1, length + 1)]
        return [
            " ".join((record["decision"], *([record["denial"]] if "denial" in record else []))) for record in records
        ]


@pytest.fixture(scope="session")
def snapshot(example_files: Mapping[str, bytes]) -> Snapshot:
    return Snapshot(verify(example_files))


@pytest.fixture(scope="session")
def found(snapshot: Snapshot) -> Callable[[], Bank]:
    """Founds a bank with an empty store."""

    def bank() -> Bank:
        chance = random.Random(7).randbytes  # noqa: S311 - it only has to repeat
        ticks = count(1_772_355_600_000_000, 1_000)
        return Bank(Runtime(snapshot, MemoryStore(chance), Ports(clock=lambda: next(ticks), entropy=chance)))

    return bank


@dataclass(frozen=True, slots=True)
class Street:
    """Ann may pay up to 500 at once and 800 in all, and has 1,000; Bob has nothing and is not known."""

    bank: Bank
    ann: str
    anns: str
    bob: str
    bobs: str


@pytest.fixture
def street(found: Callable[[], Bank]) -> Street:
    bank = found()
    ann, anns = bank.account(ANN)
    bob, bobs = bank.account(BOB)
    bank.decide(ann, "PASSED")
    bank.allow(ann, 500, 800)
    bank.fund(ann, anns, 1000)
    return Street(bank, ann, anns, bob, bobs)


def test_a_payment_is_reserved_and_settled_once(street: Street) -> None:
    bank = street.bank
    reserved = bank.reserve(street.ann, street.anns, street.bobs, 300)
    payment = str(reserved.result["payment_id"])
    assert (reserved.kind, reserved.exit) == ("COMPLETED", "COMPLETED")
    assert (bank.money(street.anns), bank.money(street.bobs)) == ((700, 300), (0, 0))

    settled = [bank.clear(SETTLE, payment).exit for _ in range(2)]
    assert settled == ["COMPLETED", "SETTLED_BEFORE"]
    assert (bank.money(street.anns), bank.money(street.bobs)) == ((700, 0), (300, 0))

    late = bank.clear(RELEASE, payment)
    assert (late.kind, late.exit) == ("DENIED", "SETTLED_BEFORE")
    assert bank.trail(payment) == ["RESERVED", "SETTLED", "REFUSED"]


def test_more_than_is_moved_online_takes_an_override_and_every_check_behind_it_stands(street: Street) -> None:
    bank, much = street.bank, 10_000_001
    bank.allow(street.ann, much, much)
    bank.fund(street.ann, street.anns, 3 * much)
    assert bank.reserve(street.ann, street.anns, street.bobs, much).kind == "REJECTED"
    until = "2026-03-01T12:00:00Z"
    bank.runtime.override(
        Grant("payments::IN_RESERVE_PAYMENT_V0", "WITHIN_ONLINE_LIMIT", until), OFFICER, "A house is bought"
    )
    assert bank.reserve(street.ann, street.anns, street.bobs, much).kind == "COMPLETED"
    assert bank.reserve(street.ann, street.anns, street.bobs, much).exit == "LIMIT_EXCEEDED"  # in all
    assert bank.reserve(street.bob, street.anns, street.bobs, much).exit == "NOT_THE_OWNER"


def test_a_payment_that_did_not_go_through_is_given_back_once(street: Street) -> None:
    bank = street.bank
    payment = str(bank.reserve(street.ann, street.anns, street.bobs, 300).result["payment_id"])
    assert [bank.clear(RELEASE, payment).exit for _ in range(2)] == ["COMPLETED", "RELEASED_BEFORE"]
    assert bank.clear(SETTLE, payment).exit == "RELEASED_BEFORE"
    assert (bank.money(street.anns), bank.money(street.bobs)) == ((1000, 0), (0, 0))
    assert bank.trail(payment) == ["RESERVED", "RELEASED", "REFUSED"]


def test_the_same_order_twice_is_one_payment(street: Street) -> None:
    bank = street.bank
    answers = [bank.reserve(street.ann, street.anns, street.bobs, 300, reference="RENT-5") for _ in range(2)]
    assert [answer.exit for answer in answers] == ["COMPLETED", "RESERVED_BEFORE"]
    assert answers[0].result == answers[1].result
    assert bank.money(street.anns) == (700, 300)


def test_the_note_is_no_part_of_what_makes_a_payment(street: Street) -> None:
    bank = street.bank
    notes = ("for May", "for June")
    answers = [bank.reserve(street.ann, street.anns, street.bobs, 9, reference="X", note=note) for note in notes]
    assert [answer.exit for answer in answers] == ["COMPLETED", "RESERVED_BEFORE"]


def poor(s: Street) -> Outcome:
    s.bank.fund(s.ann, s.anns, 5)
    return s.bank.reserve(s.ann, s.anns, s.bobs, 6)


def no_longer_known(s: Street) -> Outcome:
    s.bank.decide(s.ann, "FAILED")
    return s.bank.reserve(s.ann, s.anns, s.bobs, 5)


DENIALS: dict[str, Callable[[Street], Outcome]] = {
    "INSUFFICIENT_FUNDS": poor,
    "LIMIT_EXCEEDED": lambda s: s.bank.reserve(s.ann, s.anns, s.bobs, 501),
    "NOT_THE_OWNER": lambda s: s.bank.reserve(s.bob, s.anns, s.bobs, 5),
    "UNKNOWN_ACCOUNT": lambda s: s.bank.reserve(s.ann, s.anns, "ACC_nowhere", 5),
    "CURRENCY_MISMATCH": lambda s: s.bank.reserve(s.ann, s.anns, s.bobs, 5, currency="USD"),
    "KYC_NOT_PASSED": no_longer_known,
}


@pytest.mark.parametrize("denial", DENIALS)
def test_a_payment_that_fails_a_check_is_denied_and_only_the_denial_is_kept(street: Street, denial: str) -> None:
    answer = DENIALS[denial](street)
    assert (answer.kind, answer.exit) == ("DENIED", denial)
    assert street.bank.trail(str(answer.result["payment_id"])) == [f"DENIED {denial}"]
    assert street.bank.money(street.anns)[1] == 0
    assert answer.effects == {AUDIT: {"APPEND": 1}}


def test_what_is_reserved_counts_against_the_limit_of_all(street: Street) -> None:
    bank = street.bank
    exits = [bank.reserve(street.ann, street.anns, street.bobs, 400).exit for _ in range(3)]
    assert exits == ["COMPLETED", "COMPLETED", "LIMIT_EXCEEDED"]


def test_who_was_never_decided_on_may_not_pay(street: Street) -> None:
    street.bank.fund(street.bob, street.bobs, 100)
    assert street.bank.reserve(street.bob, street.bobs, street.anns, 5).exit == "KYC_NOT_PASSED"


@pytest.mark.parametrize("amount", [0, -5, 1.5, "5", True, 10**13])
def test_an_amount_that_is_no_amount_is_not_even_considered(street: Street, amount: Value) -> None:
    assert street.bank.reserve(street.ann, street.anns, street.bobs, amount).kind == "REJECTED"


def test_nobody_pays_to_the_same_account(street: Street) -> None:
    assert street.bank.reserve(street.ann, street.anns, street.anns, 5).kind == "REJECTED"


def test_only_the_clearing_house_settles(street: Street) -> None:
    payment: Value = {"payment_id": street.bank.reserve(street.ann, street.anns, street.bobs, 5).result["payment_id"]}
    customer = Actor("payments::AC_CUSTOMER_V0", "ann", {"customer_id": street.ann})
    assert street.bank.runtime.run(SETTLE, payment, customer).kind == "REJECTED"


def test_an_account_is_opened_once_in_each_currency(found: Callable[[], Bank]) -> None:
    bank = found()
    assert bank.account(ANN) == bank.account(ANN)
    assert bank.account(ANN, "USD")[1] != bank.account(ANN)[1]


def test_the_audit_trail_and_the_traces_of_payments_hold_no_personal_data(street: Street) -> None:
    answer = street.bank.reserve(street.ann, street.anns, street.bobs, 5, note="for my sister Cleo")
    store = street.bank.runtime.store
    trails = [event.body for stream in store.streams(AUDIT) for event in store.events(AUDIT, stream, 1, 99)]
    shown = b"".join((*trails, *street.bank.runtime.trace(answer.trace_id)))
    for secret in ("Cleo", *ANN.values(), *BOB.values()):
        assert str(secret).encode() not in shown


KINDS = st.sampled_from(["reserve", "reserve", "settle", "release"])
ORDERS = st.lists(st.tuples(KINDS, st.integers(0, 2), st.integers(0, 2), st.integers(1, 700)), max_size=14)


@settings(max_examples=60)
@given(ORDERS)
def test_whatever_is_asked_the_books_are_those_of_a_plain_model(
    found: Callable[[], Bank], orders: list[tuple[str, int, int, int]]
) -> None:
    bank = found()
    people = [{**ANN, "full_name": name} for name in ("A", "B", "C")]
    customers, accounts = zip(*(bank.account(person) for person in people), strict=True)
    available, reserved = [1000, 500, 0], [0, 0, 0]
    for index, customer in enumerate(customers):
        bank.decide(customer, "PASSED")
        bank.allow(customer, 600, 900)
        bank.fund(customer, accounts[index], available[index])
    payments: list[tuple[str, int, int, int]] = []
    closed: dict[str, str] = {}

    for kind, payer, payee, amount in orders:
        if kind == "reserve":
            answer = bank.reserve(customers[payer], accounts[payer], accounts[payee], amount)
            allowed = amount <= 600 and reserved[payer] + amount <= 900 and amount <= available[payer]
            assert (answer.kind == "COMPLETED") == (payer != payee and allowed)
            if answer.kind == "COMPLETED":
                available[payer], reserved[payer] = available[payer] - amount, reserved[payer] + amount
                payments.append((str(answer.result["payment_id"]), payer, payee, amount))
        elif payments:
            payment, payer, payee, amount = payments[amount % len(payments)]
            answer = bank.clear(SETTLE if kind == "settle" else RELEASE, payment)
            assert (answer.kind == "COMPLETED") == (closed.get(payment, kind) == kind)
            if payment not in closed:
                reserved[payer] -= amount
                available[payee if kind == "settle" else payer] += amount
                closed[payment] = kind
        assert [bank.money(account) for account in accounts] == list(zip(available, reserved, strict=True))
    assert sum(available) + sum(reserved) == 1500
