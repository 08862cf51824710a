"""What assertions and constitutions demand, as written: one class a form of requirement, and one a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pgs_compiler.findings import Place
from pgs_compiler.names import Name
from pgs_compiler.written import Word

Amount = Literal["nodes", "steps", "effects"]


@dataclass(frozen=True, slots=True)
class SelectorSyntax:
    """`{store: ST_AUDIT_V0, op: APPEND}`: one kind of thing that can happen in a run.

    Attributes:
        what: its first key, the kind of thing.
        name: the artifact, where the kind has one.
        words: the names of exits, the constant's root of an origin.
        outcomes: those that count; None where none is written, empty for `any`.
        place: of the whole.
    """

    what: str
    name: Name | None
    words: tuple[Word, ...]
    step: Word | None
    operation: Word | None
    outcomes: tuple[Word, ...] | None
    place: Place


Selectors: TypeAlias = tuple[SelectorSyntax, ...]
"""What is selected by any of them."""


@dataclass(frozen=True, slots=True)
class EveryPathSyntax:
    """`every_path_to: …, passes: {…, same: […]}`."""

    to: Selectors
    passes: Selectors
    same: tuple[Word, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class AfterSyntax:
    """`after: …, every_path_passes: …`."""

    after: Selectors
    passes: Selectors
    place: Place


@dataclass(frozen=True, slots=True)
class NeverSyntax:
    """`never: {…, reaches: …}`."""

    what: Selectors
    reaches: Selectors
    place: Place


@dataclass(frozen=True, slots=True)
class LabelSyntax:
    """`never: {label: pii, reaches: …}`."""

    label: Word
    reaches: Selectors
    place: Place


@dataclass(frozen=True, slots=True)
class DistinctActorsSyntax:
    """`distinct_actors: [admit, approve]`: at each of the nodes another person acts."""

    nodes: tuple[Word, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class OnlyFromSyntax:
    """`value: {contract, step, operand}, only_from: […]`."""

    contract: Name
    step: Word
    operand: Word
    sources: Selectors
    place: Place


@dataclass(frozen=True, slots=True)
class OnlyActorsSyntax:
    """`only_actors: […], of: …`."""

    actors: tuple[Name, ...]
    of: Selectors
    place: Place


@dataclass(frozen=True, slots=True)
class RequiresEventSyntax:
    """`requires_event: […], at: …`: each of the exits emits one of the events."""

    events: tuple[Name, ...]
    at: Selectors
    place: Place


@dataclass(frozen=True, slots=True)
class AtMostSyntax:
    """`at_most: {steps: 60}`."""

    most: tuple[tuple[Amount, int, Place], ...]
    place: Place


RequirementSyntax: TypeAlias = (
    EveryPathSyntax
    | AfterSyntax
    | NeverSyntax
    | LabelSyntax
    | OnlyFromSyntax
    | OnlyActorsSyntax
    | DistinctActorsSyntax
    | RequiresEventSyntax
    | AtMostSyntax
)


@dataclass(frozen=True, slots=True)
class SelectionSyntax:
    """Which workflows an assertion is about: those that are named, or those that have all of the properties.

    Attributes:
        names: None where the workflows are not named.
        place: of the selection.
    """

    names: tuple[Name, ...] | None
    tag: Word | None
    domain: Word | None
    subdomain: Word | None
    place: Place

    def selects(self, name: str, subdomain: str, tags: tuple[str, ...]) -> bool:
        """Whether an assertion is about a workflow with this full name."""
        if self.names is not None:
            return name in {known.text for known in self.names}
        return (
            (self.tag is None or self.tag.text in tags)
            and (self.domain is None or self.domain.text == name.partition("::")[0])
            and (self.subdomain is None or self.subdomain.text == subdomain)
        )


# --- constitutions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MayUseSyntax:
    """`domains: {payments: {may_use: [identity]}}`, one domain of it."""

    domain: Word
    others: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class SideEffectsSyntax:
    """`side_effects: {allowed: […]}`."""

    allowed: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class ImplementationsSyntax:
    """`implementations: {packages: […]}`."""

    packages: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class WorkflowsSyntax:
    """`workflows: {must_satisfy: […], must_have: […]}`; of them one may be empty."""

    must_satisfy: tuple[Name, ...]
    must_have: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class OneWriterSyntax:
    """`stores: {written_by_one_domain: true}`."""


@dataclass(frozen=True, slots=True)
class LimitsSyntax:
    """`limits: {steps: 200}`."""

    most: tuple[tuple[Amount, int, Place], ...]


@dataclass(frozen=True, slots=True)
class DeclassifiersSyntax:
    """`labels: {pii: {declassified_only_by: […]}}`, one label of it."""

    label: Word
    only_by: tuple[Name, ...]


RuleSyntax: TypeAlias = (
    MayUseSyntax
    | SideEffectsSyntax
    | ImplementationsSyntax
    | WorkflowsSyntax
    | OneWriterSyntax
    | DeclassifiersSyntax
    | LimitsSyntax
)
