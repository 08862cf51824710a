"""What a run stands on while it is in a segment: the store behind an overlay, or the record of that segment.

An attempt does not know which: where the replies are those that were recorded, it does what was done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Sized
from typing import NamedTuple, Protocol, cast

from pgs_runtime.core.linked import Storage
from pgs_runtime.faults import ExitCode, Fault
from pgs_runtime.stores.overlay import Overlay
from pgs_runtime.stores.port import Read, Store, Write
from pgs_snapshot.values import Outcome, Value

SUCCESS = "SUCCESS"
"""How an operation ends that did what it was asked for."""


class Answered(NamedTuple):
    """What a store answered to an operation.

    Attributes:
        outcome: "" where the operation ended the run as a fault.
        outputs: of a fault its `code`, `exit_code` and `why`.
        writes: how many that took; None: one if the operation writes and has ended as SUCCESS, else none.
        subjects: the ids of those of whom it was the first of its run to read.
    """

    outcome: str
    outputs: dict[str, Value]
    writes: int | None
    subjects: Sequence[str] = ()

    def told(self) -> Outcome:
        """The answer.

        Raises:
            Fault: it was none.
        """
        if self.outcome:
            return Outcome(self.outcome, **self.outputs)
        code, number, why = (self.outputs[name] for name in ("code", "exit_code", "why"))
        raise Fault(str(code), str(why), ExitCode(cast(int, number)))


class Diverged(Exception):
    """What a run does is not what its record says. The text says where, and holds no value."""


class Ground(Protocol):
    """Answers operations.

    Attributes:
        line: the number of the trace line that is being made.
        subjects: the ids of those whom what was answered belongs to.
    """

    line: int
    subjects: dict[str, None]

    @property
    def writes(self) -> Sized: ...

    def answer(self, step: Storage, inputs: dict[str, Value]) -> Outcome: ...

    def back_to(self, writes: int) -> None:
        """Drop every write but so many."""

    def keep(self, write: Callable[[Overlay], None]) -> None:
        """Let something be written although what the segment did is dropped."""

    @property
    def changes(self) -> tuple[tuple[Read, ...], tuple[Write, ...]]:
        """What a commit has to hold against the store, and to write there."""


class Live(Overlay):
    """The store as it is now.

    Attributes:
        answers: what it answered to which step, and how many writes that took.
    """

    def __init__(self, store: Store, most: int) -> None:
        super().__init__(store, most)
        self.answers: list[tuple[Storage, Outcome | Fault, int, Sequence[str]]] = []

    def answer(self, step: Storage, inputs: dict[str, Value]) -> Outcome:
        before, known = len(self.writes), len(self.subjects)
        try:
            answer = step.perform(self, inputs)
        except Fault as fault:
            self.answers.append((step, fault, len(self.writes) - before, [*self.subjects][known:]))
            raise
        self.answers.append((step, answer, len(self.writes) - before, [*self.subjects][known:]))
        return answer

    def keep(self, write: Callable[[Overlay], None]) -> None:
        write(self)

    @property
    def changes(self) -> tuple[tuple[Read, ...], tuple[Write, ...]]:
        return tuple(self.reads), tuple(self.writes)


class Recorded:
    """A segment that was committed: its answers in order, and nothing to commit."""

    def __init__(self, answers: Sequence[Answered], nowhere: bool = False) -> None:
        """`nowhere`: the run ended in it because something ended in a way that leads nowhere (R026)."""
        self.line = 0
        self.subjects: dict[str, None] = {}
        self.writes: list[None] = []
        self._answers: Iterator[Answered] = iter(answers)
        self._nowhere = answers[-1] if nowhere and answers else None

    def answer(self, step: Storage, inputs: dict[str, Value]) -> Outcome:
        recorded = next(self._answers, None)
        if recorded is None or (recorded is not self._nowhere and recorded.outcome not in ("", *step.next)):
            raise Diverged(f"`{step.name}` asks `{step.store}`, and the record has no such answer")
        wrote = recorded.writes
        if wrote is None:
            wrote = int(step.writes and recorded.outcome == SUCCESS)
        if wrote < 0:
            del self.writes[wrote:]  # a gate has taken back what it guards
        self.writes += [None] * wrote
        self.subjects |= dict.fromkeys(recorded.subjects)
        return recorded.told()

    def back_to(self, writes: int) -> None:
        del self.writes[writes:]

    def keep(self, write: Callable[[Overlay], None]) -> None:
        """What was kept was committed then."""

    @property
    def changes(self) -> tuple[tuple[Read, ...], tuple[Write, ...]]:
        return (), ()
