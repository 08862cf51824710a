"""The strict reader of JSON: what it accepts, and every way in which it refuses."""

from __future__ import annotations

import base64
import json
import lzma
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_snapshot.canonical import canonical
from pgs_snapshot.jsontext import REASONS, JsonLimits, JsonRefused, read_json
from pgs_snapshot.values import MAX_INTEGER, Value, plain
from tests.snapshot.strategies import values

SUITE = {
    name: lzma.decompress(data) if name.endswith(".xz") else data
    for name, text in json.loads(
        (Path(__file__).parents[1] / "data" / "jsontestsuite" / "parsing.json").read_bytes()
    ).items()
    for data in [base64.b64decode(text)]
}
# JSON, but outside of our domain of values.
OUTSIDE = {
    "y_number.json": "J107",  # 123e65
    "y_number_real_capital_e.json": "J107",  # 1E22
    "y_number_real_exponent.json": "J107",  # 123e45
    "y_number_real_fraction_exponent.json": "J107",  # 123.456e78
    "y_object_extreme_numbers.json": "J107",  # ±1.0e+28
    "y_object_duplicated_key.json": "J106",
    "y_object_duplicated_key_and_value.json": "J106",
    "y_object_escaped_null_in_key.json": "J110",
    "y_string_null_escape.json": "J110",
}
# Where the suite leaves it to the parser: our answer.
DECIDED = {
    "i_number_double_huge_neg_exp.json": [0],  # too small for a double: rounded, as every number is
    "i_number_real_underflow.json": [0],
    "i_number_huge_exp.json": "J107",
    "i_number_neg_int_huge_exp.json": "J107",
    "i_number_pos_double_huge_exp.json": "J107",
    "i_number_real_neg_overflow.json": "J107",
    "i_number_real_pos_overflow.json": "J107",
    "i_number_too_big_neg_int.json": "J107",
    "i_number_too_big_pos_int.json": "J107",
    "i_number_very_big_negative_int.json": "J107",
    "i_object_key_lone_2nd_surrogate.json": "J109",
    "i_string_1st_surrogate_but_2nd_missing.json": "J109",
    "i_string_1st_valid_surrogate_2nd_invalid.json": "J109",
    "i_string_incomplete_surrogate_and_escape_valid.json": "J109",
    "i_string_incomplete_surrogate_pair.json": "J109",
    "i_string_incomplete_surrogates_escape_valid.json": "J109",
    "i_string_invalid_lonely_surrogate.json": "J109",
    "i_string_invalid_surrogate.json": "J109",
    "i_string_inverted_surrogates_U+1D11E.json": "J109",
    "i_string_lone_second_surrogate.json": "J109",
    "i_string_UTF-16LE_with_BOM.json": "J102",
    "i_string_UTF-8_invalid_sequence.json": "J102",
    "i_string_UTF8_surrogate_U+D800.json": "J102",
    "i_string_invalid_utf-8.json": "J102",
    "i_string_iso_latin_1.json": "J102",
    "i_string_lone_utf8_continuation_byte.json": "J102",
    "i_string_not_in_unicode_range.json": "J102",
    "i_string_overlong_sequence_2_bytes.json": "J102",
    "i_string_overlong_sequence_6_bytes.json": "J102",
    "i_string_overlong_sequence_6_bytes_null.json": "J102",
    "i_string_truncated-utf-8.json": "J102",
    "i_string_utf16BE_no_BOM.json": "J102",
    "i_string_utf16LE_no_BOM.json": "J102",
    "i_structure_UTF-8_BOM_empty_object.json": "J102",
    "i_structure_500_nested_arrays.json.xz": "J105",
}


def refusal(data: bytes, limits: JsonLimits | None = None) -> JsonRefused:
    with pytest.raises(JsonRefused) as caught:
        read_json(data, limits or JsonLimits())
    assert caught.value.code in REASONS
    return caught.value


def value_or_refusal(data: bytes) -> Value | JsonRefused:
    try:
        return read_json(data)
    except JsonRefused as refused:
        return refused


def test_jsn_01_a_duplicate_key_is_refused_at_its_member() -> None:
    refused = refusal(b'{"amount":1,"amount":1000000}')
    assert (refused.code, refused.pointer) == ("J106", "/amount")
    assert str(refused) == "/amount: a key that its object holds twice"


@pytest.mark.parametrize("twice", [rb'{"a":1,"\u0061":2}', b'{"":1,"":1}', b'{"a":{"b":[1]},"a":{"b":[1]}}'])
def test_keys_are_compared_as_they_are_read(twice: bytes) -> None:
    assert refusal(twice).code == "J106"


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
def test_jsn_02_what_is_no_number_is_refused(number: bytes) -> None:
    refused = refusal(b'{"a":[' + number + b"]}")
    assert (refused.code, refused.pointer) == ("J108", "/a/0")


