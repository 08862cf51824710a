"""Guarded lists: they behave as the real one does, and write into its draft."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from typing import SupportsIndex, cast

from pgs_process.detach import detached
from pgs_process.guard.core import Core, is_there, place
from pgs_process.guard.dicts import FILLER, equal
from pgs_process.guard.live import LIVE, shell_class
from pgs_process.guard.plain import PlainAgain
from pgs_process.kinds import ATOMS
from pgs_process.transaction.drafts import MISSING
from pgs_process.transaction.sequences import ListDraft

Key = int | slice


class Reading(PlainAgain):
    """What lists and deques have in common: items by place, in order."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(LIVE[self].source)  # type: ignore[arg-type]  # a sequence or its draft

    def __iter__(self) -> Iterator[object]:
        place = 0
        while True:
            core = LIVE[self]
            if place >= len(core.source):  # type: ignore[arg-type]
                return
            value = core.source[place]  # type: ignore[index]
            yield value if type(value) in ATOMS else core.frame.wrap(value, core, place, core.writes)
            place += 1

    def __reversed__(self) -> Iterator[object]:
        place = len(self)
        while place > 0:
            place -= 1
            core = LIVE[self]
            if place < len(core.source):  # type: ignore[arg-type]
                value = core.source[place]  # type: ignore[index]
                yield value if type(value) in ATOMS else core.frame.wrap(value, core, place, core.writes)

    def __contains__(self, value: object) -> bool:
        return any(item is value or item == value for item in self)

    def index(self, value: object, start: int = 0, stop: int | None = None, /) -> int:
        for at, item in enumerate(self):
            if (item is value or item == value) and at in range(len(self))[start:stop]:
                return at
        raise ValueError(f"{value!r} is not in list")

    def count(self, value: object) -> int:
        return sum(item is value or item == value for item in self)


