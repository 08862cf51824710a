"""Drafts of objects: the attributes that were set, and how they are written."""

from __future__ import annotations

from functools import partial

from pgs_process.transaction.drafts import MISSING, Step

read_attribute = object.__getattribute__


class ObjectDraft:
    """Of an object with attributes: `new` holds what was set, `old` what was found there at the first write of each."""

    __slots__ = ("base", "level", "new", "old")

    def __init__(self, base: object) -> None:
        self.base = base
        self.new: dict[str, object] = {}
        self.old: dict[str, object] = {}
        self.level = 0

    def get(self, name: str) -> object:
        """The attribute as the transaction has it.

        Raises:
            AttributeError: there is none.
        """
        new = self.new
        return new[name] if name in new else read_attribute(self.base, name)

    def now(self, name: str) -> object:
        """As `get`, or MISSING."""
        new = self.new
        return new[name] if name in new else held(self.base, name)

    def put(self, name: str, value: object) -> object:
        """Set an attribute; what was there before, or MISSING."""
        new = self.new
        if name in new:
            before = new[name]
        else:
            before = self.old[name] = held(self.base, name)
        new[name] = value
        return before

    def snapshot(self) -> object:
        return dict(self.new)

    def restore(self, kept: object) -> None:
        self.new = dict(kept) if isinstance(kept, dict) else {}

    def conflict(self) -> bool:
        return any(held(self.base, name) is not self.old[name] for name in self.new)

    def steps(self) -> list[Step]:
        base = self.base
        write = object.__setattr__ if writes_plainly(type(base)) else setattr
        return [partial(write, base, name, value) for name, value in self.new.items()]

    def undo(self) -> list[Step]:
        """The calls that take `steps` back, for classes whose own code may refuse a write."""
        base, old = self.base, self.old
        return [
            partial(object.__delattr__, base, name)
            if old[name] is MISSING
            else partial(object.__setattr__, base, name, old[name])
            for name in self.new
        ]


def held(base: object, name: str) -> object:
    """What an object's attribute holds, or MISSING."""
    try:
        return read_attribute(base, name)
    except AttributeError:
        return MISSING


_PLAIN: dict[type, bool] = {}


def writes_plainly(cls: type) -> bool:
    """Whether no code of the class has a say when an attribute is written: no `__setattr__` but ours, no property."""
    plain = _PLAIN.get(cls)
    if plain is None:
        write: object = cls.__setattr__
        plain = _PLAIN[cls] = bool(getattr(write, "_plain", write is object.__setattr__))
    return plain
