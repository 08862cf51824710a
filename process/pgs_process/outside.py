"""The state as it is seen outside of processes: locked, and under a strict engine read-only at every depth."""

from __future__ import annotations

import logging
from typing import cast

from pgs_process.contexts import LockedContext, lock_on
from pgs_process.detach import copied_opaque
from pgs_process.faults import LockViolationError
from pgs_process.grants import READ, Grant
from pgs_process.guard.core import Core, told, trail
from pgs_process.guard.heavy import is_array, read_only_view
from pgs_process.guard.live import keep_in_slot
from pgs_process.guard.making import SHELLS
from pgs_process.guard.objects import new_object
from pgs_process.kinds import ATOMS, Kind, kind_of
from pgs_process.locks import Turn
from pgs_process.paths import Path, render
from pgs_process.transaction.attributes import ObjectDraft
from pgs_process.transaction.drafts import Draft
from pgs_process.transaction.journal import Entry
from pgs_process.zones import Zone, resolve_zone


def turn_of(system: object) -> Turn | None:
    """The turn of a context that another engine runs over already, so that both take turns."""
    lock = lock_on(system) if isinstance(system, LockedContext) else None
    return lock.turn if isinstance(lock, ContextLock) else None


log = logging.getLogger("pgs_process")


class ContextLock:
    """The lock of one engine on its context. It also answers for the views that it hands out."""

    def __init__(self, strict: bool, turn: Turn) -> None:
        self.strict = strict
        self.turn = turn
        self.journal: list[Entry] = []
        self.drafts: dict[int, Draft] = {}
        self.ended = False
        self.names: dict[int, str] = {}
        self.busy = 0  # runs without strict mode that are under way

    def outside_write(self, layer: object, name: str) -> None:
        """A field was set outside of any process.

        Raises:
            LockViolationError: the engine is strict.
        """
        place = f"{self.names.get(id(layer), type(layer).__name__)}.{name}"
        if self.strict:
            raise self._locked(place)
        if not self.busy:
            log.warning("`%s` is written outside of any process.", place)

    def outside_view(self, layer: object, name: str, value: object) -> object:
        """What is seen of a field outside of any process: under a strict engine nothing that could be written."""
        return (
            self.wrap(value, None, name, False, (self.names.get(id(layer), "context"), name)) if self.strict else value
        )

    def wrap(self, value: object, parent: Core | None, key: object, writes: bool, path: Path = ()) -> object:
        """A view of a value, which lives as long as somebody holds it."""
        make = SHELLS.get(type(value))
        kind = kind_of(type(value))
        core = Core(self, value, value, False, parent, key, path)
        core.grant = READ
        if make is not None:
            shell = make()
            keep_in_slot(shell, core)
            return shell
        if kind is Kind.OBJECT:
            return new_object(core)
        if kind is Kind.TUPLE:
            members = [
                item if type(item) in ATOMS else self.wrap(item, core, index, False)
                for index, item in enumerate(cast(tuple[object, ...], value))
            ]
            return tuple.__new__(cast(type[tuple[object, ...]], type(value)), members)
        if kind is Kind.OPAQUE and resolve_zone(str(path[-1] if path else "")) is not Zone.HEAVY:
            return read_only_view(value) if is_array(value) else copied_opaque(value)
        return value

    def wrap_part(self, value: object, parent: Core | None, key: object, grant: Grant, path: Path = ()) -> object:
        """As `wrap`: outside of processes there are no contracts."""
        return self.wrap(value, parent, key, False, path)

    def reads_elsewhere(self, raw: object) -> bool:
        """Everything is only read here."""
        return True

    def touch(self, core: Core) -> Draft:
        """Refuse to write through a view."""
        raise self._locked(told(core))

    def layer_draft(self, core: Core) -> ObjectDraft:
        """Refuse to write through a view."""
        raise self._locked(told(core))

    def draft_of(self, raw: object) -> Draft:
        """Refuse to write through a view."""
        raise self._locked(type(raw).__name__)

    def replaced(self, value: object, path: Path) -> None:
        """Nothing is replaced by a view."""

    def leaving(self, value: object) -> object:
        """Nothing leaves by a view."""
        return value

    def refuse(self, message: str, path: Path, value: object = None) -> LockViolationError:
        """The error for what a view does not allow."""
        return LockViolationError(message, path=render(path), value=value)

    def refuse_read(self, path: Path) -> LockViolationError:
        """The error for reading what a view does not show."""
        return self.refuse(f"`{render(path)}` is not shown outside of processes.", path)

    def refuse_write_at(self, path: Path) -> LockViolationError:
        """The error for writing to an object through a view."""
        return self._locked(render(path))

    def refuse_alias(self, core: Core) -> LockViolationError:
        """The error for writing through a view."""
        return self._locked(render(trail(core)))

    def _locked(self, place: str) -> LockViolationError:
        return LockViolationError(
            f"`{place}` belongs to an engine; it is written by a process, or within `with engine.edit() as context`.",
            path=place,
        )
