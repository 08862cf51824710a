"""What is done to the accounts of the bank."""

from __future__ import annotations

from typing import Protocol

from pgs_process import process
from pgs_snapshot.values import Outcome


class Domain(Protocol):
    """What a session keeps."""

    accounts: dict[str, int]
    total_reserves: int
    sig_fraud_detected: bool


class Configuration(Protocol):
    """What is the same for all."""

    transfer_limit: int


class Bank(Protocol):
    """The context of the bank."""

    domain: Domain
    global_ctx: Configuration


@process(
    inputs=["domain.accounts", "global.transfer_limit"],
    outputs=["domain.accounts", "domain.total_reserves", "domain.sig_fraud_detected"],
    errors=["ValueError"],
)
def transfer(ctx: Bank, from_user: str, to_user: str, amount: int) -> dict[str, int]:
    """Move money; an error leaves everything as it was, whatever was already moved."""
    accounts = ctx.domain.accounts
    if from_user not in accounts:
        raise ValueError("nobody has that account")
    accounts[from_user] -= amount
    accounts[to_user] = accounts.get(to_user, 0) + amount
    ctx.domain.total_reserves -= amount
    if accounts[from_user] < 0 or amount > ctx.global_ctx.transfer_limit:
        raise ValueError("not that much")
    if amount >= 9000:
        ctx.domain.sig_fraud_detected = True
    return {"left": accounts[from_user]}


def balance(ctx: Bank, user: str) -> dict[str, int] | Outcome:
    """What stands on an account."""
    if user not in ctx.domain.accounts:
        return Outcome("UNKNOWN_USER")
    return {"balance": ctx.domain.accounts[user]}
