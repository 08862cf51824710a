"""Fees."""

from click import style


def fee(amount: int) -> dict[str, int]:
    return {"fee": len(style("")) * 0 + amount // 100}