class ListMethods(Reading):
    """Every method of `list`."""

    __slots__ = ()

    def __getitem__(self, key: SupportsIndex | slice) -> object:
        core = LIVE[self]
        source = core.source
        if isinstance(key, slice):
            places = range(*key.indices(len(source)))  # type: ignore[arg-type]
            return [_item(core, at) for at in places]
        value = source[key]  # type: ignore[index]
        if type(value) in ATOMS:
            return value
        at = operator.index(key)
        return core.frame.wrap(value, core, at + len(source) if at < 0 else at, core.writes)  # type: ignore[arg-type]

    def __eq__(self, other: object) -> bool:
        return equal(self, other, list)

    def __ne__(self, other: object) -> bool:
        result = equal(self, other, list)
        return result if result is NotImplemented else not result

    __hash__ = object.__hash__

    def __lt__(self, other: object) -> bool:
        return self.copy() < _listed(other) if isinstance(other, list) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self.copy() <= _listed(other) if isinstance(other, list) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self.copy() > _listed(other) if isinstance(other, list) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self.copy() >= _listed(other) if isinstance(other, list) else NotImplemented

    def copy(self) -> list[object]:
        return cast(list[object], detached(self))

    def __add__(self, other: object) -> list[object]:
        return self.copy() + _listed(other) if isinstance(other, list) else NotImplemented

    def __radd__(self, other: object) -> list[object]:
        return _listed(other) + self.copy() if isinstance(other, list) else NotImplemented

    def __mul__(self, times: SupportsIndex) -> list[object]:
        return self.copy() * times

    __rmul__ = __mul__

    # --- writing --------------------------------------------------------------------------------------------------

    def append(self, value: object) -> None:
        core = LIVE[self]
        draft: ListDraft = core.draft or core.frame.touch(core)  # type: ignore[assignment]  # that of a list is one
        if type(value) not in ATOMS:
            value = detached(value)
        path = core.path if core.parent is None else place(core)
        core.frame.journal.append((path, "APPEND", len(draft), MISSING, value))
        draft.extend((value,))

    def extend(self, values: Iterable[object]) -> None:
        core, draft = _writing(self)
        if values is self:
            values = self.copy()
        new = [value if type(value) in ATOMS else detached(value) for value in values]
        core.frame.journal.append((place(core), "EXTEND", len(draft), MISSING, new))
        draft.extend(new)

    def __iadd__(self, values: Iterable[object]) -> object:  # type: ignore[misc]  # other than `+`, it takes any values
        self.extend(values)
        return self

    def __imul__(self, times: SupportsIndex) -> object:
        if (number := operator.index(times)) <= 0:
            self.clear()
        else:
            self.extend(self.copy() * (number - 1))
        return self

    def insert(self, index: SupportsIndex, value: object) -> None:
        core, draft = _writing(self)
        if type(value) not in ATOMS:
            value = detached(value)
        at = min(max(_from_front(operator.index(index), len(draft)), 0), len(draft))
        core.frame.journal.append((place(core), "INSERT", at, MISSING, value))
        draft.moved().insert(at, value)

    def __setitem__(self, key: SupportsIndex | slice, value: object) -> None:
        core, draft = _writing(self)
        if isinstance(key, slice):
            new = [detached(item) for item in (self.copy() if value is self else cast(Iterable[object], value))]
            _rearranged(core, draft, "SLICE", lambda items: items.__setitem__(key, new))
            return
        at = _existing(key, draft, "list assignment index out of range")
        if type(value) not in ATOMS:
            if is_there(core.frame, value, draft[at]):
                return
            value = detached(value)
        old = core.frame.leaving(draft[at])
        draft.put(at, value)
        core.frame.journal.append((core.path if core.parent is None else place(core), "SET", at, old, value))

    def __delitem__(self, key: SupportsIndex | slice) -> None:
        core, draft = _writing(self)
        if isinstance(key, slice):
            _rearranged(core, draft, "SLICE", lambda items: items.__delitem__(key))
        else:
            _take(core, draft, _existing(key, draft, "list assignment index out of range"), "POP")

    def pop(self, index: SupportsIndex = -1, /) -> object:
        core, draft = _writing(self)
        if not len(draft):
            raise IndexError("pop from empty list")
        return _take(core, draft, _existing(index, draft, "pop index out of range"), "POP")

    def remove(self, value: object) -> None:
        core, draft = _writing(self)
        for at, item in enumerate(self):
            if item is value or item == value:
                _take(core, draft, at, "REMOVE")
                return
        raise ValueError("list.remove(x): x not in list")

    def clear(self) -> None:
        core, draft = _writing(self)
        _rearranged(core, draft, "CLEAR", list.clear)

    def reverse(self) -> None:
        core, draft = _writing(self)
        _rearranged(core, draft, "REVERSE", list.reverse)

    def sort(self, *, key: object = None, reverse: bool = False) -> None:
        core, draft = _writing(self)
        shown = list(self)
        by = (lambda at: shown[at]) if key is None else (lambda at: key(shown[at]))  # type: ignore[operator]
        order = sorted(range(len(shown)), key=by, reverse=reverse)  # type: ignore[arg-type]
        raw = list(draft)
        _rearranged(core, draft, "SORT", lambda items: items.__setitem__(slice(None), [raw[at] for at in order]))


def _writing(shell: object) -> tuple[Core, ListDraft]:
    core = LIVE[shell]
    return core, cast(ListDraft, core.draft or core.frame.touch(core))


def _from_front(index: int, size: int) -> int:
    return index + size if index < 0 else index


def _existing(index: SupportsIndex, draft: ListDraft, otherwise: str) -> int:
    at = _from_front(operator.index(index), len(draft))
    if not 0 <= at < len(draft):
        raise IndexError(otherwise)
    return at


def _take(core: Core, draft: ListDraft, at: int, op: str) -> object:
    path = place(core)
    value = draft.take(at)
    core.frame.journal.append((path, op, at, core.frame.leaving(value), MISSING))
    return detached(value, core.frame.drafts)


def _rearranged(core: Core, draft: ListDraft, op: str, change: object) -> None:
    path = place(core)
    old = core.frame.leaving(list(draft))
    change(draft.moved())  # type: ignore[operator]  # a function of a list
    core.frame.journal.append((path, op, None, old, core.frame.leaving(list(draft.moved()))))


def _item(core: Core, at: int) -> object:
    value = core.source[at]  # type: ignore[index]
    return value if type(value) in ATOMS else core.frame.wrap(value, core, at, core.writes)


def _listed(value: object) -> list[object]:
    return cast(list[object], detached(value))


GuardedList = shell_class("list", (ListMethods, list))


def new_list() -> object:
    """A shell of a list; comparing its fillers fails, which is what C code that looks past the methods does first."""
    made: list[object] = list.__new__(GuardedList)
    list.extend(made, (FILLER, FILLER))
    return made
