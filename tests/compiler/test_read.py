"""The strict reader of YAML: laws, hostile input, and the cases YML-01 to YML-15."""

from __future__ import annotations

import json
import re
import tracemalloc
from collections.abc import Callable

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from pgs_compiler.findings import Finding, Place, Related
from pgs_compiler.read import ReadLimits, read
from pgs_compiler.rules import RULES
from pgs_compiler.scalars import Plain, resolve
from pgs_compiler.source import Entry, Mapping, Scalar, Sequence, SourceFile, Tree, to_value
from pgs_snapshot.values import MAX_INTEGER, Value, plain, same

TOKENS = st.sampled_from(
    [
        *"[]{},:\"'\\&*!|>%@`#?- \n\t\r~<=0123.exy$a",
        *["é", "e\u0301", "\u202e", "\u2028", "\x00", "\x85", "\ufeff"],
        *["---\n", "...\n", "%YAML 1.1\n", "<<", "&a ", "*a", "!!str ", "\\u", "| ", "\n  ", "$.x[0]", "[*]"],
        *["a: ", "- "],
    ]
)
VALID = """\
workflow: shop::WF_ORDER_V0
summary: "Take an order, é"
nodes:
  admit:
    intent: IN_ORDER_V0
    next: {ACK: done, NACK: [rejected, 1.5, -3]}
  done: {exit: 'COMPLETED', result: {total: "$.x[0]"}}
text: |
  Two
  lines
---
entity: shop::EN_PLACE_V0
tags: [a, b]
"""
numbers = (
    st.integers(-MAX_INTEGER, MAX_INTEGER) | st.floats(-1e15, 1e15).filter(lambda number: "e" not in repr(number))
).map(plain)
texts = st.text(st.characters(max_codepoint=0xAC), max_size=8).filter(lambda text: text.isprintable())
values: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
changed = st.tuples(st.integers(0, len(VALID)), st.integers(0, 4), st.lists(TOKENS, max_size=4).map("".join)).map(
    lambda change: VALID[: change[0]] + change[2] + VALID[change[0] + change[1] :]
)


def found(text: str | bytes, limits: ReadLimits | None = None) -> tuple[Finding, ...]:
    data = text if isinstance(text, bytes) else text.encode()
    result = read(SourceFile("a.yaml", data), limits or ReadLimits())
    assert (result.value is None) == bool(result.findings)
    for finding in result.findings:
        assert finding.code in RULES
        assert finding.place is not None
        assert (finding.place.line, finding.place.column) < (finding.place.end_line, finding.place.end_column)
    return result.findings


def trees(text: str) -> tuple[Tree, ...]:
    result = read(SourceFile("a.yaml", text.encode()))
    assert not result.findings
    assert result.value is not None
    return result.value


def value_of(text: str) -> Value:
    (tree,) = trees(text)
    return to_value(tree)


def codes(text: str | bytes) -> list[str]:
    return [finding.code for finding in found(text)]


def under_the_caret(text: str, place: Place | None) -> str:
    """The characters of a place, as an editor would mark them."""
    assert place is not None
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    start = sum(map(len, lines[: place.line - 1])) + place.column - 1
    end = sum(map(len, lines[: place.end_line - 1])) + place.end_column - 1
    return text[start:end]


def marked(text: str) -> list[tuple[str, str]]:
    return [(finding.code, under_the_caret(text, finding.place)) for finding in found(text)]


def every(tree: Tree) -> list[Tree]:
    if isinstance(tree, Mapping):
        return [tree, *(node for entry in tree for node in (entry.key, *every(entry.value)))]
    if isinstance(tree, Sequence):
        return [tree, *(node for item in tree for node in every(item))]
    return [tree]


# --- cases ---------------------------------------------------------------------------------------


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


