"""Where a value of a run can come from: payload, actor, configuration, the run, a store, the outside, a signal.

Laws:
* nothing is left out: what a value may follow from is among its sources;
* a source that is exact says that the value is that very member; of any other only that it may depend on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

from pgs_snapshot import model
from pgs_snapshot.frozen import frozen

Kind: TypeAlias = Literal["payload", "actor", "config", "run", "store", "outside", "signal"]
Path: TypeAlias = tuple[str | int, ...]


@frozen
class Source:
    """`path`: of a member. `name`: the store, the external side effect, or the event."""

    kind: Kind
    path: Path = ()
    name: str = ""
    exact: bool = True

    def below(self, step: str | int) -> Source:
        return replace(self, path=(*self.path, step)) if self.exact else self

    def mixed(self) -> Source:
        return replace(self, exact=False) if self.exact else self


Sources: TypeAlias = frozenset[Source]


@frozen
class Flow:
    """A value by its sources. `members`: of an object or list that is put together; `spread`: of a list that a path
    with one wildcard selects, what is before it, and the steps behind it."""

    sources: Sources = frozenset()
    members: Mapping[str | int, Flow] | None = None
    spread: tuple[Flow, Path] | None = None

    def at(self, *steps: str | int) -> Flow:
        """The flow of a part."""
        here = self
        for step in steps:
            here = here._part(step)
        return here

    def _part(self, step: str | int) -> Flow:
        if self.members is not None:
            return self.members.get(step, Flow(self.sources))
        if self.spread is not None and isinstance(step, int):
            before, behind = self.spread
            return before.at(step, *behind)
        return Flow(frozenset(source.below(step) for source in self.sources))

    @property
    def all(self) -> Sources:
        """Every source of it and of its parts."""
        return self.sources.union(*(part.all for part in (self.members or {}).values()))


NOTHING = Flow()


def of(*sources: Source) -> Flow:
    return Flow(frozenset(sources))


def mixed(sources: Iterable[Source]) -> Sources:
    """What depends on all of these."""
    return frozenset(source.mixed() for source in sources)


def flow(expr: model.Expr, slots: Sequence[Flow]) -> Flow:
    """The flow of an expression; `slots` are those that it sees."""
    match expr:
        case model.Literal_():
            return NOTHING
        case model.Ref(slot, path):
            return _slot(slots, slot).at(*path)
        case model.Query(slot, path):
            return _selected(_slot(slots, slot), path)
        case model.Default(value, otherwise):
            first, second = flow(value, slots), flow(otherwise, slots)
            return Flow(first.all | mixed(second.all)) if second.all else first
        case model.Text(parts):
            return Flow(mixed(source for part in parts for source in flow(part, slots).all))
        case model.Items(items):
            return Flow(members={number: flow(item, slots) for number, item in enumerate(items)})
        case model.Record(members):
            return record(members, slots)


def record(members: Mapping[str, model.Expr], slots: Sequence[Flow]) -> Flow:
    return Flow(members={name: flow(member, slots) for name, member in members.items()})


def compared(condition: model.Condition, slots: Sequence[Flow]) -> Sources:
    """What a condition may look at."""
    operands = [operand for compare in model.comparisons(condition) for operand in compare.operands]
    return frozenset(source for operand in operands for source in flow(operand, slots).all)


def _slot(slots: Sequence[Flow], slot: int) -> Flow:
    return slots[slot] if slot < len(slots) else NOTHING


def _selected(start: Flow, path: Sequence[str | int | model.Slice | model.Wildcard]) -> Flow:
    before: list[str | int] = []
    for number, step in enumerate(path):
        if isinstance(step, str | int):
            before.append(step)
            continue
        base, behind = start.at(*before), path[number + 1 :]
        names = [name for name in behind if isinstance(name, str | int)]
        if isinstance(step, model.Wildcard) and len(names) == len(behind):
            return Flow(mixed(base.all), spread=(base, tuple(names)))
        return Flow(mixed(base.all))
    return start.at(*before)
