"""The word that an author probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MAX_WORD = 80  # difflib compares in quadratic time; no name of the language is longer


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like `word`, or None when none is like it.

    Case does not count. The answer depends on the set of candidates alone, not on their order; it is never
    `word` itself.
    """
    if len(word) > MAX_WORD:
        return None
    folded = {candidate.casefold(): candidate for candidate in sorted(candidates, reverse=True) if candidate != word}
    found = get_close_matches(word.casefold(), sorted(folded), n=1)
    return folded[found[0]] if found else None
