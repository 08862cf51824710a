"""Reads the keywords of a schema that take a plain value: bounds, patterns, formats, flags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pgs_compiler.findings import Related
from pgs_compiler.schemas.bounds import LOWER, UPPER, crossed
from pgs_compiler.schemas.carets import caret
from pgs_compiler.schemas.keywords import BELONGS_TO, SHAPES, STRUCTURE
from pgs_compiler.schemas.patterns import PatternProblem, read_pattern
from pgs_compiler.schemas.syntax import Bound
from pgs_compiler.source import Entry, Scalar, Tree, to_value
from pgs_snapshot.formats import FORMATS
from pgs_snapshot.suggest import nearest
from pgs_snapshot.values import Value

if TYPE_CHECKING:
    from pgs_compiler.shape import Report


def plain_value(report: Report, stated: Mapping[str, Entry], keyword: str) -> Value:
    """The value of a keyword that takes a plain one; None when it is not there, or not of its shape."""
    entry = stated.get(keyword)
    if entry is None:
        return None
    accepts, what = SHAPES[keyword]
    value = to_value(entry.value)
    if accepts(value):
        return value
    report.add("T420", f"`{keyword}` is {what}.", entry.value.place, f"not {what}")
    return None


def read_bounds(report: Report, stated: Mapping[str, Entry], types: tuple[str, ...]) -> tuple[Bound, ...]:
    """The bounds that a schema states, patterns as they are lowered."""
    found: dict[str, Bound] = {}
    for name, entry in stated.items():
        if name in BELONGS_TO and name not in STRUCTURE:
            value = plain_value(report, stated, name)
            if name == "format":
                value = _known_format(report, value, entry.value)
            elif name == "pattern":
                value = _lowered_pattern(report, value, entry.value)
            if value is not None:
                found[name] = Bound(name, value, entry.value.place)
    _check_crossed(report, found, types)
    return tuple(found.values())


def _known_format(report: Report, value: Value, tree: Tree) -> Value:
    if not isinstance(value, str) or value in FORMATS:
        return value
    near = nearest(value, FORMATS)
    known = f"known: {', '.join(FORMATS)}" if not near else ""
    report.add("T429", f"There is no format `{value}`.", tree.place, known, f"Write `{near}`." if near else "")
    return None


def _lowered_pattern(report: Report, value: Value, tree: Tree) -> Value:
    if not isinstance(value, str) or not isinstance(tree, Scalar):
        return None
    pattern = read_pattern(value)
    if isinstance(pattern, PatternProblem):
        report.add("T428", pattern.message, caret(tree, pattern.offset), "", pattern.hint)
        return None
    return pattern.ecma


def _check_crossed(report: Report, bounds: Mapping[str, Bound], types: tuple[str, ...]) -> None:
    values = {name: bound.value for name, bound in bounds.items()}
    for least, most in (("minLength", "maxLength"), ("minItems", "maxItems")):
        low, high = values.get(least), values.get(most)
        if isinstance(low, int) and isinstance(high, int) and low > high:
            _crossed(report, bounds[least], bounds[most])
    if crossed(values, integral="integer" in types and "number" not in types):
        _crossed(report, _first(bounds, LOWER), _first(bounds, UPPER))


def _first(bounds: Mapping[str, Bound], names: Iterable[str]) -> Bound:
    return next(bounds[name] for name in names if name in bounds)


def _crossed(report: Report, lower: Bound, upper: Bound) -> None:
    report.add(
        "T425",
        f"Nothing lies between `{lower.keyword}: {lower.value}` and `{upper.keyword}: {upper.value}`.",
        upper.place,
        related=(Related(lower.place, "the other bound"),),
    )
