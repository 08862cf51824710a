"""Trees of declarations in the making: each part has the place in Markdown that it comes from."""

from __future__ import annotations

from collections.abc import Iterable

from pgs_compiler.findings import Place
from pgs_compiler.source import Entry, Mapping, Scalar, Sequence, Tree

Plain = str | int | float | bool | None


class Draft:
    """A mapping in the making; what is None is left out, and a key stands once."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._entries: dict[str, Entry] = {}

    def add(self, name: str, value: Tree | Plain, at: Place | None = None) -> Draft:
        """Add a member; `at` is the place of the key, and of a plain value."""
        if value is not None:
            place = at or (value.place if isinstance(value, Scalar | Sequence | Mapping) else self.place)
            tree = value if isinstance(value, Scalar | Sequence | Mapping) else Scalar(value, place)
            self._entries.setdefault(name, Entry(Scalar(name, place), tree))
        return self

    def has(self, name: str) -> bool:
        return name in self._entries

    def __bool__(self) -> bool:
        return bool(self._entries)

    def tree(self) -> Mapping:
        return Mapping(tuple(self._entries.values()), self.place)


def record(place: Place, **members: Tree | Plain) -> Mapping:
    """A mapping of what is not None."""
    draft = Draft(place)
    for name, value in members.items():
        draft.add(name, value)
    return draft.tree()


def listed(items: Iterable[Tree], place: Place) -> Sequence:
    return Sequence(tuple(items), place)


def words(texts: Iterable[str], place: Place) -> Sequence:
    return Sequence(tuple(Scalar(text, place) for text in texts), place)


def member(tree: Tree | None, name: str) -> Tree | None:
    return tree.get(name) if isinstance(tree, Mapping) else None


def text_of(tree: Tree | None) -> str:
    """The text of a scalar, or "" of anything else."""
    return tree.value if isinstance(tree, Scalar) and isinstance(tree.value, str) else ""


def joined(parts: Iterable[Tree | str | None]) -> str:
    """Several texts as one, each on with a full stop."""
    texts = [part if isinstance(part, str) else text_of(part) for part in parts if part is not None]
    clean = [" ".join(text.split()) for text in texts]
    return " ".join(text if text.endswith((".", "?", "!")) else f"{text}." for text in clean if text)
