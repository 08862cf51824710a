"""How a report may look: decided by whoever knows the terminal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """What the place that shows a report can do.

    Attributes:
        color: SGR colour sequences are welcome; whoever sets it has looked at `NO_COLOR`.
        width: columns of a terminal; source lines are cut to fit, prose is not.
    """

    color: bool = False
    width: int = 100
