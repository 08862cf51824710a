"""The shells and the drafts of the built-in containers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pgs_process.guard.deques import new_deque
from pgs_process.guard.dicts import FILLER, new_dict
from pgs_process.guard.lists import GuardedList, new_list
from pgs_process.guard.sets import new_set
from pgs_process.kinds import Kind, kind_of
from pgs_process.transaction.attributes import ObjectDraft
from pgs_process.transaction.drafts import DictDraft, Draft, SetDraft
from pgs_process.transaction.opaque import OpaqueDraft
from pgs_process.transaction.sequences import DequeDraft, ListDraft

SHELLS: dict[type, Callable[[], object]] = {dict: new_dict, list: new_list, set: new_set, deque: new_deque}
_DRAFTS: dict[type, Callable[..., Draft]] = {dict: DictDraft, list: ListDraft, set: SetDraft, deque: DequeDraft}


def begin_draft(raw: object) -> Draft:
    """A draft of a real value, in which nothing is changed yet."""
    cls = _DRAFTS.get(type(raw))
    if cls is not None:
        return cls(raw)
    return OpaqueDraft(raw) if kind_of(type(raw)) is Kind.OPAQUE else ObjectDraft(raw)


def written_past(shell: object) -> bool:
    """Whether built-in code changed the own storage of a list's shell instead of calling its methods."""
    return type(shell) is GuardedList and (
        list.__len__(shell) != 2 or list.__getitem__(shell, 0) is not FILLER  # type: ignore[arg-type, call-overload]
    )
