"""Fees."""


def fee(amount: int, rows: list[int]) -> dict[str, int]:
    _sort(rows)
    return {"fee": amount // 100}


def _sort(rows: list[int]) -> None:
    rows.sort()
