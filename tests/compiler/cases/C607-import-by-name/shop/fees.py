"""Fees."""

import importlib

RATES = importlib.import_module("shop.rates")


def fee(amount: int) -> dict[str, int]:
    return {"fee": amount // RATES.DIVISOR}
