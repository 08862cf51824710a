"""Copies of state that share nothing with it: plain data at every depth, without a guarded value in them."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterable, Mapping, MappingView
from contextlib import suppress
from typing import cast

from pgs_process.faults import ContractViolationError
from pgs_process.guard.live import core_of, is_shell
from pgs_process.kinds import ATOMS, Kind, kind_of

Drafts = Mapping[int, object]
"""By the identity of a real value: what a transaction has made of it."""

NO_DRAFTS: Drafts = {}


def detached(value: object, drafts: Drafts = NO_DRAFTS) -> object:
    """The same data again, of its own. What a transaction changed is read from its drafts.

    Raises:
        ContractViolationError: a value cannot be copied.
        DetachedError: a guarded value in it has outlived its transaction.
    """
    return value if type(value) in ATOMS else _copied(value, drafts, {})


def _copied(value: object, drafts: Drafts, memo: dict[int, object]) -> object:
    cls = type(value)
    if cls in ATOMS:
        return value
    if is_shell(value):
        core = core_of(value)
        core.check_whole()
        value, drafts = core.raw, core.frame.drafts
        cls = type(value)
    elif isinstance(value, MappingView):
        return [_copied(item, drafts, memo) for item in cast(Iterable[object], value)]
    known = memo.get(id(value))
    if known is not None:
        return known
    kind = kind_of(cls)
    source = drafts.get(id(value), value) if drafts else value
    if kind is Kind.ATOM:
        return value
    made: object
    if kind is Kind.DICT:
        entries: dict[object, object] = {}
        made = memo[id(value)] = entries
        for key, item in cast(dict[object, object], source).items():
            entries[key if type(key) in ATOMS else _copied(key, drafts, memo)] = (
                item if type(item) in ATOMS else _copied(item, drafts, memo)
            )
    elif kind is Kind.LIST:
        items: list[object] = []
        made = memo[id(value)] = items
        items.extend(
            item if type(item) in ATOMS else _copied(item, drafts, memo) for item in cast(list[object], source)
        )
    elif kind is Kind.SET:
        made = {_copied(item, drafts, memo) for item in cast(set[object], source)}
    elif kind is Kind.DEQUE:
        queue: deque[object] = deque(maxlen=cast(deque[object], value).maxlen)
        made = memo[id(value)] = queue
        queue.extend(_copied(item, drafts, memo) for item in cast(deque[object], source))
    elif kind is Kind.TUPLE or kind is Kind.FROZENSET:
        made = _copied_members(cast(tuple[object, ...], value), drafts, memo)
    elif kind is Kind.OBJECT and (source is not value or not hasattr(cls, "__deepcopy__")):
        made = _copied_object(value, source, drafts, memo)
    else:
        made = copied_opaque(value if source is value else source.value)  # type: ignore[attr-defined]  # an OpaqueDraft
    memo[id(value)] = made
    return made


def _copied_members(value: tuple[object, ...], drafts: Drafts, memo: dict[int, object]) -> object:
    members = [_copied(item, drafts, memo) for item in value]
    if all(new is old for new, old in zip(members, value, strict=True)):
        return value
    if isinstance(value, frozenset):
        return frozenset(members)
    return tuple.__new__(type(value), members)


def _copied_object(value: object, source: object, drafts: Drafts, memo: dict[int, object]) -> object:
    cls = type(value)
    made = memo[id(value)] = object.__new__(cls)
    changed = cast(dict[str, object], source.new) if source is not value else {}  # type: ignore[attr-defined]
    for name, item in {**attributes_of(value), **changed}.items():
        object.__setattr__(made, name, _copied(item, drafts, memo))
    return made


def attributes_of(value: object) -> dict[str, object]:
    """Every attribute that an object of a Python class holds, private ones too."""
    found: dict[str, object] = {}
    for cls in type(value).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for name in [slots] if isinstance(slots, str) else slots:
            full = f"_{cls.__name__.lstrip('_')}{name}" if name.startswith("__") and not name.endswith("__") else name
            if full in {"__dict__", "__weakref__", "_pgs_lock"}:
                continue
            try:
                found[full] = object.__getattribute__(value, full)
            except AttributeError:
                continue  # a slot that was never set
    with suppress(AttributeError):  # all its attributes may be slots
        found |= object.__getattribute__(value, "__dict__")
    return found


def copied_opaque(value: object) -> object:
    try:
        return copy.deepcopy(value)
    except (TypeError, copy.Error, NotImplementedError) as error:
        raise ContractViolationError(
            f"A `{type(value).__name__}` cannot be copied, so it cannot stand in the data zone; a field `heavy_…`"
            " holds it by reference."
        ) from error
