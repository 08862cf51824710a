"""The account of a run: what it says, and that nothing in it is obeyed."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pgs_runtime.examine.account import account
from pgs_runtime.examine.markdown import code, fence, prose
from pgs_runtime.operate.state import load_state
from pgs_runtime.trace.reading import trace_of
from pgs_snapshot.values import Value
from tests.runtime.goldens import golden
from tests.runtime.till import CLERK, RUNS, STORE, left_by, open_till, paid, rechained

HOSTILE = (
    "``` | # [x](javascript:alert(1)) <script>alert(1)</script> ![](http://tracker/p.png) "
    "| a | www.example.org http://example.org a@example.org <http://example.org> &lt; **b** _i_ ~~s~~\n"
    "# Heading\n- item\n\n    indented\n---\n\x1b[31mred\x07\u202edesrever\u2028\u200b`"
)
HEADINGS = [
    "What was asked",
    "Which way it went, and why",
    "What changed",
    "What it gave",
    "Evidence",
]


def told(name: str, picture: str = "way.png") -> str:
    till = open_till()
    return account(trace_of(left_by(till, name)), till.snapshot, picture)


@pytest.mark.parametrize("name", RUNS)
def test_the_account_of_a_run_is_the_one_that_is_kept(name: str) -> None:
    text = told(name)
    assert text == golden(f"{name}.md", text)
    assert text == told(name)


def test_the_account_says_who_asked_what_and_how_it_ended() -> None:
    verdict = told("too_much").split("\n\n")[1]
    assert verdict == (
        "On 2026-03-01 at 09:00:00.000 UTC, `ada` (the operating system's user at a command line) asked as "
        "`till::AC_CLERK_V0` for `till::WF_PAY_V0` (Take a payment). The protocol decided no: the run ended "
        "**DENIED** at `too_much` with the reason `TOO_MUCH`. What decided that: `price` (`till.yaml:21`) ended as "
        "`TOO_MUCH`, because `$.steps.price.total` (`110`) is more than `100`; `$.inputs.amount` (`100`) is "
        "none of `[500, 1000]`. It changed nothing."
    )


def test_without_the_snapshot_the_trace_alone_is_told() -> None:
    text = account(trace_of(left_by(open_till(), "too_much")))
    assert "Take a payment" not in text
    assert "`110` is more than `100`; `100` is none of `[500, 1000]`" in text


def test_a_decision_that_the_snapshot_tells_otherwise_is_told_by_the_trace_alone() -> None:
    def change(bodies: list[dict[str, Value]]) -> None:
        bodies[2]["steps"][1]["operands"].pop()  # type: ignore[index,union-attr,call-overload]

    till = open_till()
    text = account(trace_of(rechained(left_by(till, "too_much"), change)), till.snapshot)
    assert "because `110` is more than `100`." in text


def test_names_that_the_snapshot_does_not_know_are_told_without_its_words() -> None:
    def change(bodies: list[dict[str, Value]]) -> None:
        for body in bodies[1:-1]:
            body.update(node="elsewhere", target="../../else")
        bodies[0]["header"]["workflow"] = "else::WF_ELSE_V0"  # type: ignore[index,call-overload]

    till = open_till()
    text = account(trace_of(rechained(left_by(till, "paid"), change)), till.snapshot)
    assert "**`elsewhere`**" in text
    assert "Take a payment" not in text


def test_a_trace_that_stops_early_is_told_as_that() -> None:
    till = open_till()
    text = account(trace_of(left_by(till, "paid")[:-2]), till.snapshot)
    assert "The trace stops before the end of the run." in text
    assert "That is not known before the end." in text


def test_rows_that_were_loaded_are_told_without_their_content() -> None:
    till = open_till()
    loaded = load_state(till, {STORE: {"p-9": {"name": "Grace", "total": 5}}}, CLERK)
    text = account(trace_of(till.trace(loaded.trace_id)), till.snapshot)
    assert "`ada` (the operating system's user at a command line) put rows into stores" in text
    assert "1. `till::ST_PAYMENTS_V0`: 1 row written" in text
    assert "Grace" not in text


# --- nothing is obeyed ---------------------------------------------------------------------------


def hostile_accounts() -> dict[str, str]:
    """Accounts full of hostile text; only the first has a picture."""
    till = open_till(summary=HOSTILE)
    lines = till.trace(paid(till, {"id": HOSTILE, "amount": 20, "name": "x"}).trace_id)
    refused, fault = left_by(till, "rejected"), left_by(till, "undone")
    return {
        "payload and summary": account(trace_of(lines), till.snapshot, "way.png"),
        "note": account(trace_of(lines), None, "", HOSTILE),
        "everything": account(trace_of(rechained(lines, poison))),
        "reasons": account(trace_of(rechained(refused, poison))),
        "fault": account(trace_of(rechained(fault, poison))),
    }


def poison(bodies: list[dict[str, Value]]) -> None:
    """Put hostile text wherever a trace has free text."""
    for body in bodies:
        for name, value in list(body.items()):
            if name not in ("kind", "run", "exit", "format"):
                body[name] = poisoned(value)


def poisoned(value: Value) -> Value:
    if isinstance(value, str):
        kept = value in ("eq", "gt", "in") or re.fullmatch(r"[0-9-]+T[0-9:.]+Z|[0-9a-f]{64}", value)
        return value if kept else HOSTILE
    if isinstance(value, list):
        return [poisoned(item) for item in value]
    if isinstance(value, dict):
        return {name: poisoned(item) for name, item in value.items()}
    return value


ACCOUNTS = hostile_accounts()


def tokens(text: str) -> list[Token]:
    parsed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    return [token for outer in parsed for token in (outer, *(outer.children or []))]


@pytest.mark.parametrize("name", ACCOUNTS)
def test_no_data_becomes_a_link_an_image_html_a_table_or_a_heading(name: str) -> None:
    found = tokens(ACCOUNTS[name])
    kinds = [token.type for token in found]
    assert not {"link_open", "html_block", "html_inline", "table_open", "hr", "code_block", "s_open"} & set(kinds)
    pictures = [token.attrs["src"] for token in found if token.type == "image"]
    assert pictures == (["way.png"] if name == "payload and summary" else [])
    titles = [after.content for token, after in pairwise(found) if token.type == "heading_open"]
    assert [title for title in titles[1:] if title not in HEADINGS] == []
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("name", ACCOUNTS)
def test_no_address_stands_in_plain_text_where_some_readers_make_links(name: str) -> None:
    plain = [token.content for token in tokens(ACCOUNTS[name]) if token.type == "text"]
    assert not [part for part in plain if re.search(r"://|www\.|@|\w\.\w*[a-z]", part)]


@pytest.mark.parametrize("name", ACCOUNTS)
def test_nothing_in_an_account_moves_a_terminal_or_turns_text_around(name: str) -> None:
    assert all(character.isprintable() or character == "\n" for character in ACCOUNTS[name])


@given(st.text(alphabet=st.one_of(st.sampled_from("`*_[]()<>!#|\\&~ .:/@\n-w"), st.characters())))
def test_a_code_span_holds_exactly_what_it_shows(text: str) -> None:
    inline = tokens(f"a {code(text)} b")
    (span,) = (token for token in inline if token.type == "code_inline")
    outside = [token.content for token in inline if token.type == "text"]
    assert outside == ["a ", " b"]
    assert span.content.isprintable()


@given(st.text(alphabet=st.one_of(st.sampled_from("`*_[]()<>!#|\\&~ .:/@\n-w"), st.characters())))
def test_prose_is_words_and_code_spans_and_nothing_else(text: str) -> None:
    kinds = {token.type for token in tokens(f"so: {prose(text)}")}
    assert kinds <= {"paragraph_open", "inline", "text", "code_inline", "paragraph_close"}


@pytest.mark.parametrize(
    "text",
    [
        "Stopped (`domain.n` is `9`, and has to meet `min: 10`; 2 of 2).",
        "It is `a b`: no more, `c`.",
    ],
)
def test_prose_that_is_written_with_code_spans_stays_as_it_is(text: str) -> None:
    assert prose(text) == text


def test_a_backtick_of_somebody_elses_ends_no_code_span_of_ours() -> None:
    assert prose("`a` don`t `b c`d `e`") == "`a` ``don`t`` `` `b `` ``c`d`` `e`"


@given(st.text(alphabet=st.one_of(st.sampled_from("`~ \n"), st.characters())))
def test_a_fence_ends_where_it_is_ended(text: str) -> None:
    found = tokens("\n".join([*fence(text), "", "after"]))
    assert [token.type for token in found][:1] == ["fence"]
    assert [token.content for token in found if token.type == "text"] == ["after"]
