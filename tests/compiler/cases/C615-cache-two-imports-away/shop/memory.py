"""What was asked before."""

KNOWN = {0: 100}


def remembered(amount: int) -> int:
    return KNOWN.setdefault(amount, 100)
