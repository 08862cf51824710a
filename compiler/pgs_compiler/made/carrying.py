"""Whether what entries refer to is there whenever they run: the event's fields, and nothing of how it is made."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import Machine, Reference
from pgs_compiler.findings import Finding
from pgs_compiler.machines import EntrySyntax, StateSyntax
from pgs_compiler.made.chains import beginnings, entered
from pgs_compiler.parts import found_in
from pgs_snapshot.suggest import nearest

ROOTS = ("event", "instance", "actor", "run")


def check(machine: Machine) -> Iterator[Finding]:
    for state in machine.states:
        for entry in state.entry:
            yield from _roots(entry)
    for beginning in beginnings(machine):
        carried = [field.name for field in beginning.fields.fields] if beginning.fields else []
        for name in dict.fromkeys(name for _, to in beginning.from_to for name in entered(machine, to)):
            met = machine.state(name)
            if met is not None:
                yield from _fields(met, beginning.spoken, carried)


def _roots(entry: EntrySyntax) -> Iterator[Finding]:
    for found in found_in(entry.inputs, Reference):
        if found.path.root not in ROOTS:
            near = nearest(found.path.root, ROOTS)
            known = ", ".join(f"`$.{root}`" for root in ROOTS)
            message = f"An entry of a machine refers to {known}; `{found.text}` is none of them."
            yield Finding("T402", message, found.place, hint=f"Write `$.{near}…`." if near else "")


def _fields(state: StateSyntax, spoken: str, carried: list[str]) -> Iterator[Finding]:
    """References to the event of a run that has no such field."""
    name = state.name.text
    for entry in state.entry:
        for found in found_in(entry.inputs, Reference):
            if found.path.root != "event":
                continue
            field = found.path.steps[0] if found.path.steps else None
            if field is None and (carried or found is entry.inputs.whole):
                continue  # the whole event, which may be empty where it is passed on whole
            if field not in carried:
                near = nearest(str(field), carried)
                what = f"no `{field}`" if field is not None else "nothing"
                message = f"`{name}` is also entered when {spoken}, which carries {what}."
                hint = f"Write `$.event.{near}`." if near else ""
                yield Finding("P788", message, found.place, hint=hint)
