"""What all attempts over one snapshot and store share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import cast

from pgs_runtime.core.requests import Spot
from pgs_runtime.stores.port import Subject
from pgs_runtime.stores.sealing import Keys
from pgs_runtime.trace.record import Narrator
from pgs_snapshot.canonical import digest_of
from pgs_snapshot.frozen import frozen
from pgs_snapshot.limits import Limits
from pgs_snapshot.values import Value


@frozen
class Workshop:
    """What all attempts over one snapshot and store share: clocks as `Ports` has them; `store` is its id.

    Attributes:
        secret: the store's; what commitments of a run are made under that belongs to nobody.
        keys: the keys of those subjects that have one, by id.
    """

    narrator: Narrator
    limits: Limits
    clock: Callable[[], int]
    elapsed: Callable[[], int]
    secret: bytes
    keys: Callable[[Iterable[str]], Mapping[str, bytes]]
    store: str = ""

    def keys_of(self, header: Mapping[str, Value]) -> Keys:
        """The keys of those whom a recorded run belongs to from its beginning."""
        ids = cast("list[str]", header.get("subjects", []))
        keys = self.keys(ids) if ids else {}
        return Keys((Subject(id, keys.get(id, b"")) for id in ids), self.secret)


def effect_key(store: str, run: str, spot: Spot) -> str:
    """The key that an effect has in every try: SHA-256 over store, run, node path and iterations, as 64 hex digits."""
    where: list[Value] = [*spot.place.parents, spot.node, spot.step]
    return digest_of([store, run, where, list(spot.place.iterations), spot.undoing])
