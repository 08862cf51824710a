"""Shares of an amount, which one number of people does not get."""

from __future__ import annotations

from pgs_snapshot.values import Outcome


def share(*, amount: int, people: int) -> Outcome:
    return Outcome("SUCCESS", each=amount // (people - 3))
