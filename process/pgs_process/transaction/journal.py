"""The journal of a transaction: one entry an operation, enough to do it again and to take it back."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from pgs_process.detach import detached
from pgs_process.layers import layer_of
from pgs_process.paths import Path, render
from pgs_process.transaction.drafts import MISSING
from pgs_process.zones import Zone, resolve_zone

Entry = tuple[Path, str, object, object, object]
"""Which value was changed; the operation; the key, index, attribute or member; what was there before; what is there
now."""

WHOLE = frozenset({"SORT", "REVERSE", "CLEAR", "SLICE", "REPLACE"})
"""Operations that are told by everything that was there before and everything that is there now."""

_INVERSE = {
    "APPEND": "POP", "INSERT": "POP", "POP": "INSERT", "POPITEM": "INSERT", "REMOVE": "INSERT",
    "EXTEND": "CUT", "CUT": "EXTEND", "ADD": "DISCARD", "DISCARD": "ADD", **dict.fromkeys(WHOLE, "REPLACE"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One operation on the state.

    `path` is the value that was changed, with its layer first; `key` the attribute, key, index or member in it, or None
    where the operation concerns it whole; `old` and `new` are plain data, or MISSING where there is none.
    """

    path: Path
    op: str
    key: object
    old: object
    new: object

    @property
    def place(self) -> str:
        """The path with the key, as contracts write it."""
        return render(self.path if self.key is None else (*self.path, self.key))

    @property
    def inverse(self) -> Change:
        """The operation that takes this one back."""
        if self.op == "SET":
            return Change(self.path, "POP" if self.old is MISSING else "SET", self.key, self.new, self.old)
        return Change(self.path, _INVERSE[self.op], self.key, self.new, self.old)


class Delta(tuple[Change, ...]):
    """What one transaction changed, in the order in which it did. The inverse of its inverse does the same again."""

    __slots__ = ()

    @property
    def inverse(self) -> Delta:
        """What takes all of it back."""
        return Delta(change.inverse for change in reversed(self))

    def __repr__(self) -> str:
        return f"Delta({', '.join(f'{change.op} {change.place}' for change in self)})"


def delta_of(entries: Iterable[Entry]) -> Delta:
    """The changes as data of their own, which later transactions do not reach."""
    return Delta(
        Change(path, op, key, old, new)
        if len(path) == 1 and resolve_zone(str(key)) is Zone.HEAVY  # by reference, as the field holds them
        else Change(path, op, key, detached(old), detached(new))
        for path, op, key, old, new in entries
    )


def apply(delta: Iterable[Change], system: object) -> None:
    """Do the changes to a context in the state in which they were found, in place and without any guard.

    Raises:
        LookupError: there is nothing at one of the paths.
    """
    for change in delta:
        _apply(change, _found(system, change.path))


def _found(system: object, path: Path) -> object:
    value = layer_of(system, str(path[0]))
    for key in path[1:]:
        if isinstance(value, dict | list | tuple | deque):
            value = cast(dict[object, object], value)[key]
        else:
            value = object.__getattribute__(value, str(key))
    return value


def _apply(change: Change, target: object) -> None:
    op, key = change.op, change.key
    new = change.new if resolve_zone(str(key)) is Zone.HEAVY else detached(change.new)
    if op in WHOLE:
        _replace(target, new)
    elif op in {"ADD", "DISCARD"}:
        members = cast(set[object], target)
        members.add(key) if op == "ADD" else members.discard(key)
    elif isinstance(target, dict):
        if op in {"SET", "INSERT"}:
            target[key] = new
        else:
            del target[key]
    elif isinstance(target, list | deque):
        _apply_to_sequence(change, cast(list[object], target), new)
    elif op in {"SET", "INSERT"}:
        object.__setattr__(target, str(key), new)
    else:
        object.__delattr__(target, str(key))


def _apply_to_sequence(change: Change, target: list[object], new: object) -> None:
    index = cast(int, change.key)
    if change.op == "SET":
        target[index] = new
    elif change.op in {"APPEND", "INSERT"}:
        target.insert(index, new)
    elif change.op == "EXTEND":
        target.extend(cast(list[object], new))
    elif change.op == "CUT":
        for _ in cast(list[object], change.old):
            target.pop()
    else:
        del target[index]


def _replace(target: object, new: object) -> None:
    if isinstance(target, dict | set):
        target.clear()
        target.update(cast(dict[object, object], new))
    elif isinstance(target, deque):
        target.clear()
        target.extend(cast(Iterable[object], new))
    else:
        cast(list[object], target)[:] = cast(Iterable[object], new)
