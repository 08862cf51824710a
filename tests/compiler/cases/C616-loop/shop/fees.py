"""Fees."""

for LAST in (1, 100):
    pass


def fee(amount: int) -> dict[str, int]:
    return {"fee": amount // LAST}
