"""Every rule about the form of a schema, with the place at which it speaks."""

from __future__ import annotations

import pytest

from pgs_compiler.names import Name
from pgs_compiler.rules import RULES
from pgs_compiler.schemas.syntax import FieldsSyntax, Property, SchemaSyntax
from pgs_compiler.schemas.values import MAX_PARTS, check_schema
from tests.compiler.schemas.trees import report_of, tree_of

REFUSED = [
    ("a: string", "1:4 T420 A schema is a mapping of keywords. Write `{type: string}`."),
    ("a: [string]", "1:4 T420 A schema is a mapping of keywords."),
    ("[]", "1:1 T426 An enumeration has at least one member."),
    ("a: {type: string, maxLength: '3'}", "1:30 T420 `maxLength` is a count, 0 or more."),
    ("a: {minItems: -1}", "1:15 T420 `minItems` is a count, 0 or more."),
    ("a: {minimum: true}", "1:14 T420 `minimum` is a number."),
    ("a: {uniqueItems: 1}", "1:18 T420 `uniqueItems` is true or false."),
    ("a: {optional: 1}", "1:15 T420 `optional` is true or false."),
    ("a: {pattern: 3}", "1:14 T420 `pattern` is a string."),
    ("a: {labels: pii}", "1:13 T420 `labels` is a list of words such as `pii`."),
    ("a: {labels: []}", "1:13 T420 `labels` is a list of words such as `pii`."),
    ("a: {enum: A}", "1:11 T420 `enum` is a list of values."),
    ("a: {properties: [x]}", "1:17 T420 `properties` is a mapping of names to schemas."),
    ("a: {properties: {x: {}}, required: x}", "1:36 T420 `required` is a list of names."),
    ("a: {$ref: 3}", "1:11 T420 `$ref` is the name of an entity."),
    ("a: {type: string, minLenght: 3}", "1:19 T421 A schema has no keyword `minLenght`. Write `minLength`."),
    ("a: {oneOf: [{}]}", "1:5 T421 A schema has no keyword `oneOf`."),
    ("a: {ref: EN_ACTOR_V0}", "1:5 T421 A schema has no keyword `ref`. Write `$ref`."),
    ("a: {type: int}", "1:11 T422 `int` is not a type. Write `integer`."),
    ("a: {type: dict}", "1:11 T422 `dict` is not a type."),
    ("a: {type: null}", '1:11 T422 This is not a type. Write `"null"`.'),
    ("a: {type: [string, string]}", "1:11 T422 A type stands twice in `type`."),
    ("a: {type: []}", "1:11 T422 `type` names at least one type."),
    (
        "a: {type: integer, minLength: 3}",
        "1:20 T423 `minLength` says nothing about an integer: it belongs to a string.",
    ),
    (
        "a: {type: string, maximum: 3}",
        "1:19 T423 `maximum` says nothing about a string: it belongs to an integer or a number.",
    ),
    (
        "a: {minLength: 1, minItems: 1}",
        "1:19 T423 `minItems` says nothing about a string: it belongs to a list.",
    ),
    ("a: {$ref: EN_ACTOR_V0, type: object}", "1:24 T423 `type` cannot stand beside `$ref`. Leave it out."),
    (
        "a: {enum: [{}], additionalProperties: true}",
        "1:17 T423 `additionalProperties` adds nothing to `enum`. Leave it out.",
    ),
    (
        "a: {type: array, items: {default: 1}}",
        "1:26 T424 `default` belongs to a member, and this is none: nothing here can be absent.",
    ),
    (
        "a: {properties: {x: {optional: true}}}",
        "1:22 T424 `optional` of a member says nothing: `required` does. Leave it out.",
    ),
    (
        "a: {default: 1, optional: true}",
        "1:27 T424 `a` has a default, so that it is always present. Leave `optional` out.",
    ),
    ("a: {$var: T}", "1:5 T424 Only a transform has variables."),
    (
        "a: {$ref: $entity}",
        "1:11 T424 `$entity` is the entity of a store, and only the operations of a side effect have one.",
    ),
    ("a: {minimum: 3, maximum: 2}", "1:26 T425 Nothing lies between `minimum: 3` and `maximum: 2`."),
    (
        "a: {type: integer, exclusiveMinimum: 1, exclusiveMaximum: 2}",
        "1:59 T425 Nothing lies between `exclusiveMinimum: 1` and `exclusiveMaximum: 2`.",
    ),
    ("a: {maxLength: 2, minLength: 3}", "1:16 T425 Nothing lies between `minLength: 3` and `maxLength: 2`."),
    ("a: {enum: []}", "1:11 T426 An enumeration has at least one member."),
    ("a: {enum: [A, B, A]}", "1:18 T426 A member stands twice in this enumeration."),
    ("[1, true, 1]", "1:11 T426 A member stands twice in this enumeration."),
    (
        "a: {type: string, enum: [A, 1]}",
        "1:29 T427 A member of this enumeration does not fit its own schema: it is an integer, not a string.",
    ),
    (
        "a: {enum: [A], const: B}",
        '1:23 T427 This constant does not fit its own schema: it is not one of `"A"`.',
    ),
    (
        "a: {type: integer, default: many}",
        "1:29 T427 This default does not fit its own schema: it is a string, not an integer.",
    ),
    (
        "a: {$ref: EN_TOOL_V0, default: RAED}",
        '1:32 T427 This default does not fit its own schema: it is not one of `"READ"`, `"WRITE"`. Write `READ`.',
    ),
    (
        "a: {properties: {m: {type: integer}}, default: {m: x}}",
        "1:48 T427 This default does not fit its own schema: it is a string, not an integer at `/m`.",
    ),
    (
        "a: {pattern: '^0x[0-9]+'}",
        "1:15 T428 The anchor `^` is not used: a pattern is matched whole."
        " Leave it out; the character itself is `\\^`.",
    ),
    ("a: {pattern: '[a-z]*?'}", "1:21 T428 The lazy quantifier `*?` is not used. Write `*`."),
    ("a: {format: datetime}", "1:13 T429 There is no format `datetime`. Write `date-time`."),
    ("a: {format: hex}", "1:13 T429 There is no format `hex`."),
    (
        "a: {properties: {amount: {}}, required: [amuont]}",
        "1:42 T430 `required` names `amuont`, which `properties` does not declare. Write `amount`.",
    ),
    ("a: {properties: {x: {}}, required: [x, x]}", "1:40 T430 `x` stands twice in `required`."),
    (
        "a: {properties: {x: {default: 1}}, required: [x]}",
        "1:47 T430 `x` has a default, so that a value need not bring it along. Leave it out of `required`.",
    ),
    ("first-name: {}", "1:1 T431 `first-name` cannot be a field: references could not name it."),
    (
        "a: {type: object}",
        "1:4 T432 This object declares no members, so that only `{}` would fit."
        " Add `properties`, or `additionalProperties: true` for any members.",
    ),
    ("a: {$ref: actor}", "1:11 D204 `actor` does not have the form of a name."),
    ("a: {$ref: CC_PAY_V0}", "1:11 D206 `CC_PAY_V0` is not the name of an entity."),
]


