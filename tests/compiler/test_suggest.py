"""The word that an author probably meant."""

from __future__ import annotations

import itertools

import pytest

from pgs_compiler.suggest import MAX_WORD, nearest


@pytest.mark.parametrize(
    ("word", "candidates", "found"),
    [
        ("minLenght", ["minLength", "maxLength"], "minLength"),
        ("SUCCES", ["SUCCESS", "CONFLICT"], "SUCCESS"),
        ("minlength", ["minLength"], "minLength"),
        ("int", ["integer", "string"], "integer"),
        ("colour", ["amount"], None),
        ("amount", ["amount"], None),
        ("a", [], None),
        ("a" * (MAX_WORD + 1), ["a" * MAX_WORD], None),
    ],
)
def test_the_nearest_word_is_like_it(word: str, candidates: list[str], found: str | None) -> None:
    assert nearest(word, candidates) == found


def test_the_order_of_the_candidates_does_not_count() -> None:
    words = ["name_a", "name_b", "name_c", "NAME_A"]
    assert {nearest("name_d", order) for order in itertools.permutations(words)} == {"name_c"}
