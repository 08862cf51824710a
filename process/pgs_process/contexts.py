"""The three layers of a context, and the lock that an engine puts on them.

A layer is any object with attributes. One that derives from a class of this module also notices who writes to it from
outside of a process, and, under a strict engine, shows its containers to the outside read-only.
"""

from __future__ import annotations

from types import MethodType
from typing import Protocol

from pgs_process.hydrating import dehydrated, hydrate_layer
from pgs_process.kinds import ATOMS
from pgs_process.zones import Zone, resolve_zone

_read = object.__getattribute__
_write = object.__setattr__


class Lock(Protocol):
    """What an engine puts on a context."""

    def outside_write(self, layer: object, name: str) -> None:
        """Refuse, or note, that an attribute is set outside of any process."""

    def outside_view(self, layer: object, name: str, value: object) -> object:
        """What is seen of a value outside of any process."""


class LockedContext:
    """What layers and contexts have in common."""

    __slots__ = ("__weakref__", "_pgs_lock")

    def __getattribute__(self, name: str) -> object:
        value: object = _read(self, name)
        if type(value) in ATOMS or name.startswith("_") or isinstance(value, LockedContext):
            return value
        lock = lock_on(self)
        if lock is None or (isinstance(value, MethodType) and value.__self__ is self):
            return value
        return lock.outside_view(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        lock = lock_on(self)
        if lock is not None:
            lock.outside_write(self, name)
        _write(self, name, value)

    def __delattr__(self, name: str) -> None:
        lock = lock_on(self)
        if lock is not None:
            lock.outside_write(self, name)
        object.__delattr__(self, name)

    def get_zone(self, name: str) -> Zone:
        """The zone of a field."""
        return resolve_zone(name)

    def to_dict(self, exclude_zones: object = None) -> dict[str, object]:
        """The data zone as plain data of its own; layers within as dicts. `exclude_zones` replaces what is left out."""
        return dehydrated(self, exclude_zones)

    def from_dict(self, data: dict[str, object]) -> None:
        """Set fields of the data zone from plain data; in a strict engine only within `edit()`.

        Raises:
            ConfigError: a name is unknown or a signal, or a value is of another type than the one that is there.
            LockViolationError: the context is locked.
        """
        hydrate_layer(self, data)


LockedContext.__setattr__._plain = True  # type: ignore[attr-defined]  # see `writes_plainly`


class BaseGlobalContext(LockedContext):
    """The layer `global`: configuration."""

    __slots__ = ()


class BaseDomainContext(LockedContext):
    """The layer `domain`: the state of a session."""

    __slots__ = ()


class BaseSystemContext(LockedContext):
    """A whole context: `domain` or `domain_ctx`, and `global_ctx`."""

    def __init__(self, global_ctx: object = None, domain_ctx: object = None) -> None:
        if global_ctx is not None:
            self.global_ctx = global_ctx
        if domain_ctx is not None:
            self.domain_ctx = domain_ctx


def lock_on(context: object) -> Lock | None:
    """The lock of a layer, if an engine has put one on it."""
    try:
        lock: Lock = _read(context, "_pgs_lock")
    except AttributeError:
        return None
    return lock


def put_lock(context: object, lock: Lock) -> None:
    """Lock a layer or context, if it is of a kind that can be locked."""
    if isinstance(context, LockedContext):
        _write(context, "_pgs_lock", lock)
