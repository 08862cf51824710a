"""Values of whose inside nothing is known, such as arrays: a body gets a copy, which is compared at the end."""

from __future__ import annotations

import pickle
from functools import partial

from pgs_process.detach import copied_opaque
from pgs_process.transaction.drafts import Step


class OpaqueDraft:
    """Of an opaque value: `value` is the body's own copy."""

    __slots__ = ("base", "level", "value")

    def __init__(self, base: object) -> None:
        self.base = base
        self.value = copied_opaque(base)
        self.level = 0

    def changed(self) -> bool:
        """Whether the body's copy differs from the real value; where that cannot be told, it does."""
        return not same(self.base, self.value)

    def refills(self) -> bool:
        """Whether the real value can be brought up to date in place."""
        return bool(refill(self.base, self.value))

    def snapshot(self) -> object:
        return (copied_opaque(self.value),)

    def restore(self, kept: object) -> None:
        before = copied_opaque(kept[0] if isinstance(kept, tuple) else self.base)
        steps = refill(self.value, before)  # a body may hold it, so it stays the same object where it can
        for step in steps:
            step()
        if not steps:
            self.value = before

    def conflict(self) -> bool:
        return False

    def steps(self) -> list[Step]:
        """Bring the real value up to date in place, from a copy that the body never held."""
        return refill(self.base, copied_opaque(self.value)) if self.changed() else []


def same(one: object, other: object) -> bool:
    """Whether two values of one type hold the same, as far as their memory or their pickles tell."""
    try:
        first, second = memoryview(one), memoryview(other)  # type: ignore[arg-type]  # where it is none, TypeError says so
        if first.format != second.format or first.shape != second.shape:
            return False
        return first.tobytes() == second.tobytes()
    except (TypeError, ValueError, BufferError):
        pass  # not a plain piece of memory
    try:
        return pickle.dumps(one) == pickle.dumps(other)
    except (TypeError, AttributeError, pickle.PicklingError):
        return False


def refill(raw: object, new: object) -> list[Step]:
    """The calls that make `raw` hold what `new` holds, or none where it has to be replaced."""
    if isinstance(raw, dict | set):
        return [raw.clear, partial(raw.update, new)]  # type: ignore[arg-type]  # of the same type as raw
    if isinstance(raw, list | bytearray):
        return [partial(raw.__setitem__, slice(None), new)]
    if hasattr(raw, "shape") and hasattr(raw, "__setitem__"):
        alike = getattr(raw, "shape", 0) == getattr(new, "shape", 1) and getattr(raw, "dtype", 0) == getattr(
            new, "dtype", 1
        )
        return [partial(raw.__setitem__, Ellipsis, new)] if alike else []
    return []


def _form(value: object) -> tuple[object, object]:
    return getattr(value, "shape", None), getattr(value, "dtype", None)
