"""Schemas as they are lowered."""

from __future__ import annotations

import json
from typing import cast

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from pgs_compiler.findings import Place
from pgs_compiler.schemas.shape import parse_enum, parse_fields, parse_schema
from pgs_compiler.schemas.syntax import lower_fields, lower_schema
from pgs_compiler.schemas.values import check_schema
from pgs_compiler.shape import Report
from pgs_compiler.source import Sequence
from pgs_snapshot.formats import FORMATS
from pgs_snapshot.validation import validator
from pgs_snapshot.values import Value
from tests.compiler.schemas.strategies import small_values
from tests.compiler.schemas.trees import entity, fields_of, schema_of, tree_of

CLOSED = {"additionalProperties": False}


def test_a_field_is_required_unless_it_is_optional_or_has_a_default() -> None:
    text = "z: {type: string}\nb: {type: string, optional: true}\nc: {type: string, default: x}\na: {}"
    assert fields_of(text) == {
        "type": "object",
        "properties": {
            "z": {"type": "string"},
            "b": {"type": "string"},
            "c": {"type": "string", "default": "x"},
            "a": {},
        },
        "required": ["a", "z"],
        **CLOSED,
    }


def test_a_property_is_required_where_required_names_it() -> None:
    found = schema_of("{type: object, properties: {b: {}, a: {}, c: {default: null}}, required: [b, a]}")
    assert found["required"] == ["a", "b"]
    assert found["properties"] == {"b": {}, "a": {}, "c": {"default": None}}


@pytest.mark.parametrize(
    ("text", "additional"),
    [
        ("{properties: {a: {}}}", False),
        ("{properties: {a: {}}, additionalProperties: false}", False),
        ("{additionalProperties: true}", {}),
        ("{additionalProperties: {type: integer}}", {"type": "integer"}),
    ],
)
def test_an_object_is_closed_unless_it_says_otherwise(text: str, additional: Value) -> None:
    found = schema_of(text)
    assert (found["type"], found["additionalProperties"]) == ("object", additional)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{minLength: 1}", "string"),
        ("{items: {}}", "array"),
        ("{maximum: 3}", "number"),
        ("{format: uuid}", "string"),
    ],
)
def test_keywords_of_one_type_imply_it(text: str, kind: str) -> None:
    assert schema_of(text)["type"] == kind


def test_an_entity_is_written_out_and_keeps_the_labels_of_both() -> None:
    actor = schema_of("{$ref: EN_ACTOR_V0, labels: [secret]}")
    assert actor == {
        "type": "object",
        "properties": {"email": {"type": "string", "labels": ["pii"]}},
        "required": ["email"],
        "labels": ["secret"],
        **CLOSED,
    }


def test_labels_are_sorted_and_stand_once() -> None:
    assert schema_of("{labels: [secret, pii, secret]}") == {"labels": ["pii", "secret"]}


def test_a_variable_and_the_entity_of_a_store_stay_open() -> None:
    assert schema_of("{$var: T}", "generic") == {"$var": "T"}
    assert schema_of("{$ref: $entity}", "operation") == {"$var": "$entity"}


def test_a_pattern_is_lowered_to_match_whole() -> None:
    assert schema_of("{pattern: '[0-9]+.'}")["pattern"] == "^(?:[0-9]+[^\\n\\r])$"


def test_an_enumeration_lists_its_members() -> None:
    tree = tree_of("[A, null, 1]")
    assert isinstance(tree, Sequence)
    assert lower_schema(parse_enum(tree, Report()), entity) == {"enum": ["A", None, 1]}


def test_fields_that_are_not_written_are_none() -> None:
    fields = parse_fields(None, Place("example.yaml", 1, 1, 1, 1), Report())
    assert lower_fields(fields, entity) == {"type": "object", **CLOSED}


def test_a_description_is_no_part_of_the_lowered_schema() -> None:
    assert schema_of("{type: string, description: A name}") == {"type": "string"}


_counts, _numbers = st.integers(-1, 3), st.integers(-1, 3) | st.just(1.5)
_KEYWORDS: dict[str, st.SearchStrategy[Value]] = {
    "type": st.sampled_from(("null", "boolean", "integer", "number", "string", "array", "object", "text")),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _counts),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _numbers),
    "pattern": st.sampled_from(("a+", "^a$", "(", "\\d", "[^a-c]{2,3}|\\p{Lu}", "a{1000}{2}", "\\-\\^[&&~~^-]")),
    "format": st.sampled_from((*FORMATS, "hex")),
    "uniqueItems": st.booleans() | st.none(),
    "enum": st.lists(small_values, max_size=3),
    "const": small_values,
    "default": small_values,
    "labels": st.lists(st.sampled_from(("pii", "secret", "PII"))),
    "required": st.lists(st.sampled_from(("a", "b", "c"))),
    "$ref": st.sampled_from(("EN_ACTOR_V0", "EN_TOOL_V0", "$entity")),
    "optional": st.booleans(),
}


def _written(inner: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    nested: dict[str, st.SearchStrategy[Value]] = {
        "properties": st.dictionaries(st.sampled_from(("a", "b")), inner, max_size=2),
        "items": inner,
        "additionalProperties": inner | st.booleans(),
    }
    return st.lists(st.sampled_from(sorted({**_KEYWORDS, **nested})), max_size=3, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: {**_KEYWORDS, **nested}[name] for name in names})
    )


@given(st.recursive(st.just(cast(Value, {})), _written, max_leaves=4))
def test_what_is_read_without_a_finding_conforms_to_the_metaschema(written: Value) -> None:
    report = Report()
    syntax = parse_schema(tree_of(json.dumps(written)), report)
    assert all(finding.place and finding.message.endswith(".") for finding in report.findings)
    if report.findings:
        return
    findings = check_schema(syntax, entity)
    lowered = dict(lower_schema(syntax, entity))
    # jsonschema's own check of patterns is Python's `re`, which has no categories; `validator` compiles them.
    Draft202012Validator.check_schema(lowered, format_checker=FormatChecker(()))
    assert jsonschema_rs.meta.is_valid(lowered)
    validator(lowered)
    assert all(finding.code == "T427" for finding in findings)
    assert "$ref" not in json.dumps(lowered)
