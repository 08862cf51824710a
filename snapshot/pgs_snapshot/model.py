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

from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Value

Schema: TypeAlias = Mapping[str, Value]
"""A JSON Schema 2020-12 without `$ref`. `labels` and `default` are annotations for the runtime."""

# --- expressions ---------------------------------------------------------------------------------


@frozen
class Literal_:
    """`{"literal": value}`: the value itself."""

    literal: Value


@frozen
class Ref:
    """`{"ref": [slot, step, …]}`: one value; a string step is a member, an integer an item.

    `optional` says that a member on the way may be absent: the target key is then left out.
    """

    slot: int
    path: tuple[str | int, ...] = ()
    optional: bool = False


@frozen
class Slice:
    """`start:stop:step` over a list, as RFC 9535 section 2.3.4 defines it."""

    start: int | None = None
    stop: int | None = None
    step: int = 1


@frozen
class Query:
    """A path with a wildcard (`"*"` as `Wildcard`) or slice: the list of what it selects, in document order."""

    slot: int
    path: tuple[str | int | Slice | Wildcard, ...]


@frozen
class Wildcard:
    """Every item of a list."""


@frozen
class Default:
    """The first value if it is there, else the second."""

    value: Ref
    otherwise: Expr


@frozen
class Text:
    """The parts joined: strings as they are, integers in decimal."""

    parts: tuple[Expr, ...]


@frozen
class Record:
    """An object built member by member; a member whose optional reference is absent is left out."""

    members: Mapping[str, Expr]


@frozen
class Items:
    """A list built item by item."""

    items: tuple[Expr, ...]


Expr: TypeAlias = "Literal_ | Ref | Query | Default | Text | Record | Items"

# --- conditions ----------------------------------------------------------------------------------

Operator: TypeAlias = Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "matches", "exists"]


@frozen
class Compare:
    """An operator over its operands.

    `instants`: both are RFC 3339 times and compare as points in time. `labelled`: an operand carries a label, so
    the trace holds no operand of it in clear.
    """

    op: Operator
    operands: tuple[Expr, ...]
    instants: bool = False
    labelled: bool = False


@frozen
class All:
    conditions: tuple[Condition, ...]


@frozen
class Any_:
    conditions: tuple[Condition, ...]


@frozen
class Not:
    condition: Condition


Condition: TypeAlias = "Compare | All | Any_ | Not"

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


Step: TypeAlias = "TransformStep | OperationStep | DecideStep"


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
class ContractNode:
    id: str
    contract: str
    inputs: Mapping[str, Expr]
    unproven: tuple[str, ...]
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


Node: TypeAlias = "IntentNode | ContractNode | ExitNode"
ExitKind: TypeAlias = Literal["COMPLETED", "DENIED", "REJECTED", "FAILED"]


@frozen
class Bounds:
    """The most that one run can do, counted over the longest way through the graph."""

    nodes: int
    steps: int
    effects: int


@frozen
class Graph:
    """A workflow, linked. `slots` names what each slot of its expressions holds:

    `payload`, `actor`, `run`, `config`, `with`, then `results.<node>` for each node that has a result.
    `nodes` stand in topological order, the start first.
    """

    workflow: str
    summary: str
    binding: str | None
    start: str
    slots: tuple[str, ...]
    nodes: tuple[Node, ...]
    bounds: Bounds
    at: str
    subdomain: str = ""


# --- what graphs refer to ------------------------------------------------------------------------


@frozen
class Intent:
    """The admission gate. `slots` of `requires`: `payload`, `actor`."""

    name: str
    summary: str
    payload: Schema
    actors: tuple[str, ...]
    requires: tuple[Condition, ...]
    requires_at: tuple[str, ...]
    at: str


@frozen
class Actor:
    name: str
    summary: str
    attributes: Schema
    at: str


@frozen
class Transform:
    name: str
    summary: str
    inputs: Schema
    outcomes: Mapping[str, Schema]
    implementation: str  # "package.module:attribute"
    at: str


@frozen
class Operation:
    mode: Literal["read", "write"]
    inputs: Schema
    outcomes: Mapping[str, Schema]


Semantics: TypeAlias = Literal["idempotent", "append_only", "mutable"]


@frozen
class Store:
    """A named place, with the operations of its side effect written out for its entity.

    `writers`: domains besides its own whose contracts may write to it.
    """

    name: str
    summary: str
    side_effect: str
    semantics: Semantics
    entity: str
    schema: Schema
    operations: Mapping[str, Operation]
    implementation: str
    clears: tuple[str, ...]
    at: str
    writers: tuple[str, ...] = ()


@frozen
class Binding:
    """The stores of the workflows that name it, and the schema of their configuration.

    `retention`: for how long a store keeps what it holds at least, as a duration of ISO 8601.
    """

    name: str
    summary: str
    stores: tuple[str, ...]
    config: Schema
    at: str
    retention: Mapping[str, str] = field(default_factory=dict)


@frozen
class Event:
    name: str
    summary: str
    fields: Schema
    clears: tuple[str, ...]
    at: str


@frozen
class Entity:
    name: str
    summary: str
    schema: Schema
    at: str


# --- the seal ------------------------------------------------------------------------------------


@frozen
class SealedFile:
    """A file of the snapshot: its path from the snapshot's folder, its size in bytes and its digest."""

    path: str
    size: int
    sha256: str


@frozen
class Implementation:
    """A callable and the modules that it imports, however far.

    `modules`: the first-party ones by name, each with the sha256 of its source, which stands under `sources/`;
    a package's own code is called `package.__init__`. `distributions`: what each third-party import name comes
    from, as `name==version`.
    """

    reference: str
    modules: Mapping[str, str]
    distributions: Mapping[str, str]


@frozen
class Manifest:
    """What a snapshot is made of: every file but the manifest itself, sorted by path.

    `root` is the snapshot's id: the sha256 of the canonical bytes of all other members.
    """

    format: str
    name: str
    version: int
    compiler: str
    files: tuple[SealedFile, ...]
    implementations: tuple[Implementation, ...]
    root: str
