"""The sequences of Collatz."""

from __future__ import annotations

from pgs_snapshot.values import Outcome


def sequences(numbers: list[int], most_steps: int) -> Outcome:
    """Follow each number to 1; the first that takes more steps than it may is OPEN."""
    found: dict[str, list[int]] = {}
    for number in numbers:
        reached = [number]
        for _ in range(most_steps):
            if reached[-1] == 1:
                break
            last = reached[-1]
            reached.append(3 * last + 1 if last % 2 else last // 2)
        if reached[-1] != 1:
            return Outcome("OPEN", number=number)
        found[str(number)] = reached
    return Outcome("SUCCESS", sequences=found)
