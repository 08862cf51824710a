"""The operations of a side effect, written out: for the entity of one store, or for none."""

from __future__ import annotations

from pgs_compiler.declarations import Entity, OperationSyntax
from pgs_compiler.names import Name
from pgs_compiler.program import Program
from pgs_compiler.schemas.generic import ENTITY, substitute
from pgs_snapshot.model import Operation


def without_entity(program: Program, operation: OperationSyntax) -> Operation:
    """An operation of an external side effect, whose schemas have no `$entity`."""
    return Operation(
        operation.mode,
        program.fields(operation.inputs),
        {outcome.name.text: program.fields(outcome.outputs) for outcome in operation.outcomes},
        operation.keyed is not None,
    )


def with_entity(program: Program, operation: OperationSyntax, entity: Name) -> Operation:
    """An operation in which `$entity` is the schema of `entity`."""
    held = {ENTITY: program.schema(program.get(entity, Entity).schema)}
    return Operation(
        operation.mode,
        substitute(program.fields(operation.inputs), held),
        {outcome.name.text: substitute(program.fields(outcome.outputs), held) for outcome in operation.outcomes},
    )
