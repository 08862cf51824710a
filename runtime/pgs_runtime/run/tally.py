"""How many operations changed something, on the way of a run that can go back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias

from pgs_runtime.core.linked import Storage
from pgs_snapshot.processes import BLOCKED

Effects: TypeAlias = dict[str, dict[str, int]]
"""How many operations changed something, by store and operation."""
Counts: TypeAlias = Mapping[tuple[str, str], int]


class Tally:
    """The operations of one run that stand."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._guarded: Counts = {}

    def add(self, store: str, operation: str) -> None:
        """One more."""
        self._counts[store, operation] += 1

    def answered(self, step: Storage, outcome: str, wrote: bool) -> None:
        """A store has answered. What rules have not let stand does not count, nor do the counts kept of them."""
        if outcome == BLOCKED and step.gate in ("closes", "commits"):
            wrote = False
        if step.gate == "closes" and outcome == BLOCKED:
            self.back_to(self._guarded)
        elif step.gate == "opens":
            self._guarded = self.now()
        elif wrote and step.gate in ("", "commits"):
            self.add(step.store, step.operation)

    def now(self) -> Counts:
        """What stands now, to go back to."""
        return Counter(self._counts)

    def back_to(self, counts: Counts) -> None:
        self._counts = Counter(counts)

    def effects(self) -> Effects:
        """What stands, sorted."""
        effects: Effects = {}
        for (store, operation), times in sorted(self._counts.items()):
            if times:
                effects.setdefault(store, {})[operation] = times
        return effects
