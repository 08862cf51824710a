"""The log of a store as a Merkle tree: a leaf for each commit, in the order of commits.

A leaf is the canonical JSON of `{"digest", "line", "run"}`: which run, the number of its last line after the commit,
and that line's digest.
Nothing is believed of a log that was read: whoever can write the store can write it, so roots are computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pgs_runtime.stores.port import Head, Store
from pgs_snapshot.canonical import canonical
from pgs_snapshot.merkle import Range, Span, consistency, inclusion, leaf_hash, root_of

_PAGE = 5_000


def leaf(run: str, head: Head) -> bytes:
    """The bytes of a leaf: this run had this last line."""
    return canonical({"digest": head.digest, "line": head.line, "run": run})


class Log:
    """The log of a store, as long as it was when this was made: what is committed meanwhile is not seen."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.size = store.log_size()

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """The hashes of the leaves of a range, in pages; fewer where the log has a gap."""
        for begin in range(start, stop, _PAGE):
            for entry in self._store.log(begin, min(begin + _PAGE, stop)):
                yield leaf_hash(leaf(entry.run, entry.head))

    def grown(self, before: Range, size: int) -> Range:
        """The first `size` leaves, where the first of them are known as a range."""
        return before.grown(self.leaves(before.size, size))

    def roots(self, sizes: Iterable[int]) -> dict[int, bytes]:
        """The root of the log when it had each of these sizes; those that it never had are left out."""
        reached, roots = Range(), {}
        for size in sorted(set(sizes)):
            if 0 <= size <= self.size:
                reached = self.grown(reached, size)
                roots[size] = reached.root()
        return roots

    def find(self, run: str, head: Head) -> int | None:
        """Which leaf says that the run had this last line, if one does."""
        for begin in range(0, self.size, _PAGE):
            for entry in self._store.log(begin, min(begin + _PAGE, self.size)):
                if entry.run == run and entry.head == head:
                    return entry.n
        return None

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that leaf `index` is one of the first `size`."""
        return self._hashes(inclusion(index, size))

    def consistency(self, old: int, size: int) -> list[bytes]:
        """The proof that the first `size` leaves begin with the first `old`."""
        return self._hashes(consistency(old, size))

    def _hashes(self, spans: Sequence[Span]) -> list[bytes]:
        return [root_of(self.leaves(*span)) for span in spans]


def differing(log: Log, known: Mapping[int, bytes]) -> int | None:
    """The smallest size at which the log has not the root that is known of it, or never was so large."""
    roots = log.roots(known)
    return next((size for size in sorted(known) if roots.get(size) != known[size]), None)
