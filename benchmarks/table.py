"""The tables that are printed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.measure import Series


@dataclass(frozen=True, slots=True)
class Row:
    """One number of a table. `aim` says what it should be; nothing ever depends on it."""

    what: str
    series: Series
    unit: str
    aim: str = ""


def ratio(series: Mapping[str, Series], own: str, other: str, aim: str = "") -> Row:
    """How many times as long one of two takes."""
    return Row(f"{own} ÷ {other}", series[own].over(series[other]), "×", aim)


def table(title: str, rows: Sequence[Row]) -> str:
    """Lines under a title: what, median and unit, the least and the most, the aim."""
    cells = [
        (
            row.what,
            f"{_figure(row.series.median)} {row.unit}",
            f"{_figure(min(row.series.values))}–{_figure(max(row.series.values))}",
            row.aim,
        )
        for row in rows
    ]
    cells.insert(0, ("", "median", "min–max", "aim"))
    first, second, third = (max(len(row[column]) for row in cells) for column in range(3))
    lines = [
        f"{what:<{first}}  {median:>{second}}  {ends:>{third}}  {aim}".rstrip() for what, median, ends, aim in cells
    ]
    return "\n".join([title, *lines])


def _figure(number: float) -> str:
    """Three significant digits, or all of those before the point."""
    decimals = 2 - math.floor(math.log10(abs(number))) if number else 0
    return f"{number:.{max(decimals, 0)}f}"
