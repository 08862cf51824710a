"""A resolved program: every declaration under its full name, every reference a name that exists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pgs_compiler.declarations import Declaration, Entity
from pgs_compiler.names import Name
from pgs_compiler.schemas.syntax import FieldsSyntax, SchemaSyntax, lower_fields, lower_schema
from pgs_snapshot.model import Schema

D = TypeVar("D", bound=Declaration)


@dataclass(frozen=True, slots=True)
class Program:
    """Declarations by full name, in the order of their names, and the labels that fields may carry."""

    declarations: Mapping[str, Declaration]
    labels: tuple[str, ...] = ()

    def of(self, kind: type[D]) -> Iterator[D]:
        """Every declaration of one kind, in the order of their names."""
        return (found for found in self.declarations.values() if isinstance(found, kind))

    def get(self, name: Name, kind: type[D]) -> D:
        """The declaration that a resolved reference means."""
        found = self.declarations[name.text]
        if not isinstance(found, kind):
            raise TypeError(f"{name.text} is not a {kind.__name__}")  # resolve has refused it
        return found

    def schema(self, syntax: SchemaSyntax) -> Schema:
        """A schema with entities written out."""
        return lower_schema(syntax, self.entity)

    def fields(self, syntax: FieldsSyntax) -> Schema:
        """Fields as the schema of a closed object."""
        return lower_fields(syntax, self.entity)

    def entity(self, name: str) -> SchemaSyntax:
        """The schema of an entity, as written."""
        found = self.declarations[name]
        if not isinstance(found, Entity):
            raise TypeError(f"{name} is not an entity")
        return found.schema
