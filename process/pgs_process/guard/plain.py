"""What all guarded containers have in common: copies, pickles and texts of them are those of plain data."""

from __future__ import annotations

from typing import SupportsIndex

from pgs_process.detach import detached
from pgs_process.guard.live import LIVE, Sealed


class PlainAgain(metaclass=Sealed):
    """Copying, pickling and printing a guarded container."""

    __slots__ = ()

    def __new__(cls, *values: object, **named: object) -> object:  # type: ignore[misc]  # see there
        """A plain container: code that makes another of the same type, such as `dataclasses.asdict`, is not guarded."""
        for base in cls.__mro__:
            if base.__module__ in {"builtins", "collections"} and base is not object:
                return base(*values, **named)
        raise TypeError("A guarded value is made by its transaction.")

    def __repr__(self) -> str:
        return repr(detached(self))

    def __copy__(self) -> object:
        return detached(self)

    def __deepcopy__(self, memo: object) -> object:
        return detached(self)

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[object, ...]:
        return _reduced(detached(self))

    def __reduce__(self) -> tuple[object, ...]:
        return _reduced(detached(self))

    def __sizeof__(self) -> int:
        return LIVE[self].raw.__sizeof__()


def _reduced(plain: object) -> tuple[object, ...]:
    reduced = plain.__reduce_ex__(4)
    if isinstance(plain, dict):
        return dict, (list(plain.items()),)
    if isinstance(plain, list | set):
        return type(plain), (list(plain),)
    return reduced if isinstance(reduced, tuple) else (type(plain), (plain,))
