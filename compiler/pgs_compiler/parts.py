"""Which parts of a declaration can hold what, by the annotations of its classes: nothing else is looked into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import TypeVar, get_args, get_type_hints

T = TypeVar("T")


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
