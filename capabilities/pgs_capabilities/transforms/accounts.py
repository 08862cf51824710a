"""Quotas and balances: amounts that are given out only as far as they are there.

Laws:
* no balance is ever below zero, not in between either;
* a transfer gives what it takes: the sum of all balances changes by what is made (no `from`) and taken out (no `to`);
* all of it or nothing: there are no balances of half a list.
"""

from __future__ import annotations

from pgs_snapshot.values import MAX_INTEGER, Outcome, Value


def check_quota(used: int, limit: int, wanted: int) -> dict[str, Value] | Outcome:
    """SUCCESS with what is `left` behind what is wanted; else EXCEEDED with what is `left` now, and be it 0."""
    left = limit - used
    return {"left": left - wanted} if wanted <= left else Outcome("EXCEEDED", left=max(0, left))


def apply_transfers(balances: dict[str, int], transfers: list[dict[str, Value]]) -> dict[str, Value] | Outcome:
    """The balances after transfers, taken in order: `balances`; or OVERDRAWN or OUT_OF_RANGE.

    Args:
        balances: what each account has, in smallest units; an account that is not there has 0.
        transfers: each with `amount`, and `from`, `to` or both.

    Both refusals say the `number` of the transfer, from 0, and the `account`.
    """
    after = dict(balances)
    for number, transfer in enumerate(transfers):
        payer, payee, amount = transfer.get("from"), transfer.get("to"), int(str(transfer["amount"]))
        if isinstance(payer, str):
            after[payer] = after.get(payer, 0) - amount
            if after[payer] < 0:
                return Outcome("OVERDRAWN", account=payer, number=number)
        if isinstance(payee, str):
            after[payee] = after.get(payee, 0) + amount
            if after[payee] > MAX_INTEGER:
                return Outcome("OUT_OF_RANGE", account=payee, number=number)
    return {"balances": {**after}}
