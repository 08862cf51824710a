"""Fees."""


def fee(amount: int) -> dict[str, int]:
    return {"fee": int(sum([0.01, 0.0]) * amount)}
