"""Small pieces of declarations as an author would write them, all at one place of a machine."""

from __future__ import annotations

from dataclasses import dataclass

from pgs_compiler.declarations import (
    Bindings,
    Bound,
    CaseSyntax,
    Comparison,
    Constant,
    EdgeSyntax,
    OperationStepSyntax,
    OutcomeSyntax,
    Reference,
    StepEdge,
    ValueSyntax,
    Word,
)
from pgs_compiler.findings import Place
from pgs_compiler.names import Name
from pgs_compiler.schemas import syntax
from pgs_compiler.schemas.paths import Path, parse_path
from pgs_compiler.schemas.syntax import FieldsSyntax, Property, SchemaSyntax
from pgs_compiler.source import Scalar
from pgs_snapshot.values import Value


@dataclass(frozen=True, slots=True)
class Pieces:
    """Makes pieces at a place."""

    place: Place

    def word(self, text: str) -> Word:
        return Word(text, self.place)

    def name(self, text: str, kind: str) -> Name:
        return Name(text, kind, self.place)

    def ref(self, text: str) -> Reference:
        """A reference.

        Raises:
            AssertionError: the text is none; that is our mistake.
        """
        path = parse_path(text)
        if not isinstance(path, Path):
            raise AssertionError(f"{text} is no reference")
        return Reference(path, text, self.place)

    def constant(self, value: str | int) -> Constant:
        return Constant(Scalar(value, self.place), self.place)

    def bindings(self, **values: ValueSyntax | str) -> Bindings:
        """Values by name; a text is a reference."""
        bound = (
            Bound(self.word(name), self.ref(value) if isinstance(value, str) else value)
            for name, value in values.items()
        )
        return Bindings(tuple(bound), None, self.place, "mapping")

    def edge(self, outcome: str, to: str, **arguments: ValueSyntax | str) -> EdgeSyntax:
        return EdgeSyntax(self.word(outcome), self.word(to), self.bindings(**arguments) if arguments else None)

    # --- schemas ---------------------------------------------------------------------------------

    def fields(self, **schemas: SchemaSyntax) -> FieldsSyntax:
        found = (Property(name, schema, True, self.place) for name, schema in schemas.items())
        return FieldsSyntax(tuple(found), self.place)

    def typed(self, type: str, **bounds: Value) -> SchemaSyntax:
        stated = tuple(syntax.Bound(keyword, value, self.place) for keyword, value in bounds.items())
        return SchemaSyntax(self.place, (type,), bounds=stated)

    def one_of(self, members: tuple[str, ...]) -> SchemaSyntax:
        return SchemaSyntax(self.place, members=tuple(Scalar(member, self.place) for member in members))

    # --- contracts -------------------------------------------------------------------------------

    def operation(
        self, step: str, operation: str, store: str, inputs: Bindings, ends: tuple[StepEdge, ...] = ()
    ) -> OperationStepSyntax:
        return OperationStepSyntax(self.word(step), self.word(operation), self.name(store, "store"), inputs, ends)

    def case(self, outcome: str, left: str | None = None, right: ValueSyntax | str = "") -> CaseSyntax:
        """A case in which two values are equal; without them, the one for everything else."""
        when = None
        if left is not None:
            operand = self.ref(right) if isinstance(right, str) else right
            when = Comparison("eq", (self.ref(left), operand), self.place)
        return CaseSyntax(self.word(outcome), when, None, self.place)

    def outcome(self, outcome: str, **outputs: ValueSyntax | str) -> OutcomeSyntax:
        return OutcomeSyntax(self.word(outcome), self.bindings(**outputs))
