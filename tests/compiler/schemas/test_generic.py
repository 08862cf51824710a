"""Variables: what they stand for at a step, and what becomes of the outputs."""

from __future__ import annotations

import pytest

from pgs_compiler.schemas.generic import ENTITY, bind_variables, clashes, erase, substitute, variables_in
from pgs_snapshot.model import Schema
from tests.compiler.schemas.trees import fields_of, schema_of

LOOKUP = "map: {additionalProperties: {$var: T}}\nkey: {type: string}\nelse: {$var: T, optional: true}"


def bound(declared: str, **actual: str) -> dict[str, Schema]:
    given = {name: schema_of(text) for name, text in actual.items()}
    return dict(bind_variables(fields_of(declared, "generic"), given))


def test_a_map_of_a_variable_gives_the_schema_of_its_members() -> None:
    found = bound(LOOKUP, map="{additionalProperties: {type: integer, minimum: 1}}", key="{type: string}")
    assert found == {"T": {"type": "integer", "minimum": 1}}
    result = substitute(fields_of("result: {$var: T}", "generic"), found)
    assert result == fields_of("result: {type: integer, minimum: 1}")


@pytest.mark.parametrize(
    ("declared", "actual", "schema"),
    [
        ("a: {$var: T}", "{type: string}", {"type": "string"}),
        ("a: {items: {$var: T}}", "{items: {type: string}}", {"type": "string"}),
        ("a: {items: {$var: T}}", "{}", {}),
        ("a: {items: {$var: T}}", "{type: string}", {}),
        (
            "a: {additionalProperties: {$var: T}}",
            "{properties: {x: {const: 1}, z: {const: 2}}}",
            {"enum": [1, 2]},
        ),
        (
            "a: {properties: {x: {$var: T}}, additionalProperties: true}",
            "{properties: {x: {type: string, default: z}}}",
            {"type": "string"},
        ),
        ("a: {properties: {x: {$var: T}}}", "{additionalProperties: {type: number}}", {"type": "number"}),
    ],
)
def test_a_variable_stands_for_what_it_meets(declared: str, actual: str, schema: Schema) -> None:
    assert bound(declared, a=actual) == {"T": schema}


def test_a_variable_that_meets_several_schemas_stands_for_their_join() -> None:
    found = bound(LOOKUP, map="{additionalProperties: {type: integer}}", **{"else": "{type: number}"})
    assert found == {"T": {"type": "number"}}


def test_a_variable_that_meets_none_stands_for_any_value() -> None:
    assert bound("a: {$var: T, optional: true}") == {"T": {}}


def test_schemas_without_a_common_value_clash_in_one_variable() -> None:
    declared = fields_of(LOOKUP, "generic")
    actual = {
        "map": schema_of("{additionalProperties: {type: integer}}"),
        "else": schema_of("{type: string}"),
    }
    (clash,) = clashes(declared, actual)
    assert clash.variable == "T"
    assert clash.pointers == ("/map/*", "/else")
    assert clash.message == "`T` is an integer at `/map/*` and a string at `/else`."
    assert clashes(declared, {**actual, "else": {"type": "number"}}) == ()


def test_what_stands_beside_a_variable_stays_and_labels_add_up() -> None:
    declared = schema_of("{$var: T, labels: [secret]}", "generic")
    written = substitute(declared, {"T": {"type": "string", "labels": ["pii"], "default": "x"}})
    assert written == {"type": "string", "labels": ["pii", "secret"]}


def test_other_variables_stay() -> None:
    declared = fields_of("a: {$var: T}\nb: {items: {$var: U}}", "generic")
    assert variables_in(substitute(declared, {"T": {"type": "string"}})) == {"U"}


def test_the_entity_of_a_store_is_written_out_like_a_variable() -> None:
    declared = fields_of("key: {type: string}\nvalue: {$ref: $entity}", "operation")
    assert substitute(declared, {ENTITY: {"type": "integer"}}) == fields_of(
        "key: {type: string}\nvalue: {type: integer}"
    )


def test_erased_a_variable_is_any_value() -> None:
    assert erase(fields_of("a: {additionalProperties: {$var: T}}", "generic")) == fields_of(
        "a: {additionalProperties: true}"
    )


RECORD = """
properties: {id: {type: string, labels: [pii]}, nr: {type: integer, default: 0}, by: {type: string}}
required: [id]
"""


def test_a_part_of_a_record_has_some_of_its_fields_and_none_is_filled_in() -> None:
    declared = fields_of("where: {$part: $entity}", "operation")
    assert substitute(declared, {ENTITY: schema_of(RECORD)}) == fields_of(
        "where: {properties: {id: {type: string, labels: [pii]}, nr: {type: integer}, by: {type: string}}}"
    )


def test_a_part_of_an_open_record_may_have_other_fields() -> None:
    declared = fields_of("where: {$part: $entity}", "operation")
    open_ = schema_of("{properties: {id: {type: string}}, required: [id], additionalProperties: {type: integer}}")
    assert substitute(declared, {ENTITY: open_}) == fields_of(
        "where: {properties: {id: {type: string}}, additionalProperties: {type: integer}}"
    )


@pytest.mark.parametrize(
    ("entity", "names"),
    [
        (schema_of(RECORD), {"enum": ["by"]}),
        (schema_of("{additionalProperties: true}"), {"type": "string"}),
        (schema_of("{enum: [A, B]}"), {"enum": []}),
    ],
)
def test_a_field_that_may_be_absent_is_optional_and_has_no_default(entity: Schema, names: Schema) -> None:
    assert substitute(schema_of("{$optional: $entity}", "operation"), {ENTITY: entity}) == names


def test_of_an_enumeration_there_is_no_part_but_the_empty_one() -> None:
    part = substitute(schema_of("{$part: $entity}", "operation"), {ENTITY: schema_of("{enum: [A, B]}")})
    assert part == {"type": "object", "additionalProperties": False}
