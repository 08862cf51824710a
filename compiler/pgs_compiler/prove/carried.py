"""What carries a label: the schemas of everything that values come from, and of where they are handed over.

A path leads into a value: names, numbers, and `None` for any item or member. `WHOLE` behind it asks for the value
without its parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pgs_compiler.declarations import Actor, Binding, Context, Entity, Event, SideEffect, Store, Transform
from pgs_compiler.elaborate.paths import known_fields
from pgs_compiler.names import CORE
from pgs_compiler.program import Program
from pgs_compiler.schemas.anatomy import additional_of, items_of, labels_of, properties_of
from pgs_compiler.schemas.generic import erase
from pgs_compiler.schemas.labels import labels_in
from pgs_compiler.schemas.operations import with_entity, without_entity
from pgs_snapshot.model import EffectStep, Operation, OperationStep, Process, Schema

Path: TypeAlias = "tuple[str | int | None, ...]"
WHOLE = "#"
"""No member of anything is called that."""


@dataclass(frozen=True, slots=True)
class Material:
    """The declared schemas of a program."""

    program: Program

    @property
    def _declared(self) -> Mapping[str, object]:
        return self.program.declarations

    def transform(self, name: str) -> Transform:
        found = self._declared[name]
        if not isinstance(found, Transform):
            raise TypeError(f"{name} is no transform")
        return found

    def given(self, transform: Transform) -> Mapping[str, Schema]:
        """The inputs of a transform."""
        return properties_of(erase(self.program.fields(transform.inputs)))

    def gives(self, transform: Transform) -> list[Schema]:
        """What a transform gives, for each outcome."""
        return [erase(self.program.fields(outcome.outputs)) for outcome in transform.outcomes]

    def operation(self, step: OperationStep | EffectStep) -> Operation:
        """The operation of a step, for the entity of its store."""
        if isinstance(step, EffectStep):
            outside = self._declared[step.side_effect]
            operations = outside.operations if isinstance(outside, SideEffect) else ()
            return next(without_entity(self.program, item) for item in operations if item.name.text == step.operation)
        store = self._store(step.store)
        side_effect = self.program.get(store.side_effect, SideEffect)
        named = (item for item in side_effect.operations if item.name.text == step.operation)
        return next(with_entity(self.program, item, store.entity) for item in named)

    def entity(self, store: str) -> Schema:
        """The schema of what a store holds."""
        return self.program.schema(self.program.get(self._store(store).entity, Entity).schema)

    def ours(self, store: str) -> bool:
        """Whether the side effect of a store comes with PGS, so that it is known what it answers."""
        return self._store(store).side_effect.domain == CORE

    def _store(self, name: str) -> Store:
        found = self._declared[name]
        if not isinstance(found, Store):
            raise TypeError(f"{name} is no store")
        return found

    def seen(self, process: Process) -> Mapping[str, Schema]:
        """The fields that a process is given."""
        context = self._declared[process.context]
        fields = known_fields(self.program, context) if isinstance(context, Context) else {}
        return {path: fields[path] for path in process.seen}

    def event(self, name: str) -> Schema:
        found = self._declared[name]
        return self.program.fields(found.fields) if isinstance(found, Event) else {}

    def actors(self, names: tuple[str, ...]) -> list[Schema]:
        """The attributes of actors."""
        found = (self._declared[name] for name in names)
        return [self.program.fields(actor.attributes) for actor in found if isinstance(actor, Actor)]

    def config(self, binding: str | None) -> Schema:
        found = self._declared[binding] if binding else None
        return self.program.fields(found.config) if isinstance(found, Binding) else {}


def labelled(schema: Schema, path: Path, label: str) -> bool:
    """Whether a part of a value carries a label: by itself, by what is around it or by what is in it."""
    if label in labels_of(schema) or not path:
        return label in labels_in(schema)
    return any(labelled(part, path[1:], label) for part in _inner(schema, path[0]))


def _inner(schema: Schema, step: str | int | None) -> Iterator[Schema]:
    """What a step of a path can lead to."""
    properties, items = properties_of(schema), items_of(schema)
    rest = additional_of(schema) if "additionalProperties" in schema else None
    if isinstance(step, str) and step in properties:
        yield properties[step]
        return
    yield from properties.values() if step is None else ()
    yield from (part for part in (rest, items) if part and step != WHOLE)


def unlabelled(schema: Schema, label: str, path: Path = ()) -> Iterator[Path]:
    """The parts of a value of which a schema does not say that they carry a label."""
    if label in labels_of(schema):
        return
    properties, items = properties_of(schema), items_of(schema)
    if properties and schema.get("additionalProperties") is False:
        for name, part in properties.items():
            yield from unlabelled(part, label, (*path, name))
    elif items:
        yield from unlabelled(items, label, (*path, None))
    else:
        yield path
