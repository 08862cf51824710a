"""What a trace tells, once it is read (`pgs_runtime.trace.reading`)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from pgs_runtime.trace.record import LOAD
from pgs_runtime.trace.traced_outside import Awaited, Exchange, Segment
from pgs_snapshot.values import Value


class Waived(NamedTuple):
    """A finding that the snapshot rests on being waived; `until`: the last day."""

    rule: str
    at: str
    owner: str
    reason: str
    until: str


class Header(NamedTuple):
    """Who asked what of which workflow, and what the run ran on; values as recorded, redacted.

    `configs`: of other bindings than the workflow's own, by binding; `subjects`: the ids of those whom the labelled
    values belong to.
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
    waivers: tuple[Waived, ...] = ()
    subjects: tuple[str, ...] = ()


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


class Asked(NamedTuple):
    """What somebody outside answered to an operation, as its author's step sees it."""

    step: str
    outcome: str
    side_effect: str
    operation: str
    inputs: Value
    outputs: Value


Step: TypeAlias = Decided | Computed | Stored | Asked


class Problem(NamedTuple):
    """Why something was not taken: a place and what is wrong there, or the line of a rule that does not hold.

    `step` names the step of a contract whose inputs they are, "" for the contract's own. `name`: of the rule, if it has
    one.
    """

    at: str
    why: str
    rule: str
    step: str
    name: str = ""


class Overridden(NamedTuple):
    """A rule that did not hold and did not count: by which override, who granted that, why, and until when."""

    rule: str
    override: str
    by: Mapping[str, Value]
    reason: str
    until: str


Lines: TypeAlias = tuple[int, int]
"""The first and the last of some lines."""


class Returned(NamedTuple):
    """How a workflow that was called ended; `dropped`: the lines that tell of changes which it dropped."""

    n: int
    kind: str
    name: str
    node: str
    result: Mapping[str, Value]
    emitted: Mapping[str, Value]
    dropped: Lines | None

    @property
    def undone(self) -> bool:
        return self.dropped is not None


class Inner(NamedTuple):
    """A workflow that a node called.

    Attributes:
        node: the one that called.
        workflow: "" where the trace stops before the end of it.
        iteration: the number of the item, from 0; None of a `call`.
        ending: None where the trace stops before, or where nobody wanted the run any more.
    """

    node: str
    workflow: str
    iteration: int | None
    passed: tuple[Passed, ...]
    ending: Returned | None


class Violation(NamedTuple):
    """A rule of a gate that did not hold.

    Attributes:
        times, of: which violation that was, and at which the rule acts.
        value: what it saw, if that may be shown.
    """

    rule: str
    field: str
    level: str
    times: int
    of: int
    acts: bool
    value: Value


class Passed(NamedTuple):
    """A node on the way. `inputs` is a digest or a commitment, `outputs` are values; None: there are none.

    Attributes:
        outcome: "" where the trace stops within it, or where the run was cancelled there.
        inside: what it called.
        asks: what it asked of the outside.
        dropped: what it changed was dropped when something around it failed, but for what was committed before.
        overridden: the rules of an intent that did not hold, where it admitted all the same.
        audit: the rules of an intent's gate that did not hold.
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
    asks: tuple[Exchange, ...] = ()
    dropped: bool = False
    overridden: tuple[Overridden, ...] = ()
    audit: tuple[Violation, ...] = ()

    @property
    def undoes(self) -> bool:
        """Whether it takes back what a node of this name did before."""
        return self.kind == "undo"

    @property
    def took_back(self) -> bool:
        """Whether it has taken back what a node of this name did before."""
        return self.undoes and self.outcome != "" and (not self.dropped or bool(self.asks))


class Loaded(NamedTuple):
    """Rows that an operator put into a store."""

    n: int
    store: str
    rows: int


class Glass(NamedTuple):
    """What somebody did about a rule, past every protocol: overrode it, or took that back.

    Attributes:
        does: `grant` or `revoke`.
        override: of what is revoked, the id.
        until, within: of what is granted, its end, and how long it could last at most.
        only: the id of the one actor whom it is for, "" for all.
    """

    n: int
    does: str
    intent: str
    rule: str
    reason: str
    override: str
    until: str
    within: str
    only: str


class Erased(NamedTuple):
    """A subject whose key an operator has ended: how many runs belong to it, how many rows, and why."""

    n: int
    subject: str
    runs: int
    rows: int
    reason: str

    def says(self, code: Callable[[str], str]) -> str:
        runs, rows = f"{self.runs} run{'s' * (self.runs != 1)}", f"{self.rows} row{'s' * (self.rows != 1)}"
        return f"erased the subject {code(self.subject)}, with {runs} and {rows}, for the reason {code(self.reason)}"


class Reset(NamedTuple):
    """The interlock, reset: who answers for that and why, and which run had engaged it by which rule."""

    n: int
    by: str
    reason: str
    stopped: str
    rule: str
    target: str

    def says(self, code: Callable[[str], str]) -> str:
        cause = f"the run {code(self.stopped)} had engaged it by the rule at {code(self.rule)}"
        return f"reset the interlock by the word of {code(self.by)}, for the reason {code(self.reason)}; {cause}"


class Ending(NamedTuple):
    """How a run ended.

    Attributes:
        kind: the exit's kind, "FAULTED", "STOPPED" (by a rule) or "CANCELLED".
        name: the exit's name, or the fault's code.
        node: the exit, or where the fault struck; "" of a run that was cancelled.
        effects: how many operations changed something and stand, by store or side effect, and operation.
        dropped: the lines that tell of changes which were dropped.
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
    dropped: Lines | None
    why: str
    exit_code: int | None
    within: tuple[str, ...] = ()

    @property
    def is_fault(self) -> bool:
        return self.exit_code is not None

    @property
    def undone(self) -> bool:
        """Whether changes were dropped."""
        return self.dropped is not None


