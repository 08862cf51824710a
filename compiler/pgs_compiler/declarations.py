"""What authors declare, one dataclass a kind: syntax with places, before anything is typed.

`parse` makes these with names as written; `resolve` gives every `Name` its full text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pgs_compiler.callees import Arm, CalleeSyntax
from pgs_compiler.findings import Place
from pgs_compiler.laws import RequirementSyntax, RuleSyntax, SelectionSyntax
from pgs_compiler.machines import Machine
from pgs_compiler.names import Name
from pgs_compiler.processes import Audit, AuditRuleSyntax, Context, InvariantSyntax, Process, ProcessOutcome
from pgs_compiler.schemas.syntax import FieldsSyntax, SchemaSyntax
from pgs_compiler.transports import Egress, Ingress, RequestPart, ResponseSyntax, RouteSyntax, ToolSyntax
from pgs_compiler.written import (
    Bindings,
    Bound,
    Comparison,
    ConditionSyntax,
    Constant,
    DefaultForm,
    EnumForm,
    Header,
    Junction,
    ListForm,
    Negation,
    RecordForm,
    Reference,
    TextForm,
    ValueSyntax,
    Word,
)
from pgs_snapshot.model import ExitKind, Semantics, Unknown

__all__ = [
    "Arm", "Audit", "AuditRuleSyntax", "Bindings", "Bound", "CalleeSyntax", "Comparison", "ConditionSyntax",
    "Constant", "Context", "DefaultForm", "Egress", "EnumForm", "Header", "Ingress", "InvariantSyntax", "Junction",
    "ListForm", "Machine", "Negation", "Process", "ProcessOutcome", "RecordForm", "Reference", "RequestPart",
    "ResponseSyntax", "RouteSyntax", "TextForm", "ToolSyntax", "ValueSyntax", "Word",
]  # fmt: skip
"""What this module gives on; its own classes are for all to use, too."""

# --- documents -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EdgeSyntax:
    outcome: Word
    to: Word
    arguments: Bindings | None


@dataclass(frozen=True, slots=True)
class IntentNodeSyntax:
    id: Word
    intent: Name
    next: tuple[EdgeSyntax, ...]
    next_place: Place
    summary: str


@dataclass(frozen=True, slots=True)
class UndoSyntax:
    """`undo: {contract: …, inputs: …}`: what compensates a node whose effects were committed."""

    contract: Name
    inputs: Bindings
    place: Place


@dataclass(frozen=True, slots=True)
class ContractNodeSyntax:
    id: Word
    contract: Name
    inputs: Bindings
    next: tuple[EdgeSyntax, ...]
    next_place: Place
    summary: str
    undo: UndoSyntax | None = None


@dataclass(frozen=True, slots=True)
class ProcessNodeSyntax:
    """A process, run over the instance of its context that `session` names."""

    id: Word
    process: Name
    session: ValueSyntax
    inputs: Bindings
    next: tuple[EdgeSyntax, ...]
    next_place: Place
    summary: str
    undo: UndoSyntax | None = None


@dataclass(frozen=True, slots=True)
class CallNodeSyntax:
    id: Word
    callee: CalleeSyntax
    inputs: Bindings
    next: tuple[EdgeSyntax, ...]
    next_place: Place
    summary: str
    undo: UndoSyntax | None = None


@dataclass(frozen=True, slots=True)
class EachNodeSyntax:
    """`on_item` has the exits of the callee after which the loop stops, or (False) goes on."""

    id: Word
    over: ValueSyntax
    callee: CalleeSyntax
    inputs: Bindings
    most: int
    concurrent: Word | None
    on_item: tuple[tuple[Word, bool], ...]
    next: tuple[EdgeSyntax, ...]
    next_place: Place
    summary: str


@dataclass(frozen=True, slots=True)
class SignalSyntax:
    name: Word
    event: Name
    senders: tuple[Name, ...]
    not_actor_of: tuple[Word, ...]
    match: Bindings
    where: ConditionSyntax | None


@dataclass(frozen=True, slots=True)
class WaitNodeSyntax:
    """Waits for a duration (`within`) or up to a time; `deadline` is which, with its place."""

    id: Word
    deadline: Word
    until: ValueSyntax
    signals: tuple[SignalSyntax, ...]
    next: tuple[EdgeSyntax, ...]
    next_place: Place
    place: Place
    summary: str


@dataclass(frozen=True, slots=True)
class EmitSyntax:
    event: Name
    fields: Bindings


@dataclass(frozen=True, slots=True)
class ExitNodeSyntax:
    id: Word
    exit: ExitKind
    reason: Word | Reference | None
    result: Bindings | None
    emit: tuple[EmitSyntax, ...]
    summary: str
    clears: tuple[Word, ...] = ()


UndoneSyntax: TypeAlias = ContractNodeSyntax | ProcessNodeSyntax | CallNodeSyntax
"""The nodes that can have an `undo`."""

RoutedSyntax: TypeAlias = IntentNodeSyntax | UndoneSyntax | EachNodeSyntax | WaitNodeSyntax
"""The nodes that edges lead away from."""

NodeSyntax: TypeAlias = RoutedSyntax | ExitNodeSyntax


@dataclass(frozen=True, slots=True)
class Workflow:
    header: Header
    binding: Name | None
    start: Word
    nodes: tuple[NodeSyntax, ...]
    nodes_place: Place

    def node(self, id: str) -> NodeSyntax | None:
        return next((node for node in self.nodes if node.id.text == id), None)


@dataclass(frozen=True, slots=True)
class BreakGlassSyntax:
    """A rule that may be overridden: by whom, and for how long at most."""

    rule: Word
    by: tuple[Name, ...]
    within: Word


@dataclass(frozen=True, slots=True)
class Intent:
    """`rules`: of each condition of `requires` its name, "" for one without."""

    header: Header
    payload: FieldsSyntax
    actors: tuple[Name, ...]
    requires: tuple[ConditionSyntax, ...]
    rules: tuple[Word, ...] = ()
    break_glass: tuple[BreakGlassSyntax, ...] = ()
    subjects: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Actor:
    header: Header
    attributes: FieldsSyntax


@dataclass(frozen=True, slots=True)
class StepEdge:
    """Where a step's outcome leads: `to` is None for `continue`."""

    outcome: Word
    to: Word | None


