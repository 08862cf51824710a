"""The runtime: opens a sealed snapshot and traverses its graphs.

`Runtime.open(workspace, data_root)` gives a runtime; its `run` runs a workflow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pgs_runtime.runtime import Actor, Outcome, Runtime

__all__ = ["Actor", "Outcome", "Runtime"]


def __getattr__(name: str) -> object:
    """Load the engine when it is first asked for: `--help` needs none of it."""
    if name in __all__:
        from pgs_runtime import runtime

        return getattr(runtime, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
