"""What every part of a scenario is read with: kinds of values, keys and names, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pgs_compiler.findings import Place
from pgs_compiler.scenarios.scenario import Miss
from pgs_compiler.source import Mapping, Scalar, Tree, to_value
from pgs_compiler.source import Sequence as Items
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.suggest import nearest
from pgs_snapshot.values import Value


@dataclass(slots=True)
class Reader:
    snapshot: Snapshot
    misses: list[Miss] = field(default_factory=list)

    def miss(self, place: Place, message: str, hint: str = "") -> None:
        self.misses.append(Miss(place, message, hint))

    def keys(self, tree: Tree, known: Sequence[str], what: str, needed: Sequence[str] = ()) -> Mapping | None:
        """A mapping with these keys and no other; None after a miss."""
        if not isinstance(tree, Mapping):
            self.miss(tree.place, f"{what} is a mapping.")
            return None
        before = len(self.misses)
        for entry in tree:
            if entry.name not in known:
                near = nearest(entry.name, known)
                hint = f"Is `{near}` meant?" if near else ""
                self.miss(entry.key.place, f"{what} has no key `{entry.name}`.", hint)
        for name in needed:
            if tree.get(name) is None:
                self.miss(tree.place, f"{what} has no `{name}`.", f"Write `{name}:` in it.")
        return tree if len(self.misses) == before else None

    def text(self, tree: Tree | None, what: str) -> str:
        """A text; "" for None, or after a miss."""
        if tree is None:
            return ""
        if isinstance(tree, Scalar) and isinstance(tree.value, str):
            return tree.value
        self.miss(tree.place, f"{what} is a text.")
        return ""

    def object(self, tree: Tree | None, what: str) -> Value:
        if tree is None:
            return {}
        if not isinstance(tree, Mapping):
            self.miss(tree.place, f"{what} is a mapping.")
            return {}
        return to_value(tree)

    def items(self, tree: Tree | None, what: str) -> tuple[Tree, ...]:
        if tree is None:
            return ()
        if not isinstance(tree, Items):
            self.miss(tree.place, f"{what} is a list.")
            return ()
        return tree.items

    def name(self, given: str, domain: str, known: Sequence[str], place: Place, what: str) -> str:
        """The full name of what is written in full, or as the domain of the workflow would."""
        wanted = (given,) if "::" in given else (f"{domain}::{given}", f"core::{given}")
        found = next((name for name in wanted if name in known), "")
        if given and not found:
            near = nearest(wanted[0], known)
            self.miss(place, f"There is no {what} `{given}`.", f"Is `{near}` meant?" if near else "")
        return found or given