@dataclass(frozen=True, slots=True)
class TransformStepSyntax:
    name: Word
    transform: Name
    inputs: Bindings
    next: tuple[StepEdge, ...]


@dataclass(frozen=True, slots=True)
class OperationStepSyntax:
    name: Word
    operation: Word
    store: Name
    inputs: Bindings
    next: tuple[StepEdge, ...]


@dataclass(frozen=True, slots=True)
class CaseSyntax:
    outcome: Word
    when: ConditionSyntax | None
    outputs: Bindings | None
    place: Place


@dataclass(frozen=True, slots=True)
class DecideStepSyntax:
    name: Word
    cases: tuple[CaseSyntax, ...]
    next: tuple[StepEdge, ...]


@dataclass(frozen=True, slots=True)
class EffectStepSyntax:
    """An operation of an external side effect, which has no store."""

    name: Word
    operation: Word
    side_effect: Name
    inputs: Bindings
    next: tuple[StepEdge, ...]


StepSyntax: TypeAlias = TransformStepSyntax | OperationStepSyntax | EffectStepSyntax | DecideStepSyntax


@dataclass(frozen=True, slots=True)
class OutcomeSyntax:
    name: Word
    outputs: Bindings


@dataclass(frozen=True, slots=True)
class Contract:
    header: Header
    inputs: FieldsSyntax
    steps: tuple[StepSyntax, ...]
    outcomes: tuple[OutcomeSyntax, ...]
    outcomes_place: Place
    on_input_failure: Word | None


@dataclass(frozen=True, slots=True)
class OutcomeFields:
    name: Word
    outputs: FieldsSyntax


@dataclass(frozen=True, slots=True)
class Example:
    inputs: Constant
    outcome: Word
    outputs: Constant
    place: Place


@dataclass(frozen=True, slots=True)
class Declassified:
    """A label that a transform removes: from all of its inputs, or from those that are named."""

    text: str
    place: Place
    inputs: tuple[Word, ...] | None = None

    def removes_from(self, input: str) -> bool:
        return self.inputs is None or any(word.text == input for word in self.inputs)


@dataclass(frozen=True, slots=True)
class Transform:
    header: Header
    inputs: FieldsSyntax
    outcomes: tuple[OutcomeFields, ...]
    implementation: Word
    examples: tuple[Example, ...]
    declassifies: tuple[Declassified, ...] = ()


@dataclass(frozen=True, slots=True)
class OperationSyntax:
    """`keyed`: where an operation says that the other side recognises its key."""

    name: Word
    mode: Literal["read", "write"]
    inputs: FieldsSyntax
    outcomes: tuple[OutcomeFields, ...]
    clears: tuple[Word, ...] = ()
    keyed: Place | None = None


@dataclass(frozen=True, slots=True)
class SideEffect:
    """A side effect; `entity` is what every store of it holds, where it keeps values of its own making."""

    header: Header
    semantics: Semantics | Literal["external"]
    semantics_place: Place
    operations: tuple[OperationSyntax, ...]
    implementation: Word
    entity: Name | None = None


@dataclass(frozen=True, slots=True)
class Store:
    header: Header
    side_effect: Name
    entity: Name
    operations: tuple[Word, ...]
    clears: tuple[Word, ...]
    writers: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicySyntax:
    """What happens when an external effect is in doubt; `lookup` is the operation that finds out."""

    side_effect: Name
    unknown: Unknown
    attempts: int | None
    lookup: Word | None
    at_least_once: bool = False


@dataclass(frozen=True, slots=True)
class Binding:
    """`retention`: how long a store keeps what it holds, by the store's name as it stands in `stores`."""

    header: Header
    stores: tuple[Name, ...]
    config: FieldsSyntax
    retention: tuple[tuple[Name, Word], ...] = ()
    effects: tuple[PolicySyntax, ...] = ()


@dataclass(frozen=True, slots=True)
class Entity:
    """A record with labelled fields, or an enumeration."""

    header: Header
    schema: SchemaSyntax


@dataclass(frozen=True, slots=True)
class Event:
    header: Header
    fields: FieldsSyntax
    clears: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Assertion:
    header: Header
    applies_to: SelectionSyntax
    requires: tuple[RequirementSyntax, ...]


@dataclass(frozen=True, slots=True)
class Constitution:
    header: Header
    domains: tuple[Word, ...]
    spared: tuple[Word, ...]
    rules: tuple[RuleSyntax, ...]


Declaration: TypeAlias = (
    Workflow
    | Intent
    | Actor
    | Contract
    | Transform
    | SideEffect
    | Store
    | Binding
    | Entity
    | Event
    | Assertion
    | Constitution
    | Ingress
    | Egress
    | Context
    | Process
    | Audit
    | Machine
)
