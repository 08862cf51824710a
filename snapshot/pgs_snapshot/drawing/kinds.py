"""How each kind of node looks: one table for every renderer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

Shape: TypeAlias = Literal["hexagon", "rectangle", "stadium"]
Mark: TypeAlias = Literal[
    "start", "gear", "call", "loop", "clock", "tick", "bar", "cross", "alarm", "rest", "end", "up"
]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of node. Colours are `#rrggbb`; `line` reads on `fill` and on white at 4.5 to 1 or better.

    `mark` tells what the colour tells, for readers who do not see it; `is_end` says that a run can end there.
    """

    legend: str
    shape: Shape
    fill: str
    line: str
    mark: Mark | None = None
    is_end: bool = False


Standing: TypeAlias = Literal["", "last", "undone"]
"""How a node stands on a run's way: the run came as far as this and has not left it; or it was taken back."""


@dataclass(frozen=True, slots=True)
class Stand:
    """How a standing is said: in the legend, and by a character where only text can be given."""

    legend: str
    sign: str


STANDS: Mapping[Standing, Stand] = MappingProxyType(
    {"last": Stand("as far as it came", "…"), "undone": Stand("taken back", "↶")}
)

SIGNS: Mapping[Mark, str] = MappingProxyType(
    {
        "start": "▶",
        "gear": "⚙",
        "call": "▣",
        "loop": "↻",
        "clock": "◷",
        "tick": "✔",
        "bar": "⊖",
        "cross": "✘",
        "alarm": "⚠",
        "rest": "●",
        "end": "◉",
        "up": "↑",
    }
)
"""Characters that stand for the marks where only text can be given."""

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "intent": Kind("intent: a run starts here", "hexagon", "#e2eefc", "#1a5799", "start"),
        "contract": Kind("contract", "rectangle", "#f3f5f8", "#3d4b5c"),
        "process": Kind("process over shared state", "rectangle", "#f6ecdf", "#6f4518", "gear"),
        "call": Kind("call of a workflow", "rectangle", "#dff3f2", "#0c5f5c", "call"),
        "each": Kind("call for each item of a list", "rectangle", "#dff3f2", "#0c5f5c", "loop"),
        "wait": Kind("wait for a signal", "hexagon", "#fbf3d9", "#6b5300", "clock"),
        "state": Kind("state of a machine", "stadium", "#e8ecfb", "#2f3f9e", "rest"),
        "final": Kind("state that nothing follows", "stadium", "#e8ecfb", "#2f3f9e", "end"),
        "again": Kind("state that stands further up", "stadium", "#ffffff", "#2f3f9e", "up"),
        "COMPLETED": Kind("COMPLETED", "stadium", "#dcf2e2", "#17683a", "tick", is_end=True),
        "DENIED": Kind("DENIED", "stadium", "#fdeecb", "#8a5200", "bar", is_end=True),
        "REJECTED": Kind("REJECTED", "stadium", "#eee5fa", "#64389c", "cross", is_end=True),
        "FAILED": Kind("FAILED", "stadium", "#fbe1df", "#a8201a", "alarm", is_end=True),
    }
)
"""The kinds by the name that a `Box` gives, in the order of the legend."""
