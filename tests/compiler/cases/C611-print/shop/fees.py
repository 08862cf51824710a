"""Fees."""


def fee(amount: int) -> dict[str, int]:
    print(amount)
    return {"fee": amount // 100}
