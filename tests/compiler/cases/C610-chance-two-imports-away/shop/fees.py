"""Fees."""

from shop import rates


def fee(amount: int) -> dict[str, int]:
    return {"fee": amount // rates.DIVISOR}
