"""The strict reader of YAML refuses what could be read in two ways, cannot be seen, or costs much: YML-01 to YML-15."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable

import pytest

from pgs_compiler.findings import Place, Related
from pgs_compiler.source import to_value
from tests.compiler.reading import codes, every, found, marked, trees, value_of


def test_yml_01_a_duplicate_key_is_refused_at_the_second_key() -> None:
    (finding,) = found("nodes:\n  a: {kind: CT}\n  a: {kind: CS}\n")
    assert (finding.code, finding.place) == ("S104", Place("a.yaml", 3, 3, 3, 4))
    assert finding.related == (Related(Place("a.yaml", 2, 3, 2, 4), "it stands here first"),)
    assert finding.message == "The key `a` stands twice in one mapping."


def test_yml_01_keys_are_the_same_however_they_are_quoted() -> None:
    assert marked('{a: 1, "a": 2, \'a\': 3, "\\x61": 4}') == [
        ("S104", '"a"'),
        ("S104", "'a'"),
        ("S104", '"\\x61"'),
    ]


def test_yml_02_words_that_are_booleans_to_some_are_refused_with_the_hint_to_quote() -> None:
    text = "on: {NO: reject, YES: approve}   # and more\nregion: no\n"
    assert marked(text) == [("S105", "on"), ("S105", "NO"), ("S105", "YES"), ("S105", "no")]
    assert [finding.hint for finding in found(text)] == [
        'Quote it: `"on"`.',
        'Quote it: `"NO"`.',
        'Quote it: `"YES"`.',
        'Quote it: `"no"`, or write `false`.',
    ]


@pytest.mark.parametrize("spell", [str.lower, str.capitalize, str.upper])
@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "y", "n"])
def test_yml_02_every_spelling_of_a_boolean_is_refused(word: str, spell: Callable[[str], str]) -> None:
    assert marked(f"- {spell(word)}") == [("S105", spell(word))]


@pytest.mark.parametrize("word", ["~", "Null", "NULL", "True", "TRUE", "False", "FALSE"])
def test_yml_02_of_null_true_and_false_only_the_lower_case_is_read(word: str) -> None:
    assert marked(f"a: {word}") == [("S105", word)]


def test_yml_03_numbers_that_some_read_otherwise_are_refused() -> None:
    assert marked("t: 12:30\nmode: 010\ncount: 1_000\n") == [
        ("S105", "12:30"),
        ("S105", "010"),
        ("S105", "1_000"),
    ]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1_000", "1000"),
        ("+1", "1"),
        (".5", "0.5"),
        ("1.", "1"),
        ("1e3", "1000"),
        ("-1.5e3", "-1500"),
        ("01.50", "1.5"),
        ("1e-05", ""),
        ("1e400", ""),
        ("0x1F", ""),
        ("010", ""),
    ],
)
def test_yml_03_the_hint_has_the_number_where_there_is_one_way_to_mean_it(text: str, meant: str) -> None:
    (finding,) = found(f"a: {text}")
    assert finding.hint == f'Quote it: `"{text}"`' + (f", or write `{meant}`." if meant else ".")


def test_yml_04_a_bare_date_is_refused() -> None:
    assert marked("d: 2001-12-14\n") == [("S105", "2001-12-14")]


def test_yml_05_anchors_aliases_and_merge_keys_are_refused_where_they_stand() -> None:
    assert marked("b: &b {x: 1}\nc: {<<: *b, z: 2}\n") == [("S106", "&b"), ("S106", "<<"), ("S106", "*b")]


def test_yml_06_billion_laughs_are_never_expanded() -> None:
    levels = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    levels += [f"{name}: &{name} [{','.join([f'*{chr(ord(name) - 1)}'] * 9)}]" for name in "bcdefghi"]
    tracemalloc.start()
    findings = found("\n".join(levels))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert {finding.code for finding in findings} == {"S106"}
    assert peak < 2_000_000


@pytest.mark.parametrize("opening", ["[", "{", "[a, ", "? [", "- ", "{a: ", "? "])
def test_yml_07_deep_nesting_is_refused(opening: str) -> None:
    (finding,) = found(opening * 200_000)
    assert finding.code == "S113"
    assert finding.message == "Mappings and lists nest deeper than 32 levels."


def test_yml_07_deep_flow_nesting_is_refused() -> None:
    (finding,) = found("[" * 200_000 + "]" * 200_000)
    assert (finding.code, finding.place) == ("S113", Place("a.yaml", 1, 33, 1, 34))


def test_the_deepest_nesting_is_read() -> None:
    assert len(every(trees("[" * 32 + "]" * 32)[0])) == 32


def test_yml_08_every_tag_is_refused() -> None:
    text = "x: !!python/object/apply:os.system ['id']\nz: !!binary aGk=\na: !foo 1\nb: ! no\nc: !<tag:a> 1\n"
    tags = ["!!python/object/apply:os.system", "!!binary", "!foo", "!", "!<tag:a>"]
    assert marked(text) == [("S107", tag) for tag in tags]


def test_yml_09_several_documents_are_read() -> None:
    assert [to_value(tree) for tree in trees("---\na: 1\n---\nb: 2\n...\n")] == [{"a": 1}, {"b": 2}]


def test_yml_09_a_directive_is_refused_at_its_line() -> None:
    assert marked("%YAML 1.1\n---\na: 1\n---\nb: 2\n") == [("S108", "%YAML 1.1")]
    assert marked("a: 1\n...\n%FOO bar\n---\nb: 2\n") == [("S108", "%FOO bar")]


def test_a_percent_sign_within_a_text_is_no_directive() -> None:
    assert value_of('a: "x\n%y"\nb: |\n %z\n') == {"a": "x %y", "b": "%z\n"}


def test_yml_10_a_key_that_is_not_a_string_is_refused_where_it_stands() -> None:
    text = "{1: a, true: b, null: c, [x]: d, {z: 1}: e}"
    assert marked(text) == [("S109", key) for key in ("1", "true", "null", "[x]", "{z: 1}")]
    assert found(text)[0].hint == 'Quote it: `"1"`.'


@pytest.mark.parametrize("text", ['id: "approve\\u202e"', "'a\u200b': 1", "a: 1  # \u2066", 'a: "\\0"', "a: x\x07"])
def test_yml_11_characters_that_cannot_be_seen_are_refused_and_not_repeated(text: str) -> None:
    (finding,) = found(text)
    assert finding.code == "S110"
    assert finding.message.isprintable()
    assert re.search(r"`U\+(202E|200B|2066|0000|0007)`", finding.message)


def test_yml_11_a_character_that_cannot_be_seen_is_marked_alone_where_it_stands_itself() -> None:
    text = "first: \u202ea\nsecond: b\u2028c\n"
    assert marked(text) == [("S110", "\u202e"), ("S110", "\u2028")]


def test_yml_12_text_that_is_not_in_normal_form_is_refused_raw_and_escaped() -> None:
    assert marked('{"e\\u0301": 1, "\\u00e9": 2}') == [("S111", '"e\\u0301"')]
    assert marked("a: Cafe\u0301\n") == [("S111", "e\u0301")]
    assert found("a: \u212b\n")[0].hint == "Write `Å`."


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (b"a: \xff\xfe", 3),
        (b"a: 1\nb: \xc3", 8),
        (b"a: \xed\xa0\x80", 3),
        ("a: 1".encode("utf-16"), 0),
        ("a: 1".encode("utf-16-be"), 0),
        ("a: 1".encode("utf-32"), 0),
        (b"\xef\xbb\xbfa: 1", 0),
    ],
)
def test_yml_13_bytes_that_are_not_plain_utf_8_are_refused_with_their_offset(data: bytes, offset: int) -> None:
    (finding,) = found(data)
    assert finding.code == "S102"
    assert f"offset {offset} " in finding.message
    assert finding.place is not None
    assert finding.place.line == data[:offset].count(b"\n") + 1


def test_yml_14_numbers_out_of_range_are_refused() -> None:
    text = "a: 9007199254740993\nb: 1e400\nc: .nan\nd: -.inf\ne: 1.0e+400\n"
    assert codes(text) == ["S112", "S105", "S112", "S112", "S112"]


def test_yml_14_a_number_of_60_000_digits_is_refused_with_a_short_message() -> None:
    (finding,) = found("a: " + "9" * 60_000)
    assert finding.code == "S112"
    assert len(finding.message) < 200
    assert finding.hint == ""


def test_yml_15_size_is_checked_before_anything_else() -> None:
    (finding,) = found(b"\xff" * 20_000_000)
    assert (finding.code, finding.message) == (
        "S113",
        "The file has 20,000,000 bytes; 1,048,576 are the limit.",
    )


def test_yml_15_a_million_nodes_are_not_built() -> None:
    (finding,) = found("- 1\n" * 250_000)
    assert finding.code == "S113"
    assert finding.message == "The file holds more than 100,000 keys and values."
    assert finding.place == Place("a.yaml", 100_000, 3, 100_000, 4)


def test_yml_15_a_scalar_has_its_own_limit_in_bytes() -> None:
    assert value_of("a: " + "x" * 2**16) == {"a": "x" * 2**16}
    (finding,) = found("a: " + "é" * (2**15 + 1))
    assert finding.message == "The text has 65,538 bytes; 65,536 are the limit."
