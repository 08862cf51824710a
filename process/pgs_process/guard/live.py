"""Which guarded values are alive, and what stands behind each.

A guarded value (a *shell*) holds nothing itself: what it guards is found here, under its identity, for as long as its
transaction is open. So there is no attribute that leads to the raw state, and closing a transaction is taking its
shells out of this table.

Two sorts of shells carry their core in a slot instead: views outside of transactions, which live as long as somebody
holds them, and shells of objects, whose hash is that of their class. The slot's descriptor is taken off the class as
soon as it is made, so it has no name by which a body could reach it.
"""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pgs_process.faults import DetachedError

if TYPE_CHECKING:
    from pgs_process.guard.core import Core

ENDED = "This value belongs to a transaction that has ended; it can no longer be read or written."


class Sealed(type):
    """The type of the classes of guarded values, which a body holds as soon as it holds a value: what is set on one of
    them would be run for every other process."""

    def __setattr__(cls, name: str, value: object) -> None:
        if name not in _OF_ABSTRACT_CLASSES:
            raise TypeError(f"`{name}` cannot be set: the class of a guarded value stays as it is.")
        type.__setattr__(cls, name, value)

    def __delattr__(cls, name: str) -> None:
        raise TypeError(f"`{name}` cannot be deleted: the class of a guarded value stays as it is.")


class SealedAbstract(Sealed, ABCMeta):
    """The same of those that derive from an abstract class."""


class SealedObjects(Sealed):
    """The type of the classes of guarded objects: `type(self)` in a method of theirs is their own class in all but
    identity."""

    def __getattr__(cls, name: str) -> object:
        guarded = GUARDED.get(cls)
        if guarded is None or (name.startswith("__") and name.endswith("__")):
            raise AttributeError(f"type object '{cls.__name__}' has no attribute '{name}'")
        return getattr(guarded, name)

    def __instancecheck__(cls, value: object) -> bool:
        guarded = GUARDED.get(cls)
        return isinstance(value, guarded) if guarded is not None else type.__instancecheck__(cls, value)


_OF_ABSTRACT_CLASSES = frozenset({"__abstractmethods__", "_abc_impl"})
GUARDED: dict[type, type] = {}
"""Class of the shells of objects → the class of the user that they are shells of."""


class Live(dict[object, "Core"]):
    """Shell → its core. Reading what is not there says that the transaction is over."""

    __slots__ = ()

    def __missing__(self, shell: object) -> Core:
        return in_slot(shell)


LIVE = Live()
_SLOTS: dict[type, tuple[Callable[[object], Core], Callable[[object, Core], None]]] = {}
_OF_OBJECTS: set[type] = set()


def shell_class(
    name: str, bases: tuple[type, ...], members: Mapping[str, object] | None = None, *, of_objects: bool = False
) -> type:
    """Make a class of shells with these bases and members. Shells of objects are always looked up in their slot."""
    own = {"__slots__": ("_core",)} if of_objects else {"__slots__": ("_core",), "__hash__": object.__hash__}
    made: type = (
        Sealed(name, bases, {**(members or {}), **own})
        if not of_objects
        else SealedObjects(name, bases, {**(members or {}), **own})
    )
    slot = made.__dict__["_core"]
    _SLOTS[made] = (slot.__get__, slot.__set__)
    if of_objects:
        _OF_OBJECTS.add(made)
    type.__delattr__(made, "_core")
    type.__setattr__(made, "__slots__", ())  # names nothing that is there
    return made


def keep_in_slot(shell: object, core: Core) -> None:
    """Let a shell carry its core itself."""
    _SLOTS[type(shell)][1](shell, core)


def in_slot(shell: object) -> Core:
    """What a shell carries in its slot.

    Raises:
        DetachedError: nothing, or its transaction has ended.
    """
    slot = _SLOTS.get(type(shell))
    try:
        core = slot[0](shell) if slot is not None else None
    except AttributeError:
        core = None  # it was made for a transaction, and looked up after it
    if core is None or core.frame.ended:
        raise DetachedError(ENDED)
    return core


def is_shell(value: object) -> bool:
    """Whether this is a guarded value, alive or not."""
    return type(value) in _SLOTS


def core_of(shell: object) -> Core:
    """What stands behind a shell.

    Raises:
        DetachedError: its transaction has ended.
    """
    return in_slot(shell) if type(shell) in _OF_OBJECTS else LIVE[shell]
