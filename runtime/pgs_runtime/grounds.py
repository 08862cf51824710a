"""What a run stands on while it is in a segment: the store behind an overlay, or the record of that segment.

An attempt does not know which: where the replies are those that were recorded, it does what was done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from typing import NamedTuple, Protocol

from pgs_runtime.linked import Storage
from pgs_runtime.overlay import Overlay
from pgs_runtime.stores.port import Read, Store, Write
from pgs_snapshot.values import Outcome, Value


class Answered(NamedTuple):
    """What a store answered to an operation, and how many writes that took."""

    outcome: str
    outputs: dict[str, Value]
    writes: int


class Diverged(Exception):
    """What a run does is not what its record says. The text says where, and holds no value."""


class Ground(Protocol):
    """Answers operations; `line` is the number of the trace line that is being made."""

    line: int

    @property
    def writes(self) -> Sized: ...

    def answer(self, step: Storage, inputs: dict[str, Value]) -> Outcome: ...

    def back_to(self, writes: int) -> None:
        """Drop every write but so many."""

    @property
    def changes(self) -> tuple[tuple[Read, ...], tuple[Write, ...]]:
        """What a commit has to hold against the store, and to write there."""


class Live(Overlay):
    """The store as it is now.

    Attributes:
        answers: what it answered, kept where the run may have to be continued; None: nobody will ask.
    """

    def __init__(self, store: Store, most: int) -> None:
        super().__init__(store, most)
        self.answers: list[Answered] | None = None

    def answer(self, step: Storage, inputs: dict[str, Value]) -> Outcome:
        before = len(self.writes)
        answer = step.perform(self, inputs)
        if self.answers is not None:
            self.answers.append(Answered(answer.name, answer.outputs, len(self.writes) - before))
        return answer

    @property
    def changes(self) -> tuple[tuple[Read, ...], tuple[Write, ...]]:
        return tuple(self.reads), tuple(self.writes)


class Recorded:
    """A segment that was committed: its answers in order, and nothing to commit."""

    def __init__(self, answers: Sequence[Answered]) -> None:
        self.line = 0
        self.writes: list[None] = []
        self._answers: Iterator[Answered] = iter(answers)

    def answer(self, step: Storage, inputs: dict[str, Value]) -> Outcome:
        recorded = next(self._answers, None)
        if recorded is None or recorded.outcome not in step.next:
            raise Diverged(f"`{step.name}` asks `{step.store}`, and the record has no such answer")
        self.writes += [None] * recorded.writes
        return Outcome(recorded.outcome, **recorded.outputs)

    def back_to(self, writes: int) -> None:
        del self.writes[writes:]

    @property
    def changes(self) -> tuple[tuple[Read, ...], tuple[Write, ...]]:
        return (), ()
