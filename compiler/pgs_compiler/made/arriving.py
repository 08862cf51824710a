"""Whether each event comes from somewhere and is heard, and no chain of events that entries raise goes on for ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgs_compiler.declarations import Machine, Word
from pgs_compiler.findings import Finding
from pgs_compiler.machines import StateSyntax
from pgs_compiler.ways import spoken
from pgs_snapshot.suggest import nearest


def check(machine: Machine) -> Iterator[Finding]:
    yield from _signals(machine)
    yield from _heard(machine)
    for state in machine.states:
        yield from _raised(state)
        yield from _sent(machine, state)
    yield from _endless(machine)


def _signals(machine: Machine) -> Iterator[Finding]:
    for signal in machine.signals:
        if machine.context is None:
            message = f"`{signal.field.text}` is a signal of a context, and this machine names none."
            yield Finding("P790", message, signal.field.place, hint="Add `context: CX_…`.")
        carried = machine.event(signal.event.text)
        if carried is not None and carried.fields.fields:
            message = f"`{signal.event.text}` carries fields, which a signal does not have."
            yield Finding("P790", message, signal.event.place, "name an event of its own")


def _heard(machine: Machine) -> Iterator[Finding]:
    """Every event from outside is handled by some state."""
    handled = {each.event.text for state in machine.states for each in state.events}
    for name, word in machine.sent.items():
        if name not in handled:
            near = nearest(name, handled)
            message = f"No state handles `{name}`."
            yield Finding("P784", message, word.place, hint=f"Write `{near}`." if near else "")


def _raised(state: StateSyntax) -> Iterator[Finding]:
    """Every event that an entry ends with is handled or ignored by the state that is entered."""
    for word in state.raised:
        if state.leads(word.text) is None and not state.ignores(word.text):
            near = nearest(word.text, [each.event.text for each in state.events])
            message = f"`{state.name.text}` neither handles nor ignores `{word.text}`, with which this entry can end."
            yield Finding("P784", message, word.place, hint=f"Write `{near}`." if near else "")


def _sent(machine: Machine, state: StateSyntax) -> Iterator[Finding]:
    """Every event that a state speaks of can come while it lasts."""
    timed = {timer.to.text for timer in state.after}
    told = {each.event.text for each in state.events} | {word.text for word in state.ignore}
    come = {*machine.sent, *(word.text for word in state.raised), *timed}
    for word in (*(each.event for each in state.events), *state.ignore):
        if word.text not in come:
            near = nearest(word.text, come - told)
            hint = f"Write `{near}`." if near else f"Add `{word.text}: {{}}` to `events` if somebody may send it."
            message = f"Nobody sends `{word.text}` while `{state.name.text}` lasts."
            yield Finding("P786", message, word.place, hint=hint)
    handled = {each.event.text for each in state.events}
    for word in state.ignore:
        if word.text in handled:
            yield Finding("P786", f"`{state.name.text}` handles `{word.text}`, and ignores it.", word.place)


def _endless(machine: Machine) -> Iterator[Finding]:
    done: set[str] = set()
    for state in machine.states:
        way = _round(machine, (state.name.text,), done)
        if way:
            first = machine.state(way[0])
            word = _raising(first, way[1]) if first is not None else state.name
            message = f"The entries of these states would follow each other for ever: {spoken(way)}."
            yield Finding("P785", message, word.place, "raised here")
            return


def _round(machine: Machine, way: tuple[str, ...], done: set[str]) -> Sequence[str]:
    """A way round by events that entries raise, from the states behind the last of `way`; empty if there is none."""
    state = machine.state(way[-1])
    if way[-1] in done or state is None:
        return ()
    for word in state.raised:
        to = state.leads(word.text)
        if to is None:
            continue
        if to.text in way:
            return (*way[way.index(to.text) :], to.text)
        found = _round(machine, (*way, to.text), done)
        if found:
            return found
    done.add(way[-1])
    return ()


def _raising(state: StateSyntax, to: str) -> Word:
    """The event of an entry that leads to a state."""
    for word in state.raised:
        led = state.leads(word.text)
        if led is not None and led.text == to:
            return word
    return state.name
