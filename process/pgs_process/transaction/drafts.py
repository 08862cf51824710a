"""Drafts: what a transaction would change of one value, kept beside it until the commit.

A draft reads like the value that it stands for, costs what was touched and not what is there, and gives the steps that
bring the real value up to date. A step is a call of built-in code, so a commit of several steps is one call too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from functools import partial
from typing import Protocol

Step = Callable[[], object]


class Missing(Enum):
    """Stands where there is no value."""

    MISSING = "MISSING"

    def __repr__(self) -> str:
        return self.name


MISSING = Missing.MISSING


class Draft(Protocol):
    """What all drafts can do."""

    level: int

    def snapshot(self) -> object:
        """What `restore` takes to come back to this moment."""

    def restore(self, kept: object) -> None:
        """Come back to an earlier moment; `None` is the time before the first change."""

    def steps(self) -> list[Step]:
        """The calls that bring the real value up to date."""

    def conflict(self) -> bool:
        """Whether somebody else has changed the real value since, as far as that shows in what was touched."""


NOTHING: frozenset[object] = frozenset()


class DictDraft:
    """Of a dict: `new` holds what was set, `gone` the keys of the dict that were taken out at any time."""

    __slots__ = ("base", "gone", "level", "new", "seen", "size")

    def __init__(self, base: dict[object, object]) -> None:
        self.base = base
        self.new: dict[object, object] = {}
        self.gone: set[object] | frozenset[object] = NOTHING
        self.size = self.seen = len(base)
        self.level = 0

    def __getitem__(self, key: object) -> object:
        new = self.new
        if key in new:
            return new[key]
        if key in self.gone:
            raise KeyError(key)
        return self.base[key]

    def get(self, key: object, default: object = None) -> object:
        new = self.new
        if key in new:
            return new[key]
        return default if key in self.gone else self.base.get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self.new or (key not in self.gone and key in self.base)

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[object]:
        base, gone = self.base, self.gone
        for key in base:
            if key not in gone:
                yield key
        for key in list(self.new):  # a body may set one of the dict's own keys meanwhile
            if key not in base or key in gone:
                yield key

    def __reversed__(self) -> Iterator[object]:
        return reversed(list(self))

    def items(self) -> Iterator[tuple[object, object]]:
        new, base = self.new, self.base
        for key in self:
            yield key, new[key] if key in new else base[key]

    def put(self, key: object, value: object) -> object:
        """Set a key; what was there before, or MISSING."""
        new = self.new
        old: object = MISSING
        if key in new:
            old = new[key]
        elif key in self.gone or key not in self.base:
            self.size += 1
        else:
            old = self.base[key]
        new[key] = value
        return old

    def take(self, key: object) -> object:
        """Take a key out; what was there.

        Raises:
            KeyError: it is not there.
        """
        old = self[key]
        self.new.pop(key, None)
        if key in self.base:
            if isinstance(self.gone, frozenset):
                self.gone = set()
            self.gone.add(key)
        self.size -= 1
        return old

    def clear(self) -> None:
        self.new = {}
        self.gone = set(self.base)
        self.size = 0

    def snapshot(self) -> object:
        return dict(self.new), set(self.gone) if self.gone else NOTHING, self.size

    def restore(self, kept: object) -> None:
        if isinstance(kept, tuple):
            self.new, self.gone, self.size = dict(kept[0]), kept[1], kept[2]
        else:
            self.new, self.gone, self.size = {}, NOTHING, self.seen

    def conflict(self) -> bool:
        return len(self.base) != self.seen

    def steps(self) -> list[Step]:
        steps: list[Step] = []
        if self.gone:
            if len(self.gone) == len(self.base):
                steps.append(self.base.clear)
            else:
                steps += [partial(self.base.pop, key, None) for key in self.gone]
        if self.new:
            steps.append(partial(self.base.update, self.new))
        return steps


class SetDraft:
    """Of a set: what was added and is not in it, and what of it was taken out."""

    __slots__ = ("added", "base", "gone", "level", "seen")

    def __init__(self, base: set[object]) -> None:
        self.base = base
        self.added: dict[object, None] = {}
        self.gone: set[object] = set()
        self.seen = len(base)
        self.level = 0

    def __contains__(self, value: object) -> bool:
        return value in self.added or (value in self.base and value not in self.gone)

    def __len__(self) -> int:
        return len(self.base) - len(self.gone) + len(self.added)

    def __iter__(self) -> Iterator[object]:
        for value in self.base:
            if value not in self.gone:
                yield value
        yield from self.added

    def add(self, value: object) -> bool:
        """Add a value; whether it was not there."""
        if value in self:
            return False
        if value in self.gone:
            self.gone.discard(value)
        else:
            self.added[value] = None
        return True

    def discard(self, value: object) -> bool:
        """Take a value out; whether it was there."""
        if value in self.added:
            del self.added[value]
            return True
        if value in self.base and value not in self.gone:
            self.gone.add(value)
            return True
        return False

    def snapshot(self) -> object:
        return dict(self.added), set(self.gone)

    def restore(self, kept: object) -> None:
        self.added, self.gone = (dict(kept[0]), set(kept[1])) if isinstance(kept, tuple) else ({}, set())

    def conflict(self) -> bool:
        return len(self.base) != self.seen

    def steps(self) -> list[Step]:
        steps: list[Step] = []
        if self.gone:
            steps.append(partial(self.base.difference_update, self.gone))
        if self.added:
            steps.append(partial(self.base.update, self.added))
        return steps
