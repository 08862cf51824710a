"""What a snapshot says of shared state: contexts, the processes over them, the gates that audit them, and machines.

Paths are written as in contracts of processes: a layer, then names with dots between them, `domain.accounts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from pgs_snapshot.expressions import Schema
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Value

Zone: TypeAlias = Literal["data", "signal", "meta", "heavy"]
Level: TypeAlias = Literal["S", "A", "B", "C"]

BLOCKED = "BLOCKED"
"""The outcome of what a rule of level B has refused."""


@frozen
class ContextField:
    """One field of a context. `default` is what it holds in an instance that nobody has written to."""

    schema: Schema
    zone: Zone
    default: Value


@frozen
class Context:
    """Shared state, as many instances as there are sessions.

    `fields` by path (`global.limit`, `domain.accounts`); their schemas carry the labels that they admit. `invariants`
    have the form that `pgs_process.invariants.read_invariants` takes, processes by full name.
    """

    name: str
    summary: str
    fields: Mapping[str, ContextField]
    invariants: tuple[Mapping[str, Value], ...]
    at: str


@frozen
class AuditRule:
    """A rule at a gate, as `pgs_process.audit.recipe.RuleSpec` has it. `recipe`: the artifact that states it."""

    recipe: str
    field: str
    condition: str
    value: Value
    level: Level
    threshold: int
    reset_on_success: bool
    under_threshold: Literal["commit", "reject"]
    mode: Literal["enforce", "warn", "audit"]
    message: str
    at: str

    @property
    def blocks(self) -> bool:
        """Whether something can end as BLOCKED by it: below its threshold, a rule of level A or S rejects as B does."""
        early = self.threshold > 1 and self.under_threshold == "reject"
        return self.mode == "enforce" and (self.level == "B" or (self.level in "SA" and early))


@frozen
class Gate:
    """The rules of what it guards: for what comes in, and for what it proposes."""

    inputs: tuple[AuditRule, ...]
    outputs: tuple[AuditRule, ...]

    @property
    def blocks(self) -> bool:
        """Whether what it guards can end as BLOCKED."""
        return any(rule.blocks for rule in (*self.inputs, *self.outputs))


@frozen
class Process:
    """A function over a context, under a contract.

    `errors`: the outcome of each exception that it may raise, by the exception's name. What it returns is the outputs
    of SUCCESS, or an outcome that it names itself.
    """

    name: str
    summary: str
    context: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    signals: tuple[str, ...]
    inputs: Schema
    outcomes: Mapping[str, Schema]
    errors: Mapping[str, str]
    implementation: str  # "package.module:attribute"
    at: str
    gate: Gate | None = None

    @property
    def written(self) -> tuple[str, ...]:
        """The fields that it can write, sorted."""
        return tuple(sorted({_field(path) for path in self.writes}))

    @property
    def seen(self) -> tuple[str, ...]:
        """The fields that it is given, sorted: who may write may read."""
        return tuple(sorted({_field(path) for path in (*self.reads, *self.writes, *self.signals)}))

    def leaves(self, outcome: str) -> bool:
        """Whether what it wrote stands under an outcome: an error and a gate take it back."""
        return bool(self.writes) and outcome != BLOCKED and outcome not in self.errors.values()


@frozen
class MachineTimer:
    """What follows when a state has lasted for so long: `event`, or by itself (""), the state `to`, by `workflow`."""

    event: str
    to: str
    workflow: str


@frozen
class MachineState:
    """`events`: where each leads. `ignore`: those that do nothing here. `after`: by duration (ISO 8601)."""

    events: Mapping[str, str]
    ignore: tuple[str, ...]
    after: Mapping[str, MachineTimer]
    final: bool


@frozen
class Machine:
    """A state machine. One event of one instance is one run of a workflow that was made from it.

    Attributes:
        actor: who sends what the machine sends to itself: when a time is over, and for signals of its context.
        store: keeps the instances, a cell each: `state`, `since`, `run`.
        steps: keeps what became of them, a stream each: `state`, `event`, `at`, `run`.
        start: the workflow that starts an instance.
        events: the workflow of each event that comes from outside.
        sent: those of them that somebody sends; the others only come from signals.
        signals: the event that a signal of the context stands for, by path.
    """

    name: str
    summary: str
    context: str | None
    actor: str
    store: str
    steps: str
    start: str
    events: Mapping[str, str]
    sent: tuple[str, ...]
    signals: Mapping[str, str]
    initial: str
    states: Mapping[str, MachineState]
    at: str


def _field(path: str) -> str:
    """The field of a path, which is what is hydrated and committed: `domain.owner` of `domain.owner.name`."""
    return ".".join(path.split(".")[:2])