@pytest.mark.parametrize(
    "number",
    [
        b"9007199254740993",
        b"-9007199254740992",
        b"9" * 5000,
        b"1e400",
        b"-1E400",
        b"1e16",
        b"9007199254740992.0",
    ],
)
def test_jsn_03_a_number_that_readers_round_is_refused_with_its_pointer(number: bytes) -> None:
    refused = refusal(b'{"id":' + number + b"}")
    assert (refused.code, refused.pointer) == ("J107", "/id")
    assert str(refused) == "/id: a number beyond 2^53-1; send it as a string"


def test_the_largest_integers_are_read_exactly() -> None:
    assert read_json(b"[9007199254740991,-9007199254740991]") == [MAX_INTEGER, -MAX_INTEGER]


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        (rb'{"s":"\ud800"}', "/s"),
        (rb'{"s":["a","\udc00\ud800"]}', "/s/1"),
        (rb'{"\uD800":1}', r"/\ud800"),
        (rb'"\ud800"', ""),
    ],
)
def test_jsn_04_a_lone_surrogate_is_refused_and_its_place_can_be_printed(data: bytes, pointer: str) -> None:
    refused = refusal(data)
    assert (refused.code, refused.pointer) == ("J109", pointer)
    assert str(refused).encode()


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert read_json(rb'"\ud83d\ude00"') == "\N{GRINNING FACE}"


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_jsn_05_depth_is_refused_before_the_decoder_descends(opening: bytes) -> None:
    refused = refusal(opening * 100_000)
    assert (refused.code, refused.line) == ("J105", 1)


def test_the_deepest_value_is_read_and_one_level_more_is_not() -> None:
    read_json(b"[" * 64 + b"]" * 64)
    refused = refusal(b"\n " + b"[" * 65 + b"]" * 65)
    assert (refused.code, refused.line, refused.column) == ("J105", 2, 66)


@pytest.mark.parametrize(
    "data", [b"[" + b'"[[{{",' * 99 + b"1]", rb'["\"[[[[", "\\", [[]]]', b"[" + b"[],{}," * 99 + b"1]"]
)
def test_brackets_in_strings_and_side_by_side_are_no_depth(data: bytes) -> None:
    assert read_json(data, JsonLimits(depth=3)) == json.loads(data)


@pytest.mark.parametrize("data", [b'"' + rb"\"" * 400_000, b'["' + b"\\" * 800_001, b"[]" * 500_000])
def test_depth_is_measured_in_linear_time(data: bytes) -> None:
    assert refusal(data).code in {"J103", "J104"}


@pytest.mark.parametrize(
    ("data", "pointer"),
    [(rb'{"name":"a\u0000b"}', "/name"), (rb'{"a\u0000b":1}', r"/a\x00b"), (rb'["\u0000"]', "/0")],
)
def test_jsn_07_a_nul_character_is_refused(data: bytes, pointer: str) -> None:
    refused = refusal(data)
    assert (refused.code, refused.pointer) == ("J110", pointer)


def test_jsn_07_other_control_characters_are_read_from_escapes() -> None:
    assert read_json(rb'"\u0001\b\f\n\r\t\u001f"') == "\x01\b\f\n\r\t\x1f"
    assert read_json(rb'"\\u0000 \\ud800"') == r"\u0000 \ud800"


@pytest.mark.parametrize("character", [b"\0", b"\x01", b"\n", b"\x1f"])
def test_a_control_character_that_is_not_escaped_is_refused(character: bytes) -> None:
    assert refusal(b'"a' + character + b'"').code == "J103"


def test_jsn_10_one_number_has_one_value_and_one_type() -> None:
    read = [read_json(data) for data in (b"1", b"1.0", b"1e0", b"10e-1", b"0.1e1")]
    assert read == [1] * 5
    assert {type(value) for value in read} == {int}
    assert {canonical(value) for value in read} == {b"1"}


@pytest.mark.parametrize("zero", [b"0", b"-0", b"0.0", b"-0.0", b"0e9", b"-0E-9"])
def test_there_is_one_zero(zero: bytes) -> None:
    assert canonical(read_json(zero)) == b"0"


def test_jsn_11_the_suite_is_complete() -> None:
    kinds = [name[:2] for name in SUITE]
    assert {kind: kinds.count(kind) for kind in kinds} == {"i_": 35, "n_": 188, "y_": 95}
    assert {name for name in SUITE if name.startswith("i_")} == DECIDED.keys()
    assert OUTSIDE.keys() <= SUITE.keys()


@pytest.mark.parametrize("name", [name for name in SUITE if name.startswith("y_") and name not in OUTSIDE])
def test_jsn_11_what_is_json_is_read_as_the_standard_library_reads_it(name: str) -> None:
    assert read_json(SUITE[name]) == plain(json.loads(SUITE[name]))


@pytest.mark.parametrize("name", OUTSIDE)
def test_jsn_11_json_outside_of_the_domain_is_refused(name: str) -> None:
    assert refusal(SUITE[name]).code == OUTSIDE[name]


