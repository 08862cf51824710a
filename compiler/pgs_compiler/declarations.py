"""What authors declare, one dataclass a kind: syntax with places, before anything is typed.

`parse` makes these with names as written; `resolve` gives every `Name` its full text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pgs_compiler.findings import Place
from pgs_compiler.names import Name
from pgs_compiler.schemas.paths import Path
from pgs_compiler.schemas.syntax import FieldsSyntax, SchemaSyntax
from pgs_compiler.source import Tree
from pgs_snapshot.model import ExitKind, Operator, Semantics

# --- values --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word:
    """A plain word with its place: an outcome, a node, a step, a key."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal scalar, list or object that holds no reference."""

    tree: Tree
    place: Place


@dataclass(frozen=True, slots=True)
class Reference:
    """`$.payload.amount`."""

    path: Path
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class DefaultForm:
    """`{$default: [reference, value]}`."""

    value: Reference
    otherwise: ValueSyntax
    place: Place


@dataclass(frozen=True, slots=True)
class TextForm:
    """`{$text: "{a}/{b}", a: …, b: …}`, split at its placeholders."""

    parts: tuple[str | ValueSyntax, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class EnumForm:
    """`{$enum: EN_TOOL_V0}`: the members of an enumeration."""

    entity: Name
    place: Place


@dataclass(frozen=True, slots=True)
class RecordForm:
    """An object with references inside."""

    members: tuple[Bound, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class ListForm:
    """A list with references inside."""

    items: tuple[ValueSyntax, ...]
    place: Place


ValueSyntax: TypeAlias = Constant | Reference | DefaultForm | TextForm | EnumForm | RecordForm | ListForm


@dataclass(frozen=True, slots=True)
class Bound:
    """A value bound to a name."""

    name: Word
    value: ValueSyntax


@dataclass(frozen=True, slots=True)
class Bindings:
    """Values by name.

    Attributes:
        whole: instead of `bound`, the one reference that passes a whole object.
        place: of the list, mapping or reference; of what lacks it where nothing is written.
    """

    bound: tuple[Bound, ...]
    whole: Reference | None
    place: Place
    form: Literal["mapping", "list", "whole", "none"]


# --- conditions ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Comparison:
    op: Operator
    operands: tuple[ValueSyntax, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Junction:
    op: Literal["all", "any"]
    conditions: tuple[ConditionSyntax, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Negation:
    condition: ConditionSyntax
    place: Place


ConditionSyntax: TypeAlias = Comparison | Junction | Negation

# --- documents -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Header:
    """What every document carries. `place` is that of the name."""

    kind: str
    name: str
    summary: str
    place: Place
    subdomain: str = ""
    owner: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()

    @property
    def domain(self) -> str:
        return self.name.partition("::")[0]


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
class ContractNodeSyntax:
    id: Word
    contract: Name
    inputs: Bindings
    next: tuple[EdgeSyntax, ...]
    next_place: Place
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


NodeSyntax: TypeAlias = IntentNodeSyntax | ContractNodeSyntax | ExitNodeSyntax


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
class Intent:
    header: Header
    payload: FieldsSyntax
    actors: tuple[Name, ...]
    requires: tuple[ConditionSyntax, ...]


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


StepSyntax: TypeAlias = TransformStepSyntax | OperationStepSyntax | DecideStepSyntax


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
class Transform:
    header: Header
    inputs: FieldsSyntax
    outcomes: tuple[OutcomeFields, ...]
    implementation: Word
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class OperationSyntax:
    name: Word
    mode: Literal["read", "write"]
    inputs: FieldsSyntax
    outcomes: tuple[OutcomeFields, ...]


@dataclass(frozen=True, slots=True)
class SideEffect:
    header: Header
    semantics: Semantics
    operations: tuple[OperationSyntax, ...]
    implementation: Word


@dataclass(frozen=True, slots=True)
class Store:
    header: Header
    side_effect: Name
    entity: Name
    operations: tuple[Word, ...]
    clears: tuple[Word, ...]
    writers: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Binding:
    """`retention`: how long a store keeps what it holds, by the store's name as it stands in `stores`."""

    header: Header
    stores: tuple[Name, ...]
    config: FieldsSyntax
    retention: tuple[tuple[Name, Word], ...] = ()


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


Declaration: TypeAlias = (
    Workflow | Intent | Actor | Contract | Transform | SideEffect | Store | Binding | Entity | Event
)
