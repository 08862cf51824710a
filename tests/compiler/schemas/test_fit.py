"""The three answers, by example, with their reasons."""

from __future__ import annotations

import pytest

from pgs_compiler.schemas.fit import Verdict, fit
from tests.compiler.schemas.trees import schema_of

FITS, MAY, CANNOT = Verdict.FITS, Verdict.MAY_FIT, Verdict.CANNOT_FIT

ANSWERS = [
    ("{}", "{}", FITS, ""),
    ("{type: string}", "{}", FITS, ""),
    ("{}", "{type: integer}", MAY, "anything, where an integer is wanted"),
    ("{}", "{enum: [A, B]}", MAY, 'anything, where one of `"A"`, `"B"` is wanted'),
    ("{type: integer}", "{type: number}", FITS, ""),
    ("{type: number}", "{type: integer}", MAY, "a number, where an integer is wanted"),
    ("{type: string}", "{type: integer}", CANNOT, "a string, where an integer is wanted"),
    ("{type: boolean}", "{type: number}", CANNOT, "`false` is a boolean, not a number"),
    ("{type: string}", '{type: [string, "null"]}', FITS, ""),
    ('{type: [string, "null"]}', "{type: string}", MAY, "`null` is null, not a string"),
    ('{type: [string, "null"]}', "{type: integer}", CANNOT, "a string, where an integer is wanted"),
    ("{type: string, labels: [pii]}", "{type: string}", FITS, ""),
    # enum and const are evaluated, member by member
    ("{enum: [A]}", "{enum: [A, B]}", FITS, ""),
    ("{enum: [A, C]}", "{enum: [A, B]}", MAY, '`"C"` is not one of `"A"`, `"B"`'),
    ("{enum: [C]}", "{enum: [A, B]}", CANNOT, '`"C"` is not one of `"A"`, `"B"`'),
    ("{enum: [ab, abcd]}", "{maxLength: 3}", MAY, '`"abcd"` is longer than 3 characters'),
    ("{const: ab}", "{pattern: '[a-z]+'}", FITS, ""),
    ("{const: 12}", "{pattern: '[a-z]+'}", CANNOT, "`12` is an integer, not a string"),
    ("{const: x1}", "{pattern: '[a-z]+'}", CANNOT, '`"x1"` does not match `pattern: [a-z]+`'),
    ("{const: nobody}", "{format: email}", CANNOT, '`"nobody"` is not of the format `email`'),
    ("{type: string}", "{enum: [A, B]}", MAY, 'a string, where one of `"A"`, `"B"` is wanted'),
    ("{type: integer}", "{enum: [A, B]}", CANNOT, 'an integer, where one of `"A"`, `"B"` is wanted'),
    ("{type: boolean}", "{enum: [true, false]}", FITS, ""),
    # bounds: the same or a tighter one fits, anything else may
    ("{type: integer, minimum: 2}", "{type: number, minimum: 1}", FITS, ""),
    ("{type: integer, exclusiveMinimum: 0}", "{type: integer, minimum: 1}", FITS, ""),
    ("{type: number, exclusiveMinimum: 0}", "{type: number, minimum: 1}", MAY, "`minimum: 1` is not stated"),
    (
        "{type: number, maximum: 1}",
        "{type: number, exclusiveMaximum: 1}",
        MAY,
        "`exclusiveMaximum: 1` is not stated",
    ),
    (
        "{type: integer, minimum: 9}",
        "{type: integer, maximum: 3}",
        CANNOT,
        "`minimum: 9`, where `maximum: 3` is wanted",
    ),
    ("{type: integer, minimum: 3}", "{type: integer, maximum: 3}", MAY, "`maximum: 3` is not stated"),
    (
        "{type: number, minimum: 3}",
        "{type: number, exclusiveMaximum: 3}",
        CANNOT,
        "`minimum: 3`, where `exclusiveMaximum: 3` is wanted",
    ),
    (
        "{type: [integer, 'null'], maximum: 1}",
        "{type: integer, minimum: 2}",
        CANNOT,
        "`maximum: 1`, where `minimum: 2` is wanted",
    ),
    ("{maxLength: 2}", "{minLength: 3}", CANNOT, "`maxLength: 2`, where `minLength: 3` is wanted"),
    ("{maxLength: 3}", "{minLength: 3}", MAY, "`minLength: 3` is not stated"),
    (
        "{type: array, minItems: 3}",
        "{type: array, maxItems: 2}",
        CANNOT,
        "`minItems: 3`, where `maxItems: 2` is wanted",
    ),
    (
        "{properties: {a: {maximum: 1}}}",
        "{properties: {a: {minimum: 2}}}",
        MAY,
        "at `/a` `maximum: 1`, where `minimum: 2` is wanted",
    ),
    ("{minLength: 3, maxLength: 4}", "{minLength: 2, maxLength: 4}", FITS, ""),
    ("{type: string}", "{maxLength: 4}", MAY, "`maxLength: 4` is not stated"),
    ("{pattern: a+, maxLength: 3}", "{pattern: a+}", FITS, ""),
    ("{pattern: a}", "{pattern: a+}", MAY, "`pattern: a+` is not stated"),
    ("{format: uuid}", "{format: uri}", MAY, '`format: "uri"` is not stated'),
    # lists
    ("{type: array, items: {type: integer}}", "{type: array, items: {type: number}}", FITS, ""),
    ("{items: {}}", "{items: {type: string}}", MAY, "at `/*` anything, where a string is wanted"),
    (
        "{items: {type: string}}",
        "{items: {type: integer}}",
        MAY,
        "at `/*` a string, where an integer is wanted",
    ),
    (
        "{items: {type: string}, minItems: 1}",
        "{items: {type: integer}}",
        CANNOT,
        "at `/*` a string, where an integer is wanted",
    ),
    ("{type: array}", "{type: array, uniqueItems: true}", MAY, "`uniqueItems: true` is not stated"),
    ("{minItems: 1, maxItems: 2}", "{type: array, maxItems: 2}", FITS, ""),
    # objects
    ("{properties: {a: {}}, required: [a]}", "{properties: {a: {}}, required: [a]}", FITS, ""),
    (
        "{properties: {a: {}}}",
        "{properties: {a: {}}, required: [a]}",
        MAY,
        "at `/a` may be absent, and is required",
    ),
    ("{properties: {a: {default: 1}}}", "{properties: {a: {}}, required: [a]}", FITS, ""),
    ("{properties: {}}", "{properties: {a: {default: 1}}}", FITS, ""),
    ("{properties: {}}", "{properties: {a: {}}, required: [a]}", CANNOT, "at `/a` absent, and required"),
    (
        "{properties: {a: {type: string}}, required: [a]}",
        "{properties: {a: {type: integer}}}",
        CANNOT,
        "at `/a` a string, where an integer is wanted",
    ),
    (
        "{properties: {a: {type: string}}}",
        "{properties: {a: {type: integer}}}",
        MAY,
        "at `/a` a string, where an integer is wanted",
    ),
    (
        "{properties: {a: {type: string}}}",
        "{properties: {a: {type: integer}}, required: [a]}",
        CANNOT,
        "at `/a` a string, where an integer is wanted",
    ),
    (
        "{properties: {a: {}, b: {}}, required: [b]}",
        "{properties: {a: {}}}",
        CANNOT,
        "at `/b` not declared in the target",
    ),
    ("{properties: {a: {}, b: {}}}", "{properties: {a: {}}}", MAY, "at `/b` not declared in the target"),
    ("{properties: {a: {}}}", "{additionalProperties: true}", FITS, ""),
    ("{properties: {a: {type: integer}}}", "{additionalProperties: {type: number}}", FITS, ""),
    (
        "{additionalProperties: true}",
        "{properties: {a: {}}}",
        MAY,
        "at `/*` members that are not declared in the target",
    ),
    (
        "{additionalProperties: {type: string}}",
        "{properties: {a: {type: integer}}, required: [a], additionalProperties: true}",
        CANNOT,
        "at `/a` a string, where an integer is wanted",
    ),
    (
        "{additionalProperties: {type: string}}",
        "{properties: {a: {type: string}}, required: [a], additionalProperties: true}",
        MAY,
        "at `/a` may be absent, and is required",
    ),
    (
        "{additionalProperties: {type: string}}",
        "{additionalProperties: {type: integer}}",
        MAY,
        "at `/*` a string, where an integer is wanted",
    ),
    (
        "{properties: {a: {items: {properties: {b: {}}}}}, required: [a]}",
        "{properties: {a: {items: {properties: {b: {type: string}}}}}}",
        MAY,
        "at `/a/*/b` anything, where a string is wanted",
    ),
]


@pytest.mark.parametrize(("source", "target", "verdict", "reason"), ANSWERS)
def test_an_answer_has_its_reason(source: str, target: str, verdict: Verdict, reason: str) -> None:
    found = fit(schema_of(source), schema_of(target))
    assert (found.verdict, found.reason) == (verdict, reason)


def test_what_cannot_fit_is_told_before_what_may() -> None:
    source = schema_of("{properties: {a: {}, b: {type: string}}, required: [a, b]}")
    target = schema_of("{properties: {a: {type: string}, b: {type: integer}}}")
    found = fit(source, target)
    assert (found.verdict, found.pointer) == (CANNOT, "/b")
