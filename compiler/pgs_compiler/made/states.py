"""Whether a machine's states are there, can be reached and left, and last for times that can be told apart."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgs_compiler.declarations import Machine, Word
from pgs_compiler.findings import Finding, Related
from pgs_compiler.machines import StateSyntax, TimerSyntax
from pgs_snapshot.suggest import nearest

_PERIOD = re.compile(r"P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?)?")


def check(machine: Machine) -> Iterator[Finding]:
    astray = list(_known(machine))
    yield from astray or _reachable(machine)
    for state in machine.states:
        yield from _ending(machine, state)
        yield from _timers(machine, state)


def target(state: StateSyntax, timer: TimerSyntax) -> Word:
    """The state that a timer leads to, itself or by an event."""
    return state.leads(timer.to.text) or timer.to


def _known(machine: Machine) -> Iterator[Finding]:
    names = [state.name.text for state in machine.states]
    led = [machine.initial]
    for state in machine.states:
        led += [each.to for each in state.events]
    for word in led:
        if word.text not in names:
            near = nearest(word.text, names)
            message = f"`{machine.header.name}` has no state `{word.text}`."
            label = "" if near else f"known: {', '.join(names)}"
            yield Finding("P780", message, word.place, label, hint=f"Write `{near}`." if near else "")


def _reachable(machine: Machine) -> Iterator[Finding]:
    reached: set[str] = set()
    waiting = [machine.initial.text]
    while waiting:
        state = machine.state(waiting.pop())
        if state is not None and state.name.text not in reached:
            reached.add(state.name.text)
            waiting += [each.to.text for each in state.events]
            waiting += [target(state, timer).text for timer in state.after]
    for state in machine.states:
        if state.name.text not in reached and reached:
            message = f"No event and no time leads from `{machine.initial.text}` to `{state.name.text}`."
            yield Finding("P781", message, state.name.place)


def _ending(machine: Machine, state: StateSyntax) -> Iterator[Finding]:
    name = state.name.text
    ways = [each.to for each in state.events] + [target(state, timer) for timer in state.after]
    away = [word for word in ways if word.text != name]
    if state.final is None and not away:
        message = f"Nothing leads away from `{name}`."
        yield Finding("P782", message, state.name.place, hint="Add `final: true` if this is where it ends.")
    if state.final is not None and ways:
        related = (Related(ways[0].place, "and this follows"),)
        yield Finding("P782", f"`{name}` is final, so nothing follows it.", state.final, "", related)


def _timers(machine: Machine, state: StateSyntax) -> Iterator[Finding]:
    lengths: dict[int, TimerSyntax] = {}
    for timer in state.after:
        period, to = timer.period, timer.to
        minutes = minutes_of(period.text)
        if minutes == 0:
            yield Finding("P787", f"`{period.text}` is over at once.", period.place, "a minute at least")
        elif minutes in lengths:
            first = lengths[minutes].period
            related = (Related(first.place, "first here"),)
            message = f"`{period.text}` is as long as `{first.text}`, so nobody can say what follows."
            yield Finding("P787", message, period.place, "", related)
        lengths.setdefault(minutes, timer)
        is_state, is_event = machine.state(to.text) is not None, state.leads(to.text) is not None
        if is_state and is_event:
            message = f"`{to.text}` is a state, and an event that `{state.name.text}` handles."
            yield Finding("P787", message, to.place, "which of them is meant?")
        elif not is_state and not is_event:
            known = [*(each.name.text for each in machine.states), *(each.event.text for each in state.events)]
            near = nearest(to.text, known)
            message = f"`{to.text}` is no state, and no event that `{state.name.text}` handles."
            label = "" if near else f"known: {', '.join(dict.fromkeys(known))}"
            yield Finding("P780", message, to.place, label, hint=f"Write `{near}`." if near else "")


def minutes_of(period: str) -> int:
    """The length of a duration of days, hours and minutes."""
    found = _PERIOD.fullmatch(period)
    days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    return (days * 24 + hours) * 60 + minutes
