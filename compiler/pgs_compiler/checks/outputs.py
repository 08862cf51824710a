"""What cases, contracts, transforms, operations and called workflows give, and nobody who uses them looks at.

Only what an author has written can be told, and only where somebody uses the declaration: what is there for others to
use is not idle, and what comes with PGS is there for all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from pgs_compiler.checks.idle import idle_step
from pgs_compiler.declarations import (
    Contract,
    DecideStepSyntax,
    ExitNodeSyntax,
    Ingress,
    OperationStepSyntax,
    OutcomeFields,
    Process,
    ProcessOutcome,
    SideEffect,
    Store,
    Transform,
    TransformStepSyntax,
    Workflow,
)
from pgs_compiler.elaborate.contracts import TypedContract
from pgs_compiler.elaborate.readers import WHOLE, Used, used_of_nodes, used_of_step
from pgs_compiler.findings import Finding, Place
from pgs_compiler.names import CORE
from pgs_compiler.program import Program
from pgs_snapshot import model

_Known = defaultdict[tuple[str, ...], dict[str, set[str]]]
"""What is looked at of something that is used: by its name, by outcome."""


def check(
    program: Program, contracts: Mapping[str, TypedContract], graphs: Mapping[str, model.Graph]
) -> Iterator[Finding]:
    """The outputs of a sound program that nobody looks at."""
    nodes = _of_nodes(program, graphs)
    steps = _of_steps(program, contracts)
    answered = {ingress.workflow.text for ingress in program.of(Ingress)}
    for contract in program.of(Contract):
        yield from _contract(contract, nodes.get((contract.header.name,)))
        for index, step in enumerate(contract.steps):
            if isinstance(step, DecideStepSyntax) and not idle_step(
                program, contract, contracts[contract.header.name], index
            ):
                yield from _cases(step, used_of_step(program, contract, index))
    for workflow in program.of(Workflow):
        name = workflow.header.name
        if answered and name not in answered:
            yield from _workflow(workflow, graphs[name], nodes.get((name,)))
    for transform in program.of(Transform):
        if transform.header.domain != CORE:
            name = transform.header.name
            yield from _fields(name, transform.outcomes, steps.get((name,)))
    for process in program.of(Process):
        yield from _fields(process.header.name, process.outcomes, nodes.get((process.header.name,)))
    for side_effect in program.of(SideEffect):
        # What comes from outside is on record, which is reason enough to declare it.
        if side_effect.header.domain != CORE and side_effect.semantics != "external":
            for operation in side_effect.operations:
                used = steps.get((side_effect.header.name, operation.name.text))
                yield from _fields(operation.name.text, operation.outcomes, used)


def _of_nodes(program: Program, graphs: Mapping[str, model.Graph]) -> _Known:
    """Of contracts and workflows that nodes run. What undoes a node gives nothing to anybody."""
    known: _Known = defaultdict(dict)
    for workflow in program.of(Workflow):
        graph = graphs[workflow.header.name]
        used = used_of_nodes(workflow, graph)
        for node in graph.nodes:
            if isinstance(node, model.ContractNode):
                _note(known[node.contract,], used[node.id])
            if isinstance(node, model.ProcessNode):
                _note(known[node.process,], used[node.id])
            if isinstance(node, model.CallNode):
                for callee in node.call.workflows:
                    _note(known[callee,], used[node.id])
            if isinstance(node, model.EachNode):
                for callee in node.call.workflows:
                    _note(known[callee,], {WHOLE: set().union(*used[node.id].values())})
            if isinstance(node, model.Undoable) and node.undo:
                _note(known[node.undo.contract,], {})
    return known


def _of_steps(program: Program, contracts: Mapping[str, TypedContract]) -> _Known:
    """Of transforms and operations that steps use. Of a step that is idle altogether, that is told."""
    known: _Known = defaultdict(dict)
    for contract in program.of(Contract):
        for index, step in enumerate(contract.steps):
            key: tuple[str, ...]
            if isinstance(step, TransformStepSyntax):
                key = (step.transform.text,)
            elif isinstance(step, OperationStepSyntax):
                key = (program.get(step.store, Store).side_effect.text, step.operation.text)
            else:
                continue
            if key[0].startswith(f"{CORE}::"):
                continue
            used = used_of_step(program, contract, index)
            if idle_step(program, contract, contracts[contract.header.name], index):
                used = {outcome: {WHOLE} for outcome in used}
            _note(known[key], used)
    return known


def _note(known: dict[str, set[str]], used: Mapping[str, set[str]]) -> None:
    for outcome, members in used.items():
        known.setdefault(outcome, set()).update(members)


def _cases(step: DecideStepSyntax, used: Used) -> Iterator[Finding]:
    for case in step.cases:
        for bound in case.outputs.bound if case.outputs else ():
            if not used[case.outcome.text] & {WHOLE, bound.name.text}:
                yield Finding(
                    "F572",
                    f"Nothing uses `$.steps.{step.name.text}.{bound.name.text}` behind `{case.outcome.text}`.",
                    bound.name.place,
                    "idle",
                )


def _contract(contract: Contract, used: Mapping[str, set[str]] | None) -> Iterator[Finding]:
    for outcome in contract.outcomes if used is not None else ():
        seen = (used or {}).get(outcome.name.text, set())
        for bound in outcome.outputs.bound:
            if not seen & {WHOLE, bound.name.text}:
                yield _idle(bound.name.text, contract.header.name, [outcome.name.text], bound.name.place)


def _workflow(workflow: Workflow, graph: model.Graph, used: Mapping[str, set[str]] | None) -> Iterator[Finding]:
    """What a workflow gives that is called, and that no request starts."""
    if used is None:
        return
    names = {node.id: node.names for node in graph.nodes if isinstance(node, model.ExitNode)}
    for node in workflow.nodes:
        if isinstance(node, ExitNodeSyntax) and node.result is not None:
            seen = used.get(WHOLE, set()).union(*(used.get(name, set()) for name in names[node.id.text]))
            for bound in node.result.bound:
                if not seen & {WHOLE, bound.name.text}:
                    yield _idle(bound.name.text, workflow.header.name, names[node.id.text], bound.name.place)


def _fields(
    name: str, outcomes: Iterable[OutcomeFields | ProcessOutcome], used: Mapping[str, set[str]] | None
) -> Iterator[Finding]:
    for outcome in outcomes if used is not None else ():
        seen = (used or {}).get(outcome.name.text, set())
        for field in outcome.outputs.fields:
            if not seen & {WHOLE, field.name}:
                yield _idle(field.name, name, [outcome.name.text], field.place)


def _idle(member: str, owner: str, outcomes: Iterable[str], place: Place) -> Finding:
    spoken = ", ".join(f"`{outcome}`" for outcome in outcomes)
    return Finding("F572", f"Nobody uses `{member}`, which `{owner}` gives as {spoken}.", place, "idle")
