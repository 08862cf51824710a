"""What the strict reader of YAML reads: values as they look, in all versions of YAML, and where each stands."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from pgs_compiler.findings import Place
from pgs_compiler.scalars import Plain, resolve
from pgs_compiler.source import Entry, Mapping, Scalar, to_value
from pgs_snapshot.values import MAX_INTEGER, Value, plain, same
from tests.compiler.reading import every, found, trees, under_the_caret, value_of

numbers = (
    st.integers(-MAX_INTEGER, MAX_INTEGER) | st.floats(-1e15, 1e15).filter(lambda number: "e" not in repr(number))
).map(plain)
texts = st.text(st.characters(max_codepoint=0xAC), max_size=8).filter(lambda text: text.isprintable())
values: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


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
