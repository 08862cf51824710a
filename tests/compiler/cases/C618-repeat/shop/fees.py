"""Fees."""

import re


def fee(amount: int) -> dict[str, int]:
    return {"fee": amount // 100 if re.match("([0-9]+)*$", "1") else 0}
