"""The laws of marks on values and their parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pgs_compiler.findings import Place
from pgs_compiler.flows.lattice import (
    CLEAN,
    Flow,
    Mark,
    Trail,
    along,
    flat,
    hidden,
    join,
    marked,
    record,
    sequence,
    taken,
)
from pgs_runtime.redaction import OPEN, Veil, veil
from pgs_snapshot.model import Wildcard

HERE = Place("a.yaml", 1, 1, 1, 2)
WAY = Trail(HERE, "here")

marks = st.dictionaries(
    st.builds(Mark, st.sampled_from("ab"), st.sampled_from(["pii", "heavy"]), st.sampled_from(["", "CT"])),
    st.just(WAY),
    max_size=2,
)
flows = st.recursive(
    st.builds(marked, marks),
    lambda inner: st.builds(
        Flow,
        marks,
        st.dictionaries(st.sampled_from("xy"), inner, max_size=2),
        st.none() | inner,
        st.none() | inner,
    ),
    max_leaves=5,
)
paths = st.lists(st.sampled_from(["x", "y", 0, Wildcard()]), max_size=3)


def told(flow: Flow) -> set[Mark]:
    return set(flat(flow))


@given(flows, flows, flows, paths)
def test_join_is_the_union_of_the_marks_along_every_path(
    a: Flow, b: Flow, c: Flow, path: list[str | int | Wildcard]
) -> None:
    assert told(along(join(a, b), path)) == told(along(a, path)) | told(along(b, path))
    assert told(join(a, join(b, c))) == told(join(join(a, b), c))
    assert told(along(join(a, a), path)) == told(along(a, path))
    assert join(a, CLEAN) is a
    assert told(join(CLEAN, a)) == told(a)


@given(flows, paths)
def test_a_part_carries_what_the_whole_does(flow: Flow, path: list[str | int | Wildcard]) -> None:
    assert set(flow.marks) <= told(along(flow, path))
    assert told(along(flow, path)) <= told(flow)


@given(flows)
def test_something_is_hidden_where_a_word_is_carried(flow: Flow) -> None:
    assert bool(list(hidden(flow))) == any(not mark.by for mark in flat(flow))


def seen(veiled: Veil, path: list[str]) -> bool:
    """Whether a trace shows what a path of members leads to; items and other members are `*` here."""
    for name in path:
        if veiled.whole:
            return False
        veiled = veiled.members.get(name) or veiled.others or OPEN
    return not veiled.whole


def words(flow: Flow, path: list[str]) -> bool:
    """Whether a word is carried on the way there; a list has items under every name."""
    for name in path:
        if flow.words:
            return True
        named = flow.member(name) if name != "*" else flow.rest or CLEAN
        flow = flow.items if flow.items is not None else named
    return bool(flow.words)


@given(flows, st.lists(st.sampled_from(["x", "y", "z", "*"]), max_size=3))
def test_what_is_hidden_is_exactly_what_carries_a_word(flow: Flow, path: list[str]) -> None:
    def either(part: Flow) -> Flow:
        """A value is a list or an object, so it has items or members."""
        named = {name: either(inner) for name, inner in part.members.items()}
        items = None if part.items is None or named or part.rest else either(part.items)
        return Flow(part.marks, named, part.rest and either(part.rest), items)

    one = either(flow)
    assert seen(veil(hidden(one)), path) is not words(one, path)


@given(flows, flows, st.lists(st.sampled_from(["x", "y", "z", "*"]), max_size=3))
def test_what_one_of_several_calls_hides_is_hidden(one: Flow, other: Flow, path: list[str]) -> None:
    both = veil({*hidden(one), *hidden(other)})
    assert seen(both, path) <= (seen(veil(hidden(one)), path) and seen(veil(hidden(other)), path))


@given(flows, flows)
def test_an_input_carries_what_it_is_given_and_what_it_declares(given_: Flow, declared: Flow) -> None:
    words = {mark.word for mark in told(given_) | told(declared) if not mark.by}
    assert {mark.word for mark in told(taken(given_, declared)) if not mark.by} == words
    assert told(given_) <= told(taken(given_, declared))


def test_of_two_ways_the_shorter_is_kept() -> None:
    mark = Mark("a", "pii")
    long = marked({mark: WAY.on(HERE, "there")})
    assert flat(join(long, marked({mark: WAY}))) == {mark: WAY}
    assert flat(join(marked({mark: WAY}), long)) == {mark: WAY}


def test_records_and_lists_without_marks_are_clean() -> None:
    assert record({"a": CLEAN}) is CLEAN
    assert sequence(CLEAN) is CLEAN
    assert along(record({"a": marked({Mark("a", "pii"): WAY})}), ("b",)) is CLEAN
