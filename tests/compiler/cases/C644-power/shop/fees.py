"""Fees."""


def fee(amount: int) -> dict[str, int]:
    return {"fee": amount // 100 + 7 ** (amount * 10_000_000) * 0}
