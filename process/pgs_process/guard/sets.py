"""Guarded sets: they behave as the real one does, and write into its draft. Their members are handed out read-only.

They are not of type `set`: `set(…)` copies the storage of its own kind without asking for its members.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableSet, Set
from typing import cast

from pgs_process.detach import detached
from pgs_process.guard.core import Core, place, real
from pgs_process.guard.live import LIVE, is_shell, shell_class
from pgs_process.guard.plain import PlainAgain
from pgs_process.kinds import ATOMS, Kind, kind_of
from pgs_process.transaction.drafts import MISSING, SetDraft


class SetMethods(PlainAgain):
    """Every method of `set`."""

    __slots__ = ()

    def __new__(cls, values: Iterable[object] = ()) -> object:  # type: ignore[misc]  # see PlainAgain
        return set(values)

    @property  # type: ignore[misc]  # so that `isinstance` knows it
    def __class__(self) -> type:
        return set

    def __contains__(self, value: object) -> bool:
        source = LIVE[self].source
        if is_shell(value) or _without_code(value):
            return real(value) in source  # type: ignore[operator]  # a set or its draft
        # A member would be handed to the `__eq__` of the value as it is.
        return any(item == value for item in self)

    def __len__(self) -> int:
        return len(LIVE[self].source)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[object]:
        core = LIVE[self]
        size = len(core.source)  # type: ignore[arg-type]
        for value in core.source:  # type: ignore[attr-defined]
            yield value if type(value) in ATOMS else core.frame.wrap(value, core, value, False)
            if len(LIVE[self].source) != size:  # type: ignore[arg-type]
                raise RuntimeError("Set changed size during iteration")

    def copy(self) -> set[object]:
        return cast(set[object], detached(self))

    def __eq__(self, other: object) -> bool:
        return set(self) == set(other) if isinstance(other, Set) else NotImplemented

    __hash__ = object.__hash__

    def __le__(self, other: object) -> bool:
        return set(self) <= set(other) if isinstance(other, Set) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return set(self) < set(other) if isinstance(other, Set) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return set(self) >= set(other) if isinstance(other, Set) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return set(self) > set(other) if isinstance(other, Set) else NotImplemented

    def __or__(self, other: object) -> set[object]:
        return set(self) | set(other) if isinstance(other, Set) else NotImplemented

    def __and__(self, other: object) -> set[object]:
        return set(self) & set(other) if isinstance(other, Set) else NotImplemented

    def __sub__(self, other: object) -> set[object]:
        return set(self) - set(other) if isinstance(other, Set) else NotImplemented

    def __xor__(self, other: object) -> set[object]:
        return set(self) ^ set(other) if isinstance(other, Set) else NotImplemented

    # What stands on the left tells what comes out: a frozen set stays one.

    def __ror__(self, other: object) -> Set[object]:
        return other | set(self) if isinstance(other, Set) else NotImplemented

    def __rand__(self, other: object) -> Set[object]:
        return other & set(self) if isinstance(other, Set) else NotImplemented

    def __rsub__(self, other: object) -> Set[object]:
        return other - set(self) if isinstance(other, Set) else NotImplemented

    def __rxor__(self, other: object) -> Set[object]:
        return other ^ set(self) if isinstance(other, Set) else NotImplemented

    def issubset(self, other: Iterable[object]) -> bool:
        return set(self).issubset(other)

    def issuperset(self, other: Iterable[object]) -> bool:
        return set(self).issuperset(other)

    def isdisjoint(self, other: Iterable[object]) -> bool:
        return set(self).isdisjoint(other)

    def union(self, *others: Iterable[object]) -> set[object]:
        return set(self).union(*others)

    def intersection(self, *others: Iterable[object]) -> set[object]:
        return set(self).intersection(*others)

    def difference(self, *others: Iterable[object]) -> set[object]:
        return set(self).difference(*others)

    def symmetric_difference(self, other: Iterable[object]) -> set[object]:
        return set(self).symmetric_difference(other)

    # --- writing --------------------------------------------------------------------------------------------------

    def add(self, value: object) -> None:
        core, draft = _writing(self)
        if type(value) not in ATOMS and real(value) in draft:
            return
        member = value if type(value) in ATOMS else detached(value)
        if draft.add(member):
            core.frame.journal.append((place(core), "ADD", member, MISSING, member))

    def discard(self, value: object) -> None:
        core, draft = _writing(self)
        if value in self:
            _discard(core, draft, value if type(value) in ATOMS else real(value))

    def remove(self, value: object) -> None:
        _ = _writing(self)
        if value not in self:
            raise KeyError(value)
        self.discard(value)

    def pop(self) -> object:
        core, draft = _writing(self)
        for value in draft:
            _discard(core, draft, value)
            return detached(value, core.frame.drafts)
        raise KeyError("pop from an empty set")

    def clear(self) -> None:
        core, draft = _writing(self)
        for value in list(draft):
            _discard(core, draft, value)

    def update(self, *others: Iterable[object]) -> None:
        _ = _writing(self)
        for other in others:
            for value in list(other):
                self.add(value)

    def difference_update(self, *others: Iterable[object]) -> None:
        _ = _writing(self)
        for other in others:
            for value in list(other):
                self.discard(value)

    def intersection_update(self, *others: Iterable[object]) -> None:
        self.difference_update(self.difference(self.intersection(*others)))

    def symmetric_difference_update(self, other: Iterable[object]) -> None:
        for value in set(other):
            if value in self:
                self.discard(value)
            else:
                self.add(value)

    def __ior__(self, other: Iterable[object]) -> object:  # type: ignore[misc]  # it gives the set itself
        self.update(other)
        return self

    def __isub__(self, other: Iterable[object]) -> object:  # type: ignore[misc]  # it gives the set itself
        self.difference_update(other)
        return self

    def __iand__(self, other: Iterable[object]) -> object:  # type: ignore[misc]  # it gives the set itself
        self.intersection_update(other)
        return self

    def __ixor__(self, other: Iterable[object]) -> object:  # type: ignore[misc]  # it gives the set itself
        self.symmetric_difference_update(other)
        return self


def _writing(shell: object) -> tuple[Core, SetDraft]:
    core = LIVE[shell]
    return core, cast(SetDraft, core.draft or core.frame.touch(core))


def _discard(core: Core, draft: SetDraft, member: object) -> None:
    if draft.discard(member):
        core.frame.journal.append((place(core), "DISCARD", member, member, MISSING))


def _without_code(value: object) -> bool:
    """Whether comparing with this runs no code of anybody's: other values would be handed members as they are."""
    kind = kind_of(type(value))
    if kind is Kind.TUPLE or kind is Kind.FROZENSET:
        return all(type(item) in ATOMS or _without_code(item) for item in cast(Iterable[object], value))
    return kind is Kind.ATOM


GuardedSet = shell_class("set", (SetMethods,))
MutableSet.register(GuardedSet)


def new_set() -> object:
    """A shell of a set."""
    return object.__new__(GuardedSet)
