"""Rates."""

from shop.memory import remembered


def rate(amount: int) -> int:
    return remembered(amount)
