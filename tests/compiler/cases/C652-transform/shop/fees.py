"""Fees."""


def fee(sum: int) -> dict[str, int]:
    return {"fee": sum // 100}
