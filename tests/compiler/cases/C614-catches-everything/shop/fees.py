"""Fees."""


def fee(amount: int) -> dict[str, int]:
    try:
        return {"fee": amount // 100}
    except Exception:
        return {"fee": 0}
