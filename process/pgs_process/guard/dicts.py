"""Guarded dicts: they behave as the real one does, and write into its draft.

They are of type `dict`, because C code such as `json` asks for that. Their own storage holds one filler, which built-in
code that looks past the methods stumbles over instead of finding an empty dict.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import TYPE_CHECKING, cast

from pgs_process.detach import detached
from pgs_process.guard.core import is_there, place, real
from pgs_process.guard.live import LIVE, SealedAbstract, shell_class
from pgs_process.guard.plain import PlainAgain
from pgs_process.kinds import ATOMS
from pgs_process.transaction.drafts import MISSING, DictDraft

if TYPE_CHECKING:
    pass

_NONE_GIVEN = object()
_SIZE = "dictionary changed size during iteration"


class Keys(KeysView[object], metaclass=SealedAbstract):
    """The keys of a guarded dict, for as long as it lives."""

    __slots__ = ()

    def __reversed__(self) -> Iterator[object]:
        return reversed(self._mapping)  # type: ignore[attr-defined]  # a guarded dict

    def __repr__(self) -> str:
        return f"dict_keys({list(self)!r})"


class Values(ValuesView[object], metaclass=SealedAbstract):
    """The values of a guarded dict, for as long as it lives."""

    __slots__ = ()

    def __iter__(self) -> Iterator[object]:
        for pair in self._mapping.items():  # type: ignore[attr-defined]  # a guarded dict
            yield pair[1]

    def __reversed__(self) -> Iterator[object]:
        return (self._mapping[key] for key in reversed(self._mapping))  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return f"dict_values({list(self)!r})"


class Items(ItemsView[object, object], metaclass=SealedAbstract):
    """The pairs of a guarded dict, for as long as it lives."""

    __slots__ = ()

    def __iter__(self) -> Iterator[tuple[object, object]]:
        mapping = self._mapping  # type: ignore[attr-defined]  # a guarded dict
        core = LIVE[mapping]
        source = core.source
        size = len(source)  # type: ignore[arg-type]
        for key in source:  # type: ignore[attr-defined]  # not its `__iter__`, which gives the keys as a body sees them
            value = core.source[key]  # type: ignore[index]  # a dict or its draft
            shown = key if type(key) in ATOMS else core.frame.wrap(key, core, key, False)
            if type(value) in ATOMS:
                yield shown, value
            else:
                yield shown, core.frame.wrap(value, core, key, core.writes)
            if len(LIVE[mapping].source) != size:  # type: ignore[arg-type]  # the look-up says if it is over
                raise RuntimeError(_SIZE)

    def __reversed__(self) -> Iterator[tuple[object, object]]:
        return ((key, self._mapping[key]) for key in reversed(self._mapping))  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return f"dict_items({list(self)!r})"


class DictMethods(PlainAgain):
    """Every method of `dict`."""

    __slots__ = ()

    def __getitem__(self, key: object) -> object:
        core = LIVE[self]
        try:
            value = core.source[key]  # type: ignore[index]  # a dict or its draft
        except KeyError:
            if type(key) in ATOMS or (held := real(key)) is key:
                raise
            key, value = held, core.source[held]  # type: ignore[index]  # as above
        kind = type(value)
        if kind is int or kind is str or kind in ATOMS:
            return value
        return core.frame.wrap(value, core, key, core.writes)

    def get(self, key: object, default: object = None, /) -> object:
        core = LIVE[self]
        key = key if type(key) in ATOMS else real(key)
        value = core.source.get(key, MISSING)  # type: ignore[attr-defined]
        kind = type(value)
        if kind is int or kind is str or kind in ATOMS:
            return value
        return default if value is MISSING else core.frame.wrap(value, core, key, core.writes)

    def __contains__(self, key: object) -> bool:
        return (key if type(key) in ATOMS else real(key)) in LIVE[self].source  # type: ignore[operator]

    def __len__(self) -> int:
        return len(LIVE[self].source)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[object]:
        core = LIVE[self]
        source = core.source
        size = len(source)  # type: ignore[arg-type]
        for key in source:  # type: ignore[attr-defined]
            yield key if type(key) in ATOMS else core.frame.wrap(key, core, key, False)
            if len(LIVE[self].source) != size:  # type: ignore[arg-type]  # the look-up says if it is over
                raise RuntimeError(_SIZE)

    def __reversed__(self) -> Iterator[object]:
        core = LIVE[self]
        for key in reversed(list(core.source)):  # type: ignore[call-overload]
            yield key if type(key) in ATOMS else core.frame.wrap(key, core, key, False)
            _ = LIVE[self]

    def keys(self) -> Keys:
        return Keys(cast(Mapping[object, object], self))

    def values(self) -> Values:
        return Values(cast(Mapping[object, object], self))

    def items(self) -> Items:
        return Items(cast(Mapping[object, object], self))

    def __eq__(self, other: object) -> bool:
        return equal(self, other, dict)

    def __ne__(self, other: object) -> bool:
        result = equal(self, other, dict)
        return result if result is NotImplemented else not result

    __hash__ = object.__hash__

    def copy(self) -> dict[object, object]:
        return cast(dict[object, object], detached(self))

    def __or__(self, other: object) -> dict[object, object]:
        return self.copy() | _mapping(other) if isinstance(other, dict) else NotImplemented

    def __ror__(self, other: object) -> dict[object, object]:
        return _mapping(other) | self.copy() if isinstance(other, dict) else NotImplemented

    # --- writing --------------------------------------------------------------------------------------------------

    def __setitem__(self, key: object, value: object) -> None:
        core = LIVE[self]
        draft = core.draft
        if draft is None:
            draft = core.frame.touch(core)
        if type(key) not in ATOMS:
            key = _kept(draft, key)
        if type(value) not in ATOMS:
            if is_there(core.frame, value, draft.get(key, MISSING)):  # type: ignore[attr-defined]  # of a dict
                return
            value = detached(value)
        old = draft.put(key, value)  # type: ignore[attr-defined]  # of a dict; `cast` is a call, too slow here
        if type(old) not in ATOMS and old is not MISSING:
            old = core.frame.leaving(old)
        core.frame.journal.append((core.path if core.parent is None else place(core), "SET", key, old, value))

    def __delitem__(self, key: object) -> None:
        _take(self, key, "POP")

    def pop(self, key: object, default: object = _NONE_GIVEN, /) -> object:
        core = LIVE[self]
        if key not in core.source and default is not _NONE_GIVEN:  # type: ignore[operator]
            _ = core.draft or core.frame.touch(core)
            return default
        return _take(self, key, "POP")

    def popitem(self) -> tuple[object, object]:
        for key in reversed(self):
            return key, _take(self, key, "POPITEM")
        raise KeyError("popitem(): dictionary is empty")

    def setdefault(self, key: object, default: object = None, /) -> object:
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, other: object = (), /, **named: object) -> None:
        core = LIVE[self]
        _ = core.draft or core.frame.touch(core)
        for key, value in _pairs(other):
            self[key] = value
        for name, value in named.items():
            self[name] = value

    def __ior__(self, other: object) -> object:
        self.update(other)
        return self

    def clear(self) -> None:
        core = LIVE[self]
        draft = cast(DictDraft, core.draft or core.frame.touch(core))
        old = core.frame.leaving(dict(draft.items()))
        draft.clear()
        core.frame.journal.append((place(core), "CLEAR", None, old, {}))


def _kept(draft: object, key: object) -> object:
    """The key under which a value is put: the one that is there, or a copy of a new one."""
    held = real(key)
    return held if held in draft else detached(key)  # type: ignore[operator]  # of a dict


def _take(shell: DictMethods, key: object, op: str) -> object:
    core = LIVE[shell]
    draft = cast(DictDraft, core.draft or core.frame.touch(core))
    key = key if type(key) in ATOMS else real(key)
    value = draft.take(key)
    core.frame.journal.append((place(core), op, key, core.frame.leaving(value), MISSING))
    return detached(value, core.frame.drafts)


def _mapping(value: object) -> dict[object, object]:
    return cast(dict[object, object], detached(value))


def _pairs(other: object) -> Iterable[tuple[object, object]]:
    if isinstance(other, Mapping):
        return list(other.items())
    if hasattr(other, "keys"):
        return [(key, other[key]) for key in list(other.keys())]  # type: ignore[index]  # what `dict.update` asks for
    return ((key, value) for key, value in cast(Iterable[tuple[object, object]], other))


def equal(shell: object, other: object, kind: type) -> bool:
    """Whether a guarded container and another value hold the same."""
    if shell is other:
        return True
    if not isinstance(other, kind):
        return NotImplemented  # type: ignore[no-any-return]  # what comparing methods return
    return bool(detached(shell) == detached(other))


FILLER = type("LookedPastTheGuard", (), {"__slots__": ()})()

GuardedDict = shell_class("dict", (DictMethods, dict))

dict_size: Callable[[object], int] = cast(Callable[[object], int], dict.__len__)
"""How much a shell's own storage holds: the filler, and what was written past its methods."""


def new_dict() -> object:
    """A shell of a dict."""
    made: dict[object, object] = dict.__new__(GuardedDict)
    dict.__setitem__(made, FILLER, FILLER)
    return made
