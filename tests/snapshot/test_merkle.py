"""Merkle trees: the roots and proofs of RFC 9162, against the definition and known numbers, and forged."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest

from pgs_snapshot.merkle import (
    EMPTY,
    Range,
    Span,
    consistency,
    grown_from,
    inclusion,
    leaf_hash,
    node_hash,
    root_of,
    shown_in,
)

MOST = 70
# The leaves that implementations of Certificate Transparency test with, and the roots over the first of them:
# google/certificate-transparency, merkletree/merkle_tree_test.cc.
KNOWN = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"
)]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(str(n).encode()) for n in range(MOST + 1)]


def by_definition(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, over hashes of leaves."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(by_definition(leaves[:k]), by_definition(leaves[k:]))


def hashes(spans: Sequence[Span], leaves: Sequence[bytes] = LEAVES) -> list[bytes]:
    return [by_definition(leaves[start:stop]) for start, stop in spans]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_that_certificate_transparency_tests_with(size: int) -> None:
    assert root_of(map(leaf_hash, KNOWN[:size])).hex() == ROOTS[size - 1]


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert root_of([]) == EMPTY == hashlib.sha256(b"").digest()


def test_the_proofs_are_those_that_the_rfc_shows_for_seven_leaves() -> None:
    assert inclusion(0, 7) == (Span(1, 2), Span(2, 4), Span(4, 7))
    assert inclusion(3, 7) == (Span(2, 3), Span(0, 2), Span(4, 7))
    assert inclusion(4, 7) == (Span(5, 6), Span(6, 7), Span(0, 4))
    assert inclusion(6, 7) == (Span(4, 6), Span(0, 4))
    assert consistency(3, 7) == (Span(2, 3), Span(3, 4), Span(0, 2), Span(4, 7))
    assert consistency(4, 7) == (Span(4, 7),)
    assert consistency(6, 7) == (Span(4, 6), Span(6, 7), Span(0, 4))


@pytest.mark.parametrize("size", range(MOST + 1))
def test_a_range_that_grows_has_the_root_of_the_definition_at_every_size(size: int) -> None:
    for old in range(size + 1):
        grown = Range().grown(LEAVES[:old]).grown(LEAVES[old:size])
        assert grown.root() == by_definition(LEAVES[:size])
        assert grown.size == size
        assert grown.is_whole()


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_every_leaf_is_shown_in_its_tree_and_at_no_other_place(size: int) -> None:
    root = by_definition(LEAVES[:size])
    for index in range(size):
        proof = hashes(inclusion(index, size))
        assert shown_in(LEAVES[index], index, size, proof, root)
        assert not any(shown_in(LEAVES[index], other, size, proof, root) for other in range(size) if other != index)
        assert not shown_in(LEAVES[size], index, size, proof, root)
        assert not shown_in(LEAVES[index], index, size, [*proof, root], root)
        assert not shown_in(LEAVES[index], index, size, proof, LEAVES[size])
        assert not proof or not shown_in(LEAVES[index], index, size, proof[:-1], root)
        for at in range(len(proof)):
            assert not shown_in(LEAVES[index], index, size, [*proof[:at], EMPTY, *proof[at + 1 :]], root)


@pytest.mark.parametrize("size", range(MOST + 1))
def test_every_tree_is_shown_to_begin_with_each_before_it_and_with_no_other(size: int) -> None:
    root = by_definition(LEAVES[:size])
    for old in range(size + 1):
        old_root = by_definition(LEAVES[:old])
        proof = hashes(consistency(old, size))
        assert grown_from(old, size, old_root, root, proof)
        assert not grown_from(old, size, LEAVES[0] if old != 1 else EMPTY, root, proof)
        assert not grown_from(old, size, old_root, root, [*proof, EMPTY])
        assert old == 0 or not grown_from(old, size, old_root, EMPTY, proof)
        assert not proof or not grown_from(old, size, old_root, root, proof[:-1])
        for at in range(len(proof)):
            assert not grown_from(old, size, old_root, root, [*proof[:at], EMPTY, *proof[at + 1 :]])


def test_a_tree_in_which_an_earlier_leaf_was_exchanged_is_not_shown_to_have_grown() -> None:
    for size in range(2, 20):
        for old in range(1, size):
            forged = [leaf_hash(b"forged"), *LEAVES[1:size]]
            proof = hashes(consistency(old, size), forged)
            assert not grown_from(old, size, by_definition(LEAVES[:old]), by_definition(forged), proof)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3), (5, 3)])
def test_a_leaf_that_is_not_there_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="there is no leaf"):
        inclusion(index, size)
    assert not shown_in(LEAVES[0], index, size, [], LEAVES[0])


@pytest.mark.parametrize(("old", "size"), [(-1, 3), (4, 3)])
def test_a_tree_that_has_shrunk_has_no_proof(old: int, size: int) -> None:
    with pytest.raises(ValueError, match="there are no"):
        consistency(old, size)
    assert not grown_from(old, size, LEAVES[0], LEAVES[0], [])


def test_a_range_that_has_lost_a_peak_is_not_whole() -> None:
    grown = Range().grown(LEAVES[:7])
    assert not Range(7, grown.peaks[1:]).is_whole()
    assert not Range(-1, ()).is_whole()
