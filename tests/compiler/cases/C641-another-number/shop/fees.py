"""Fees."""


def fee(amount: int) -> dict[str, int]:
    return {"fee": amount // 100 if amount < 900 else 10}
