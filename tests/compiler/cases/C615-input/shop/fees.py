"""Fees."""


def fee(amount: int, rows: list[int]) -> dict[str, int]:
    rows.append(amount)
    return {"fee": amount // 100}
