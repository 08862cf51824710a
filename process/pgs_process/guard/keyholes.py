"""Dicts of which only some keys are granted: those can be read or written by name, and nothing else can be asked."""

from __future__ import annotations

from typing import cast

from pgs_process.detach import detached
from pgs_process.grants import Grant
from pgs_process.guard.core import Core, is_there, place, trail
from pgs_process.guard.live import SealedObjects, in_slot, keep_in_slot, shell_class
from pgs_process.kinds import ATOMS
from pgs_process.transaction.drafts import MISSING, DictDraft

_NONE_GIVEN = object()


class _Keyhole(metaclass=SealedObjects):
    __slots__ = ()

    __hash__ = None  # type: ignore[assignment]  # as that of a dict

    def __getitem__(self, key: object) -> object:
        core, grant = _granted(self, key)
        value = _source(core)[key]  # type: ignore[index]  # a dict or its draft
        return value if type(value) in ATOMS else core.frame.wrap_part(value, core, key, grant)

    def get(self, key: object, default: object = None) -> object:
        if key in self:
            return self[key]
        return default

    def __contains__(self, key: object) -> bool:
        core, _ = _granted(self, key)
        return key in _source(core)  # type: ignore[operator]

    def __setitem__(self, key: object, value: object) -> None:
        core, draft = _writing(self, key)
        if type(value) not in ATOMS and is_there(core.frame, value, draft.get(key, MISSING)):
            return
        new = value if type(value) in ATOMS else detached(value)
        old = draft.put(key, new)
        if type(old) not in ATOMS and old is not MISSING:
            old = core.frame.leaving(old)
        core.frame.journal.append((place(core), "SET", key, old, new))

    def __delitem__(self, key: object) -> None:
        core, draft = _writing(self, key)
        old = draft.take(key)
        core.frame.journal.append((place(core), "POP", key, core.frame.leaving(old), MISSING))

    def pop(self, key: object, default: object = _NONE_GIVEN) -> object:
        if key not in self and default is not _NONE_GIVEN:
            return default
        value = detached(self[key])
        del self[key]
        return value

    def setdefault(self, key: object, default: object = None) -> object:
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *others: object, **named: object) -> None:
        for key, value in dict(*others, **named).items():
            self[key] = value

    def __getattr__(self, name: str) -> object:
        core = in_slot(self)
        raise core.frame.refuse(
            f"Of this dict only some keys are declared, so `{name}` would tell of others.", trail(core)
        )

    def _whole(self, *_: object) -> object:
        core = in_slot(self)
        raise core.frame.refuse(
            "Of this dict only some keys are declared, so it cannot be read as a whole.", trail(core)
        )

    __iter__ = __len__ = __reversed__ = __eq__ = __or__ = __ror__ = __ior__ = _whole  # type: ignore[assignment]
    __copy__ = __deepcopy__ = __reduce_ex__ = __reduce__ = _whole  # type: ignore[assignment]
    del _whole

    def __repr__(self) -> str:
        return "<a dict of which some keys are declared>"


def _granted(shell: object, key: object) -> tuple[Core, Grant]:
    core = in_slot(shell)
    grant = core.grant.part(key)
    if not grant.opens:
        raise core.frame.refuse_read((*trail(core), key))
    return core, grant


def _writing(shell: object, key: object) -> tuple[Core, DictDraft]:
    core = in_slot(shell)
    if not core.grant.part(key).writes:
        raise core.frame.refuse_write_at((*trail(core), key))
    place(core)
    return core, cast(DictDraft, core.frame.draft_of(core.raw))


def _source(core: Core) -> object:
    return core.frame.drafts.get(id(core.raw), core.raw)


Keyhole = shell_class("dict", (_Keyhole,), of_objects=True)


def new_keyhole(core: Core) -> object:
    """The shell of a dict that is granted in part."""
    shell: object = object.__new__(Keyhole)
    keep_in_slot(shell, core)
    return shell
