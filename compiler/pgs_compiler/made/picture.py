"""The picture of a machine: its states, and what leads from one to another."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import Machine
from pgs_compiler.machines import StateSyntax
from pgs_compiler.made.states import target
from pgs_snapshot.drawing.picture import Arrow, Box, Picture


def picture_of_machine(machine: Machine) -> Picture:
    """States as boxes, the initial one first, and one arrow for all events and times that lead from one to another."""
    states = _from_the_first(machine)
    arrows: dict[tuple[str, str], list[str]] = {}
    for state in states:
        for to, what in _leads(state):
            arrows.setdefault((state.name.text, to), []).append(what)
    return Picture(
        machine.header.name,
        machine.header.summary,
        tuple(_box(machine, state) for state in states),
        tuple(Arrow(*ends, tuple(what)) for ends, what in arrows.items()),
    )


def unrolled(picture: Picture) -> Picture:
    """The same without circles, for a layout that only goes down: what leads back leads to a box of that name."""
    place = {box.id: index for index, box in enumerate(picture.boxes)}
    again: dict[str, Box] = {}
    arrows: list[Arrow] = []
    for arrow in picture.arrows:
        to = arrow.target
        if place[to] <= place[arrow.source]:
            again[to] = Box(f"again {to}", to, "further up", "again")
            to = again[to].id
        arrows.append(Arrow(arrow.source, to, arrow.outcomes))
    return Picture(picture.title, picture.subtitle, (*picture.boxes, *again.values()), tuple(arrows))


def _from_the_first(machine: Machine) -> list[StateSyntax]:
    """The states in the order in which they can be reached, those that nothing follows behind the others."""
    known = {state.name.text: state for state in machine.states}
    found = {machine.initial.text: known[machine.initial.text]}
    for name in (following := [machine.initial.text]):
        for to, _ in _leads(known[name]):
            if to not in found:
                found[to] = known[to]
                following.append(to)
    return sorted(found.values(), key=lambda state: state.final is not None)


def _leads(state: StateSyntax) -> Iterator[tuple[str, str]]:
    """Where a state leads, and by what."""
    for each in state.events:
        yield each.to.text, each.event.text
    for timer in state.after:
        by = f": {timer.to.text}" if state.leads(timer.to.text) is not None else ""
        yield target(state, timer).text, f"after {timer.period.text}{by}"


def _box(machine: Machine, state: StateSyntax) -> Box:
    domain = machine.header.name.partition("::")[0] + "::"
    runs = ", ".join(dict.fromkeys(entry.runs.text.removeprefix(domain) for entry in state.entry))
    ignored = ", ".join(sorted(word.text for word in state.ignore))
    first = "begins here" if state.name.text == machine.initial.text else ""
    final = "final" if state.final is not None else ""
    detail = " · ".join(part for part in (first, runs, f"ignores {ignored}" if ignored else "", final) if part)
    return Box(state.name.text, state.name.text, detail, final or "state")
