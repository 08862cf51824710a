"""What a workflow uses: contracts, workflows, stores and external effects, each with its first use; and references."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import (
    CallNodeSyntax,
    Contract,
    ContractNodeSyntax,
    EachNodeSyntax,
    EffectStepSyntax,
    OperationStepSyntax,
    Reference,
    UndoneSyntax,
    Workflow,
)
from pgs_compiler.names import Name
from pgs_compiler.parts import found_in
from pgs_compiler.program import Program


def contracts_of(workflow: Workflow) -> Iterator[Name]:
    """The contracts of its nodes, and those that undo them."""
    for node in workflow.nodes:
        if isinstance(node, ContractNodeSyntax):
            yield node.contract
        if isinstance(node, UndoneSyntax) and node.undo is not None:
            yield node.undo.contract


def workflows_of(workflow: Workflow) -> dict[str, Name]:
    """The workflows that it calls."""
    found: dict[str, Name] = {}
    for node in workflow.nodes:
        if isinstance(node, CallNodeSyntax | EachNodeSyntax):
            for name in node.callee.workflows:
                found.setdefault(name.text, name)
    return found


def stores_of(program: Program, workflow: Workflow) -> dict[str, Name]:
    """The stores that its contracts use, in the order of their names."""
    found: dict[str, Name] = {}
    for contract in contracts_of(workflow):
        for step in program.get(contract, Contract).steps:
            if isinstance(step, OperationStepSyntax):
                found.setdefault(step.store.text, step.store)
    return dict(sorted(found.items()))


def effects_of(program: Program, workflow: Workflow) -> dict[str, Name]:
    """The external side effects that its contracts use, in the order of their names."""
    found: dict[str, Name] = {}
    for step in external_steps_of(program, workflow):
        found.setdefault(step.side_effect.text, step.side_effect)
    return dict(sorted(found.items()))


def external_steps_of(program: Program, workflow: Workflow) -> Iterator[EffectStepSyntax]:
    """The steps of its contracts that have an external effect."""
    for contract in contracts_of(workflow):
        for step in program.get(contract, Contract).steps:
            if isinstance(step, EffectStepSyntax):
                yield step


def references_in(item: object, root: str) -> Iterator[Reference]:
    """Every reference under one root that a part of a declaration writes."""
    return (found for found in found_in(item, Reference) if found.path.root == root)