# --- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("0", 0),
        ("-7", -7),
        ("1.0", 1),
        ("-0.0", 0),
        ("-0", 0),
        ("0.50", 0.5),
        ("1.5e+3", 1500),
        ("2.5E-1", 0.25),
        ("9007199254740991", MAX_INTEGER),
        ('"no"', "no"),
        ("'12:30'", "12:30"),
        ("1.2.3", "1.2.3"),
        ("v1", "v1"),
        ("a::b", "a::b"),
        ("P2D", "P2D"),
        ("$.payload.items[0]", "$.payload.items[0]"),
        ("one two\n  three", "one two three"),
        ("|\n  a\n  b\n", "a\nb\n"),
        (">-\n  a\n  b\n", "a b"),
        ("[]", []),
        ("{}", {}),
    ],
)
def test_a_value_is_what_it_looks_like(text: str, value: Value) -> None:
    read_value = value_of(f"a: {text}")
    assert same(read_value, {"a": value})
    assert isinstance(read_value, dict)
    assert type(read_value["a"]) is type(value)


def test_a_key_without_a_value_has_the_value_null_at_the_character_before() -> None:
    text = "a:\nb: # nothing\nc: [x]\nd: {e: , f}\ng:\n-\n"
    (tree,) = trees(text)
    assert to_value(tree) == {"a": None, "b": None, "c": ["x"], "d": {"e": None, "f": None}, "g": [None]}
    nulls = [node for node in every(tree) if isinstance(node, Scalar) and node.value is None]
    assert [under_the_caret(text, node.place) for node in nulls] == [":", ":", ":", "f", "-"]


@pytest.mark.parametrize(
    ("text", "quoted"),
    [("a", False), ("1", False), ('"a"', True), ("'a'", True), ("|\n a\n", True), ("", False)],
)
def test_a_scalar_knows_whether_it_was_quoted(text: str, quoted: bool) -> None:
    (tree,) = trees(f"a: {text}\n")
    assert isinstance(tree, Mapping)
    (entry,) = tree
    assert isinstance(entry, Entry)
    assert isinstance(entry.value, Scalar)
    assert entry.value.quoted is quoted


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_lines_are_counted_whatever_ends_them(line_break: str) -> None:
    text = line_break.join(["a:", "  - |", "    text", "", "", "  - no", ""])
    (finding,) = found(text)
    assert finding.place == Place("a.yaml", 6, 5, 6, 7)


def test_columns_count_code_points() -> None:
    (finding,) = found("a: {\U0001f600: no}")
    assert finding.place == Place("a.yaml", 1, 8, 1, 10)


def test_places_span_what_was_written() -> None:
    text = 'a:\n  - "x y"\n  - [1, {b: c}]\n\n# end\n  - |\n    text\n\nd: e f\n'
    (tree,) = trees(text)
    assert [under_the_caret(text, node.place) for node in every(tree)] == [
        text.strip(),
        "a",
        '- "x y"\n  - [1, {b: c}]\n\n# end\n  - |\n    text',
        '"x y"',
        "[1, {b: c}]",
        "1",
        "{b: c}",
        "b",
        "c",
        "|\n    text",
        "d",
        "e f",
    ]


@given(values)
def test_json_is_read_as_json_and_every_place_spans_its_text(value: Value) -> None:
    text = json.dumps(value, ensure_ascii=False)
    assume(text != "null")
    (tree,) = trees(text)
    assert same(to_value(tree), value)
    for node in every(tree):
        assert same(plain(json.loads(under_the_caret(text, node.place))), to_value(node))


def in_yaml_1_1(text: str) -> object:
    """A plain scalar as PyYAML reads it, which knows the types of YAML 1.1 but for `y` and `n`."""
    loader = yaml.SafeLoader("")
    tag = loader.resolve(yaml.ScalarNode, text, (True, False))
    return loader.construct_object(yaml.ScalarNode(tag, text))


