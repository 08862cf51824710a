"""lower: a checked and bound program in, the contents of a snapshot out. A failure here is our mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx

from pgs_compiler.bind import Bound
from pgs_compiler.checks import Checked
from pgs_compiler.constitutions import lower_constitution
from pgs_compiler.declarations import (
    Actor,
    Binding,
    Constitution,
    Context,
    Declaration,
    Entity,
    Event,
    Machine,
    PolicySyntax,
    Process,
    SideEffect,
    Store,
    Transform,
)
from pgs_compiler.elaborate.places import at
from pgs_compiler.elaborate.processes import lower_context, lower_process
from pgs_compiler.index import index
from pgs_compiler.made.sealed import lower_machine
from pgs_compiler.program import Program
from pgs_compiler.project import Project
from pgs_compiler.prove import Proven
from pgs_compiler.purity import Assessed
from pgs_compiler.schemas.generic import erase
from pgs_compiler.schemas.operations import with_entity, without_entity
from pgs_compiler.ways import call_graph
from pgs_snapshot import model
from pgs_snapshot.canonical import digest_of
from pgs_snapshot.codec import encode
from pgs_snapshot.laws import Proofs
from pgs_snapshot.snapshot import INDEX, PROJECT, PROOFS, artifact_path, graph_path
from pgs_snapshot.values import Value

_KINDS = (
    "actor", "binding", "context", "contract", "event", "intent", "process", "side_effect", "store", "transform",
)  # fmt: skip
_DATA = ("graphs/", *(f"artifacts/{kind}/" for kind in _KINDS))
"""What says where data comes from and goes: labels come from anywhere, by way of stores."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that a snapshot holds but its manifest: values by path, and sources by digest."""

    name: str
    version: int
    documents: Mapping[str, Value]
    bound: Bound


def lower(project: Project, checked: Checked, proven: Proven, bound: Bound, assessed: Assessed) -> Contents:
    """The contents of the snapshot of a program."""
    program = checked.program
    documents: dict[str, Value] = {
        PROJECT: project.sealed(),
        INDEX: index(program),
    }
    for name, graph in checked.graphs.items():
        documents[graph_path(name)] = encode(graph)
    for name, intent in checked.intents.items():
        documents[artifact_path("intent", name)] = encode(intent)
    for name, contract in checked.contracts.items():
        documents[artifact_path("contract", name)] = encode(contract.contract)
    for name, ingress in checked.ingresses.items():
        documents[artifact_path("ingress", name)] = encode(ingress)
    for name, egress in checked.egresses.items():
        documents[artifact_path("egress", name)] = encode(egress)
    for name, declaration in program.declarations.items():
        lowered = _artifact(program, assessed, declaration)
        if lowered is not None:
            documents[artifact_path(declaration.header.kind, name)] = encode(lowered)
    for assertion in proven.assertions:
        documents[artifact_path("assertion", assertion.name)] = encode(assertion)
    proved = sorted({proof.workflow for proof in proven.proofs})
    data = [path for path in documents if path.startswith(_DATA)]
    rests_on = {}
    for name in proved:
        paths = {*_used(checked, name), *(data if name in proven.by_label else ())}
        rests_on[name] = {path: digest_of(documents[path]) for path in sorted(paths)}
    documents[PROOFS] = encode(Proofs(proven.proofs, rests_on))
    return Contents(project.name, project.version, documents, bound)


def _used(checked: Checked, workflow: str) -> list[str]:
    """The files that say what a workflow can do: its graph, and what stands behind its nodes, with what it calls."""
    paths: set[str] = set()
    called = nx.descendants(call_graph(checked.program), workflow)
    for name in (workflow, *called):
        paths.add(graph_path(name))
        for node in checked.graphs[name].nodes:
            if isinstance(node, model.IntentNode):
                paths.add(artifact_path("intent", node.intent))
            if isinstance(node, model.ContractNode):
                paths |= _of_contract(checked, node.contract)
            if isinstance(node, model.ProcessNode):
                paths |= _of_process(checked, node.process)
            if isinstance(node, model.Undoable) and node.undo is not None:
                paths |= _of_contract(checked, node.undo.contract)
    return sorted(paths)


