"""What stands behind a shell: the real value, its draft, and where in the state it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, cast

from pgs_process.guard.live import core_of, is_shell
from pgs_process.kinds import ATOMS
from pgs_process.paths import Path, render
from pgs_process.transaction.attributes import ObjectDraft
from pgs_process.transaction.drafts import DictDraft
from pgs_process.transaction.opaque import OpaqueDraft

if TYPE_CHECKING:
    from pgs_process.grants import Grant
    from pgs_process.transaction.drafts import Draft
    from pgs_process.transaction.journal import Entry


class Guarding(Protocol):
    """Who answers for a shell: the frame of a run, or the lock outside of runs."""

    journal: list[Entry]
    drafts: dict[int, Draft]
    ended: bool

    def reads_elsewhere(self, raw: object) -> bool:
        """Whether a value is also known under a path that only lets it be read."""

    def touch(self, core: Core) -> Draft:
        """The draft for the first write to a container, if it may be written at all."""

    def layer_draft(self, core: Core) -> ObjectDraft:
        """The draft for a write to an object that may be written."""

    def draft_of(self, raw: object) -> Draft:
        """The draft of a real value."""

    def wrap(self, value: object, parent: Core | None, key: object, writes: bool, path: Path = ()) -> object:
        """What a body is handed for a value that stands at `key` of `parent`."""

    def wrap_part(self, value: object, parent: Core | None, key: object, grant: Grant, path: Path = ()) -> object:
        """As `wrap`, for a value that may be granted in part."""

    def replaced(self, value: object, path: Path) -> None:
        """Take note that a field has another value now."""

    def leaving(self, value: object) -> object:
        """What a journal keeps of a value that is taken out of the state."""

    def refuse(self, message: str, path: Path, value: object = None) -> Exception:
        """The error for a breach, which the run then ends with, whatever the body does about it."""

    def refuse_read(self, path: Path) -> Exception:
        """The error for reading what is not declared."""

    def refuse_write_at(self, path: Path) -> Exception:
        """The error for writing what is not declared."""

    def refuse_alias(self, core: Core) -> Exception:
        """The error for writing what another path only lets be read."""


class Core:
    """One guarded value.

    `raw` is the real one and `source` what is read: the same, or its draft. `draft` is there once this shell has
    written. Of the top of a layer's field, `path` says where it is; of everything below it, `parent` and `key`. Of
    objects and of what is granted in part, `grant` says what; `over` tells shells that carry their core that it is too
    late.
    """

    __slots__ = ("draft", "frame", "grant", "key", "parent", "path", "raw", "source", "writes")

    grant: Grant

    def __init__(
        self, frame: Guarding, raw: object, source: object, writes: bool, parent: Core | None, key: object, path: Path
    ) -> None:
        self.frame = frame
        self.raw = raw
        self.source = source
        self.draft: object = None
        self.writes = writes
        self.parent = parent
        self.key = key
        self.path = path

    def check_whole(self) -> None:
        """See to it that the value may be read as a whole.

        Raises:
            ContractViolationError: it is a layer, or the contract grants only parts of it.
        """
        partial = getattr(self, "grant", None)
        if (self.parent is None and len(self.path) == 1) or (partial is not None and partial.below):
            raise self.frame.refuse(
                f"`{told(self)}` is declared in part, so it cannot be copied as a whole.", trail(self)
            )


class _Nowhere(Core):
    """The parent of what has been taken out of the state."""

    __slots__ = ()

    def __init__(self) -> None:
        self.parent = None


NOWHERE = _Nowhere()


def place(core: Core) -> Path:
    """Where a value is now.

    Raises:
        ContractViolationError: it is no longer in the state.
    """
    path = place_if_there(core)
    if path is not None:
        return path
    raise core.frame.refuse(
        f"`{told(core)}` has been taken out of the state or replaced, so it cannot be written; read it again.",
        trail(core),
    )


def place_if_there(core: Core) -> Path | None:
    """Where a value is now, or None if it is no longer in the state."""
    parent = core.parent
    if parent is None:
        return core.path
    if parent is NOWHERE:
        return None
    key, above = _key_in(parent, core), place_if_there(parent)
    return None if key is _GONE or above is None else (*above, key)


def is_there(frame: Guarding, value: object, current: object) -> bool:
    """Whether what is assigned is what stands at that place already, as `+=` of what changes itself assigns it."""
    if is_shell(value):
        core = core_of(value)
        return core.raw is current and core.frame.drafts is frame.drafts
    draft = frame.drafts.get(id(current))
    return isinstance(draft, OpaqueDraft) and draft.value is value


def real(key: object) -> object:
    """What is looked up for a key or member: of one that was handed out, the one that is in the state."""
    if is_shell(key):
        return core_of(key).raw
    if type(key) is tuple and any(type(item) not in ATOMS for item in key):
        return tuple(real(item) for item in key)
    return key


def trail(core: Core) -> Path:
    """Where a value was when it was handed out, for messages."""
    parent = core.parent
    if parent is None or parent is NOWHERE:
        return core.path
    return (*trail(parent), core.key)


def told(core: Core) -> str:
    """The same as contracts write it."""
    return render(trail(core))


_GONE = object()


def _key_in(parent: Core, core: Core) -> object:
    """Under which key the parent holds this very value, or _GONE."""
    raw, key = core.raw, core.key
    source: object = parent.frame.drafts.get(id(parent.raw), parent.raw)
    if isinstance(parent.raw, dict):
        return key if cast(DictDraft, source).get(key) is raw else _GONE
    if isinstance(parent.raw, list | tuple | deque):
        items = cast(Sequence[object], source)
        if isinstance(key, int) and key < len(items) and items[key] is raw:
            return key
        core.key = next((index for index, value in enumerate(items) if value is raw), key)
        return core.key if core.key != key else _GONE
    try:
        held = source.get(str(key)) if isinstance(source, ObjectDraft) else object.__getattribute__(source, str(key))
    except AttributeError:
        return _GONE
    return key if held is raw else _GONE
