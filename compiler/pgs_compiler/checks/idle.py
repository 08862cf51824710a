"""What computes or reads and is used by nothing: a step, a node, or an argument that could as well be left out."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import (
    Contract,
    DecideStepSyntax,
    ExitNodeSyntax,
    OperationStepSyntax,
    SideEffect,
    StepSyntax,
    Store,
    TransformStepSyntax,
    Workflow,
)
from pgs_compiler.elaborate.contracts import TypedContract
from pgs_compiler.elaborate.readers import used_of_step
from pgs_compiler.elaborate.steps import step_next
from pgs_compiler.findings import Finding
from pgs_compiler.program import Program
from pgs_compiler.uses import references_in
from pgs_snapshot import model


def steps(program: Program, contract: Contract, typed: TypedContract) -> Iterator[Finding]:
    """A step at whose outputs nobody looks, and that does nothing else."""
    for index, step in enumerate(contract.steps):
        if idle_step(program, contract, typed, index):
            yield Finding(
                "F570",
                f"Nothing uses what `{step.name.text}` gives, and it does nothing else.",
                step.name.place,
                "idle",
            )


def idle_step(program: Program, contract: Contract, typed: TypedContract, index: int) -> bool:
    """Whether a step changes nothing, decides nothing, and gives outputs at which nobody looks.

    The last step never is: it is how its contract ends. Nor is one with inputs that only may fit: it checks them.
    """
    step = contract.steps[index]
    goes_on = step_next(program, contract, index)
    if index == len(contract.steps) - 1 or not goes_on or set(goes_on.values()) != {None}:
        return False
    lowered = next(each for each in typed.contract.steps if each.name == step.name.text)
    if not _only_looks(program, step) or (not isinstance(lowered, model.DecideStep) and lowered.unproven):
        return False
    return not any(used_of_step(program, contract, index).values())


def _only_looks(program: Program, step: StepSyntax) -> bool:
    if isinstance(step, OperationStepSyntax):
        side_effect = program.get(program.get(step.store, Store).side_effect, SideEffect)
        return any(op.mode == "read" for op in side_effect.operations if op.name.text == step.operation.text)
    return isinstance(step, TransformStepSyntax | DecideStepSyntax)


def arguments(workflow: Workflow) -> Iterator[Finding]:
    """What an edge of a sound workflow carries and the node behind it does not look at."""
    edges = [edge for node in workflow.nodes if not isinstance(node, ExitNodeSyntax) for edge in node.next]
    carried = [(edge.to.text, bound) for edge in edges if edge.arguments for bound in edge.arguments.bound]
    used: dict[str, set[object]] = {}
    for node in workflow.nodes if carried else ():
        used[node.id.text] = {found.path.steps[:1] for found in references_in(node, "with")}
    for to, bound in carried:
        if not used.get(to, {()}) & {(), (bound.name.text,)}:
            yield Finding(
                "F571",
                f"`{to}` does not use `$.with.{bound.name.text}`, which this edge carries.",
                bound.name.place,
                "idle",
            )
