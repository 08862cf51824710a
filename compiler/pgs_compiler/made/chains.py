"""What can begin a run of a machine, and the states that it then goes through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pgs_compiler.declarations import Machine, Word
from pgs_compiler.made.states import target
from pgs_compiler.names import Name
from pgs_compiler.schemas.syntax import FieldsSyntax

Kind = Literal["start", "event", "timer"]


@dataclass(frozen=True, slots=True)
class Beginning:
    """One workflow of a machine, and what it begins with.

    Attributes:
        part: behind the machine's own name, in that of the workflow; "" for its start.
        word: the event, the time or the initial state, where it is written.
        fields: what the event carries; None for nothing.
        actors: who may send it, by the names that the author wrote.
        by_itself: whether the machine sends it to itself, when a time is over or for a signal.
        from_to: the states in which it finds an instance, each with the one that follows. A start finds none: "".
        spoken: how a sentence goes on that says when it begins.
    """

    kind: Kind
    part: str
    word: Word
    fields: FieldsSyntax | None
    actors: tuple[Name, ...]
    by_itself: bool
    from_to: tuple[tuple[str, str], ...]
    spoken: str


def beginnings(machine: Machine) -> tuple[Beginning, ...]:
    """The start, each event from outside, each timer."""
    initial = machine.initial
    found = [Beginning("start", "", initial, None, machine.actors, False, (("", initial.text),), "an instance starts")]
    signalled = {signal.event.text for signal in machine.signals}
    for name, word in machine.sent.items():
        event = machine.event(name)
        ways = [(state.name.text, to.text) for state in machine.states if (to := state.leads(name)) is not None]
        actors = () if event is None else machine.actors if event.actors is None else event.actors
        fields = event.fields if event is not None and event.fields.fields else None
        said = f"`{name}` comes"
        found.append(Beginning("event", f"__{name}", word, fields, actors, name in signalled, tuple(ways), said))
    for state in machine.states:
        for timer in state.after:
            own, period = state.name.text, timer.period
            way = ((own, target(state, timer).text),)
            said = f"`{own}` has lasted for `{period.text}`"
            found.append(Beginning("timer", f"__{own}__{period.text}", period, None, (), True, way, said))
    return tuple(found)


def entered(machine: Machine, first: str) -> tuple[str, ...]:
    """A state with those that events of its entries lead to, each once, itself the first."""
    found: dict[str, None] = {}
    waiting = [first]
    while waiting:
        state = machine.state(waiting.pop(0))
        if state is not None and state.name.text not in found:
            found[state.name.text] = None
            waiting += [to.text for word in state.raised if (to := state.leads(word.text)) is not None]
    return tuple(found)
