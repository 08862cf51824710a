"""Fees."""

import time


def fee(amount: int) -> dict[str, int]:
    return {"fee": amount // 100 + int(time.time()) * 0}
