"""Fees."""

from no_such_distribution import percent


def fee(amount: int) -> dict[str, int]:
    return {"fee": percent(amount, 1)}