@pytest.mark.parametrize("name", [name for name in SUITE if name.startswith("n_")])
def test_jsn_11_what_is_not_json_is_refused(name: str) -> None:
    assert refusal(SUITE[name]).code in {"J102", "J103", "J104", "J105", "J108"}


@pytest.mark.parametrize("name", DECIDED)
def test_jsn_11_what_is_left_to_the_parser_is_decided(name: str) -> None:
    decided = DECIDED[name]
    if isinstance(decided, str):
        assert refusal(SUITE[name]).code == decided
    else:
        assert read_json(SUITE[name]) == decided


@pytest.mark.parametrize(
    ("data", "code", "line", "column", "why"),
    [
        (b"", "J103", 1, 1, "a value is missing here"),
        (b'{"a": }', "J103", 1, 7, "a value is missing here"),
        (b"[1 2]", "J103", 1, 4, "a comma or the closing bracket is missing here"),
        (b'{"a" 1}', "J103", 1, 6, "a colon is missing here"),
        (b"{a: 1}", "J103", 1, 2, "a key in double quotes is missing here"),
        ('{"å":\n "x'.encode(), "J103", 2, 2, "the string that starts here has no end"),
        (rb'["\q"]', "J103", 1, 3, "this escape is not JSON"),
        (b"{}\n {}", "J104", 2, 2, "this follows a value that has ended"),
    ],
)
def test_a_syntax_error_has_a_line_a_column_and_a_sentence(
    data: bytes, code: str, line: int, column: int, why: str
) -> None:
    refused = refusal(data)
    assert (refused.code, refused.line, refused.column) == (code, line, column)
    assert str(refused) == f"line {line}, column {column}: {why}"
    assert refused.pointer is None


@pytest.mark.parametrize("data", [b'[{"a":1,"a":2},', b"[NaN, 1e400 2]", rb'["\ud800" "\u0000"]'])
def test_syntax_is_judged_before_values(data: bytes) -> None:
    assert refusal(data).code == "J103"


def test_of_several_values_the_first_in_the_text_is_refused() -> None:
    refused = refusal(rb'{"a":{"b~/c":[0,1e400]},"d":"\u0000","a":NaN}')
    assert (refused.code, refused.pointer) == ("J107", "/a/b~0~1c/1")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xef\xbb\xbf{}", "a byte order mark at byte offset 0"),
        (b'["\xff"]', "the byte at offset 2 is not UTF-8"),
        (b'["\xed\xa0\x80"]', "the byte at offset 2 is not UTF-8"),
        (b"\xff\xfe[\0]\0", "the byte at offset 0 is not UTF-8"),
    ],
)
def test_text_that_is_not_utf_8_is_refused_with_the_offset(data: bytes, why: str) -> None:
    refused = refusal(data)
    assert (refused.code, str(refused)) == ("J102", why)


def test_size_is_judged_first() -> None:
    refused = refusal(b"\xff" * 11, JsonLimits(size=10))
    assert (refused.code, str(refused)) == ("J101", "more than 10 bytes")


def test_a_text_of_the_largest_size_is_read() -> None:
    assert read_json(b'"' + b"a" * (2**20 - 2) + b'"') == "a" * (2**20 - 2)
    assert refusal(b'"' + b"a" * (2**20 - 1) + b'"').code == "J101"


@given(values)
def test_a_value_survives_its_canonical_bytes(value: Value) -> None:
    assert read_json(canonical(value)) == value


@given(values, st.sampled_from([None, 0, 3, "\t"]), st.booleans())
def test_how_a_value_is_written_does_not_change_it(value: Value, indent: int | str | None, escaped: bool) -> None:
    assert read_json(json.dumps(value, indent=indent, ensure_ascii=escaped).encode()) == value


@given(st.one_of(st.binary(), st.text(st.sampled_from('[]{},:"\\u0d8e1-.+NaI \n')).map(str.encode)))
def test_any_bytes_give_a_value_of_the_domain_or_a_refusal(data: bytes) -> None:
    answer = value_or_refusal(data)
    if isinstance(answer, JsonRefused):
        assert answer.code in REASONS
        assert not any(unicodedata.category(character).startswith("C") for character in str(answer))
    else:
        assert plain(answer) == answer == json.loads(data)


@given(values, st.data())
def test_a_changed_text_gives_a_value_of_the_domain_or_a_refusal(value: Value, data: st.DataObject) -> None:
    text = json.dumps(value).encode()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 2, len(text))))
    changed = text[:start] + data.draw(st.binary(max_size=2)) + text[end:]
    answer = value_or_refusal(changed)
    assert isinstance(answer, JsonRefused) or plain(answer) == answer == json.loads(changed)


def test_importing_the_reader_loads_no_yaml_and_no_schema() -> None:
    code = "import pgs_snapshot.jsontext, sys; print({'yaml', 'orjson', 'jsonschema_rs'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
