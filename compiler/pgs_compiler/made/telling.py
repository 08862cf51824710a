"""Findings about what machines are made of, in the words of their author."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pgs_compiler.declarations import Declaration, Machine
from pgs_compiler.findings import Finding, Place
from pgs_compiler.machines import EntrySyntax, StateSyntax
from pgs_compiler.made.chains import beginnings
from pgs_compiler.made.kept import made_name


def spoken(findings: Iterable[Finding], declarations: Iterable[Declaration]) -> list[Finding]:
    """Each finding as it is; within a machine, of its states, entries and events."""
    machines = [each for each in declarations if isinstance(each, Machine)]
    words = {machine.header.name: _words(machine) for machine in machines}
    told = []
    for finding in findings:
        machine = next((each for each in machines if _within(finding.place, each.place)), None)
        told.append(_told(finding, machine, words[machine.header.name]) if machine is not None else finding)
    return told


def _within(place: Place | None, document: Place) -> bool:
    return place is not None and place.path == document.path and document.line <= place.line <= document.end_line


def _told(finding: Finding, machine: Machine, words: dict[str, str]) -> Finding:
    for state, entry in _entries(machine):
        runs = entry.runs.text.partition("::")[2] or entry.runs.text
        what = f"`{runs}`, on the way into `{state.name.text}`,"
        if finding.code == "F501" and finding.place == entry.next_place:
            outcome = finding.label.removeprefix("no edge for ")
            message = f"{what} can end as {outcome}, and no event says so."
            return replace(finding, code="P783", message=message, label=f"no event for {outcome}", hint="")
        for edge in entry.next:
            if finding.code == "F502" and finding.place == edge.outcome.place:
                return replace(finding, message=f"{what} never ends as `{edge.outcome.text}`.")
    return replace(
        finding,
        message=_replaced(finding.message, words),
        label=_replaced(finding.label, words),
        hint=_replaced(finding.hint, words),
    )


def _entries(machine: Machine) -> Iterator[tuple[StateSyntax, EntrySyntax]]:
    for state in machine.states:
        for entry in state.entry:
            yield state, entry


def _words(machine: Machine) -> dict[str, str]:
    """What the author calls that which is called otherwise where it is made."""
    found: dict[str, str] = {}
    code = machine.header.name.partition("::")[2]
    for beginning in beginnings(machine):
        part = beginning.part.strip("_").replace("__", "` for `") or "start"
        for prefix in ("WF", "IN"):
            name = made_name(machine, prefix, beginning.part)
            for form in (name, name.partition("::")[2]):
                found[f"`{form}`"] = f"`{part}` of `{code}`"
    for state, entry in _entries(machine):
        n = state.entry.index(entry) + 1
        found[f"`enter_{state.name.text.lower()}_{n}`"] = f"entry {n} of `{state.name.text}`"
    return found


def _replaced(text: str, words: dict[str, str]) -> str:
    for made, said in words.items():
        text = text.replace(made, said)
    return text
