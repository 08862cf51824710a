"""Fees."""


def fee(amount: int) -> dict[str, int]:
    return {"fee": amount * amount // (100 * amount)}
