"""Fees."""


def fee(amount: int) -> dict[str, int]:
    return {"fee": amount // 100, "rest": amount % 100}
