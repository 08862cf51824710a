"""Fees."""

from datetime import date


def fee(amount: int) -> dict[str, int]:
    return {"fee": amount // 100 if date.today() else 0}