@pytest.mark.parametrize(("text", "report"), REFUSED, ids=[text for text, _ in REFUSED])
def test_what_is_wrong_is_told_at_its_place(text: str, report: str) -> None:
    assert report_of(text) == [report]


def test_every_rule_about_schemas_has_a_failing_example() -> None:
    own = {code for code in RULES if "T420" <= code <= "T433"}
    assert own - {report.split()[1] for _, report in REFUSED} == {"T433"}


def test_fields_are_a_mapping() -> None:
    assert report_of("3") == ["1:1 T420 Fields are a mapping of names to schemas."]


def test_every_mistake_of_a_schema_is_told_at_once() -> None:
    found = report_of("a: {type: strng, minItem: 1, labels: 3}\nb: {format: uid}")
    assert [finding.split(" ")[:2] for finding in found] == [
        ["1:18", "T421"],
        ["1:38", "T420"],
        ["1:11", "T422"],
        ["2:13", "T429"],
    ]


def test_a_reference_to_an_entity_belongs_to_a_store_and_a_variable_to_a_transform() -> None:
    assert report_of("a: {$ref: $entity}", "operation") == []
    assert report_of("a: {$var: T, optional: true}", "generic") == []
    assert report_of("a: {$var: T, default: 1}", "generic") == [
        "1:14 T423 `default` cannot stand beside `$var`. Leave it out."
    ]


def test_a_schema_of_entities_in_entities_is_refused_before_it_is_written_out() -> None:
    place = tree_of("{}").place

    def doubled(name: str) -> SchemaSyntax:
        level = int(name)
        if level == 0:
            return SchemaSyntax(place)
        inner = SchemaSyntax(place, entity=_name(str(level - 1)))
        return SchemaSyntax(
            place,
            ("object",),
            properties=tuple(Property(side, inner, True, place) for side in ("left", "right")),
        )

    (finding,) = check_schema(doubled("12"), doubled)
    assert finding.code == "T433"
    assert finding.message == f"With its entities written out, this schema has more than {MAX_PARTS} parts."
    assert finding.place == place
    # What holds an entity that is too large is not told of as well.
    whole = FieldsSyntax((Property("a", SchemaSyntax(place, entity=_name("60")), True, place),), place)
    assert check_schema(whole, doubled) == ()


def _name(text: str) -> Name:
    return Name(text, "entity", tree_of("{}").place)
