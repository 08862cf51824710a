"""Fees."""

CODES = ("a", "b", "c")


def fee(amount: int) -> dict[str, int]:
    joined = ",".join({code for code in CODES})
    return {"fee": amount // 100 + len(joined) * 0}
