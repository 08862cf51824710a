"""The word that an author probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

MAX_WORD = 80  # difflib compares in quadratic time; no name of the language is longer
FEW = 8


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


def unknown(wanted: str, known: Sequence[str], listing: str) -> str:
    """The hint for a name that is none of those that something has.

    Args:
        known: names in full: `domain::WF_NAME_V0`.
        listing: what lists them all, where they are more than a hint should: ``"`index.json` lists them"``.
    """
    codes = {full: full.rpartition("::")[2] for full in sorted(known)}
    _, separator, code = wanted.rpartition("::")
    same = [full for full, own in codes.items() if own.casefold() == code.casefold()]
    if same and len(same) <= FEW:
        names = " or ".join(f"`{full}`" for full in same)
        return f"Is it {names}?" if separator else f"Write {names}."
    near = nearest(wanted, codes) if separator else None
    near = near or nearest(code, codes.values())
    if near is not None:
        return f"Is it `{next(full for full, own in codes.items() if near in (full, own))}`?"
    if len(codes) > FEW:
        return f"It has {len(codes)}; {listing}."
    return f"It has {', '.join(f'`{full}`' for full in codes) or 'none'}."
