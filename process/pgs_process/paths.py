"""Paths into a context, as contracts, rules and journals write them: `domain.accounts`, `domain_ctx.items[0].name`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

Path = tuple[object, ...]
"""The layer, then attribute names, keys and indexes."""

LAYERS = {
    "global": "global", "global_ctx": "global",
    "domain": "domain", "domain_ctx": "domain",
    "local": "local", "local_ctx": "local",
}  # fmt: skip
"""What a layer is called in paths and in the context → which layer it is."""

NAMES_OF = {layer: tuple(name for name, of in LAYERS.items() if of == layer) for layer in ("global", "domain", "local")}

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse(text: str) -> tuple[str, ...] | None:
    """The layer and the names of a path, or None if it is none: a layer, then names with dots between them."""
    names = text.split(".")
    if names[0] not in LAYERS or not all(_NAME.fullmatch(name) for name in names):
        return None
    return (LAYERS[names[0]], *names[1:])


def render(path: Path) -> str:
    """A path as text: names with dots, every other key in brackets."""
    parts = [str(path[0])] if path else []
    parts += [f".{part}" if isinstance(part, str) and _NAME.fullmatch(part) else f"[{part!r}]" for part in path[1:]]
    return "".join(parts)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Which of the names was probably meant."""
    found = difflib.get_close_matches(name, sorted(names), n=1, cutoff=0.5)
    return found[0] if found else None
