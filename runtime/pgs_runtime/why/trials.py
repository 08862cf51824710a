"""A recorded run done again with other payloads: where each would have led, and on what that rests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias, cast

import orjson

from pgs_runtime.core.linked import Problem
from pgs_runtime.link.admission import taken
from pgs_runtime.replay.rerun import Changes, Known, Rerun, rerun
from pgs_runtime.replay.workbench import Workbench
from pgs_snapshot import model
from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Value

MOST = 600
"""How many payloads are tried."""

Rank: TypeAlias = Literal[0, 1, 2, 3, 4]
"""How good a change is: 0 and 1, the way parts where it was decided; 2 and 3, at an earlier node. Of each two the first
is told by the record, the second rests on what was not recorded. 4: nobody can tell where it ends."""
OPEN: Rank = 4
_TAKEN = ("ALREADY_EXISTS", "CONFLICT")


@frozen
class Landing:
    """Where a run ends.

    Attributes:
        node: the exit, "" where that cannot be told.
        bound, unbound: keys of registries that were taken, and that were not.
    """

    kind: str
    name: str
    node: str
    admitted: bool
    way: tuple[tuple[str, str], ...]
    rests: tuple[str, ...]
    untold: str
    bound: frozenset[bytes]
    unbound: frozenset[bytes]

    @property
    def exit(self) -> tuple[str, str]:
        return self.node, self.name


class Trials:
    """Runs of one recording, of which at most so many are made; the same payload is run once."""

    def __init__(self, bench: Workbench, known: Known, intent: model.Intent, to: str = "") -> None:
        """Args:
        to: the only exit that is wanted, its node or its name; "": any other one.
        """
        self._bench = bench
        self._known = known
        self._made: dict[bytes, Landing] = {}
        self._taken = taken(intent.payload)
        self._to = to
        self.base = self._land(known.given.payload)
        self.asks_admission = False
        self.asks_other_kind = False
        self.decisive = ""

    @property
    def tried(self) -> int:
        return len(self._made) - 1

    @property
    def spent(self) -> bool:
        return self.tried >= MOST

    def problems(self, payload: Value) -> list[Problem]:
        """What of a payload does not fit the schema of the intent."""
        return [*self._taken(payload)[1]]

    def rank(self, payload: Value) -> Rank | None:
        """Whether a payload leads where it is wanted to, and how well that is known; None: it does not."""
        if not self.asks_admission and self.problems(payload):
            return None
        if self.spent and canonical(payload) not in self._made:
            return None
        landing = self._land(payload)
        if not self.base.admitted and not self._to:
            return 0 if landing.admitted else None
        if not landing.admitted and not self.asks_admission:
            return None
        if landing.unbound & self.base.bound:
            return None  # the record itself says that the key was taken
        if landing.untold:
            return OPEN if not self._to and not self.asks_other_kind else None
        if landing.kind in ("FAULTED", "STOPPED", "CANCELLED") or landing.exit == self.base.exit:
            return None
        if (self._to and self._to not in landing.exit) or (self.asks_other_kind and landing.kind == self.base.kind):
            return None
        early = self._parts_early(landing)
        if landing.rests:
            return 3 if early else 1
        return 2 if early else 0

    def _parts_early(self, landing: Landing) -> bool:
        """Whether the way parts before the node that decided."""
        pairs = zip(landing.way, self.base.way, strict=False)
        parted = next((number for number, (now, was) in enumerate(pairs) if now != was), len(self.base.way))
        nodes = [path.partition("/")[0] for path, _ in self.base.way]
        return self.decisive in nodes and parted < nodes.index(self.decisive)

    def landing(self, payload: Value) -> Landing:
        return self._land(payload)

    def _land(self, payload: Value) -> Landing:
        key = canonical(payload)
        if key not in self._made:
            self._made[key] = _landing(rerun(self._bench, self._known, Changes(payload=payload)))
        return self._made[key]


def _landing(made: Rerun) -> Landing:
    lines = [cast("dict[str, Value]", orjson.loads(line)) for line in made.lines]
    node = "" if made.untold or not lines else str(lines[-1].get("node", ""))
    admitted = bool(made.way) and made.way[0][1] == "ACK"
    keys = list(_registered(lines))
    bound = frozenset(key for key, outcome in keys if outcome in _TAKEN)
    unbound = frozenset(key for key, outcome in keys if outcome == "SUCCESS")
    return Landing(made.kind, made.name, node, admitted, made.way, made.rests, made.untold, bound, unbound)


def _registered(lines: Sequence[dict[str, Value]]) -> Iterator[tuple[bytes, str]]:
    """Store and key of what a run wanted to bind, as shown, with the answer."""
    for line in lines:
        for step in cast("list[dict[str, Value]]", line.get("steps", [])):
            inputs = step.get("inputs")
            if "store" in step and step["operation"] == "REGISTER" and isinstance(inputs, dict) and "key" in inputs:
                yield canonical([step["store"], inputs["key"]]), str(step["outcome"])
