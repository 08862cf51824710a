"""What has happened when a node or a workflow ends so: whether it was committed, and whether effects stand.

An operation has had an effect if it writes and ended as SUCCESS; an external one may also have had one if it ended as
UNKNOWN or UNREADABLE.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pgs_compiler.declarations import SideEffect, Store
from pgs_compiler.program import Program
from pgs_snapshot import model

UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Traits:
    """What may have happened by then.

    Attributes:
        commits: everything that was done before has been committed.
        leaves: effects stand, unless the run is undone.
    """

    commits: bool
    leaves: bool

    def __or__(self, other: Traits) -> Traits:
        return Traits(self.commits or other.commits, self.leaves or other.leaves)


NONE = Traits(False, False)
WAITED = Traits(True, False)


def contract_traits(program: Program, contract: model.Contract) -> Mapping[str, Traits]:
    """What has happened under each outcome of a contract."""
    found = dict.fromkeys(contract.outcomes, NONE)
    here = {NONE}  # what may have happened before a step; steps are taken in order

    def end(outcome: str, by_then: Traits) -> None:
        found[outcome] = found.get(outcome, NONE) | by_then

    for step in contract.steps:
        behind: set[Traits] = set()
        failure = contract.on_input_failure
        for before in here:
            if failure is not None and not isinstance(step, model.DecideStep) and step.unproven:
                end(failure, before)
            for outcome, to in step.next.items():
                after = before | _own(program, step, outcome)
                if to is None:
                    behind.add(after)
                else:
                    end(to, after)
        here = behind
    return found


def _own(program: Program, step: model.Step, outcome: str) -> Traits:
    match step:
        case model.OperationStep(store=store, operation=operation):
            return Traits(False, outcome == "SUCCESS" and _writes(program, store, operation))
        case model.EffectStep(side_effect=side_effect, operation=operation):
            done = outcome in model.ACTED
            return Traits(True, done and _writes(program, side_effect, operation))
    return NONE


def _writes(program: Program, place: str, operation: str) -> bool:
    """Whether an operation of a store or of an external side effect writes."""
    declared = program.declarations[place]
    if isinstance(declared, Store):
        declared = program.get(declared.side_effect, SideEffect)
    if not isinstance(declared, SideEffect):
        raise TypeError(f"{place} has no operations")  # resolve has refused it
    return any(op.mode == "write" for op in declared.operations if op.name.text == operation)


def exits_of(graph: model.Graph, traits: Mapping[str, Mapping[str, Traits]]) -> Mapping[str, Traits]:
    """What has happened at each exit, on some way to it. At a FAILED exit no effect stands."""
    here: dict[str, Traits] = {}
    for node in graph.nodes:
        by_then = here.setdefault(node.id, NONE)
        if isinstance(node, model.ExitNode):
            if node.exit == "FAILED":
                here[node.id] = Traits(by_then.commits, False)
            continue
        for outcome, edge in node.next.items():
            after = by_then | traits[node.id].get(outcome, NONE)
            here[edge.to] = here.get(edge.to, NONE) | after
    return here
