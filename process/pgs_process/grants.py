"""What a contract grants, as a tree over the names of its paths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pgs_process.paths import parse
from pgs_process.zones import Zone, resolve_zone


@dataclass(frozen=True, slots=True)
class Grant:
    """What may be done with one value: read it, write it; and, where `below` has entries, more with parts of it.

    A part that `below` does not name has what the value itself has. Who may write may read.
    """

    reads: bool = False
    writes: bool = False
    below: Mapping[str, Grant] = field(default_factory=lambda: MappingProxyType({}))

    def part(self, name: object) -> Grant:
        """What may be done with the part of this name."""
        found = self.below.get(name) if isinstance(name, str) else None
        return found if found is not None else (WRITE if self.writes else READ if self.reads else NONE)

    def field(self, name: str) -> Grant:
        """As `part`, of a field of a layer: signals and meta are not read because the layer is."""
        found = self.below.get(name)
        if found is None and not self.writes and resolve_zone(name) in {Zone.SIGNAL, Zone.META}:
            return NONE
        return self.part(name)

    @property
    def opens(self) -> bool:
        """Whether anything at all is granted here or below."""
        return self.reads or self.writes or bool(self.below)


NONE = Grant()
READ = Grant(reads=True)
WRITE = Grant(reads=True, writes=True)


def granted(reads: Iterable[str], writes: Iterable[str]) -> Mapping[str, Grant]:
    """By layer, what the paths of a contract grant. The paths are known to be paths."""
    root: dict[str, object] = {}
    for text in reads:
        _leaf(root, parse(text) or ())["reads"] = True
    for text in writes:
        _leaf(root, parse(text) or ())["writes"] = True
    below = root.get("below", {})
    assert isinstance(below, dict)  # noqa: S101
    return {layer: _frozen(tree, NONE) for layer, tree in below.items()}


def _leaf(tree: dict[str, object], names: tuple[str, ...]) -> dict[str, object]:
    for name in names:
        below = tree.setdefault("below", {})
        assert isinstance(below, dict)  # noqa: S101
        tree = below.setdefault(name, {})
    return tree


def _frozen(tree: dict[str, object], above: Grant) -> Grant:
    writes = above.writes or tree.get("writes") is True
    here = Grant(above.reads or writes or tree.get("reads") is True, writes)
    below = tree.get("below", {})
    assert isinstance(below, dict)  # noqa: S101
    parts = {name: _frozen(part, here) for name, part in below.items()}
    parts = {name: part for name, part in parts.items() if part != here}
    return Grant(here.reads, here.writes, MappingProxyType(parts))
