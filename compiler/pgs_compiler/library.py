"""What `core` declares, as it is written there: whoever asks for a name sees inputs, outcomes and examples."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.workspace import core_files


def entry(name: str) -> str | None:
    """The declaration of a transform or side effect, by its name with or without `core::`; None if there is none."""
    for path, full, document in _documents():
        if name in (full, full.partition("::")[2]):
            return f"{path}\n\n{document}\n"
    return None


def names() -> tuple[str, ...]:
    """The transforms and side effects, in full."""
    return tuple(full for _, full, _ in _documents())


def _documents() -> Iterator[tuple[str, str, str]]:
    """Each of them: the file, its name, and what is written."""
    for file in core_files():
        for document in file.data.decode().split("\n---\n"):
            kind, _, full = document.partition("\n")[0].partition(": ")
            if kind in ("transform", "side_effect"):
                yield file.path, full, document.strip()
