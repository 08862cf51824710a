"""How times are taken.

Laws:
* what is compared takes turns, so that whatever else the machine does meets all of it alike;
* a ratio is taken within a turn, and the median is that of the ratios;
* a number is a median with the least and the most around it, and nothing is demanded of it.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Series:
    """One number for each turn."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def each(self, change: Callable[[float], float]) -> Series:
        """The series in another unit."""
        return Series(tuple(map(change, self.values)))

    def over(self, other: Series) -> Series:
        """The ratio of each turn."""
        return Series(tuple(own / its for own, its in zip(self.values, other.values, strict=True)))


def take_turns(contenders: Mapping[str, Callable[[], float]], turns: int) -> dict[str, Series]:
    """Let every contender measure itself once a turn.

    A turn before the first fills caches and does not count. Every second turn goes backwards, so that nobody
    is always measured after the same neighbour.

    Args:
        contenders: by name; each gives one number.
        turns: how many numbers there are to be of each.
    """
    names = list(contenders)
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(turns + 1):
        for name in names if turn % 2 else reversed(names):
            gc.collect()
            number = contenders[name]()
            if turn:
                found[name].append(number)
    return {name: Series(tuple(numbers)) for name, numbers in found.items()}


def seconds(action: Callable[[], object], least: float = 0.0) -> float:
    """The mean time of an action, over as many as take `least` seconds together, or over one."""
    count = 0
    start = now = time.perf_counter()
    while not count or now - start < least:
        action()
        count += 1
        now = time.perf_counter()
    return (now - start) / count


def seconds_more(long: Callable[[], object], short: Callable[[], object], least: float) -> float:
    """The mean time that one action takes more than another; they alternate, for `least` seconds together."""
    count, more = 0, 0.0
    start = now = time.perf_counter()
    while now - start < least:
        short()
        between = time.perf_counter()
        long()
        after = time.perf_counter()
        more += (after - between) - (between - now)
        count += 1
        now = after
    return more / count
