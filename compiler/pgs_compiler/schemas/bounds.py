"""The bounds that a schema sets to a number, in one form for both sides."""

from __future__ import annotations

from math import ceil, floor

from pgs_compiler.schemas.anatomy import number_of
from pgs_snapshot.model import Schema

LOWER = ("minimum", "exclusiveMinimum")
UPPER = ("maximum", "exclusiveMaximum")


def tightest(schema: Schema, names: tuple[str, str], integral: bool) -> tuple[int | float, bool] | None:
    """The tightest of a schema's bounds on one side: the number, and whether it is excluded itself.

    A tighter bound is a greater tuple: upper bounds come with their sign turned.

    Args:
        names: `LOWER` or `UPPER`.
        integral: only integers count, so that `exclusiveMinimum: 0` is `minimum: 1`.
    """
    sign = -1 if names is UPPER else 1
    limits = (number_of(schema, name) for name in names)
    return max(
        (
            _normal(sign * limit, strict, integral)
            for limit, strict in zip(limits, (False, True), strict=True)
            if limit is not None
        ),
        default=None,
    )


def crossed(schema: Schema, integral: bool) -> bool:
    """Whether no number lies between a schema's bounds."""
    lower, upper = tightest(schema, LOWER, integral), tightest(schema, UPPER, integral)
    if lower is None or upper is None:
        return False
    return apart(lower, upper)


def apart(one: tuple[int | float, bool], other: tuple[int | float, bool]) -> bool:
    """Whether no number lies between two bounds of different sides, as `tightest` gives them."""
    return one[0] > -other[0] or (one[0] == -other[0] and (one[1] or other[1]))


def _normal(limit: int | float, strict: bool, integral: bool) -> tuple[int | float, bool]:
    if not integral:
        return limit, strict
    return (floor(limit) + 1 if strict else ceil(limit)), False