def in_yaml_1_2(text: str) -> Value:
    """A plain scalar in the core schema of YAML 1.2.2, section 10.3.2."""
    if re.fullmatch(r"null|Null|NULL|~|", text):
        return None
    if re.fullmatch(r"true|True|TRUE|false|False|FALSE", text):
        return text.lower() == "true"
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"0o[0-7]+", text):
        return int(text, 8)
    if re.fullmatch(r"0x[0-9a-fA-F]+", text):
        return int(text, 16)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    return text


@given(
    st.text(st.sampled_from("0123456789+-._:eExob"), min_size=1, max_size=7)
    | st.from_regex(r"[-+]?[0-9]{1,4}[-:._eExo][0-9]{1,2}([-:.e][0-9]{1,2})?", fullmatch=True)
    | st.sampled_from(["YES", "No", "true", "True", "null", "Null", "~", "=", "<<", ".inf", ".NaN"])
)
def test_a_plain_scalar_that_is_read_means_the_same_in_yaml_1_1_and_1_2(text: str) -> None:
    meaning = resolve(text)
    if isinstance(meaning, Plain):
        assert same(meaning.value, plain(in_yaml_1_1(text)))
        assert same(meaning.value, in_yaml_1_2(text))


# --- findings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[a b[0]]", 'Quote it: `"a b[0]"`.'),
        ("[a'b[0]]", 'Quote it: `"a\'b[0]"`.'),
        ('[a"b[0]]', "Quote it: `'a\"b[0]'`."),
        ('[a"\tb[0]]', 'Quote it: `"a\\"\\tb[0]"`.'),
    ],
)
def test_the_hint_quotes_with_the_quotes_that_the_text_does_not_hold(text: str, hint: str) -> None:
    (finding,) = found(text)
    assert finding.hint == hint


def test_an_unquoted_reference_does_not_hide_what_comes_after_it() -> None:
    text = "{a: $.x[0], b: [$.y[*].id, $.z['k'][1:2]], c: no, c: see x[0]}\n"
    assert marked(text) == [
        ("S114", "$.x[0]"),
        ("S114", "$.y[*].id"),
        ("S114", "$.z['k'][1:2]"),
        ("S105", "no"),
        ("S104", "c"),
        ("S114", "see x[0]"),
    ]
    assert found(text)[2].hint == "Quote it: `\"$.z['k'][1:2]\"`."


def test_a_file_of_unquoted_references_is_not_parsed_for_ever() -> None:
    assert codes("[" + "$.x[0]," * 1000 + "]") == ["S114"] * 20


def test_findings_before_a_syntax_error_are_reported_with_it() -> None:
    assert codes("a: no\nb: &x 1\nc: [\n") == ["S105", "S106", "S103"]


def test_findings_are_capped() -> None:
    assert len(found("- no\n" * 1000)) == 100
    assert len(found("- no\n" * 1000, ReadLimits(findings=3))) == 3


def test_findings_come_in_the_order_of_the_text() -> None:
    places = [finding.place for finding in found("a: \u202e\nb: no\nc: e\u0301\nb: 1\nd: \u200b\ne: 010\n")]
    assert places == sorted(places, key=lambda place: (place.line, place.column) if place else (0, 0))
    assert len(places) == 6


