"""check: a program in, the same program with everything typed out, and the findings of every check.

A check is one file with one function that only yields findings; it cannot change anything. `CHECKS` look at
the whole program, `WORKFLOW_CHECKS` at one workflow; all of them run, whatever the others find. But what only
follows from a mistake that is told is not told as well: a workflow with a wrong edge is not typed along its
edges, and what comes of a mistaken value is passed over in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pgs_compiler.checks import (
    admission,
    audits,
    bindings,
    bounds,
    calls,
    contexts,
    decisions,
    doubt,
    examples,
    exits,
    external,
    flow,
    governance,
    idle,
    intents,
    labels,
    limits,
    machines,
    outputs,
    ownership,
    processes,
    reach,
    requests,
    responses,
    routing,
    schemas,
    storage,
    undo,
    variables,
)
from pgs_compiler.declarations import Contract, Egress, Ingress, Intent, Workflow
from pgs_compiler.elaborate.configuration import configuration, configuration_of
from pgs_compiler.elaborate.contracts import TypedContract, elaborate_contract
from pgs_compiler.elaborate.graphs import elaborate_graph
from pgs_compiler.elaborate.intents import elaborate_intent
from pgs_compiler.elaborate.surfaces import Surfaces
from pgs_compiler.elaborate.transports import elaborate_egress, elaborate_ingress
from pgs_compiler.findings import Finding, Result
from pgs_compiler.program import Program
from pgs_compiler.ways import called_first, topological
from pgs_snapshot import model, transports

TOO_LARGE = ("T433", "F523")
"""What is larger than this is not looked into: written out, a schema or graph might not end."""

CHECKS: tuple[Callable[[Program], Iterator[Finding]], ...] = (
    variables.check,
    examples.check,
    intents.check,
    decisions.check,
    storage.check,
    ownership.check,
    bindings.check,
    labels.check,
    calls.check,
    external.check,
    doubt.check,
    governance.check,
    requests.check,
    contexts.check,
    processes.check,
    machines.check,
)
WORKFLOW_CHECKS: tuple[Callable[[Program, Surfaces, Workflow], Iterator[Finding]], ...] = (
    routing.check,
    calls.outcomes,
    admission.check,
    flow.check,
    exits.check,
)


@dataclass(frozen=True, slots=True)
class Checked:
    """A program that holds, with its contracts, intents, graphs and transports typed."""

    program: Program
    intents: Mapping[str, model.Intent]
    contracts: Mapping[str, TypedContract]
    graphs: Mapping[str, model.Graph]
    ingresses: Mapping[str, transports.Ingress]
    egresses: Mapping[str, transports.Egress]


def check(program: Program) -> Result[Checked]:
    """Run every check, and type what is sound enough to be typed."""
    findings = [finding for each in (schemas.check, limits.check) for finding in each(program)]
    if any(finding.code in TOO_LARGE for finding in findings):
        return Result(None, tuple(findings))
    findings += [finding for each in CHECKS for finding in each(program)]
    intents, contracts, graphs = {}, {}, {}
    for intent in program.of(Intent):
        intents[intent.header.name], found = elaborate_intent(program, intent)
        findings += found
    configured = configuration(program)
    for contract in program.of(Contract):
        name = contract.header.name
        contracts[name], found = elaborate_contract(program, contract, configured[name])
        findings += found
        if contracts[name].sound:
            findings += idle.steps(program, contract, contracts[name])
    findings += audits.check(program, contracts)
    surfaces = Surfaces(contracts)
    workflows = {workflow.header.name: workflow for workflow in program.of(Workflow)}
    for name in (name for part in called_first(program) for name in sorted(part)):
        graph, found = _workflow(program, surfaces, workflows[name])
        findings += found
        if graph is not None:
            graphs[name] = graph
    findings += governance.limits(program, graphs)
    ingresses, egresses = _ingresses(program, surfaces, findings), _egresses(program, surfaces, findings)
    errors = any(finding.stops for finding in findings)
    if not errors:
        findings += outputs.check(program, contracts, graphs)
    ordered = {name: graphs[name] for name in sorted(graphs)}
    checked = Checked(program, intents, contracts, ordered, ingresses, egresses)
    return Result(None if errors else checked, tuple(findings))


def _ingresses(program: Program, surfaces: Surfaces, findings: list[Finding]) -> dict[str, transports.Ingress]:
    typed = {}
    for ingress in program.of(Ingress):
        found, more = elaborate_ingress(program, ingress)
        findings += [*more, *requests.method(surfaces, ingress)]
        if found is not None:
            typed[found.name] = found
    return typed


def _egresses(program: Program, surfaces: Surfaces, findings: list[Finding]) -> dict[str, transports.Egress]:
    """An egress of a workflow that does not hold is not typed."""
    typed = {}
    for egress in program.of(Egress):
        surface = surfaces.workflows.get(egress.workflow.text)
        if surface is not None:
            typed[egress.header.name], more = elaborate_egress(program, egress, surface)
            findings += [*more, *responses.check(egress, surface)]
    return typed


def _workflow(program: Program, surfaces: Surfaces, workflow: Workflow) -> tuple[model.Graph | None, list[Finding]]:
    """One workflow, typed if its edges are right; its surface is for those that call it, which come later."""
    found = [finding for each in WORKFLOW_CHECKS for finding in each(program, surfaces, workflow)]
    if any(finding.stops for finding in found):
        return None, found
    found += reach.check(workflow)
    config = configuration_of(program, workflow)
    graph, surface, more = elaborate_graph(program, workflow, topological(workflow), surfaces, config)
    found += [*more, *exits.names(workflow, graph), *undo.check(program, surfaces, workflow, graph)]
    if surface is not None:
        large = list(bounds.check(workflow, surface))
        found += [*large, *idle.arguments(workflow)]
        if not large:
            surfaces.workflows[workflow.header.name] = surface
    return graph, found
