"""What a snapshot says, as frozen data: the compiler's output and the runtime's input.

Laws:
* every name is in full (`domain::CODE`), every schema is closed and holds no `$ref`;
* a reference is a slot and the steps from there; nothing has to be parsed or looked up by name at run time;
* a node's `next` holds exactly the outcomes that the node can have;
* `at` is the author's line, `path:line`, relative to the workspace.

`pgs_snapshot.codec` turns these classes to JSON and back; what is `None` or empty is left out there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal, TypeAlias

from pgs_snapshot.artifacts import (
    Actor,
    Binding,
    Entity,
    Event,
    Operation,
    Policy,
    Semantics,
    SideEffect,
    Store,
    Transform,
    Unknown,
)
from pgs_snapshot.expressions import (
    All,
    Any_,
    Compare,
    Condition,
    Default,
    Expr,
    Items,
    Literal_,
    Not,
    Operator,
    Query,
    Record,
    Ref,
    Schema,
    Slice,
    Text,
    Wildcard,
    comparisons,
)
from pgs_snapshot.frozen import frozen
from pgs_snapshot.manifest import Implementation, Manifest, SealedFile
from pgs_snapshot.processes import AuditRule, Context, ContextField, Gate, Machine, MachineState, MachineTimer, Process

__all__ = [
    "Actor", "All", "Any_", "AuditRule", "Binding", "Compare", "Condition", "Context", "ContextField", "Default",
    "Entity", "Event", "Expr", "Gate", "Implementation", "Items", "Literal_", "Machine", "MachineState",
    "MachineTimer", "Manifest", "Not", "Operation", "Operator", "Policy", "Process", "Query", "Record", "Ref",
    "Schema", "SealedFile", "Semantics", "SideEffect", "Slice", "Store", "Text", "Transform", "Unknown", "Wildcard",
    "comparisons",
]  # fmt: skip
"""What this module gives on; its own classes are for all to use, too."""

# --- contracts -----------------------------------------------------------------------------------


@frozen
class Case:
    """One case of a decision. `when` is None for `otherwise`."""

    outcome: str
    when: Condition | None
    outputs: Mapping[str, Expr]
    at: str


@frozen
class TransformStep:
    name: str
    transform: str
    inputs: Mapping[str, Expr]
    unproven: tuple[str, ...]  # inputs that only may fit: checked before the call
    next: Mapping[str, str | None]  # outcome -> the contract's outcome, or None to continue
    at: str


@frozen
class OperationStep:
    name: str
    store: str
    operation: str
    inputs: Mapping[str, Expr]
    unproven: tuple[str, ...]
    next: Mapping[str, str | None]
    at: str


@frozen
class DecideStep:
    name: str
    cases: tuple[Case, ...]
    next: Mapping[str, str | None]
    at: str


@frozen
class EffectStep:
    """An operation of an external side effect. UNKNOWN is among `next` where the author handles it."""

    name: str
    side_effect: str
    operation: str
    inputs: Mapping[str, Expr]
    unproven: tuple[str, ...]
    next: Mapping[str, str | None]
    at: str


ACTED = frozenset({"SUCCESS", "UNKNOWN", "UNREADABLE"})
"""The outcomes of an external operation that writes under which it has taken place, or may have."""

Step: TypeAlias = "TransformStep | OperationStep | EffectStep | DecideStep"


@frozen
class Contract:
    """A node's behaviour. `slots` names what each slot of its expressions holds:

    `inputs`, `run`, `config`, then for each step `steps.<name>` (its outputs) and `steps.<name>.outcome`.
    `outputs` is the schema of what each outcome gives, with the labels that came along.
    """

    name: str
    summary: str
    inputs: Schema
    slots: tuple[str, ...]
    steps: tuple[Step, ...]
    outcomes: Mapping[str, Mapping[str, Expr]]
    outputs: Mapping[str, Schema]
    on_input_failure: str | None
    at: str
    gate: Gate | None = None


# --- graphs --------------------------------------------------------------------------------------


@frozen
class Edge:
    to: str
    arguments: Mapping[str, Expr] = field(default_factory=dict)  # the author's `with`


@frozen
class IntentNode:
    id: str
    intent: str
    next: Mapping[str, Edge]
    at: str
    summary: str = ""


@frozen
class Undo:
    """What compensates a node: a contract, with inputs from the frame at the end of that node."""

    contract: str
    inputs: Mapping[str, Expr]
    unproven: tuple[str, ...]


@frozen
class ContractNode:
    id: str
    contract: str
    inputs: Mapping[str, Expr]
    unproven: tuple[str, ...]
    next: Mapping[str, Edge]
    at: str
    summary: str = ""
    undo: Undo | None = None


@frozen
class Callee:
    """The workflow that is called: the one that `of` has for the value of `choose`, else `otherwise`."""

    otherwise: str | None
    choose: Expr | None = None
    of: Mapping[str, str] = field(default_factory=dict)

    @property
    def workflows(self) -> tuple[str, ...]:
        """Every workflow that may be called, sorted."""
        return tuple(sorted({*self.of.values(), *((self.otherwise,) if self.otherwise else ())}))


@frozen
class CallNode:
    """A workflow as one node. `inputs` is the callee's payload without its defaults; `next` has its exits' names."""

    id: str
    call: Callee
    inputs: Mapping[str, Expr]
    unproven: tuple[str, ...]
    next: Mapping[str, Edge]
    at: str
    summary: str = ""
    undo: Undo | None = None


@frozen
class EachNode:
    """A workflow called for each item of the list `each`, until it ends under a name of `stop`.

    `choose` and `inputs` see the slots `item` and `index`.
    """

    id: str
    each: Expr
    call: Callee
    inputs: Mapping[str, Expr]
    unproven: tuple[str, ...]
    max: int
    stop: tuple[str, ...]
    next: Mapping[str, Edge]
    at: str
    summary: str = ""
    concurrent: bool = False


@frozen
class Signal:
    """What a wait accepts: an event equal to `match` for which `where` holds, which sees the slot `event`, from one of
    `actors` who acted at none of `not_actor_of`."""

    name: str
    event: str
    actors: tuple[str, ...]
    not_actor_of: tuple[str, ...]
    match: Mapping[str, Expr]
    where: Condition | None


@frozen
class WaitNode:
    """A run is suspended here until a signal is accepted, in the order given, or its time is over."""

    id: str
    within: Expr | None
    until: Expr | None
    signals: tuple[Signal, ...]
    next: Mapping[str, Edge]
    at: str
    summary: str = ""


@frozen
class ExitNode:
    """Where a run ends. `names` holds every name it can end under: one, or the members of `reason`."""

    id: str
    exit: ExitKind
    names: tuple[str, ...]
    reason: Expr | None
    result: Mapping[str, Expr]
    result_schema: Schema
    emit: Mapping[str, Mapping[str, Expr]]
    at: str
    summary: str = ""


@frozen
class ProcessNode:
    """A process, run over the instance `session` of its context."""

    id: str
    process: str
    session: Expr
    inputs: Mapping[str, Expr]
    unproven: tuple[str, ...]
    next: Mapping[str, Edge]
    at: str
    summary: str = ""
    undo: Undo | None = None


Undoable: TypeAlias = ContractNode | ProcessNode | CallNode
"""The nodes that can have an `undo`."""

Node: TypeAlias = "IntentNode | ContractNode | ProcessNode | CallNode | EachNode | WaitNode | ExitNode"
ExitKind: TypeAlias = Literal["COMPLETED", "DENIED", "REJECTED", "FAILED"]


@frozen
class Bounds:
    """The most that one run can do, counted over the longest way through the graph and what it calls."""

    nodes: int
    steps: int
    effects: int


@frozen
class Graph:
    """A workflow, linked. `slots` names what each slot of its expressions holds:

    `payload`, `actor`, `run`, `config`, `with`, then `results.<node>` for each node that has a result; behind
    them `item` and `index` where there is an `each`, and `event` where there is a `wait`.
    `nodes` stand in topological order, the start first. `commits`: those at or within which everything before is
    committed, sorted. `hidden`: by node, JSON Pointers (RFC 6901) to what its trace must hide; `*` stands for all items
    and members, `*!a!b` for all but the members `a` and `b`.
    """

    workflow: str
    summary: str
    binding: str | None
    start: str
    slots: tuple[str, ...]
    nodes: tuple[Node, ...]
    bounds: Bounds
    hidden: Mapping[str, tuple[str, ...]]
    at: str
    subdomain: str = ""
    commits: tuple[str, ...] = ()


# --- what graphs refer to ------------------------------------------------------------------------


@frozen
class BreakGlass:
    """Who may override a rule, as actors by name, and for how long at most, as a duration of ISO 8601."""

    by: tuple[str, ...]
    within: str


@frozen
class Intent:
    """The admission gate. `slots` of `requires`: `payload`, `actor`.

    `rules`: of each of `requires` its name, "" for one without; none where no one has a name. `break_glass`: those that
    may be overridden.
    """

    name: str
    summary: str
    payload: Schema
    actors: tuple[str, ...]
    requires: tuple[Condition, ...]
    requires_at: tuple[str, ...]
    at: str
    rules: tuple[str, ...] = ()
    break_glass: Mapping[str, BreakGlass] = field(default_factory=dict)
    subjects: tuple[Ref, ...] = ()
    gate: Gate | None = None
