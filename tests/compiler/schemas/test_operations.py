"""Operations of a side effect, for the entity of a store."""

from __future__ import annotations

from pgs_compiler.declarations import Entity, Header, OperationSyntax, OutcomeFields, Word
from pgs_compiler.findings import Place
from pgs_compiler.names import Name
from pgs_compiler.program import Program
from pgs_compiler.schemas.operations import with_entity
from pgs_compiler.schemas.shape import parse_fields
from pgs_compiler.schemas.syntax import FieldsSyntax
from pgs_compiler.shape import Report
from tests.compiler.schemas.trees import entity, fields_of, schema_of, tree_of

HERE = Place("example.yaml", 1, 1, 1, 2)


def fields(text: str) -> FieldsSyntax:
    return parse_fields(tree_of(text), HERE, Report(), "operation")


def test_the_entity_of_a_store_stands_in_its_operations() -> None:
    name = "shop::EN_ACTOR_V0"
    program = Program({name: Entity(Header("entity", name, "An actor", HERE), entity("EN_ACTOR_V0"))})
    resolve = OperationSyntax(
        Word("RESOLVE", HERE),
        "read",
        fields("key: {type: string}"),
        (
            OutcomeFields(Word("SUCCESS", HERE), fields("value: {$ref: $entity}")),
            OutcomeFields(Word("NOT_FOUND", HERE), fields("{}")),
        ),
    )
    written = with_entity(program, resolve, Name(name, "entity", HERE))
    assert (written.mode, written.inputs) == ("read", fields_of("key: {type: string}"))
    assert written.outcomes == {
        "SUCCESS": {**fields_of("value: {}"), "properties": {"value": schema_of("{$ref: EN_ACTOR_V0}")}},
        "NOT_FOUND": fields_of("{}"),
    }
