"""Merkle trees over a log that only grows (RFC 9162, section 2.1): roots, and proofs that nothing before was changed.

Laws:
* a leaf and a node are hashed with other first bytes, so neither can be shown as the other;
* `shown_in` and `grown_from` compute a root from a proof and compare; they take any bytes and never raise.

Who proves has the leaves and is asked for the hashes of ranges of them (`inclusion`, `consistency`); no tree is held.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

EMPTY = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""


class Span(NamedTuple):
    """The leaves from `start` up to `stop`, which is not one of them."""

    start: int
    stop: int


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf with these bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of what stands over two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Range(NamedTuple):
    """The leaves from 0 to `size`, as the hashes of the largest full trees that they make up, from the left.

    That is all it takes to go on with a tree: as many hashes as `size` has bits that are set.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def grown(self, leaves: Iterable[bytes]) -> Range:
        """With these hashes of leaves behind."""
        size, peaks = self.size, list(self.peaks)
        for peak in leaves:
            over, rest = peak, size
            while rest & 1:
                over = node_hash(peaks.pop(), over)
                rest >>= 1
            peaks.append(over)
            size += 1
        return Range(size, tuple(peaks))

    def root(self) -> bytes:
        """The root over these leaves."""
        if not self.peaks:
            return EMPTY
        *others, root = self.peaks
        for peak in reversed(others):
            root = node_hash(peak, root)
        return root

    def is_whole(self) -> bool:
        """Whether there are as many peaks as that many leaves have; of what was kept somewhere."""
        return self.size >= 0 and len(self.peaks) == self.size.bit_count()


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over these hashes of leaves."""
    return Range().grown(leaves).root()


def _split(size: int) -> int:
    """The largest power of two below `size`, which is 2 or more."""
    return 1 << ((size - 1).bit_length() - 1)


# --- proofs: which ranges of leaves their hashes stand for ---------------------------------------


def inclusion(index: int, size: int) -> tuple[Span, ...]:
    """The ranges whose roots prove that leaf `index` is one of `size`, in the order of a proof (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} among {size}")
    start, stop = 0, size
    path: list[Span] = []
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(Span(middle, stop))
            stop = middle
        else:
            path.append(Span(start, middle))
            start = middle
    return tuple(reversed(path))


def consistency(old: int, size: int) -> tuple[Span, ...]:
    """The ranges whose roots prove that the first `old` of `size` leaves are the old tree (RFC 9162, 2.1.4.1)."""
    if not 0 <= old <= size:
        raise ValueError(f"there are no {old} leaves among {size}")
    if old in (0, size):
        return ()
    start, stop, whole = 0, size, True
    path: list[Span] = []
    while old != stop:
        middle = start + _split(stop - start)
        if old <= middle:
            path.append(Span(middle, stop))
            stop = middle
        else:
            path.append(Span(start, middle))
            start, whole = middle, False
    if not whole:
        path.append(Span(start, stop))
    return tuple(reversed(path))


# --- what proofs say ------------------------------------------------------------------------------


def shown_in(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows that this hash is leaf `index` of `size` under `root` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    number, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            found = node_hash(step, found)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = node_hash(found, step)
        number, last = number >> 1, last >> 1
    return last == 0 and found == root


def grown_from(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that `size` leaves under `root` begin with `old` of `old_root` (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= size or (old in (0, size) and proof):
        return False
    if old == 0:
        return old_root == EMPTY
    if old == size:
        return old_root == root
    steps = [old_root, *proof] if old.bit_count() == 1 else list(proof)
    if not steps:
        return False
    number, last = old - 1, size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    before = now = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            before, now = node_hash(step, before), node_hash(step, now)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            now = node_hash(now, step)
        number, last = number >> 1, last >> 1
    return last == 0 and before == old_root and now == root
