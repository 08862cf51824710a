"""Which parts of a declaration can hold what, by the annotations of its classes: nothing else is looked into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar, get_args, get_type_hints

T = TypeVar("T")
W = TypeVar("W")


def found_in(item: object, wanted: type[T]) -> Iterator[T]:
    """Every object of a class that a part of a declaration holds, in the order of its fields; none within another."""
    if isinstance(item, wanted):
        yield item
    elif isinstance(item, tuple):
        for part in item:
            yield from found_in(part, wanted)
    else:
        for name in parts_with(type(item), wanted):
            yield from found_in(getattr(item, name), wanted)


def replaced(item: T, wanted: type[W], change: Callable[[W], W]) -> T:
    """A copy in which every object of a class has gone through `change`; the same object where nothing changed."""
    if isinstance(item, wanted):
        return change(item)  # type: ignore[return-value]
    if isinstance(item, tuple):
        parts = tuple(replaced(part, wanted, change) for part in item)
        changed = any(new is not old for new, old in zip(parts, item, strict=True))
        return parts if changed else item  # type: ignore[return-value]
    changes = {}
    for name in parts_with(type(item), wanted):
        old = getattr(item, name)
        new = replaced(old, wanted, change)
        if new is not old:
            changes[name] = new
    return replace(item, **changes) if changes else item  # type: ignore[type-var]


_PARTS: dict[tuple[type, type], tuple[str, ...]] = {}


def parts_with(kind: type, wanted: type) -> tuple[str, ...]:
    """The fields of a dataclass in which an object of `wanted` can stand, however deep; none of any other class."""
    known = _PARTS.get((kind, wanted))
    if known is None:
        hints = get_type_hints(kind) if is_dataclass(kind) else {}
        known = tuple(each.name for each in fields(kind) if _reaches(hints[each.name], wanted, set())) if hints else ()
        _PARTS[kind, wanted] = known
    return known


def _reaches(hint: object, wanted: type, seen: set[type]) -> bool:
    """Whether an annotation leads to a class; `seen` are the classes that were looked into."""
    if any(_reaches(part, wanted, seen) for part in get_args(hint)):
        return True
    if not isinstance(hint, type) or hint in seen:
        return False
    if issubclass(hint, wanted):
        return True
    seen.add(hint)
    return is_dataclass(hint) and any(_reaches(part, wanted, seen) for part in get_type_hints(hint).values())
