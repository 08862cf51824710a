"""Canonical bytes are those of RFC 8785, whichever way they are made."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from pgs_snapshot.canonical import canonical, digest, digest_of
from pgs_snapshot.values import MAX_INTEGER, Value, plain

# Where the two writers could part: numbers inside of strings, and keys that sort differently as UTF-16.
TRICKY = [
    *[
        "",
        "1",
        "1.5",
        '":1.5',
        "[1.5",
        ",1e5",
        "-0.5",
        "\\",
        '"',
        "/",
        "\x01\b\t\n\f\r\x1f\x7f",
        "\u2028",
        "é",
    ],
    *["\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0001f600", "\U0010ffff", "a\U00010000", "a\uffff"],
]
texts = st.sampled_from(TRICKY) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
doubles = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0])
    | st.sampled_from([5e-324, 1e-7, 1e-6, 0.1, 4.35, 1.5, 333333333.33333329, 2.0**52 + 0.5, -1e-5])
).filter(lambda number: math.isfinite(number) and not number.is_integer())
integers = st.integers(-MAX_INTEGER, MAX_INTEGER)
scalars: st.SearchStrategy[Value] = st.none() | st.booleans() | integers | doubles | texts
values: st.SearchStrategy[Value] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=12,
)


@given(values)
def test_the_bytes_are_those_of_the_reference_implementation(value: Value) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(doubles)
def test_a_fraction_is_found_wherever_it_stands(number: float) -> None:
    for value in (number, [number], [1, number], {"a": number}, {'":': [[number]]}, {"a": "b", "c": number}):
        assert canonical(cast(Value, value)) == rfc8785.dumps(value)


@pytest.mark.parametrize("left", TRICKY)
def test_keys_are_sorted_by_their_utf_16_code_units(left: str) -> None:
    for right in TRICKY:
        value: Value = {right: 1, left: 2}
        assert list(json.loads(canonical(value))) == sorted({left, right}, key=lambda key: key.encode("utf-16-be"))


@given(values)
def test_reading_and_writing_again_gives_the_same_bytes(value: Value) -> None:
    text = canonical(value)
    assert canonical(plain(json.loads(text))) == text


@given(st.dictionaries(texts, scalars, max_size=6))
def test_the_order_of_insertion_does_not_show(value: dict[str, Value]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        # RFC 8785 section 3.2.2 and appendix B.
        (
            [333333333.33333329, 4.50, 2e-3, 0.000000000000000000000000001],
            b"[333333333.3333333,4.5,0.002,1e-27]",
        ),
        ('\u20ac$\u000f\nA\'B"\\\\"/', b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
        (5e-324, b"5e-324"),
        (-1.0e-7, b"-1e-7"),
        ([None, True, False], b"[null,true,false]"),
        ({}, b"{}"),
    ],
)
def test_examples_of_the_specification(value: Value, text: bytes) -> None:
    assert canonical(value) == text


@dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    "value",
    [
        MAX_INTEGER + 1,
        -MAX_INTEGER - 1,
        {"a": 2**70},
        Point(1),
        datetime(2024, 1, 1, tzinfo=UTC),
        {1: 2},
        "\ud800",
        b"a",
    ],
)
def test_what_is_outside_of_the_domain_is_not_written(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(cast(Value, value))


def test_a_digest_is_the_sha_256_of_the_bytes() -> None:
    assert digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest_of({"b": 1, "a": [0.5]}) == hashlib.sha256(b'{"a":[0.5],"b":1}').hexdigest()
