"""The layers as a body sees them: a class is made for each contract, with a member for each field that it declares.

A field that holds a container has a slot, in which its shell stays once it was read: the second read is as fast as
that of any attribute. A field that holds a number or a text has a property. What is not declared comes to
`__getattr__`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, NoReturn, SupportsIndex

from pgs_process.detach import detached
from pgs_process.faults import DetachedError
from pgs_process.grants import Grant
from pgs_process.guard.core import Core, is_there
from pgs_process.guard.heavy import heavy_view
from pgs_process.guard.live import ENDED, LIVE, Sealed, shell_class
from pgs_process.guard.objects import class_attribute, of_class, refuse_private
from pgs_process.kinds import ATOMS
from pgs_process.paths import LAYERS, Path
from pgs_process.transaction.attributes import ObjectDraft
from pgs_process.transaction.drafts import MISSING
from pgs_process.zones import Zone, resolve_zone

if TYPE_CHECKING:
    from pgs_process.frame import Frame

_attribute = object.__getattribute__
_NOTHING: dict[str, object] = {}


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """How one contract sees one layer: the attribute of the context it is under, what is granted, and its class of
    shells."""

    layer: str
    path: Path
    attribute: str
    grant: Grant
    writable: frozenset[str]
    shells: type
    slots: Mapping[str, tuple[Callable[[object, object], None], Callable[[object], None]]]
    simple: Mapping[str, tuple[Path, bool, Callable[[object, object], None]]]
    """Of the fields that are granted whole and hold containers: the path, whether they may be written, how the slot
    is set."""


class LayerMethods(metaclass=Sealed):
    """What a layer does that is not made for one contract."""

    __slots__ = ()

    @property
    def __class__(self) -> type:
        return type(LIVE[self].raw)

    @__class__.setter
    def __class__(self, cls: type) -> None:
        core = LIVE[self]
        raise core.frame.refuse("The class of a layer cannot be changed.", core.path)

    def __getattr__(self, name: str) -> object:
        core = LIVE[self]
        field = core.key.simple.get(name)  # type: ignore[attr-defined]  # of a layer the key is its plan
        if field is None:
            return read_field(core, self, name)
        path, writes, keep = field
        draft = core.draft
        new = _NOTHING if draft is None else draft.new  # type: ignore[attr-defined]  # the draft of an object
        value = new[name] if name in new else _attribute(core.raw, name)
        if type(value) in ATOMS:
            return value
        made = core.frame.wrap(value, None, name, writes, path)
        keep(self, made)
        return made

    def __setattr__(self, name: str, value: object) -> None:
        core = LIVE[self]
        plan: LayerPlan = core.key  # type: ignore[assignment]  # of a layer the key is its plan
        if name not in plan.writable:
            _check_write(core, plan, name)
        found = class_attribute(type(core.raw), name)
        if isinstance(found, property):
            if found.fset is None:
                raise AttributeError(f"property '{name}' of '{type(core.raw).__name__}' object has no setter")
            found.fset(self, value)
            return
        draft = core.source if core.source is not None else core.frame.layer_draft(core)
        if type(value) not in ATOMS and not name.startswith("heavy_"):
            if is_there(core.frame, value, draft.now(name)):  # type: ignore[attr-defined]  # the draft of an object
                return
            value = detached(value)
        old = draft.put(name, value)  # type: ignore[attr-defined]  # the draft of an object
        if type(old) not in ATOMS:
            if old is not MISSING and not name.startswith("heavy_"):
                core.frame.replaced(old, (*core.path, name))
                old = core.frame.leaving(old)
            forget(plan, self, name)
        core.frame.journal.append((core.path, "SET", name, old, value))

    def __delattr__(self, name: str) -> None:
        core = LIVE[self]
        raise core.frame.refuse(
            f"`{core.path[0]}.{name}` is a field of the context and cannot be deleted.", (*core.path, name)
        )

    def __dir__(self) -> list[str]:
        plan: LayerPlan = LIVE[self].key  # type: ignore[assignment]
        return sorted({*plan.grant.below, *plan.writable})

    def __repr__(self) -> str:
        return f"<the layer `{LIVE[self].path[0]}`>"

    def _whole(self, *_: object) -> NoReturn:
        core = LIVE[self]
        raise core.frame.refuse("A layer cannot be copied or pickled; copy the fields that are needed.", core.path)

    __copy__ = __deepcopy__ = __reduce__ = __getstate__ = _whole
    del _whole

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        self.__reduce__()


def forget(plan: LayerPlan, shell: object, name: str) -> None:
    """Let a field be looked up anew when it is next read."""
    if name in plan.slots:
        try:
            plan.slots[name][1](shell)
        except AttributeError:
            return  # it was not read yet


def forget_all(plan: LayerPlan, shell: object) -> None:
    """As `forget`, for every field."""
    for name in plan.slots:
        forget(plan, shell, name)


def read_field(core: Core, shell: object, name: str) -> object:
    """A field as the contract lets it be seen.

    Raises:
        ContractViolationError: it is not declared, or private.
    """
    plan: LayerPlan = core.key  # type: ignore[assignment]
    if name.startswith("_"):
        refuse_private(core, name)
    found = class_attribute(type(core.raw), name)
    if isinstance(found, property):
        return found.fget(shell) if found.fget is not None else None
    if isinstance(found, FunctionType | classmethod | staticmethod):
        return of_class(found, type(core.raw), shell)
    path = (*core.path, name)
    grant = plan.grant.field(name)
    if not grant.opens:
        raise core.frame.refuse_read(path)
    draft = core.draft
    try:
        new = draft.new if isinstance(draft, ObjectDraft) else _NOTHING
        value = new[name] if name in new else _attribute(core.raw, name)
    except AttributeError:
        raise AttributeError(f"`{core.path[0]}.{name}` has not been set.") from None
    if type(value) in ATOMS:
        return value
    if resolve_zone(name) is Zone.HEAVY:
        return heavy_view(core, value, name, grant)
    made = core.frame.wrap_part(value, None, name, grant, path)
    if name in plan.slots:
        plan.slots[name][0](shell, made)
    return made


def _check_write(core: Core, plan: LayerPlan, name: str) -> None:
    if name.startswith("_"):
        refuse_private(core, name)
        raise core.frame.refuse(f"`{name}` is private.", (*core.path, name))
    if not plan.grant.field(name).writes and not isinstance(class_attribute(type(core.raw), name), property):
        raise core.frame.refuse_write_at((*core.path, name))


def _scalar(name: str) -> property:
    def read(self: object) -> object:
        core = LIVE[self]
        draft = core.draft
        new = _NOTHING if draft is None else draft.new  # type: ignore[attr-defined]  # the draft of an object
        value = new[name] if name in new else _attribute(core.raw, name)
        return value if type(value) in ATOMS else read_field(core, self, name)

    return property(read)


def layer_plan(layer: str, attribute: str, grant: Grant, raw: object, fields: Iterable[str]) -> LayerPlan:
    """Make the plan, and the class of shells, of one layer for one contract.

    `raw` is the layer as it is now and `fields` what is known of it; fields may hold other values later.
    """
    declared = [name for name in fields if grant.field(name).opens]
    plain = [name for name in declared if class_attribute(type(raw), name).__class__ is not property]
    scalar = {name for name in plain if grant.field(name).reads and type(_now(raw, name)) in ATOMS}
    slotted = [name for name in plain if name not in scalar and resolve_zone(name) is not Zone.HEAVY]
    members: dict[str, object] = {name: _scalar(name) for name in scalar}
    base = Sealed("Layer", (LayerMethods,), {"__slots__": tuple(slotted)})
    slots = {name: (base.__dict__[name].__set__, base.__dict__[name].__delete__) for name in slotted}
    writable = frozenset(name for name in plain if grant.field(name).writes)
    simple = {
        name: ((layer, name), grant.field(name).writes, keep)
        for name, (keep, _) in slots.items()
        if not grant.field(name).below and _now(raw, name) is not MISSING
    }
    return LayerPlan(layer, (layer,), attribute, grant, writable, shell_class("Layer", (base,), members), slots, simple)


def _now(raw: object, name: str) -> object:
    try:
        return _attribute(raw, name)
    except AttributeError:
        return MISSING


class Context(metaclass=Sealed):
    """What a body gets as its first argument: the layers, by either of their names."""

    __slots__ = tuple(LAYERS)

    def __repr__(self) -> str:
        return "<the context>"  # an address would differ from run to run

    def __getattr__(self, name: str) -> object:
        frame = CONTEXTS.get(self)
        if frame is None:
            raise _ended()
        return frame.layer_shell(name)

    def __setattr__(self, name: str, value: object) -> None:
        frame = CONTEXTS.get(self)
        if frame is None:
            raise _ended()
        raise frame.refuse(f"`ctx.{name}` cannot be replaced; what a contract declares are fields of layers.", (name,))

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        self.__setattr__("pickled", None)
        raise AssertionError

    def __copy__(self) -> NoReturn:
        self.__reduce_ex__(4)

    def __deepcopy__(self, memo: object) -> NoReturn:
        self.__reduce_ex__(4)


def _ended() -> DetachedError:
    return DetachedError(ENDED)


CONTEXTS: dict[object, Frame] = {}
"""Which run each context that is alive belongs to."""

CONTEXT_SLOTS = {name: Context.__dict__[name].__set__ for name in LAYERS}
