"""The commit: what the drafts say is done to the caller's objects, in place.

All steps are calls of built-in code and are made by one call of built-in code, so that no other thread runs and no
interrupt arrives between them: what is seen is the state before or the state after. Only classes with a `__setattr__`
of their own come first, one by one, because they may refuse; what they wrote is then taken back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from operator import call

from pgs_process.faults import ContractViolationError
from pgs_process.transaction.attributes import ObjectDraft, writes_plainly
from pgs_process.transaction.drafts import DictDraft, Draft, Step


def commit(drafts: Collection[Draft]) -> None:
    """Do what the drafts say.

    Raises:
        ContractViolationError: a class refused a value; nothing was done.
    """
    if len(drafts) == 1:
        (only,) = drafts
        if type(only) is DictDraft and not only.gone:
            only.base.update(only.new)
            return
    steps: list[Step] = []
    refusing: list[ObjectDraft] = []
    for draft in drafts:
        if isinstance(draft, ObjectDraft) and draft.new and not writes_plainly(type(draft.base)):
            refusing.append(draft)
        else:
            steps += draft.steps()
    if refusing:
        _try(refusing)
    if len(steps) == 1:
        steps[0]()
    elif steps:
        deque(map(call, steps), 0)


def _try(drafts: list[ObjectDraft]) -> None:
    done: list[ObjectDraft] = []
    try:
        for draft in drafts:
            done.append(draft)
            for step in draft.steps():
                step()
    except BaseException as error:
        for draft in reversed(done):
            for step in draft.undo():
                step()
        if isinstance(error, Exception):
            raise ContractViolationError(
                f"`{type(done[-1].base).__name__}` refused a value at the commit: {error}"
            ) from error
        raise
