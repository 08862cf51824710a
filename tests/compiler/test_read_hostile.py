"""Any bytes give the strict reader of YAML trees or findings, in time that grows with the text."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pgs_compiler.read import read
from pgs_compiler.source import SourceFile, to_value
from pgs_snapshot.values import plain, same
from tests.compiler.reading import found

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
changed = st.tuples(st.integers(0, len(VALID)), st.integers(0, 4), st.lists(TOKENS, max_size=4).map("".join)).map(
    lambda change: VALID[: change[0]] + change[2] + VALID[change[0] + change[1] :]
)


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
