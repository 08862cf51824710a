"""Guarded deques: they behave as the real one does, and write into its draft."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Iterable, Iterator, MutableSequence
from typing import SupportsIndex, cast

from pgs_process.detach import detached
from pgs_process.guard.core import Core, is_there, place
from pgs_process.guard.lists import Reading
from pgs_process.guard.live import LIVE, shell_class
from pgs_process.kinds import ATOMS
from pgs_process.transaction.drafts import MISSING
from pgs_process.transaction.sequences import DequeDraft


class DequeMethods(Reading):
    """Every method of `deque`."""

    __slots__ = ()

    def __new__(cls, values: Iterable[object] = (), maxlen: int | None = None) -> object:  # type: ignore[misc]  # see PlainAgain
        return deque(values, maxlen)

    def __iter__(self) -> Iterator[object]:
        size = len(self)
        for item in super().__iter__():
            yield item
            if len(self) != size:
                raise RuntimeError("deque mutated during iteration")

    @property  # type: ignore[misc]  # so that `isinstance` knows it
    def __class__(self) -> type:
        return deque

    @property
    def maxlen(self) -> int | None:
        return cast("deque[object]", LIVE[self].raw).maxlen

    def __getitem__(self, index: SupportsIndex) -> object:
        core = LIVE[self]
        at = operator.index(index)
        value = core.source[at]  # type: ignore[index]  # a deque or its draft
        if type(value) in ATOMS:
            return value
        return core.frame.wrap(value, core, at + len(self) if at < 0 else at, core.writes)

    def __eq__(self, other: object) -> bool:
        return self.copy() == detached(other) if isinstance(other, deque | DequeMethods) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self.copy() < _deque(other) if isinstance(other, deque | DequeMethods) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self.copy() > _deque(other) if isinstance(other, deque | DequeMethods) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self.copy() <= _deque(other) if isinstance(other, deque | DequeMethods) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self.copy() >= _deque(other) if isinstance(other, deque | DequeMethods) else NotImplemented

    __hash__ = object.__hash__

    def copy(self) -> deque[object]:
        return _deque(self)

    def __add__(self, other: object) -> deque[object]:
        return self.copy() + _deque(other) if isinstance(other, deque | DequeMethods) else NotImplemented

    def __radd__(self, other: object) -> deque[object]:
        return _deque(other) + self.copy() if isinstance(other, deque | DequeMethods) else NotImplemented

    def __mul__(self, times: int) -> deque[object]:
        return self.copy() * times

    __rmul__ = __mul__

    # --- writing --------------------------------------------------------------------------------------------------

    def append(self, value: object) -> None:
        core, draft = _writing(self)
        if draft.maxlen is not None and len(draft) >= draft.maxlen:
            if not draft.maxlen:
                return
            self.popleft()
        new = value if type(value) in ATOMS else detached(value)
        core.frame.journal.append((place(core), "APPEND", len(draft), MISSING, new))
        draft.append(new)

    def appendleft(self, value: object) -> None:
        core, draft = _writing(self)
        if draft.maxlen is not None and len(draft) >= draft.maxlen:
            if not draft.maxlen:
                return
            self.pop()
        new = value if type(value) in ATOMS else detached(value)
        core.frame.journal.append((place(core), "INSERT", 0, MISSING, new))
        draft.append_left(new)

    def extend(self, values: Iterable[object]) -> None:
        _ = _writing(self)
        for value in self.copy() if values is self else values:
            self.append(value)

    def extendleft(self, values: Iterable[object]) -> None:
        _ = _writing(self)
        for value in self.copy() if values is self else values:
            self.appendleft(value)

    def __iadd__(self, values: Iterable[object]) -> object:  # type: ignore[misc]  # other than `+`, it takes any values
        self.extend(values)
        return self

    def __imul__(self, times: int) -> object:
        self._replaced("REPLACE", self.copy() * times)
        return self

    def insert(self, index: SupportsIndex, value: object) -> None:
        core, draft = _writing(self)
        if draft.maxlen is not None and len(draft) >= draft.maxlen:
            raise IndexError("deque already at its maximum size")
        at = operator.index(index)
        at = min(max(at + len(draft) if at < 0 else at, 0), len(draft))
        new = value if type(value) in ATOMS else detached(value)
        core.frame.journal.append((place(core), "INSERT", at, MISSING, new))
        draft.moved().insert(at, new)

    def __setitem__(self, index: SupportsIndex, value: object) -> None:
        core, draft = _writing(self)
        at = _existing(index, draft)
        if type(value) not in ATOMS and is_there(core.frame, value, draft[at]):
            return
        new = value if type(value) in ATOMS else detached(value)
        old = core.frame.leaving(draft[at])
        draft.put(at, new)
        core.frame.journal.append((place(core), "SET", at, old, new))

    def __delitem__(self, index: SupportsIndex) -> None:
        core, draft = _writing(self)
        _take(core, draft, _existing(index, draft), "POP")

    def pop(self) -> object:
        core, draft = _writing(self)
        if not len(draft):
            raise IndexError("pop from an empty deque")
        return _take(core, draft, len(draft) - 1, "POP")

    def popleft(self) -> object:
        core, draft = _writing(self)
        if not len(draft):
            raise IndexError("pop from an empty deque")
        return _take(core, draft, 0, "POP")

    def remove(self, value: object) -> None:
        core, draft = _writing(self)
        for at, item in enumerate(self):
            if item is value or item == value:
                _take(core, draft, at, "REMOVE")
                return
        raise ValueError("deque.remove(x): x not in deque")

    def clear(self) -> None:
        self._replaced("CLEAR", ())

    def reverse(self) -> None:
        self._replaced("REVERSE", list(_writing(self)[1])[::-1])

    def rotate(self, n: int = 1) -> None:
        turned = deque(_writing(self)[1])
        turned.rotate(n)
        self._replaced("REPLACE", turned)

    def _replaced(self, op: str, values: Iterable[object]) -> None:
        core, draft = _writing(self)
        path = place(core)
        old = core.frame.leaving(list(draft))
        draft.items = deque(values, draft.maxlen)
        core.frame.journal.append((path, op, None, old, core.frame.leaving(list(draft.items))))


def _writing(shell: object) -> tuple[Core, DequeDraft]:
    core = LIVE[shell]
    return core, cast(DequeDraft, core.draft or core.frame.touch(core))


def _existing(index: SupportsIndex, draft: DequeDraft) -> int:
    at = operator.index(index)
    at = at + len(draft) if at < 0 else at
    if not 0 <= at < len(draft):
        raise IndexError("deque index out of range")
    return at


def _take(core: Core, draft: DequeDraft, at: int, op: str) -> object:
    path = place(core)
    value = draft.take(at)
    core.frame.journal.append((path, op, at, core.frame.leaving(value), MISSING))
    return detached(value, core.frame.drafts)


def _deque(value: object) -> deque[object]:
    return cast("deque[object]", detached(value))


GuardedDeque = shell_class("deque", (DequeMethods,))
MutableSequence.register(GuardedDeque)


def new_deque() -> object:
    """A shell of a deque."""
    return object.__new__(GuardedDeque)
