"""Fees."""


def fee(amount: int) -> dict[str, int]:
    while True:
        amount += 1
