"""The search for a payload that leads elsewhere: one member after the other, then two at once; each value is tried.

Law: what carries a label is never part of an answer, nor what was found by comparing with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import TypeAlias, cast

from pgs_runtime.trace.traced import Header, Problem
from pgs_runtime.why.flow import Path, Source, Sources
from pgs_runtime.why.flow_words import ordered
from pgs_runtime.why.nearby import (
    Pool,
    distance,
    is_number,
    members_of,
    near,
    same_value,
    scalars,
    schema_at,
    value_at,
    with_value,
)  # fmt: skip
from pgs_runtime.why.trail import Point
from pgs_runtime.why.trials import Landing, Rank, Trials
from pgs_snapshot.frozen import frozen
from pgs_snapshot.model import Schema
from pgs_snapshot.values import Value

MOST_MEMBERS = 40
"""Members of a payload that are looked at."""
_FEW = 8
"""Values of each of two members that are tried together."""
_HALVINGS = 60


@frozen
class Change:
    """One member of the payload. `seen`, `new`: `ABSENT` where nothing stands; neither is shown where it is hidden."""

    path: Path
    seen: Value
    new: Value
    hides_seen: bool
    hides_new: bool


@frozen
class Elsewhere:
    """A change that was tried, and where it leads."""

    changes: tuple[Change, ...]
    landing: Landing
    rank: Rank

    @property
    def certain(self) -> bool:
        return not self.landing.rests and not self.landing.untold


@frozen
class Field:
    """What is searched.

    Attributes:
        payload: as it was sent.
        way: what each outcome on it depends on.
        rules: what the rules of the intent look at.
        decisive: the node at which the way last parted.
        everything: every member may matter.
    """

    payload: Value
    schema: Schema
    way: Sequence[Point]
    header: Header
    rules: Sources
    decisive: str
    everything: bool


def path_of(pointer: str) -> Path:
    """The steps of a JSON Pointer (RFC 6901); what looks like an index is one."""
    tokens = [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
    return tuple(int(token) if token.isdecimal() else token for token in tokens)


Landed: TypeAlias = tuple[Value, Rank]


class Search:
    """What is tried, over one payload."""

    def __init__(self, trials: Trials, field: Field) -> None:
        self._trials = trials
        self._payload = payload = field.payload
        self._schema = field.schema
        self._way = field.way
        self._header = field.header
        self._rules = field.rules
        self._pools: dict[Path, Pool] = {}
        self._nearby: dict[Path, list[Value]] = {}
        self._shown = [path for path in members_of(payload, field.schema, ()) if path and not self._hidden(path)]
        near_it = [point for point in field.way if point.path.partition("/")[0] in (field.decisive, "")]
        self._decisive = [source for point in near_it for source in point.depends]
        asked = [s.path for point in field.way for s in ordered(point.depends) if s.kind == "payload"]
        paths = dict.fromkeys(member for path in [*asked, *([()] * field.everything)] for member in self._reach(path))
        nearest = sorted(paths, key=lambda path: not self._decides(path))
        self._members = nearest[:MOST_MEMBERS]
        self.cut = len(nearest) > MOST_MEMBERS

    def _reach(self, path: Path) -> Iterator[Path]:
        """The members that a source stands for; of one that is not there, the nearest that may be added."""
        yield from members_of(self._payload, self._schema, path)
        here = value_at(self._payload, path)
        if isinstance(here, dict) and not isinstance(schema_at(self._schema, path)[0].get("properties"), dict):
            words = [word for word in self._pool(path).all if isinstance(word, str) and word not in here]
            yield from ((*path, word) for word in words[:_FEW])

    # --- one member ------------------------------------------------------------------------------

    def singles(self) -> list[Elsewhere]:
        """The nearest change of each member that leads elsewhere, the smallest first."""
        found: list[Elsewhere] = []
        for path in self._members:
            landed = self._single(path)
            if landed is not None:
                found.append(self._elsewhere([(path, landed[0])], landed[1]))
        return sorted(found, key=self._size)

    def _single(self, path: Path) -> Landed | None:
        seen = value_at(self._payload, path)
        values = self._near(path)
        best: Landed | None = None
        sides: list[list[Value]] = [[], [], []]
        for value in values:
            if is_number(seen) and is_number(value):
                sides[cast(float, value) > cast(float, seen)].append(value)
            else:
                sides[2].append(value)
        for number, side in enumerate(sides):
            landed = self._outward(path, seen, side, number < 2)
            if landed and (best is None or self._order(seen, landed) < self._order(seen, best)):
                best = landed
        return best

    def _outward(self, path: Path, seen: Value, values: Sequence[Value], halving: bool) -> Landed | None:
        """The first of some values, nearest first, that leads elsewhere; and of numbers the nearest before it."""
        best: Landed | None = None
        before = seen
        for value in values:
            rank = self._rank(path, value)
            if rank is not None and (best is None or rank < best[1]):
                nearest = self._halved(path, before, value, rank) if halving and best is None else value
                best = nearest, rank
                if rank == 0:
                    break
            if best is None:
                before = value
        return best

    def _halved(self, path: Path, near: Value, far: Value, rank: Rank) -> Value:
        """Between a number that does not lead elsewhere and one that does, the nearest that does, if they part once."""
        low, high = cast(float, near), cast(float, far)
        whole = isinstance(near, int) and isinstance(far, int)
        for _ in range(_HALVINGS):
            middle = (int(low) + int(high)) // 2 if whole else (low + high) / 2
            if middle in (low, high) or (whole and abs(high - low) <= 1):
                break
            found = self._rank(path, middle)
            if found is not None and found <= rank:
                high = middle
            else:
                low = middle
        return high

    def _rank(self, path: Path, value: Value) -> Rank | None:
        return self._trials.rank(with_value(self._payload, path, value))

    # --- two members -----------------------------------------------------------------------------

    def pairs(self) -> list[Elsewhere]:
        """The first change of two members that leads elsewhere, nearer values first.

        One of them at least is looked at on the way. The other may be looked at only where the way would part to.
        """
        best: list[Elsewhere] = []
        beyond = [path for path in self._reach(()) if path not in self._members][:MOST_MEMBERS]
        for one, other in (*combinations(self._members, 2), *product(self._members, beyond)):
            if one == other[: len(one)] or other == one[: len(other)]:
                continue
            for left in self._near(one)[:_FEW]:
                for right in self._near(other)[:_FEW]:
                    payload = with_value(with_value(self._payload, one, left), other, right)
                    rank = self._trials.rank(payload)
                    if rank is not None:
                        best.append(self._elsewhere([(one, left), (other, right)], rank))
                    if rank == 0 or self._trials.spent:
                        return sorted(best, key=self._size)[:1]
        return sorted(best, key=self._size)[:1]

    # --- a request that was not admitted -----------------------------------------------------------

    def repaired(self, refused: Sequence[Problem]) -> list[Elsewhere]:
        """What does not fit the schema, each place mended by the nearest value that fits there; all of them at once."""
        problems = [problem for problem in refused if not problem.rule]
        if not problems or any(problem.at.startswith("actor") for problem in problems):
            return []
        payload = self._payload
        mended: list[tuple[Path, Value]] = []
        for at in dict.fromkeys(problem.at for problem in problems):
            path = path_of(at)
            for value in self._near(path):
                tried = with_value(payload, path, value)
                if not any(str(one["at"]).startswith(at) for one in self._trials.problems(tried)):
                    payload, mended = tried, [*mended, (path, value)]
                    break
            else:
                return []
        rank = self._trials.rank(payload)
        if rank is not None:
            return [self._elsewhere(mended, rank)]
        changed = [path for path, _ in mended]
        ruled = [path for s in ordered(self._rules) if s.kind == "payload" for path in self._reach(s.path)]
        for path in (path for path in ruled if path not in changed):
            for value in self._near(path):
                rank = self._trials.rank(with_value(payload, path, value))
                if rank is not None:
                    return [self._elsewhere([*mended, (path, value)], rank)]
        return []

    # --- what is told ----------------------------------------------------------------------------

    def _elsewhere(self, changed: Sequence[tuple[Path, Value]], rank: Rank) -> Elsewhere:
        payload = self._payload
        for path, value in changed:
            payload = with_value(payload, path, value)
        landing = self._trials.landing(payload)
        hides = self._hides(landing, [path for path, _ in changed])
        changes = []
        for path, value in changed:
            hidden = self._hidden(path)
            changes.append(Change(path, value_at(self._payload, path), value, hidden, hidden or hides))
        return Elsewhere(tuple(changes), landing, rank)

    def _hidden(self, path: Path) -> bool:
        """Whether a member carries a label, or stands in the trace as something else than it is."""
        clear, told = value_at(self._payload, path), value_at(self._header.payload, path)
        return schema_at(self._schema, path)[1] or not same_value(clear, told)

    def _hides(self, landing: Landing, paths: Sequence[Path]) -> bool:
        """Whether the values were found by comparing with what carries a label."""
        pairs = zip(landing.way, self._trials.base.way, strict=False)
        parted = next((was[0] for now, was in pairs if now != was), None)
        hiding = [point for point in self._way if point.veiled]
        if parted is not None:
            return any(point.path == parted for point in hiding)
        return any(any(_touches(source, path) for path in paths) for point in hiding for source in point.depends)

    def _size(self, found: Elsewhere) -> tuple[int, Rank, bool, int, int, float]:
        change = found.changes[0]
        apart = not any(self._decides(change.path) for change in found.changes)
        rests = len(found.landing.rests)
        return len(found.changes), found.rank, apart, rests, *distance(change.seen, change.new)

    def _decides(self, path: Path) -> bool:
        return any(_touches(source, path) for source in self._decisive)

    def _order(self, seen: Value, landed: Landed) -> tuple[int, int, float]:
        value, rank = landed
        return rank, *distance(seen, value)

    def _near(self, path: Path) -> list[Value]:
        """Values to be tried at a member, nearest first."""
        if path not in self._nearby:
            self._nearby[path] = self._values(path)
        return self._nearby[path]

    def _values(self, path: Path) -> list[Value]:
        schema, _ = schema_at(self._schema, path)
        outside = self._trials.asks_admission
        values = near(value_at(self._payload, path), schema, self._pool(path), outside)
        if outside or not self._trials.base.admitted:
            return values
        return [one for one in values if not self._trials.problems(with_value(self._payload, path, one))]

    def _pool(self, path: Path) -> Pool:
        """What a member was compared with on the way, and what else was sent."""
        if path not in self._pools:
            touched = [point for point in self._way if any(_touches(source, path) for source in point.depends)]
            seen = [value for point in touched for value in point.seen]
            header = self._header
            sent = [value_at(self._payload, member) for member in self._shown]
            beside = [dict(header.actor), dict(header.config), *header.configs.values()]
            self._pools[path] = Pool(_unique(seen, False), _unique([*seen, *sent, *beside], True))
        return self._pools[path]


def _unique(values: Sequence[Value], names: bool) -> tuple[Value, ...]:
    found = dict.fromkeys((type(value), value) for value in scalars(values, names))
    return tuple(value for _, value in cast("dict[tuple[type, Value], None]", found))


def _touches(source: Source, path: Path) -> bool:
    """Whether a source may be a member, part of it, or what it stands in."""
    length = min(len(source.path), len(path))
    return source.kind == "payload" and source.path[:length] == path[:length]
