"""A machine as a snapshot holds it: its states, with the workflows that were made for what can happen in them."""

from __future__ import annotations

from pgs_compiler.declarations import Machine
from pgs_compiler.elaborate.places import at
from pgs_compiler.machines import StateSyntax
from pgs_compiler.made.chains import beginnings
from pgs_compiler.made.kept import made_name
from pgs_compiler.made.states import target
from pgs_snapshot import model


def lower_machine(machine: Machine) -> model.Machine:
    """The machine; it has to hold, and its names to be in full."""
    workflows = {each.part: made_name(machine, "WF", each.part) for each in beginnings(machine)}
    return model.Machine(
        name=machine.header.name,
        summary=machine.header.summary,
        context=machine.context.text if machine.context else None,
        actor=made_name(machine, "AC"),
        store=made_name(machine, "ST"),
        steps=made_name(machine, "ST", "__STEPS"),
        start=workflows[""],
        events={name: workflows[f"__{name}"] for name in sorted(machine.sent)},
        sent=tuple(sorted(event.name.text for event in machine.events)),
        signals={signal.field.text: signal.event.text for signal in machine.signals},
        initial=machine.initial.text,
        states={state.name.text: _state(state, workflows) for state in machine.states},
        at=at(machine.header.place),
    )


def _state(state: StateSyntax, workflows: dict[str, str]) -> model.MachineState:
    name = state.name.text
    return model.MachineState(
        events={each.event.text: each.to.text for each in state.events},
        ignore=tuple(sorted(word.text for word in state.ignore)),
        after={
            timer.period.text: model.MachineTimer(
                event=timer.to.text if state.leads(timer.to.text) is not None else "",
                to=target(state, timer).text,
                workflow=workflows[f"__{name}__{timer.period.text}"],
            )
            for timer in state.after
        },
        final=state.final is not None,
    )
