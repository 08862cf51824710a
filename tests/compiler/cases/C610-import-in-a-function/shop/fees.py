"""Fees."""


def fee(amount: int) -> dict[str, int]:
    import math

    return {"fee": math.floor(amount / 100)}
