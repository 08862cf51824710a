"""A run of one process: what it has been handed, what it has changed, and how it ends.

A frame within another one (a process called by a process) shares its drafts and its journal; it keeps what it needs to
take its own part back.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from pgs_process.detach import copied_opaque, detached
from pgs_process.faults import ContractViolationError
from pgs_process.grants import READ, WRITE, Grant
from pgs_process.guard.core import NOWHERE, Core, place, place_if_there, told, trail
from pgs_process.guard.dicts import GuardedDict, dict_size
from pgs_process.guard.keyholes import new_keyhole
from pgs_process.guard.layers import CONTEXT_SLOTS, CONTEXTS, Context, forget_all
from pgs_process.guard.live import LIVE, core_of, is_shell
from pgs_process.guard.making import SHELLS, begin_draft, written_past
from pgs_process.guard.objects import new_object
from pgs_process.kinds import ATOMS, Kind, kind_of
from pgs_process.paths import LAYERS, Path, render
from pgs_process.transaction.attributes import ObjectDraft
from pgs_process.transaction.drafts import DictDraft, Draft
from pgs_process.transaction.journal import Entry
from pgs_process.transaction.opaque import OpaqueDraft
from pgs_process.transaction.sequences import DequeDraft, ListDraft

if TYPE_CHECKING:
    from pgs_process.registered import Registered


_new = object.__new__
_attribute = object.__getattribute__


class Scratch:
    """The layer `local` of one run."""


class Frame:
    """One run of one process."""

    violation: ContractViolationError | None = None
    outer: Frame | None = None
    level = 0
    saved: list[tuple[Draft, object, int]] | None = None
    mark = 0
    ended = False
    token: object = None
    opaque: list[tuple[Core, OpaqueDraft]] | None = None
    arguments: Mapping[str, object] = MappingProxyType({})

    def __init__(self, entry: Registered, system: object, outer: Frame | None = None) -> None:
        self.entry = entry
        self.system = system
        if outer is None:
            self.drafts: dict[int, Draft] = {}
            self.journal: list[Entry] = []
        else:
            self._begin_within(outer)
        self.tracked: dict[int, object] = {}
        self.frozen: dict[int, object] = {}
        self.layers: dict[str, object] = {}
        self.others: dict[tuple[int, bool], tuple[object, object]] = {}
        self.context = Context()

    def open(self) -> Context:
        """Make what the body is handed; from here on the frame has to be closed, whatever happens."""
        context, system, outer = self.context, self.system, self.outer
        CONTEXTS[context] = self
        for plan, names, fields in self.entry.opening:
            shell: object = _new(plan.shells)
            self.layers[plan.layer] = shell
            raw = _attribute(system, plan.attribute)
            core = LIVE[shell] = Core(self, raw, None, False, None, plan, plan.path)
            for name in names:
                CONTEXT_SLOTS[name](context, shell)
            if outer is not None:
                core.draft = self.drafts.get(id(raw))
                continue
            for name, path, writes, keep in fields:
                value = _attribute(raw, name)
                if type(value) in SHELLS:
                    keep(shell, self.wrap(value, None, name, writes, path))
        return context

    # --- what is handed out ---------------------------------------------------------------------------------------

    def layer_shell(self, name: str) -> object:
        """A layer, under one of its names in the context."""
        layer = LAYERS.get(name)
        plan = self.entry.plans.get(layer) if layer is not None else None
        if layer is None or plan is None:
            raise self.refuse(f"The context has no layer `{name}`.", (name,))
        shell = self.layers.get(layer)
        if shell is None:
            raw = Scratch() if layer == "local" else object.__getattribute__(self.system, plan.attribute)
            shell = object.__new__(plan.shells)
            core = LIVE[shell] = Core(self, raw, None, False, None, plan, (layer,))
            if self.drafts:
                core.draft = self.drafts.get(id(raw))
            self.layers[layer] = shell
        CONTEXT_SLOTS[name](self.context, shell)
        return shell

    def wrap(self, value: object, parent: Core | None, key: object, writes: bool, path: Path = ()) -> object:
        """What the body is handed for a value that is not one of the usual atoms."""
        make = SHELLS.get(type(value))
        if make is None:
            return self._wrap_other(value, parent, key, writes, path)
        memo = self.tracked if writes else self.frozen
        shell = memo.get(id(value))
        if shell is not None:
            core = LIVE[shell]
            core.parent, core.key, core.path = parent, key, path
            return shell
        source = self.drafts.get(id(value), value) if self.drafts else value
        if not writes and source is not value and id(value) in self.tracked:
            self._check_alias(value)
        shell = make()
        core = Core(self, value, source, writes, parent, key, path)
        memo[id(value)] = shell
        LIVE[shell] = core
        return shell

    def wrap_part(self, value: object, parent: Core | None, key: object, grant: Grant, path: Path = ()) -> object:
        """As `wrap`, for a value of which the contract may grant only parts.

        Raises:
            ContractViolationError: parts are granted of something that has no named parts.
        """
        if not grant.below:
            return self.wrap(value, parent, key, grant.writes, path)
        core = Core(self, value, value, grant.writes, parent, key, path)
        core.grant = grant
        if type(value) is dict:
            return new_keyhole(core)
        if kind_of(type(value)) is Kind.OBJECT:
            return new_object(core)
        raise self.refuse(
            f"`{told(core)}` is a `{type(value).__name__}`, of which no parts can be declared.", trail(core)
        )

    def _wrap_other(self, value: object, parent: Core | None, key: object, writes: bool, path: Path) -> object:
        kind = kind_of(type(value))
        if kind is Kind.ATOM:
            return value
        known = self.others.get((id(value), writes))
        if known is not None:
            if kind is Kind.OBJECT:
                core = core_of(known[1])
                core.parent, core.key, core.path = parent, key, path
            return known[1]
        core = Core(self, value, value, writes, parent, key, path)
        if kind is Kind.OBJECT:
            core.grant = WRITE if writes else READ
            if not writes and (id(value), True) in self.others:
                self._check_alias(value)
            made = new_object(core)
        elif kind is Kind.TUPLE:
            members = [
                item if type(item) in ATOMS else self.wrap(item, core, index, writes)
                for index, item in enumerate(cast(tuple[object, ...], value))
            ]
            return tuple.__new__(cast(type[tuple[object, ...]], type(value)), members)
        elif kind is Kind.FROZENSET:
            return frozenset(
                item if type(item) in ATOMS else self.wrap(item, core, item, False)
                for item in cast(frozenset[object], value)
            )
        elif writes:
            draft = self.draft_of(value)
            made = cast(OpaqueDraft, draft).value
            self.opaque = [*(self.opaque or ()), (core, cast(OpaqueDraft, draft))]
        else:
            begun = self.drafts.get(id(value))
            made = copied_opaque(begun.value if isinstance(begun, OpaqueDraft) else value)
        self.others[id(value), writes] = (value, made)
        return made

    def _check_alias(self, value: object) -> None:
        """A value that was written through one path is about to be read through another that may only read it."""
        draft = self.drafts.get(id(value))
        if draft is not None and draft.level == self.level:
            raise self.refuse(
                "The same object stands under a path that was written and under one that may only be read.", ()
            )

    # --- drafts ---------------------------------------------------------------------------------------------------

    def touch(self, core: Core) -> Draft:
        """The draft for the first write of this frame to a container.

        Raises:
            ContractViolationError: the contract does not let it be written, or lets another path to it only be read, or
                it is no longer in the state.
        """
        if not core.writes:
            raise self.refuse_write_at(trail(core))
        if core.parent is not None:
            place(core)
        if (self.frozen or self.others or self.entry.inputs_only) and self.reads_elsewhere(core.raw):
            raise self.refuse_alias(core)
        draft = core.draft = core.source = self.draft_of(core.raw)
        return draft

    def reads_elsewhere(self, raw: object) -> bool:
        """Whether a value is also known under a path that only lets it be read."""
        if id(raw) in self.frozen or (id(raw), False) in self.others:
            return True
        return bool(self.entry.inputs_only) and self.entry.read_only_twins(self, raw)

    def layer_draft(self, core: Core) -> ObjectDraft:
        """The draft of an object whose attribute is about to be written."""
        draft: ObjectDraft = self.draft_of(core.raw)  # type: ignore[assignment]  # that of an object is one
        core.draft = core.source = draft
        return draft

    def draft_of(self, raw: object) -> Draft:
        """The draft of a real value, begun or kept for this frame's savepoint if need be."""
        draft = self.drafts.get(id(raw))
        if draft is None:
            draft = self.drafts[id(raw)] = begin_draft(raw)
            if self.saved is not None:
                self.saved.append((draft, None, -1))
        elif draft.level < self.level and self.saved is not None:
            self.saved.append((draft, draft.snapshot(), draft.level))
        draft.level = self.level
        return draft

    def leaving(self, value: object) -> object:
        """What the journal keeps of a value that leaves its place: as it is now, with what was changed in it."""
        if type(value) in ATOMS:
            return value
        if len(self.drafts) <= 1:
            return value
        # What was done to a copy of an opaque value is told when the run is settled, so here it is as it was before.
        drafts = {key: draft for key, draft in self.drafts.items() if not isinstance(draft, OpaqueDraft)}
        return detached(value, drafts)

    def replaced(self, value: object, path: Path) -> None:
        """A field has another value now: what was handed out of it is no longer written there."""
        shell = self.tracked.get(id(value))
        if shell is None and (id(value), True) in self.others:
            shell = self.others[id(value), True][1]
        if shell is None or not is_shell(shell) or core_of(shell).path != path:
            return
        core_of(shell).parent = NOWHERE
        for layer in self.layers.values():  # the same object may stand in another field, and is to be found there anew
            forget_all(LIVE[layer].key, layer)  # type: ignore[arg-type]  # of a layer the key is its plan

    # --- breaches -------------------------------------------------------------------------------------------------

    def refuse(self, message: str, path: Path, value: object = None) -> ContractViolationError:
        """Note a breach, so that the run fails even if the body catches the error that this returns."""
        error = ContractViolationError(
            message,
            path=render(path) or None,
            process=self.entry.name,
            value=value,
            declared=self.entry.contract.declared,
        )
        if self.violation is None:
            self.violation = error
        return error

    def refuse_read(self, path: Path) -> ContractViolationError:
        """The breach of reading what is not declared."""
        return self.refuse(f"`{self.entry.name}` reads `{render(path)}`, which its contract does not declare.", path)

    def refuse_write_at(self, path: Path) -> ContractViolationError:
        """The breach of writing what is not declared."""
        return self.refuse(f"`{self.entry.name}` writes `{render(path)}`, which is not among its outputs.", path)

    def refuse_alias(self, core: Core) -> ContractViolationError:
        """The breach of writing an object that another declared path only lets be read."""
        return self.refuse(
            f"`{self.entry.name}` writes `{told(core)}`, but the same object stands where it may only be read.",
            trail(core),
        )

    # --- the end --------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Write down what was done to copies of opaque values, and see to it that nothing went past the guard.

        Raises:
            ContractViolationError: built-in code wrote to a shell itself, or a value cannot be replaced where it is.
        """
        for shell in self.tracked.values():
            if dict_size(shell) != 1 if type(shell) is GuardedDict else written_past(shell):
                raise self._refuse_past(LIVE[shell])
        if self.opaque is not None:
            for core, draft in self.opaque:
                if draft.changed():
                    self._settle_opaque(core, draft)

    def _refuse_past(self, core: Core) -> ContractViolationError:
        return self.refuse(
            f"Built-in code such as `heapq` wrote to `{told(core)}` past its methods, and that would be lost; work on a"
            " copy and assign it.",
            trail(core),
        )

    def _settle_opaque(self, core: Core, draft: OpaqueDraft) -> None:
        parent = core.parent
        path = place_if_there(core)
        if parent is None:
            parent = LIVE[self.layers[str(core.path[0])]]
            begun = self.drafts.get(id(parent.raw))
            now = begun.get(str(core.path[1])) if isinstance(begun, ObjectDraft) else core.raw
            path = path if now is core.raw else None
        if path is None:
            return  # another value stands there now, and that was copied when it was assigned
        result = copied_opaque(draft.value)
        self.journal.append((path[:-1], "SET", path[-1], core.raw, result))
        if draft.refills():
            return
        holder = self.draft_of(parent.raw) if type(parent.raw) is not tuple else None
        if isinstance(holder, DictDraft | ObjectDraft):
            holder.put(cast(str, path[-1]), result)
        elif isinstance(holder, ListDraft | DequeDraft):
            holder.put(cast(int, path[-1]), result)
        else:
            raise self.refuse(f"`{told(core)}` cannot be replaced where it is.", trail(core))

    def close(self) -> None:
        """Whatever was handed out is dead from here on."""
        self.ended = True
        CONTEXTS.pop(self.context, None)
        for shells in (self.layers, self.tracked, self.frozen):
            for shell in shells.values():
                LIVE.pop(shell, None)

    def _begin_within(self, outer: Frame) -> None:
        """Become a savepoint of the run that is under way."""
        self.outer = outer
        self.level = outer.level + 1
        self.drafts, self.journal, self.mark = outer.drafts, outer.journal, len(outer.journal)
        self.saved = []

    def end_within(self, outer: Frame, stands: bool) -> None:
        """Hand on to the outer run, or take back, what was done; and let it see the state as it is now."""
        saved, self.saved = self.saved, None
        if saved is None:
            return
        for draft, kept, level in reversed(saved):
            if not stands:
                draft.restore(kept)
                draft.level = level
            else:
                draft.level = outer.level
                if outer.saved is not None and level < outer.level:
                    outer.saved.append((draft, kept, level))
        if not stands:
            del self.journal[self.mark :]
            for key, (value, _) in list(outer.others.items()):
                begun = outer.drafts.get(key[0])
                if isinstance(begun, OpaqueDraft) and key[1]:  # one that cannot be filled anew has another copy now
                    outer.others[key] = (value, begun.value)
        for shell in outer.layers.values():
            core = LIVE[shell]
            core.draft = outer.drafts.get(id(core.raw))
            forget_all(core.key, shell)  # type: ignore[arg-type]  # of a layer the key is its plan
        for shell in (*outer.tracked.values(), *outer.frozen.values()):
            core = LIVE[shell]
            core.source = outer.drafts.get(id(core.raw), core.raw)
