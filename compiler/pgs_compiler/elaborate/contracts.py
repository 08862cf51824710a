"""Contracts, typed: the steps in order, what each may end with, and what each outcome gives.

A contract's surface is what its steps can end with. Its `on_input_failure` outcome belongs to the surface if
some step's input only may fit, or if the contract itself names it (then callers may pass inputs that only may
fit).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pgs_compiler.declarations import Contract, DecideStepSyntax, RecordForm, Reference, ValueSyntax
from pgs_compiler.elaborate.bound import bind_written
from pgs_compiler.elaborate.configuration import EMPTY, Configuration
from pgs_compiler.elaborate.places import at
from pgs_compiler.elaborate.processes import blocked_by, gate_of
from pgs_compiler.elaborate.scope import Scope, joined
from pgs_compiler.elaborate.steps import VIOLATION, Ending, Steps
from pgs_compiler.elaborate.traits import Traits, contract_traits
from pgs_compiler.elaborate.values import Elaborator
from pgs_compiler.findings import Finding, Place, Related
from pgs_compiler.program import Program
from pgs_compiler.shape import Report
from pgs_snapshot import model
from pgs_snapshot.model import Expr, Schema
from pgs_snapshot.processes import BLOCKED
from pgs_snapshot.suggest import nearest


@dataclass(frozen=True, slots=True)
class TypedContract:
    """A contract as the runtime will run it.

    Attributes:
        outputs: the schema of what it gives under each outcome.
        traits: what has happened under each outcome.
        disputed: outcomes that are declared and impossible, or possible and not declared.
        sound: false where a finding leaves open what it gives.
    """

    contract: model.Contract
    outputs: Mapping[str, Schema]
    traits: Mapping[str, Traits]
    disputed: frozenset[str]
    sound: bool


def elaborate_contract(
    program: Program, contract: Contract, configuration: Configuration
) -> tuple[TypedContract, list[Finding]]:
    """Type one contract."""
    steps = Steps(program, contract, configuration)
    lowered = tuple(step for index in range(len(contract.steps)) if (step := steps.step(index)) is not None)
    stated = contract.on_input_failure
    failing = any(ending.doubt for ending in steps.endings)
    outcomes, outputs = _outcomes(steps)
    possible = {ending.outcome for ending in steps.endings} | ({stated.text} if stated else set())
    if blocked_by(program, contract.header.name):
        possible |= {BLOCKED}
        outcomes.setdefault(BLOCKED, {})
        outputs.setdefault(BLOCKED, EMPTY)
    disputed = _surface(steps, possible)
    made = model.Contract(
        name=contract.header.name,
        summary=contract.header.summary,
        inputs=program.fields(contract.inputs),
        slots=steps.names,
        steps=lowered,
        outcomes=outcomes,
        outputs=outputs,
        on_input_failure=stated.text if stated else VIOLATION if failing else None,
        at=at(contract.header.place),
        gate=gate_of(program, contract.header.name),
    )
    typed = TypedContract(
        made,
        outputs,
        contract_traits(program, made),
        disputed,
        sound=steps.sure and not any(finding.severity == "error" for finding in steps.report.findings),
    )
    return typed, steps.report.findings


def _outcomes(steps: Steps) -> tuple[dict[str, dict[str, Expr]], dict[str, Schema]]:
    """The expressions of every declared outcome, typed where all ways meet in which the contract ends so."""
    expressions: dict[str, dict[str, Expr]] = {}
    schemas: dict[str, Schema] = {}
    for declared in steps.contract.outcomes:
        scopes = _scopes(steps, declared.name.text)
        if not scopes:
            continue
        values = Elaborator(steps.program, joined(scopes), steps.report)
        given = bind_written(values, declared.outputs)
        for reference in _bare(item.value for item in declared.outputs.bound) if steps.sure else ():
            _at_each(values, reference, scopes)
        expressions[declared.name.text], schemas[declared.name.text] = given.exprs, given.schema
    return expressions, schemas


def _bare(values: Iterable[ValueSyntax]) -> Iterator[Reference]:
    """The references for which nothing stands in; those inside of texts and lists have to be there anyway."""
    for value in values:
        if isinstance(value, Reference):
            yield value
        elif isinstance(value, RecordForm):
            yield from _bare(item.value for item in value.members)


def _at_each(values: Elaborator, reference: Reference, scopes: Sequence[Scope]) -> None:
    """Report a reference that leads somewhere at one ending and nowhere at another."""
    typed = values.quiet().reference(reference)
    there = (Elaborator(values.program, scope, Report()).reference(reference) for scope in scopes)
    if typed is not None and not all(there):
        values.may_lack(reference, typed)


def _scopes(steps: Steps, outcome: str) -> list[Scope]:
    """What the outputs of an outcome can refer to, for each way in which the contract ends so."""
    scopes = [steps.scope(ending.known, None) for ending in steps.endings if ending.outcome == outcome]
    stated = steps.contract.on_input_failure
    if stated is None or stated.text != outcome:
        return scopes
    before = steps.scope({}, None)  # the contract's own inputs did not fit
    slots = {route: found for route, found in before.slots.items() if route != ("inputs",)}
    absent = {**before.absent, ("inputs",): "the inputs are what did not fit"}
    return [*scopes, replace(before, slots=slots, absent=absent)]


def _surface(steps: Steps, possible: set[str]) -> frozenset[str]:
    """The declared outcomes are exactly the possible ones; gives those that are not both."""
    contract, report = steps.contract, steps.report
    name = contract.header.name
    declared = {outcome.name.text: outcome.name.place for outcome in contract.outcomes}
    idle, undeclared = declared.keys() - possible, possible - declared.keys()
    disputed = frozenset(idle | undeclared)
    failure = contract.on_input_failure.text if contract.on_input_failure else VIOLATION
    if not steps.sure:
        return disputed
    if any(finding.severity == "error" for finding in report.findings):
        idle -= {failure}  # a value with a mistake is not known to be doubtful
    for outcome in sorted(undeclared):
        near = nearest(outcome, declared)
        words = _written(contract, outcome)
        if near and words and (near not in idle or near == "SUCCESS"):
            undeclared, idle = undeclared - {outcome}, idle - {near}
            for place in words:
                message = f"`{name}` can end as `{outcome}`, and its outcomes do not say so."
                report.add("F530", message, place, hint=f"Write `{near}`.")
    for outcome in sorted(idle):
        near = nearest(outcome, undeclared)
        undeclared -= {near}
        report.add(
            "F532",
            f"`{name}` never ends as `{outcome}`.",
            declared[outcome],
            "no step leads here" if outcome != failure else "every input surely fits",
            f"Write `{near}`." if near else "Remove it.",
        )
    for outcome in sorted(undeclared):
        origins = [_origin(steps, ending) for ending in steps.endings if ending.outcome == outcome]
        if not origins and contract.on_input_failure:
            origins = [Related(contract.on_input_failure.place, "named here")]
        report.add(
            "F530",
            f"`{name}` can end as `{outcome}`, and its outcomes do not say so.",
            contract.outcomes_place,
            f"no `{outcome}`",
            f"Add `{outcome}: {{}}`.",
            tuple(dict.fromkeys(origins)),
        )
    return disputed


def _written(contract: Contract, outcome: str) -> list[Place]:
    """Where the steps themselves call an outcome so."""
    places = []
    for step in contract.steps:
        places += [edge.to.place for edge in step.next if edge.to and edge.to.text == outcome]
        if isinstance(step, DecideStepSyntax):
            places += [case.outcome.place for case in step.cases if case.outcome.text == outcome]
    return places


def _origin(steps: Steps, ending: Ending) -> Related:
    """Where an ending comes from: the step, or the input that may not fit."""
    if ending.doubt is not None:
        return Related(ending.doubt.place, f"only may fit: {ending.doubt.why}")
    step = next(step for step in steps.contract.steps if step.name.text == ending.step)
    return Related(step.name.place, "this step can end so")