def _of_contract(checked: Checked, contract: str) -> set[str]:
    paths = {artifact_path("contract", contract)}
    for step in checked.contracts[contract].contract.steps:
        if isinstance(step, model.OperationStep):
            paths.add(artifact_path("store", step.store))
        elif isinstance(step, model.EffectStep):
            paths.add(artifact_path("side_effect", step.side_effect))
    return paths


def _of_process(checked: Checked, process: str) -> set[str]:
    declared = checked.program.declarations[process]
    of = {declared.context.text} if isinstance(declared, Process) else set()
    return {artifact_path("process", process), *(artifact_path("context", name) for name in of)}


def _artifact(program: Program, assessed: Assessed, declaration: Declaration) -> object | None:
    """The artifacts that are not typed along the graph."""
    header = declaration.header
    name, summary, place = header.name, header.summary, at(header.place)
    match declaration:
        case Actor(attributes=attributes):
            return model.Actor(name, summary, program.fields(attributes), place)
        case Entity(schema=schema):
            return model.Entity(name, summary, program.schema(schema), place)
        case Event(fields=fields, clears=clears):
            return model.Event(
                name, summary, program.fields(fields), tuple(sorted(word.text for word in clears)), place
            )
        case Constitution():
            return lower_constitution(declaration)
        case Machine():
            return lower_machine(declaration)
        case Binding():
            return model.Binding(
                name,
                summary,
                tuple(sorted(store.text for store in declaration.stores)),
                program.fields(declaration.config),
                place,
                dict(sorted((store.text, kept.text) for store, kept in declaration.retention)),
                {policy.side_effect.text: _policy(policy) for policy in declaration.effects},
            )
        case Transform():
            return model.Transform(
                name,
                summary,
                erase(program.fields(declaration.inputs)),
                {outcome.name.text: erase(program.fields(outcome.outputs)) for outcome in declaration.outcomes},
                declaration.implementation.text,
                place,
                name in assessed.worker,
                _declassifies(declaration),
            )
        case SideEffect(semantics="external", operations=operations):
            written = {operation.name.text: without_entity(program, operation) for operation in operations}
            return model.SideEffect(name, summary, written, declaration.implementation.text, place)
        case Context():
            return lower_context(program, declaration)
        case Process():
            return lower_process(program, declaration)
        case Store():
            return _store(program, declaration)
    return None


def _policy(policy: PolicySyntax) -> model.Policy:
    lookup = policy.lookup.text if policy.lookup else None
    return model.Policy(policy.unknown, policy.attempts, lookup, policy.at_least_once)


def _declassifies(transform: Transform) -> dict[str, tuple[str, ...]]:
    """The inputs that each label is removed from."""
    names = [field.name for field in transform.inputs.fields]
    return {item.text: tuple(filter(item.removes_from, names)) for item in transform.declassifies}


def _store(program: Program, store: Store) -> model.Store:
    side_effect = program.get(store.side_effect, SideEffect)
    if side_effect.semantics == "external":
        raise AssertionError(f"{store.header.name} is a place outside")  # C624 of the check
    allowed = {word.text for word in store.operations}
    return model.Store(
        name=store.header.name,
        summary=store.header.summary,
        side_effect=side_effect.header.name,
        semantics=side_effect.semantics,
        entity=store.entity.text,
        schema=program.schema(program.get(store.entity, Entity).schema),
        operations={
            operation.name.text: with_entity(program, operation, store.entity)
            for operation in side_effect.operations
            if operation.name.text in allowed
        },
        implementation=side_effect.implementation.text,
        clears=tuple(sorted(word.text for word in store.clears)),
        at=at(store.header.place),
        writers=tuple(sorted(word.text for word in store.writers)),
    )
