"""Contexts, processes and their audits as authors declare them: syntax with places, before anything is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pgs_compiler.findings import Place
from pgs_compiler.names import Name
from pgs_compiler.schemas.syntax import FieldsSyntax, SchemaSyntax
from pgs_compiler.source import Tree
from pgs_compiler.written import Header, Word
from pgs_snapshot.processes import Level

LAYERS = ("global", "domain")
"""The layers of a context that are declared; a third, `local`, is scratch of one process and holds what it likes."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A condition of audit with what it compares to: `max: 10000`."""

    condition: Word
    limit: Tree


@dataclass(frozen=True, slots=True)
class InvariantSyntax:
    """What holds of every state: `{conserved: PATH}`, `{monotonic: PATH}`, `{unchanged_unless: {path, by}}`, or a
    `field` with conditions of audit."""

    kind: Literal["conserved", "monotonic", "unchanged_unless", "field"]
    path: Word
    place: Place
    by: tuple[Name, ...] = ()
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """Shared state: read-only configuration (`global`), and what a session keeps (`domain`)."""

    header: Header
    configuration: FieldsSyntax
    domain: FieldsSyntax
    invariants: tuple[InvariantSyntax, ...]

    def field(self, layer: str, name: str) -> SchemaSyntax | None:
        """The schema of a field, as it is written."""
        fields = self.configuration if layer == "global" else self.domain
        return next((each.schema for each in fields.fields if each.name == name and layer in LAYERS), None)


@dataclass(frozen=True, slots=True)
class ErrorSyntax:
    """An exception that the implementation may raise, and the outcome that it stands for."""

    error: Word
    outcome: Word


@dataclass(frozen=True, slots=True)
class ProcessOutcome:
    """An outcome that a process can end with, and what it gives."""

    name: Word
    outputs: FieldsSyntax


@dataclass(frozen=True, slots=True)
class Process:
    """The contract of a function over a context."""

    header: Header
    context: Name
    reads: tuple[Word, ...]
    writes: tuple[Word, ...]
    signals: tuple[Word, ...]
    inputs: FieldsSyntax
    errors: tuple[ErrorSyntax, ...]
    outcomes: tuple[ProcessOutcome, ...]
    outcomes_place: Place
    implementation: Word


Target: TypeAlias = Literal["process", "contract", "intent"]


@dataclass(frozen=True, slots=True)
class AuditRuleSyntax:
    """Rules about one field, as one item of a recipe: so many as it has conditions."""

    field: Word
    limits: tuple[Limit, ...]
    level: Level
    threshold: int
    reset_on_success: bool
    under_threshold: Literal["commit", "reject"]
    mode: Literal["enforce", "warn", "audit"]
    message: str
    place: Place

    @property
    def blocks(self) -> bool:
        """Whether a node can end as BLOCKED by it: below its threshold, a rule of level A or S rejects as B does."""
        early = self.threshold > 1 and self.under_threshold == "reject"
        return self.mode == "enforce" and (self.level == "B" or (self.level in "SA" and early))


@dataclass(frozen=True, slots=True)
class Audit:
    """A recipe: rules for what comes into a process, contract or intent, and for what it proposes."""

    header: Header
    target: Name
    inputs: tuple[AuditRuleSyntax, ...]
    outputs: tuple[AuditRuleSyntax, ...]