State: TypeAlias = Literal["ENDED", "WAITING", "IN_DOUBT", "RUNNING", "CUT"]


class Trace(NamedTuple):
    """A run as its trace tells it.

    Attributes:
        ending: None where it stops early.
        head: the last digest.
        segments: what was committed at once, in order.
        pending: what was asked of the outside and has no answer yet, in order.
        rests: whether the last line is one behind which a segment can end.
        glass: what was done about a rule, if the run is about one.
    """

    header: Header
    passed: tuple[Passed, ...]
    loaded: tuple[Loaded, ...]
    ending: Ending | None
    lines: int
    head: str
    segments: tuple[Segment, ...] = ()
    pending: tuple[Exchange, ...] = ()
    rests: bool = False
    erased: tuple[Erased, ...] = ()
    glass: Glass | None = None
    resets: tuple[Reset, ...] = ()

    @property
    def is_operators(self) -> bool:
        """Whether somebody acted past every protocol, and no workflow ran."""
        return self.is_load or bool(self.erased or self.resets) or self.glass is not None

    @property
    def is_load(self) -> bool:
        """Whether an operator put rows into stores, and no workflow ran."""
        return self.header.workflow == LOAD

    @property
    def state(self) -> State:
        """How the run stands as far as the trace goes; CUT: no run stops there, so the rest is missing."""
        if self.ending is not None:
            return "ENDED"
        if not self.rests:
            return "CUT"
        effects = [each for each in self.pending if not isinstance(each.ask, Awaited)]
        if not effects:
            return "WAITING"
        return "IN_DOUBT" if all(each.in_doubt for each in effects) else "RUNNING"

    @property
    def way(self) -> tuple[tuple[str, str], ...]:
        """Pairs of node and outcome, as `pgs_snapshot.drawing.picture.picture_of` takes them."""
        way = [(passed.node, passed.outcome) for passed in self.passed if not passed.undoes]
        ending = self.ending
        if ending is None or self.is_operators or (way and not way[-1][1]) or ending.kind == "CANCELLED":
            return tuple(way)
        if ending.is_fault:
            struck = ending.within[0] if ending.within else ending.node
            # A fault can strike while a node is taken back that the way has passed.
            return tuple(way) if struck in dict(way) else (*way, (struck, ""))
        return (*way, (ending.node, ending.name))

    @property
    def taken_back(self) -> frozenset[str]:
        """The nodes on the way that were taken back."""
        return frozenset(passed.node for passed in self.passed if passed.took_back)

    @property
    def standing(self) -> Iterator[Passed]:
        """Every node that was passed, here or within another, with those steps that were not dropped."""
        for passed in self.nodes:
            if not passed.dropped:
                yield passed
            elif passed.asks:
                # Whatever comes before a step that asked the outside was committed before that was asked.
                asked = max((n for n, step in enumerate(passed.steps) if isinstance(step, Asked)), default=-1)
                yield passed._replace(steps=passed.steps[: asked + 1])

    @property
    def nodes(self) -> Iterator[Passed]:
        """Every node that was passed, here or within another, inner ones first."""
        yield from _all(self.passed)

    @property
    def called(self) -> Iterator[Inner]:
        """Every workflow that was called, however far within, inner ones first."""
        yield from _called(self.passed)

    def segment_of(self, line: int) -> int:
        """The number of the segment that a line belongs to."""
        return bisect_right([segment.n for segment in self.segments], line) - 1


def with_dropped(passed: tuple[Passed, ...], dropped: Sequence[Lines]) -> tuple[Passed, ...]:
    """The nodes, of which those whose lines were dropped say so."""
    return tuple(
        each._replace(
            inside=tuple(inner._replace(passed=with_dropped(inner.passed, dropped)) for inner in each.inside),
            dropped=any(first <= each.n <= last for first, last in dropped),
        )
        for each in passed
    )


def _all(passed: tuple[Passed, ...]) -> Iterator[Passed]:
    for each in passed:
        for inner in each.inside:
            yield from _all(inner.passed)
        yield each


def _called(passed: tuple[Passed, ...]) -> Iterator[Inner]:
    for each in passed:
        for inner in each.inside:
            yield from _called(inner.passed)
            yield inner
