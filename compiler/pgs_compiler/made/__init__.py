"""made: declarations in, the same with what each machine is made of.

A machine stands for one workflow an event, one for its beginning and one a timer, with the store that keeps its
instances; all of them are declarations like any other, at the machine's own lines, so that whatever is checked, proven
and drawn of workflows is so of machines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pgs_compiler.declarations import Declaration, Machine
from pgs_compiler.findings import Finding, Related, Result
from pgs_compiler.made import arriving, carrying, states
from pgs_compiler.made.workflows import declarations_of
from pgs_compiler.names import MAX_NAME

CHECKS = (states.check, arriving.check, carrying.check)


def make(declarations: Iterable[Declaration]) -> Result[tuple[Declaration, ...]]:
    """All declarations with those that machines are made of; None where a machine has a mistake."""
    written = tuple(declarations)
    machines = [each for each in written if isinstance(each, Machine)]
    findings = [finding for machine in machines for each in CHECKS for finding in each(machine)]
    if any(finding.stops for finding in findings):
        return Result(None, tuple(findings))
    made: dict[str, Declaration] = {}
    taken = {each.header.name: each for each in written}
    for machine in machines:
        own = declarations_of(machine)
        findings += _names(machine, own, taken)
        made.update((each.header.name, each) for each in own)
        taken.update((each.header.name, machine) for each in own)
    if any(finding.stops for finding in findings):
        return Result(None, tuple(findings))
    return Result((*written, *made.values()), tuple(findings))


def _names(machine: Machine, own: list[Declaration], taken: dict[str, Declaration]) -> Iterator[Finding]:
    """Names that what is made would have, and that are too long or somebody else's."""
    for each in own:
        name, place = each.header.name, each.header.place
        other = taken.get(name)
        if other is not None and other is not machine:
            message = f"`{machine.header.name}` is made of workflows and stores, one of which would be called `{name}`."
            related = (Related(other.header.place, "this is called so, too, or is made of what is"),)
            yield Finding("P789", message, place, "", related)
        code = name.partition("::")[2]
        if len(code) > MAX_NAME:
            message = f"What this is made of would be called `{code}`, which has more than {MAX_NAME} characters."
            yield Finding("P789", message, place, f"shorten it by {len(code) - MAX_NAME}")
