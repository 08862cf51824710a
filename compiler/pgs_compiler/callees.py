"""What a node calls: one workflow, or one out of several."""

from __future__ import annotations

from dataclasses import dataclass

from pgs_compiler.findings import Place
from pgs_compiler.names import Name
from pgs_compiler.written import Reference, Word


@dataclass(frozen=True, slots=True)
class Arm:
    """One workflow of a choice, for one member of the enumeration."""

    member: Word
    workflow: Name


@dataclass(frozen=True, slots=True)
class CalleeSyntax:
    """What a node calls: one workflow (`otherwise` alone), or one chosen by a value.

    Attributes:
        choose: what chooses among `of`; None where one workflow is named.
        place: of the name or the choice.
    """

    otherwise: Name | None
    choose: Reference | None
    of: tuple[Arm, ...]
    place: Place

    @property
    def workflows(self) -> tuple[Name, ...]:
        """Every workflow that may be called, each once, at its first place."""
        found: dict[str, Name] = {}
        for name in (*(arm.workflow for arm in self.of), *filter(None, (self.otherwise,))):
            found.setdefault(name.text, name)
        return tuple(found.values())
