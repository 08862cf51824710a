"""Guarded objects: they look like one of their class, run its methods, and write into its draft.

For each class of the user there are two classes of shells. The body gets the outer one, which hides private names. The
class's own methods run with the inner one as `self`, because what they are for is to work with private attributes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import SupportsIndex

from pgs_process.detach import detached
from pgs_process.guard.core import Core, is_there, place, trail
from pgs_process.guard.live import GUARDED, SealedObjects, in_slot, keep_in_slot, shell_class
from pgs_process.kinds import ATOMS
from pgs_process.paths import Path, render
from pgs_process.transaction.attributes import ObjectDraft
from pgs_process.transaction.drafts import MISSING

_OURS = frozenset(
    [
        "__new__",
        "__init__",
        "__dict__",
        "__weakref__",
        "__slots__",
        "__getattribute__",
        "__setattr__",
        "__delattr__",
        "__getattr__",
        "__class__",
        "__init_subclass__",
        "__subclasshook__",
        "__reduce__",
        "__reduce_ex__",
        "__getstate__",
        "__setstate__",
        "__del__",
        "__module__",
        "__qualname__",
        "__annotations__",
        "__copy__",
        "__deepcopy__",
        "__sizeof__",
        "__dir__",
        "__class_getitem__",
        "__orig_bases__",
        "__parameters__",
        "__abstractmethods__",
        "__pydantic_private__",
        "__pydantic_extra__",
        "__pydantic_fields_set__",
    ]
)
_CLASSES: dict[type, tuple[type, type]] = {}
_INNER: dict[type, type] = {}
_OUTER: dict[type, type] = {}


def new_object(core: Core) -> object:
    """The outer shell of an object."""
    shell: object = object.__new__(_classes(type(core.raw))[0])
    keep_in_slot(shell, core)
    return shell


def _classes(cls: type) -> tuple[type, type]:
    made = _CLASSES.get(cls)
    if made is None:
        members: dict[str, object] = {}
        for base in reversed(cls.__mro__[:-1]):
            for name, value in base.__dict__.items():
                if name.startswith("__") and name.endswith("__") and name not in _OURS:
                    members[name] = _as_method(value) if isinstance(value, FunctionType) else value
        if members.get("__eq__") is not None and members.get("__hash__", MISSING) is MISSING:
            members["__hash__"] = None
        members["__new__"] = _makes(cls)
        outer = shell_class(cls.__name__, (_Outer,), members, of_objects=True)
        inner = shell_class(cls.__name__, (_Inner,), members, of_objects=True)
        GUARDED[outer] = GUARDED[inner] = cls
        _INNER[outer] = _INNER[inner] = inner
        _OUTER[outer] = _OUTER[inner] = outer
        made = _CLASSES[cls] = (outer, inner)
    return made


def inside(shell: object) -> object:
    """The same object, as its own methods see it."""
    return _other(shell, _INNER)


def outside(value: object) -> object:
    """What a method gave, as the body sees it."""
    return _other(value, _OUTER) if type(value) in _INNER else value


def _other(shell: object, classes: dict[type, type]) -> object:
    cls = classes[type(shell)]
    if type(shell) is cls:
        return shell
    other: object = object.__new__(cls)
    keep_in_slot(other, in_slot(shell))
    return other


def _makes(cls: type) -> Callable[..., object]:
    """`type(self)(…)` makes an object of the user's class, which is not guarded."""
    return lambda _, *values, **named: cls(*values, **named)


def _as_method(function: FunctionType) -> Callable[..., object]:
    def method(self: object, *values: object, **named: object) -> object:
        return _run(function, self, values, named)

    return method


def _run(function: FunctionType, shell: object, values: tuple[object, ...], named: dict[str, object]) -> object:
    """A method, to which other objects of the same class are as open as its own one."""
    own = inside(shell)
    if values:
        values = tuple(
            inside(value) if type(value) in _INNER and issubclass(GUARDED[type(value)], GUARDED[type(own)]) else value
            for value in values
        )
    return outside(function(own, *values, **named))


class _Attributes(metaclass=SealedObjects):
    """What shells of objects do themselves."""

    __slots__ = ()

    @property
    def __class__(self) -> type:
        return type(in_slot(self).raw)

    @__class__.setter
    def __class__(self, cls: type) -> None:
        core = in_slot(self)
        raise core.frame.refuse("The class of a value of the state cannot be changed.", trail(core))

    def __delattr__(self, name: str) -> None:
        core = in_slot(self)
        raise core.frame.refuse(
            f"`{_told(core, name)}` cannot be deleted; set it to another value.", (*trail(core), name)
        )

    def __eq__(self, other: object) -> bool:
        if type(other) in _INNER:
            return in_slot(self).raw is in_slot(other).raw
        return NotImplemented

    def __hash__(self) -> int:
        return hash(in_slot(self).raw)

    def __repr__(self) -> str:
        return f"<{type(in_slot(self).raw).__name__} of the state>"

    def __dir__(self) -> list[str]:
        core = in_slot(self)
        draft = core.frame.drafts.get(id(core.raw))
        own = {*_own(core.raw), *(draft.new if isinstance(draft, ObjectDraft) else ())}
        shown = {name for name in own if not core.grant.below or core.grant.part(name).opens}
        return sorted(name for name in {*dir(type(core.raw)), *shown} if not name.startswith("_"))

    def __copy__(self) -> object:
        return detached(self)

    def __deepcopy__(self, memo: object) -> object:
        return detached(self)

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[object, ...]:
        return detached(self).__reduce_ex__(protocol)

    def __reduce__(self) -> str | tuple[object, ...]:
        return detached(self).__reduce_ex__(2)

    def __getstate__(self) -> object:
        return detached(self).__getstate__()


