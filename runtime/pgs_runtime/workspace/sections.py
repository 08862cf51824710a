"""What the operator says about the external side effects of one snapshot: read once for each, before it is needed."""

from __future__ import annotations

import os
from collections.abc import Callable

from pgs_runtime.core.linked import Graph
from pgs_runtime.link.capability import Capability
from pgs_runtime.workspace.settings import Section, Settings, accepted_by
from pgs_snapshot.snapshot import Snapshot


class Sections:
    """Sections of settings by side effect."""

    def __init__(self, snapshot: Snapshot, load: Callable[[str], Capability], settings: Settings) -> None:
        """`load` gives the class that an implementation reference means."""
        self._snapshot = snapshot
        self._load = load
        self._settings = settings
        self._known: dict[str, Section] = {}

    def of(self, side_effect: str) -> Section:
        """What is said about an external side effect.

        Raises:
            Refusal: by `Settings.of`.
        """
        if side_effect not in self._known:
            implementation = self._load(self._snapshot.side_effect(side_effect).implementation)
            self._known[side_effect] = self._settings.of(side_effect, accepted_by(implementation), os.environ)
        return self._known[side_effect]

    def demand(self, graph: Graph) -> None:
        """Refuse what could ask the outside and has not been told how, before it begins."""
        for side_effect in graph.outside:
            self.of(side_effect)
