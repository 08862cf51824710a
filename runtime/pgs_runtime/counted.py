"""Numbers in sentences."""

from __future__ import annotations


def counted(count: int, name: str) -> str:
    """`1 commit`, `1,000 commits`: how many there are of what takes an `s` where there is not one."""
    return f"{count:,} {name}{'' if count == 1 else 's'}"