class _Outer(_Attributes):
    __slots__ = ()

    def __getattr__(self, name: str) -> object:
        core = in_slot(self)
        if name.startswith("_"):
            refuse_private(core, name)
        return read(core, self, name)

    def __setattr__(self, name: str, value: object) -> None:
        core = in_slot(self)
        if name.startswith("_"):
            refuse_private(core, name)
        write(core, self, name, value)


class _Inner(_Attributes):
    __slots__ = ()

    def __getattr__(self, name: str) -> object:
        if name == "__dict__":
            refuse_private(in_slot(self), name)
        return read(in_slot(self), self, name)

    def __setattr__(self, name: str, value: object) -> None:
        write(in_slot(self), self, name, value)


def refuse_private(core: Core, name: str) -> None:
    """Say that a private name is not handed out; of special names that nothing has, only that there is no such one."""
    if name.startswith("__") and name.endswith("__") and name not in {"__dict__", "__slots__", "__weakref__"}:
        raise AttributeError(f"'{type(core.raw).__name__}' object has no attribute '{name}'")
    raise core.frame.refuse(f"`{_told(core, name)}` is private, and so in no contract.", (*trail(core), name))


def read(core: Core, shell: object, name: str) -> object:
    """An attribute as the body may see it: of the class, run with the shell as `self`; of the object, guarded."""
    found = class_attribute(type(core.raw), name)
    if isinstance(found, property):
        if found.fget is None:
            raise AttributeError(f"property '{name}' of '{type(core.raw).__name__}' object has no getter")
        return outside(found.fget(inside(shell)))
    if isinstance(found, cached_property):
        return outside(found.func(inside(shell)))
    draft = core.frame.drafts.get(id(core.raw))
    try:
        if isinstance(draft, ObjectDraft) and name in draft.new:
            value = draft.new[name]
        elif found is MISSING or isinstance(found, MemberDescriptorType) or name in _own(core.raw):
            value = object.__getattribute__(core.raw, name)
        else:
            return of_class(found, type(core.raw), shell)
    except AttributeError:
        if (otherwise := class_attribute(type(core.raw), "__getattr__")) is not MISSING:
            return outside(otherwise(inside(shell), name))  # type: ignore[operator]  # a function
        raise AttributeError(f"'{type(core.raw).__name__}' object has no attribute '{name}'") from None
    grant = core.grant.part(name) if core.grant.below else core.grant
    if not grant.opens:
        raise core.frame.refuse_read((*trail(core), name))
    return value if type(value) in ATOMS else core.frame.wrap_part(value, core, name, grant)


def of_class(found: object, cls: type, shell: object) -> object:
    """What a class gives under a name: a method, ready to be called, or a copy of a value."""
    if isinstance(found, FunctionType):
        return _bound(found, shell)
    if isinstance(found, classmethod | staticmethod):
        return found.__get__(None, cls)
    if isinstance(found, GetSetDescriptorType):
        raise AttributeError(found.__name__)
    if hasattr(type(found), "__get__"):
        return found.__get__(inside(shell), cls)  # type: ignore[attr-defined]  # asked in the line before
    return detached(found)


def _bound(function: FunctionType, shell: object) -> Callable[..., object]:
    def method(*values: object, **named: object) -> object:
        return _run(function, shell, values, named) if type(shell) in _INNER else function(shell, *values, **named)

    method.__name__, method.__doc__ = function.__name__, function.__doc__
    return method


def write(core: Core, shell: object, name: str, value: object) -> None:
    """Set an attribute in the object's draft."""
    cls = type(core.raw)
    found = class_attribute(cls, name)
    if isinstance(found, property):
        if found.fset is None:
            raise AttributeError(f"property '{name}' of '{cls.__name__}' object has no setter")
        found.fset(inside(shell), value)
        return
    grant = core.grant.part(name) if core.grant.below else core.grant
    path: Path = (*trail(core), name)
    if not grant.writes:
        raise core.frame.refuse_write_at(path)
    if getattr(getattr(cls, "__dataclass_params__", None), "frozen", False):
        cls.__setattr__(shell, name, value)
        return
    where = place(core)
    if core.frame.reads_elsewhere(core.raw):
        raise core.frame.refuse_alias(core)
    draft: ObjectDraft = core.frame.layer_draft(core)
    if type(value) not in ATOMS and is_there(core.frame, value, draft.now(name)):
        return
    new = value if type(value) in ATOMS else detached(value)
    old = draft.put(name, new)
    if type(old) not in ATOMS and old is not MISSING:
        old = core.frame.leaving(old)
    core.frame.journal.append((where, "SET", name, old, new))


def class_attribute(cls: type, name: str) -> object:
    """What the class has under a name, as it stands there, or MISSING."""
    for base in cls.__mro__:
        if name in base.__dict__:
            found: object = base.__dict__[name]
            return found
    return MISSING


def _own(raw: object) -> dict[str, object]:
    try:
        own: dict[str, object] = object.__getattribute__(raw, "__dict__")
    except AttributeError:
        return {}
    return own


def _told(core: Core, name: str) -> str:
    return render((*trail(core), name))
