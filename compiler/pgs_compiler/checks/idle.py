"""What computes or reads and is used by nothing: a step, a node, or an argument that could as well be left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from pgs_compiler.declarations import (
    Contract,
    DecideStepSyntax,
    ExitNodeSyntax,
    OperationStepSyntax,
    Reference,
    SideEffect,
    StepSyntax,
    Store,
    TransformStepSyntax,
    Workflow,
)
from pgs_compiler.elaborate.contracts import TypedContract
from pgs_compiler.elaborate.steps import step_next
from pgs_compiler.findings import Finding
from pgs_compiler.program import Program
from pgs_snapshot import model


def steps(program: Program, contract: Contract, typed: TypedContract) -> Iterator[Finding]:
    """A step that changes nothing, decides nothing, and whose outputs nobody looks at.

    The last step is left out: it is how its contract ends. So is one with inputs that only may fit: it checks them.
    """
    checking = {step.name for step in typed.contract.steps if not isinstance(step, model.DecideStep) and step.unproven}
    for index, step in enumerate(contract.steps[:-1]):
        goes_on = step_next(program, contract, index)
        if not goes_on or set(goes_on.values()) != {None} or not _only_looks(program, step):
            continue
        if step.name.text in checking:
            continue
        later = (contract.steps[index + 1 :], contract.outcomes)
        if not any(found.path.steps[:1] == (step.name.text,) for found in references_in(later, "steps")):
            yield Finding(
                "F570",
                f"Nothing uses what `{step.name.text}` gives, and it does nothing else.",
                step.name.place,
                "idle",
            )


def _only_looks(program: Program, step: StepSyntax) -> bool:
    if isinstance(step, OperationStepSyntax):
        side_effect = program.get(program.get(step.store, Store).side_effect, SideEffect)
        return any(op.mode == "read" for op in side_effect.operations if op.name.text == step.operation.text)
    return isinstance(step, TransformStepSyntax | DecideStepSyntax)


def arguments(workflow: Workflow) -> Iterator[Finding]:
    """What an edge of a sound workflow carries and the node behind it does not look at."""
    used: dict[str, set[object]] = {}
    for node in workflow.nodes:
        used[node.id.text] = {found.path.steps[:1] for found in references_in(node, "with")}
    for node in workflow.nodes:
        for edge in () if isinstance(node, ExitNodeSyntax) else node.next:
            for bound in edge.arguments.bound if edge.arguments else ():
                looked_at = used.get(edge.to.text, {()})
                if () not in looked_at and (bound.name.text,) not in looked_at:
                    yield Finding(
                        "F571",
                        f"`{edge.to.text}` does not use `$.with.{bound.name.text}`, which this edge carries.",
                        bound.name.place,
                        "idle",
                    )


def references_in(item: object, root: str) -> Iterator[Reference]:
    """Every reference under one root that a part of a declaration writes."""
    if isinstance(item, Reference):
        if item.path.root == root:
            yield item
    elif isinstance(item, tuple):
        for part in item:
            yield from references_in(part, root)
    elif is_dataclass(item) and not isinstance(item, type):
        for each in fields(item):
            yield from references_in(getattr(item, each.name), root)
