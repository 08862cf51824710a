"""How a rule ends a run."""

from __future__ import annotations

from collections.abc import Callable

from pgs_runtime.faults import ExitCode, Fault
from pgs_runtime.stores.overlay import Overlay


class Stopped(Fault):
    """A rule has ended the run. Nothing that the run did stands but what `keep` writes."""

    def __init__(self, code: str, message: str, keep: Callable[[Overlay], None]) -> None:
        super().__init__(code, message, ExitCode.STOPPED)
        self.keep = keep
