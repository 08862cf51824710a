"""Places in a text, found by what stands there."""

from __future__ import annotations

from pgs_compiler.findings import Place

PATH = "protocols/shop/order.yaml"


def at(source: str, what: str, nth: int = 1, path: str = PATH) -> Place:
    """The place of the `nth` occurrence of `what` in `source`, whose lines end with LF or CR LF."""
    start = -1
    for _ in range(nth):
        start = source.index(what, start + 1)
    line, column = _position(source, start)
    end_line, end_column = _position(source, start + len(what))
    return Place(path, line, column, end_line, end_column)


def _position(source: str, index: int) -> tuple[int, int]:
    before = source[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1
