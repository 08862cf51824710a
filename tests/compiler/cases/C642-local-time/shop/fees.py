"""Fees."""

from datetime import UTC, datetime

_DAY = datetime(2026, 6, 1)


def fee(amount: int) -> dict[str, int]:
    hours = int(_DAY.timestamp() - _DAY.replace(tzinfo=UTC).timestamp()) // 3600
    return {"fee": amount // 100 + hours}
