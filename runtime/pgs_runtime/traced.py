"""What a trace tells, once it is read (`pgs_runtime.traces`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from pgs_runtime.record import LOAD
from pgs_snapshot.values import Value


class Header(NamedTuple):
    """Who asked what of which workflow, and what the run ran on; values as recorded, redacted.

    `configs`: of other bindings than the workflow's own, by binding.
    """

    run: str
    workflow: str
    snapshot: str
    started: str
    actor: Mapping[str, Value]
    authenticated_by: str
    payload: Value
    payload_digest: Value
    fingerprint: Mapping[str, Value]
    config: Mapping[str, Value]
    request_id: str
    configs: Mapping[str, Value] = {}


class Looked(NamedTuple):
    """A comparison that was evaluated: the operator, the operands as shown, and whether it held."""

    op: str
    of: tuple[Value, ...]
    held: bool


class Decided(NamedTuple):
    """A decision: which case held, counted from 0, and what was looked at until then."""

    step: str
    outcome: str
    case: int
    looked: tuple[Looked, ...]


class Computed(NamedTuple):
    """A transform's answer."""

    step: str
    outcome: str
    transform: str
    outputs: Value


class Stored(NamedTuple):
    """A store's answer to an operation."""

    step: str
    outcome: str
    store: str
    operation: str
    inputs: Value
    outputs: Value


Step: TypeAlias = Decided | Computed | Stored


class Problem(NamedTuple):
    """Why something was not taken: a place and what is wrong there, or the line of a rule that does not hold.

    `step` names the step of a contract whose inputs they are, "" for the contract's own.
    """

    at: str
    why: str
    rule: str
    step: str


class Returned(NamedTuple):
    """How a workflow that was called ended; `undone` says that what it had changed was dropped."""

    n: int
    kind: str
    name: str
    node: str
    result: Mapping[str, Value]
    emitted: Mapping[str, Value]
    undone: bool


class Inner(NamedTuple):
    """A workflow that a node called.

    Attributes:
        node: the one that called.
        workflow: "" where the trace stops before the end of it.
        iteration: the number of the item, from 0; None of a `call`.
        ending: None where the trace stops before.
    """

    node: str
    workflow: str
    iteration: int | None
    passed: tuple[Passed, ...]
    ending: Returned | None


class Passed(NamedTuple):
    """A node on the way. `inputs` is a digest or a commitment, `outputs` are values; None: there are none.

    `inside`: what it called. Its outcome is "" where the trace stops within it.
    """

    n: int
    kind: str
    node: str
    target: str
    outcome: str
    steps: tuple[Step, ...]
    refused: tuple[Problem, ...]
    inputs: Value
    outputs: Value
    inside: tuple[Inner, ...] = ()


class Loaded(NamedTuple):
    """Rows that an operator put into a store."""

    n: int
    store: str
    rows: int


class Ending(NamedTuple):
    """How a run ended.

    Attributes:
        kind: the exit's kind, or "FAULTED".
        name: the exit's name, or the fault's code.
        node: the exit, or where the fault struck.
        effects: how many operations changed something and stand, by store and operation.
        undone: whether changes were dropped.
        why: of a fault, what happened; else "".
        exit_code: of a fault, how a program that ran it ends; else None.
        within: the nodes within which the fault struck, outermost first.
    """

    n: int
    kind: str
    name: str
    node: str
    result: Mapping[str, Value]
    emitted: Mapping[str, Value]
    effects: Mapping[str, Mapping[str, int]]
    lines: int
    undone: bool
    why: str
    exit_code: int | None
    within: tuple[str, ...] = ()

    @property
    def is_fault(self) -> bool:
        return self.exit_code is not None


class Trace(NamedTuple):
    """A run as its trace tells it. `ending` is None where it stops early; `head` is the last digest."""

    header: Header
    passed: tuple[Passed, ...]
    loaded: tuple[Loaded, ...]
    ending: Ending | None
    lines: int
    head: str

    @property
    def is_load(self) -> bool:
        """Whether an operator put rows into stores, and no workflow ran."""
        return self.header.workflow == LOAD

    @property
    def way(self) -> tuple[tuple[str, str], ...]:
        """Pairs of node and outcome, as `pgs_snapshot.drawing.picture.picture_of` takes them."""
        way = [(passed.node, passed.outcome) for passed in self.passed]
        ending = self.ending
        if ending is None or self.is_load or (way and not way[-1][1]):
            return tuple(way)
        if ending.is_fault:
            return (*way, (ending.within[0] if ending.within else ending.node, ""))
        return (*way, (ending.node, ending.name))

    @property
    def standing(self) -> Iterator[Passed]:
        """Every node that was passed, here or within another, but for what a callee dropped when it failed."""
        yield from _standing(self.passed)


def _standing(passed: tuple[Passed, ...]) -> Iterator[Passed]:
    for each in passed:
        for inner in each.inside:
            if inner.ending is None or not inner.ending.undone:
                yield from _standing(inner.passed)
        yield each
