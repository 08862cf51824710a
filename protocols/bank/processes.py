"""What is done to the accounts of a bank, under the contracts that the files beside this one declare."""

from __future__ import annotations

from typing import Protocol

from pgs_process import process
from pgs_snapshot.values import Outcome

RESERVES = "RESERVES"
"""The bank's own account, which comes with the bank and is no customer's."""


class Domain(Protocol):
    """What a bank keeps; amounts are in cents."""

    accounts: dict[str, int]
    deposited: int
    day: int
    difference: int
    frozen: bool
    sig_fraud_detected: bool


class Configuration(Protocol):
    """What is the same for every bank."""

    suspicious: int


class Bank(Protocol):
    """The context that the processes share."""

    domain: Domain
    global_ctx: Configuration


@process(inputs=[], outputs=["domain.accounts"])
def open_account(ctx: Bank, account: str) -> Outcome | None:
    """Open an account with nothing on it."""
    if account in ctx.domain.accounts:
        return Outcome("ALREADY_OPEN")
    ctx.domain.accounts[account] = 0
    return None


@process(inputs=[], outputs=["domain.accounts", "domain.deposited"], errors=["KeyError", "ValueError"])
def deposit(ctx: Bank, account: str, amount: int) -> dict[str, int]:
    """Book what a customer pays in out of the reserves."""
    accounts = ctx.domain.accounts
    accounts[account] += amount
    accounts[RESERVES] -= amount
    if accounts[RESERVES] < 0:
        raise ValueError("there is not that much in the reserves")
    ctx.domain.deposited += amount
    return {"balance": accounts[account]}


@process(
    inputs=["domain.frozen", "global.suspicious"],
    outputs=["domain.accounts", "domain.sig_fraud_detected"],
    errors=["KeyError", "ValueError"],
)
def transfer(ctx: Bank, from_account: str, to_account: str, amount: int) -> dict[str, int] | Outcome:
    """Move money; what raises leaves everything as it was, whatever was already moved."""
    if ctx.domain.frozen:
        return Outcome("FROZEN")
    accounts = ctx.domain.accounts
    accounts[from_account] -= amount
    accounts[to_account] += amount
    if accounts[from_account] < 0:
        raise ValueError("there is not that much on the account")
    if amount >= ctx.global_ctx.suspicious:
        ctx.domain.sig_fraud_detected = True
    return {"left": accounts[from_account]}


@process(inputs=[], outputs=["domain.frozen"])
def freeze(ctx: Bank) -> Outcome | None:
    """Stop all transfers."""
    if ctx.domain.frozen:
        return Outcome("NOTHING_TO_DO")
    ctx.domain.frozen = True
    return None


@process(inputs=[], outputs=["domain.frozen"])
def release(ctx: Bank) -> Outcome | None:
    """Let transfers be made again."""
    if not ctx.domain.frozen:
        return Outcome("NOTHING_TO_DO")
    ctx.domain.frozen = False
    return None


@process(inputs=["domain.accounts", "domain.deposited"], outputs=["domain.day", "domain.difference"])
def close_day(ctx: Bank) -> dict[str, int]:
    """Hold what is on the accounts against what was paid in, and begin the next day."""
    bank = ctx.domain
    held = sum(amount for account, amount in bank.accounts.items() if account != RESERVES)
    bank.difference = held - bank.deposited
    closed = bank.day
    bank.day += 1
    return {"day": closed, "accounts": len(bank.accounts) - 1, "deposited": held, "reserves": bank.accounts[RESERVES]}


@process(inputs=["domain.accounts", "domain.day", "domain.deposited", "domain.frozen"], outputs=[])
def report(ctx: Bank) -> dict[str, int | bool]:
    """How the bank stands."""
    bank = ctx.domain
    return {
        "day": bank.day,
        "accounts": len(bank.accounts) - 1,
        "deposited": bank.deposited,
        "reserves": bank.accounts[RESERVES],
        "frozen": bank.frozen,
    }
