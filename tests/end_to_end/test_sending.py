"""Payments that leave the house: known customers, four eyes, a service outside, and the way back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pgs_runtime.operate.state import load_state
from pgs_runtime.ports import Ports
from pgs_runtime.run.outcomes import Outcome
from pgs_runtime.runtime import Actor, Runtime
from pgs_snapshot.values import Value
from tests.end_to_end.programs import Installation
from tests.end_to_end.test_payments import ACCOUNTS, ANN, AUDIT, TELLER, Bank
from tests.parties.service import Asked, Mood, ServiceParty

SEND, REFUND = "payments::WF_SEND_PAYMENT_V0", "payments::WF_REFUND_PAYMENT_V0"
DECIDED = "payments::EV_PAYMENT_DECIDED_V0"
CLERK, OTHER = (Actor("payments::AC_PAYMENT_CLERK_V0", who, {}) for who in ("clerk-1", "clerk-2"))
APPROVER = Actor("payments::AC_PAYMENT_APPROVER_V0", "approver-1", {})
CLEO: Value = {"name": "Cleo Planted", "account": "DE02120300000000202051"}
LOST, UNDONE, SILENT = Mood(end="without an answer"), Mood(takes=False, end="without an answer"), Mood(status=503)
DAY = 86_400_000_000


class Clearing(ServiceParty):
    """Pays by PUT under a key, and tells by GET what became of one."""

    def answer(self, asked: Asked, takes: bool) -> Value:
        if asked.method != "GET":
            return super().answer(asked, takes)
        self.asked.append(asked)
        return self.done.get(asked.key, {})

    @property
    def orders(self) -> list[str]:
        """What was asked for, one word for each request."""
        return [next(iter(asked.body)) if isinstance(asked.body, dict) else "find" for asked in self.asked]


@dataclass(slots=True)
class House:
    """The domain with a customer who has 1000, and the service outside."""

    bank: Bank
    outside: Clearing
    now: list[int]
    customer: str
    account: str

    def propose(self, amount: int = 300, **other: Value) -> Outcome:
        order: dict[str, Value] = {"payer_account": self.account, "customer_id": self.customer, "amount": amount}
        order |= {"currency": "EUR", "reference": "INV-1", "beneficiary": CLEO, **other}
        return self.bank.runtime.run(SEND, order, CLERK)

    def decide(self, run: Outcome, who: Actor = OTHER, approved: bool = True, amount: int = 300) -> tuple[Outcome, str]:
        fields: Value = {"payment_id": self.payment, "amount": amount, "approved": approved}
        return self.bank.runtime.signal(run.trace_id, DECIDED, fields, who)

    def sent(self) -> str:
        """Send a payment; its identifier."""
        run = self.propose()
        assert self.decide(run)[0].exit == "SENT"
        return self.payment

    def refund(self, payment: str) -> Outcome:
        return self.bank.runtime.run(REFUND, {"payment_id": payment}, APPROVER)

    @property
    def payment(self) -> str:
        """The identifier of the one payment that the audit trail has."""
        (found,) = self.streams
        return found

    @property
    def money(self) -> tuple[int, int]:
        return self.bank.money(self.account)

    def trail(self) -> list[str]:
        return [word for stream in self.streams for word in self.bank.trail(stream)]

    @property
    def streams(self) -> list[str]:
        return [stream for stream in self.bank.runtime.store.streams(AUDIT) if stream.startswith("OUT_")]


@pytest.fixture
def house(examples: Installation) -> Iterator[House]:
    now = [1_772_355_600_000_000]
    with Clearing() as outside:
        settings = examples.workspace / "settings.json"
        settings.write_text(json.dumps({"payments::CS_TRANSFER_V0": {"host": "localhost", "port": outside.port}}))
        settings.chmod(0o600)
        ports = Ports(clock=lambda: now[0], sleep=lambda seconds: None)
        with Runtime.open(examples.workspace, examples.data, ports=ports, settings=settings) as runtime:
            bank = Bank(runtime)
            customer, account = bank.account(ANN)
            bank.decide(customer, "PASSED")
            bank.allow(customer, 500, 800)
            bank.fund(customer, account, 1000)
            yield House(bank, outside, now, customer, account)


def test_a_payment_is_sent_once_somebody_else_has_approved_it(house: House) -> None:
    waiting = house.propose()
    assert (waiting.kind, house.money, house.outside.asked) == ("WAITING", (700, 300), [])
    ended, refused = house.decide(waiting)
    assert (ended.kind, ended.exit, refused) == ("COMPLETED", "SENT", "")
    assert (house.money, house.outside.orders) == ((700, 0), ["send"])
    assert house.outside.asked[0].body == {"send": {"to": CLEO, "amount": 300, "currency": "EUR", "reference": "INV-1"}}
    assert house.trail() == ["PROPOSED", "APPROVED", "SENT"]


def test_nobody_approves_what_they_have_proposed(house: House) -> None:
    waiting = house.propose()
    for role in ("CLERK", "APPROVER"):
        stands, refused = house.decide(waiting, Actor(f"payments::AC_PAYMENT_{role}_V0", CLERK.id, {}))
        own = "is for somebody else than who acted at `admit`"
        assert (stands.kind, refused) == ("WAITING", f"`APPROVED` of `approval` {own}; `REFUSED` of `approval` {own}.")
    assert (house.outside.asked, house.money, house.trail()) == ([], (700, 300), ["PROPOSED"])


def test_another_amount_than_the_proposed_one_is_not_approved(house: House) -> None:
    waiting = house.propose()
    assert house.decide(waiting, amount=301)[0].kind == "WAITING"
    assert house.outside.asked == []


def test_a_customer_approves_nothing(house: House) -> None:
    waiting = house.propose()
    customer = Actor("payments::AC_CUSTOMER_V0", "ann", {"customer_id": house.customer})
    assert house.decide(waiting, customer)[0].kind == "WAITING"


def test_a_refused_payment_is_given_back(house: House) -> None:
    ended, _ = house.decide(house.propose(), APPROVER, approved=False)
    assert (ended.kind, ended.exit) == ("DENIED", "NOT_APPROVED")
    assert (house.money, house.trail(), house.outside.asked) == ((1000, 0), ["PROPOSED", "NOT_APPROVED"], [])


def test_what_nobody_approves_within_two_days_is_given_back(house: House) -> None:
    waiting = house.propose()
    house.now[0] += 2 * DAY
    ended = house.bank.runtime.resume(waiting.trace_id)
    assert (ended.kind, ended.exit) == ("DENIED", "APPROVAL_EXPIRED")
    assert (house.money, house.trail(), house.outside.asked) == ((1000, 0), ["PROPOSED", "APPROVAL_EXPIRED"], [])


def test_a_customer_who_is_no_longer_known_pays_nobody_whoever_approves(house: House) -> None:
    waiting = house.propose()
    house.bank.decide(house.customer, "FAILED")
    assert house.decide(waiting)[0].exit == "KYC_WITHDRAWN"
    assert (house.money, house.outside.asked) == ((1000, 0), [])


def test_the_same_proposal_twice_is_one_payment_and_one_to_somebody_else_is_denied(house: House) -> None:
    house.propose()
    assert house.propose().exit == "PROPOSED_BEFORE"
    assert house.propose(beneficiary={"name": "Eve", "account": "DE02120300000000202052"}).exit == "PAYMENT_CONFLICT"
    assert house.money == (700, 300)


@pytest.mark.parametrize(
    ("denial", "order"),
    [
        ("UNKNOWN_ACCOUNT", {"payer_account": "ACC_nowhere"}),
        ("NOT_THE_OWNER", {"customer_id": "CUST_other"}),
        ("CURRENCY_MISMATCH", {"currency": "USD"}),
        ("LIMIT_EXCEEDED", {"amount": 501}),
    ],
)
def test_a_proposal_that_fails_a_check_is_denied(house: House, denial: str, order: dict[str, Value]) -> None:
    ended = house.propose(**order)  # type: ignore[arg-type]
    assert (ended.kind, ended.exit) == ("DENIED", denial)
    assert (house.money, house.trail()) == ((1000, 0), [f"DENIED {denial}"])


def test_who_is_not_known_or_has_no_money_proposes_in_vain(house: House) -> None:
    house.bank.fund(house.customer, house.account, 10)
    assert house.propose().exit == "INSUFFICIENT_FUNDS"
    house.bank.decide(house.customer, "FAILED")
    assert house.propose(reference="INV-2").exit == "KYC_NOT_PASSED"


def test_what_the_service_declines_is_undone_step_by_step(house: House) -> None:
    house.outside.moods = [Mood(status=402, takes=False)]
    ended, _ = house.decide(house.propose())
    assert (ended.kind, ended.exit) == ("FAILED", "TRANSFER_DECLINED")
    assert house.money == (1000, 0)
    assert house.trail() == ["PROPOSED", "APPROVED", "NOT_SENT", "GIVEN_UP", "TAKEN_BACK"]


@pytest.mark.parametrize(("mood", "orders"), [(LOST, ["send", "find"]), (UNDONE, ["send", "find", "send"])])
def test_a_lost_answer_is_looked_up_and_the_payment_is_sent_once(house: House, mood: Mood, orders: list[str]) -> None:
    house.outside.moods = [mood]
    assert house.decide(house.propose())[0].exit == "SENT"
    assert (house.outside.orders, len(house.outside.done), house.money) == (orders, 1, (700, 0))
    assert len({asked.key for asked in house.outside.asked}) == 1


def test_a_payment_in_doubt_stands_until_somebody_says_what_became_of_it(house: House) -> None:
    house.outside.moods = [LOST, *[SILENT] * 20]
    ended, _ = house.decide(house.propose())
    assert (ended.kind, house.money) == ("IN_DOUBT", (700, 0))
    assert house.refund(house.streams[0]).exit == "NOT_SENT"
    house.outside.moods = []
    settled = house.bank.runtime.reconcile(ended.trace_id, "retry", APPROVER, "The service is up again")
    assert (settled.exit, len(house.outside.done), house.money) == ("SENT", 1, (700, 0))


# --- the way back --------------------------------------------------------------------------------


def test_a_payment_that_was_sent_comes_back_once(house: House) -> None:
    payment = house.sent()
    assert [house.refund(payment).exit for _ in range(2)] == ["REFUNDED", "REFUNDED_BEFORE"]
    assert (house.money, house.outside.orders) == ((1000, 0), ["send", "recall"])
    assert house.trail() == ["PROPOSED", "APPROVED", "SENT", "REFUND_ASKED", "REFUNDED"]


def test_what_the_service_does_not_give_back_may_be_asked_for_again(house: House) -> None:
    payment = house.sent()
    house.outside.moods = [Mood(status=402, takes=False)]
    ended = house.refund(payment)
    assert (ended.kind, ended.exit, house.money) == ("FAILED", "REFUND_DECLINED", (700, 0))
    assert house.refund(payment).exit == "REFUNDED"
    assert house.trail()[3:] == ["REFUND_ASKED", "REFUND_DECLINED", "REFUND_ASKED", "REFUNDED"]


def test_what_was_never_sent_does_not_come_back(house: House) -> None:
    assert house.refund("OUT_nothing").exit == "NOT_SENT"
    house.propose()
    waiting = next(stream for stream in house.streams if stream != "OUT_nothing")
    assert (house.refund(waiting).exit, house.money, house.outside.asked) == ("NOT_SENT", (700, 300), [])


def test_money_that_is_back_and_that_its_account_cannot_hold_is_told(house: House) -> None:
    payment = house.sent()
    house.bank.fund(house.customer, house.account, 2**53 - 1)
    ended = house.refund(payment)
    assert (ended.kind, ended.exit) == ("COMPLETED", "UNBOOKED")
    assert house.trail()[-1] == "UNBOOKED"


def test_only_an_approver_has_payments_refunded(house: House) -> None:
    assert house.bank.runtime.run(REFUND, {"payment_id": house.sent()}, OTHER).kind == "REJECTED"


def test_who_gets_money_and_who_pays_is_in_no_trail_and_no_trace(house: House) -> None:
    waiting = house.propose()
    house.decide(waiting)
    back = house.refund(house.payment)
    runtime = house.bank.runtime
    trails = [
        event.body for stream in runtime.store.streams(AUDIT) for event in runtime.store.events(AUDIT, stream, 1, 99)
    ]
    shown = b"".join((*trails, *runtime.trace(waiting.trace_id), *runtime.trace(back.trace_id)))
    assert house.outside.done
    receipt = f"R-{len(house.outside.done)}"
    for secret in ("Cleo", "Planted", "DE0212030", *ANN.values()):
        assert str(secret).encode() not in shown
    assert f'"{receipt}"'.encode() not in shown


def test_books_that_contradict_themselves_send_nothing(house: House) -> None:
    waiting = house.propose()
    held: Value = {"customer_id": house.customer, "currency": "EUR", "available": 700, "reserved": 0}
    load_state(house.bank.runtime, {ACCOUNTS: {house.account: held}}, TELLER)
    ended, _ = house.decide(waiting)
    assert (ended.kind, house.outside.asked) == ("FAILED", [])