@pytest.mark.parametrize(
    ("text", "caret", "message"),
    [
        ("a: b: c", "b: c", "A text that holds `: ` stands in quotes."),
        (
            "a: 1\n b: 2\n",
            "b",
            "No key can stand here: by its indentation, this line goes on with the text before it.",
        ),
        ("a: 'x\n", "'", "The quote that opens here is never closed."),
        ("a: {b: [c, d}\n", "}", "A `,` or `]` is missing before `}`."),
        ("a: [b, c\n", "[", "The `[` that opens here is never closed."),
        ("a:\n  - b\n - c\n", "-", "The indentation of this line fits none of the lines above it."),
        ("a: 'it's'\n", "s'", "`s'` stands after a value that has ended."),
        ("a:\n\tb: 1\n", "\t", "A tab cannot indent a line; YAML takes spaces."),
        ("a: b\n\tc: 1\n", "\t", "A tab cannot indent a line; YAML takes spaces."),
        ("a: %x\n", "%x", "A plain text cannot start with `%`."),
        ("a: - b\n", "-", "No list item can start here."),
        ("a: ? b\n", "?", "No key can start here."),
        ("a: 1\nb c\n", "b c", "No `:` follows `b c`, so it is no key."),
        ('a: "\\q"\n', '\\q"', "Double quotes do not know this escape; `\\\\` stands for a backslash."),
        ('a: "\\x4"\n', '4"', "After `\\x`, `\\u` and `\\U` stand 2, 4 and 8 hexadecimal digits."),
        ('a: "\\ud800"\n', 'd800"', "No Unicode character has this number."),
        ("a: |x\n", "x", "After `|` or `>` the line ends."),
        ("a: |0\n x\n", "0", "The indentation after `|` or `>` counts from 1."),
        ('a: "x\n--- y"\n', "---", "Quoted text cannot hold a line that starts with `---` or `...`."),
        ("[a]b\n", "b", "The document has ended before this; the next one starts with `---`."),
        ("[a,,b]\n", ",", "A value is missing here."),
        ("{a:[b]}\n", ":", "Between brackets, a `:` after a key is followed by a space."),
    ],
)
def test_a_syntax_error_has_a_place_and_a_sentence(text: str, caret: str, message: str) -> None:
    (finding,) = found(text)
    assert (finding.code, finding.message) == ("S103", message)
    assert under_the_caret(text, finding.place) == caret


def test_a_missing_bracket_points_to_the_one_that_opened() -> None:
    (finding,) = found("a: [b\nc: d\n")
    assert finding.related == (Related(Place("a.yaml", 1, 4, 1, 5), "`[` opens here"),)


@pytest.mark.parametrize("text", ["a: &\n", "a: *\n", "a: [* , b]\n"])
def test_an_anchor_or_alias_without_a_name_is_refused_as_one(text: str) -> None:
    assert codes(text) == ["S106"]


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n", "---\n...\n", "--- # nothing\n"])
def test_a_file_that_declares_nothing_is_refused(text: str) -> None:
    assert codes(text) == ["S115"]


def test_an_empty_document_among_others_is_refused_at_its_start() -> None:
    assert marked("a: 1\n---\n# nothing\n---\nb: 2\n") == [("S115", "---")]


# --- hostile input -------------------------------------------------------------------------------


@given(st.binary())
def test_any_bytes_give_trees_or_findings(data: bytes) -> None:
    found(data)


@given(st.lists(TOKENS, max_size=30).map("".join))
def test_any_text_gives_trees_or_findings(text: str) -> None:
    for finding in found(text):
        assert finding.message.isprintable()
        assert finding.hint.isprintable()
        assert finding.message != "This is not YAML from here on."


@given(changed)
def test_a_changed_file_gives_trees_or_findings(text: str) -> None:
    found(text)


@given(st.lists(TOKENS, max_size=30).map("".join) | changed)
def test_what_is_read_is_read_by_pyyaml_in_the_same_way(text: str) -> None:
    result = read(SourceFile("a.yaml", text.encode()))
    if result.value is not None:
        theirs = list(yaml.load_all(text, Loader=yaml.CSafeLoader))
        assert same([to_value(tree) for tree in result.value], plain(theirs))


@pytest.mark.parametrize(
    "text",
    [
        "a: b " + " " * 1_000_000 + ": c",
        "a: b: c" + " #" * 500_000,
        "a: '" + "\u0301\u0316" * 200_000 + "'",
        'a: "' + "\\u0301\\u0316" * 5_000 + '"',
        "{a: x" + "[0]" * 300_000,
        "a: " + "1_" * 30_000,
        "a: " + "1:" * 30_000,
        "%" * 1_000_000,
        "?" * 1_000_000,
        "{a" + " " * 1_000_000 + ",",
    ],
)
def test_work_stays_in_proportion_to_the_text(text: str) -> None:
    assert found(text)
