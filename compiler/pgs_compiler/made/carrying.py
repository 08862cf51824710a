"""Whether what entries refer to is there whenever they run: the event's fields, and nothing of how it is made."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import Machine, Reference
from pgs_compiler.findings import Finding
from pgs_compiler.machines import EntrySyntax, StateSyntax
from pgs_compiler.made.chains import Beginning, beginnings, entered
from pgs_compiler.parts import found_in
from pgs_snapshot.suggest import nearest

ROOTS = ("event", "instance", "actor", "run")


def check(machine: Machine) -> Iterator[Finding]:
    for state in machine.states:
        for entry in state.entry:
            yield from _roots(entry)
            yield from _fields(machine, state, entry)


def _roots(entry: EntrySyntax) -> Iterator[Finding]:
    for found in found_in(entry.inputs, Reference):
        if found.path.root not in ROOTS:
            near = nearest(found.path.root, ROOTS)
            known = ", ".join(f"`$.{root}`" for root in ROOTS)
            message = f"An entry of a machine refers to {known}; `{found.text}` is none of them."
            yield Finding("T402", message, found.place, hint=f"Write `$.{near}…`." if near else "")


def _fields(machine: Machine, state: StateSyntax, entry: EntrySyntax) -> Iterator[Finding]:
    """References to what is not carried by everything that leads to the state, each told once."""
    leading = [each for each in beginnings(machine) if _leads(machine, each, state.name.text)]
    common = set.intersection(*(_carried(each) for each in leading)) if leading else set()
    for found in found_in(entry.inputs, Reference):
        if found.path.root != "event":
            continue
        field = found.path.steps[0] if found.path.steps else None
        if field is None:  # the whole event, which is empty where it is passed on whole
            lacking = [] if found is entry.inputs.whole else [each for each in leading if not _carried(each)]
        else:
            lacking = [each for each in leading if field not in _carried(each)]
        if lacking:
            near = nearest(str(field), sorted(common))
            what = f"no `{field}`" if field is not None else "nothing"
            message = f"`{state.name.text}` is entered when {lacking[0].spoken}, which carries {what}."
            rest = found.text.removeprefix(f"$.event.{field}")
            hint = f"Write `$.event.{near}{rest}`." if near else ""
            yield Finding("P788", message, found.place, hint=hint)


def _carried(beginning: Beginning) -> set[str]:
    return {field.name for field in beginning.fields.fields} if beginning.fields else set()


def _leads(machine: Machine, beginning: Beginning, state: str) -> bool:
    return any(state in entered(machine, to) for _, to in beginning.from_to)
