"""Rates."""

from shop.draws import seed

DIVISOR = 100


def drawn() -> int:
    return seed()
