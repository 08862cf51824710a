"""A change as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Weight: TypeAlias = Literal["breaking", "behaviour", "compatible"]
"""What a change means to those who rely on the older snapshot:

breaking: something that fitted, was allowed or was proven may not be so, or they are given what they do not know;
behaviour: everything is taken and given as before, and between the two something else happens;
compatible: more is taken, less is given, or there is more to use.
"""
Aspect: TypeAlias = Literal[
    "names",
    "outcomes",
    "paths",
    "data",
    "assertions",
    "stores",
    "actors",
    "labels",
    "limits",
    "implementations",
    "steps",
]
WEIGHTS: tuple[Weight, ...] = get_args(Weight)
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs.

    Attributes:
        kind, name: of the artifact, by its full name; `project` or `implementation` for what is none.
        what: a clause, names in backticks, without a full stop.
    """

    weight: Weight
    aspect: Aspect
    kind: str
    name: str
    what: str


def ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Changes by weight, then by what they are of: the same on every machine."""
    return tuple(
        sorted(
            dict.fromkeys(changes),
            key=lambda each: (WEIGHTS.index(each.weight), each.kind, each.name, ASPECTS.index(each.aspect), each.what),
        )
    )
