"""Fees."""

from shop.rates import rate


def fee(amount: int) -> dict[str, int]:
    return {"fee": amount // rate(amount)}
