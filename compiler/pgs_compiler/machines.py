"""Machines as authors write them: syntax with places, before workflows are made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pgs_compiler.findings import Place
from pgs_compiler.names import Name
from pgs_compiler.schemas.syntax import FieldsSyntax
from pgs_compiler.written import Bindings, Header, Word


@dataclass(frozen=True, slots=True)
class MachineEvent:
    """An event that somebody may send. `actors`: who, where that differs from what the machine says."""

    name: Word
    fields: FieldsSyntax
    actors: tuple[Name, ...] | None


@dataclass(frozen=True, slots=True)
class EntryEdge:
    """What an outcome of an entry leads to: an event, or (None, `continue`) to the next entry."""

    outcome: Word
    event: Word | None


@dataclass(frozen=True, slots=True)
class EntrySyntax:
    """One step on the way into a state: a workflow that is called, or a process that is run."""

    kind: Literal["workflow", "process"]
    runs: Name
    inputs: Bindings
    next: tuple[EntryEdge, ...]
    next_place: Place


@dataclass(frozen=True, slots=True)
class Transition:
    """An event that a state handles, and the state that it leads to."""

    event: Word
    to: Word


@dataclass(frozen=True, slots=True)
class TimerSyntax:
    """What happens when a state has lasted for so long: an event that it handles, or the state that follows."""

    period: Word
    to: Word


@dataclass(frozen=True, slots=True)
class StateSyntax:
    """`final`: where the author says that nothing follows."""

    name: Word
    entry: tuple[EntrySyntax, ...]
    events: tuple[Transition, ...]
    ignore: tuple[Word, ...]
    after: tuple[TimerSyntax, ...]
    final: Place | None

    def leads(self, event: str) -> Word | None:
        """The state that an event leads to; None where it is not handled."""
        return next((each.to for each in self.events if each.event.text == event), None)

    def ignores(self, event: str) -> bool:
        return any(word.text == event for word in self.ignore)

    @property
    def raised(self) -> tuple[Word, ...]:
        """The events that its entries can end with, each at every place."""
        return tuple(edge.event for entry in self.entry for edge in entry.next if edge.event is not None)


@dataclass(frozen=True, slots=True)
class MachineSignal:
    """A field of the context that, once a process has set it, comes as an event."""

    field: Word
    event: Word


@dataclass(frozen=True, slots=True)
class Machine:
    """A state machine. `place`: the whole document."""

    header: Header
    context: Name | None
    initial: Word
    actors: tuple[Name, ...]
    events: tuple[MachineEvent, ...]
    signals: tuple[MachineSignal, ...]
    states: tuple[StateSyntax, ...]
    place: Place

    def state(self, name: str) -> StateSyntax | None:
        return next((state for state in self.states if state.name.text == name), None)

    def event(self, name: str) -> MachineEvent | None:
        """The event of that name that somebody may send."""
        return next((event for event in self.events if event.name.text == name), None)

    @property
    def sent(self) -> dict[str, Word]:
        """The events that come from outside, sent or signalled, at the first place that says so."""
        found: dict[str, Word] = {}
        for word in (*(event.name for event in self.events), *(signal.event for signal in self.signals)):
            found.setdefault(word.text, word)
        return found
