"""The steps of a contract, typed in order: what each may end with, and what is known behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pgs_compiler.declarations import (
    Contract,
    DecideStepSyntax,
    EffectStepSyntax,
    OperationStepSyntax,
    SideEffect,
    StepSyntax,
    Store,
    Transform,
    TransformStepSyntax,
)
from pgs_compiler.elaborate.bound import Doubt, Inputs, bind_inputs, bind_written, members
from pgs_compiler.elaborate.conditions import Conditions
from pgs_compiler.elaborate.configuration import EMPTY, Configuration
from pgs_compiler.elaborate.decisions import uncovered
from pgs_compiler.elaborate.places import at
from pgs_compiler.elaborate.scope import RUN, Route, Scope, Slot, Variant, slot
from pgs_compiler.elaborate.traits import UNKNOWN
from pgs_compiler.elaborate.values import Elaborator
from pgs_compiler.findings import Related
from pgs_compiler.program import Program
from pgs_compiler.schemas.generic import bind_variables, clashes, substitute, variables_in
from pgs_compiler.schemas.join import join
from pgs_compiler.schemas.literal import listed
from pgs_compiler.schemas.operations import with_entity, without_entity
from pgs_compiler.shape import Report
from pgs_snapshot.canonical import canonical
from pgs_snapshot.codec import encode
from pgs_snapshot.model import Case, Condition, DecideStep, EffectStep, OperationStep, Schema, Step, TransformStep
from pgs_snapshot.values import Value

Lead = Mapping[str, str | None]
"""Where each outcome of a step leads: to an outcome of the contract, or None to go on."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A step that has run: what it gave, and the outcomes that it may have ended as."""

    slot: Slot
    outcomes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ending:
    """A way in which a contract ends: the outcome, and what is known of every step there.

    Attributes:
        step: where it ends, for messages.
        doubt: the input that did not fit, where that is what ends it.
    """

    outcome: str
    known: Mapping[str, Ran]
    step: str
    doubt: Doubt | None = None


def step_outcomes(program: Program, step: StepSyntax) -> tuple[str, ...]:
    """The outcomes of a step, in the order of their declaration; none where its operation is unknown."""
    match step:
        case TransformStepSyntax():
            transform = program.get(step.transform, Transform)
            return tuple(outcome.name.text for outcome in transform.outcomes)
        case OperationStepSyntax():
            side_effect = program.get(program.get(step.store, Store).side_effect, SideEffect)
            return _operation_outcomes(side_effect, step.operation.text)
        case EffectStepSyntax():
            known = _operation_outcomes(program.get(step.side_effect, SideEffect), step.operation.text)
            handled = any(edge.outcome.text == UNKNOWN for edge in step.next)
            return (*known, UNKNOWN) if known and handled else known
        case DecideStepSyntax():
            return tuple(dict.fromkeys(case.outcome.text for case in step.cases))


def _operation_outcomes(side_effect: SideEffect, name: str) -> tuple[str, ...]:
    found = next((op for op in side_effect.operations if op.name.text == name), None)
    return tuple(outcome.name.text for outcome in found.outcomes) if found else ()


def step_next(program: Program, contract: Contract, index: int) -> dict[str, str | None]:
    """Where each outcome of a step leads. Behind the last step, to go on is to end."""
    step = contract.steps[index]
    named = {edge.outcome.text: edge.to.text if edge.to else None for edge in step.next}
    last = index == len(contract.steps) - 1
    return {
        outcome: (named.get(outcome, None if outcome == "SUCCESS" else outcome) or (outcome if last else None))
        for outcome in step_outcomes(program, step)
    }


class Steps:
    """The steps of one contract, taken in order.

    Attributes:
        endings: every way in which the contract ends.
        sure: whether the outcomes of all steps are known; else a finding says why not.
    """

    def __init__(self, program: Program, contract: Contract, configuration: Configuration) -> None:
        self.program = program
        self.contract = contract
        self.report = Report()
        self.endings: list[Ending] = []
        self.sure = True
        names = [f"steps.{step.name.text}" for step in contract.steps]
        self.names = (
            "inputs",
            "run",
            "config",
            *(part for name in names for part in (name, f"{name}.outcome")),
        )
        self._configuration = configuration
        self._base: dict[Route, Slot] = {
            ("inputs",): slot(0, program.fields(contract.inputs)),
            ("run",): slot(1, RUN),
            ("config",): slot(2, configuration.schema),
        }
        self._known: dict[str, Ran] = {}

    def scope(self, known: Mapping[str, Ran], index: int | None) -> Scope:
        """What the step `index` can refer to; None for the outcomes, behind all steps."""
        slots: dict[Route, Slot] = dict(self._base)
        absent: dict[Route, str] = {}
        for number, step in enumerate(self.contract.steps):
            name = step.name.text
            if name in known:
                outcomes = list[Value](known[name].outcomes)
                slots["steps", name] = known[name].slot
                slots["steps", name, "outcome"] = slot(4 + 2 * number, {"enum": outcomes})
            elif index is not None:
                absent["steps", name] = "it is this step itself" if number == index else "the step comes later"
            else:
                absent["steps", name] = "the contract may have ended before that step"
        return Scope(slots, absent, self._configuration)

    def step(self, index: int) -> Step | None:
        """Type one step. None where its operation is unknown."""
        step = self.contract.steps[index]
        values = Elaborator(self.program, self.scope(self._known, index), self.report)
        lead = step_next(self.program, self.contract, index)
        lowered: Step | None
        match step:
            case TransformStepSyntax():
                lowered, outputs = self._transform(step, values, lead)
            case OperationStepSyntax():
                lowered, outputs = self._operation(step, values, lead)
            case EffectStepSyntax():
                lowered, outputs = self._effect(step, values, lead)
            case DecideStepSyntax():
                lowered, outputs = self._decide(step, values, lead)
        self._settle(index, lead, outputs)
        return lowered

    def _transform(
        self, step: TransformStepSyntax, values: Elaborator, lead: Lead
    ) -> tuple[Step, dict[str, Schema] | None]:
        declared = self.program.get(step.transform, Transform)
        target = self.program.fields(declared.inputs)
        before = len(self.report.findings)
        quiet = values.quiet()
        actual = {
            bound.name.text: typed.schema
            for bound in members(quiet, step.inputs, target) or ()
            if (typed := quiet.value(bound.value))
        }
        for clash in clashes(target, actual):
            first, second = (pointer.split("/")[1] for pointer in clash.pointers)
            if first != second:  # inside one input, the variable stands for the join of what it meets
                self.report.add("T418", clash.message, step.inputs.place, "no value is both")
        variables = bind_variables(target, actual)
        name = declared.header.name
        inputs = bind_inputs(values, step.inputs, substitute(target, variables), f"`{name}`")
        self._doubt(step, inputs)
        lowered = TransformStep(step.name.text, name, inputs.values, inputs.unproven, lead, at(step.name.place))
        if variables_in(target) and len(self.report.findings) > before:
            return lowered, None  # a variable that meets a mistake stands for nothing
        return lowered, {
            outcome.name.text: substitute(self.program.fields(outcome.outputs), variables)
            for outcome in declared.outcomes
        }

    def _operation(
        self, step: OperationStepSyntax, values: Elaborator, lead: Lead
    ) -> tuple[Step | None, dict[str, Schema] | None]:
        store = self.program.get(step.store, Store)
        side_effect = self.program.get(store.side_effect, SideEffect)
        found = next((op for op in side_effect.operations if op.name.text == step.operation.text), None)
        if found is None:  # a check of its own says so
            self.sure = False
            return None, None
        operation = with_entity(self.program, found, store.entity)
        name = store.header.name
        inputs = bind_inputs(values, step.inputs, operation.inputs, f"`{step.operation.text}` of `{name}`")
        self._doubt(step, inputs)
        lowered = OperationStep(
            step.name.text, name, found.name.text, inputs.values, inputs.unproven, lead, at(step.name.place)
        )
        return lowered, dict(operation.outcomes)

    def _effect(
        self, step: EffectStepSyntax, values: Elaborator, lead: Lead
    ) -> tuple[Step | None, dict[str, Schema] | None]:
        side_effect = self.program.get(step.side_effect, SideEffect)
        found = next((op for op in side_effect.operations if op.name.text == step.operation.text), None)
        if found is None or side_effect.semantics != "external":  # a check of its own says so
            self.sure = False
            return None, None
        name, operation = side_effect.header.name, without_entity(self.program, found)
        inputs = bind_inputs(values, step.inputs, operation.inputs, f"`{step.operation.text}` of `{name}`")
        self._doubt(step, inputs)
        lowered = EffectStep(
            step.name.text, name, found.name.text, inputs.values, inputs.unproven, lead, at(step.name.place)
        )
        return lowered, dict(operation.outcomes)

    def _decide(self, step: DecideStepSyntax, values: Elaborator, lead: Lead) -> tuple[Step, dict[str, Schema] | None]:
        before = len(self.report.findings)
        conditions = Conditions(values)
        cases: list[Case] = []
        outputs: dict[str, Schema] = {}
        sound = True
        for case in step.cases:
            when = conditions.condition(case.when) if case.when else None
            given = bind_written(values, case.outputs)
            sound = sound and given.sound
            name = case.outcome.text
            outputs[name] = join(outputs[name], given.schema) if name in outputs else given.schema
            cases.append(Case(name, when, given.exprs, at(case.place)))
        if len(self.report.findings) == before:
            self._covered(step, values)
            self._repeated(step, [case.when for case in cases])
        lowered = DecideStep(step.name.text, tuple(cases), lead, at(step.name.place))
        return lowered, outputs if sound else None

    def _covered(self, step: DecideStepSyntax, values: Elaborator) -> None:
        """A decision without `otherwise` covers an enumeration; with one, it leaves something to decide."""
        named = tuple(case for case in step.cases if case.when is not None)
        left = uncovered(named, values) if named else None
        rest = next((case for case in step.cases if case.when is None), None)
        if rest is not None:
            if left and not left.members:
                self.report.add(
                    "F535",
                    f"`otherwise` of `{step.name.text}` is never reached: the cases before cover everything.",
                    rest.outcome.place,
                    "dead",
                )
            return
        if left and not left.members:
            return
        self.sure = False
        declared = [outcome.name.text for outcome in self.contract.outcomes]
        idle = [name for name in declared if name not in step_outcomes(self.program, step)]
        what = f"with {listed(left.members)}" if left else "when no case holds"
        outcome = idle[0] if len(idle) == 1 else ""
        missing = left.case(outcome) if left else ""
        self.report.add(
            "F536",
            f"`{step.name.text}` does not say what happens {what}.",
            step.name.place,
            "not total",
            f"Add `{missing}`." if missing else f"End it with `- {outcome or 'OTHER'}: otherwise`.",
        )

    def _repeated(self, step: DecideStepSyntax, conditions: list[Condition | None]) -> None:
        """A condition that stood before has been decided there."""
        first: dict[bytes, int] = {}
        for index, when in enumerate(conditions):
            if when is None:
                continue
            earlier = first.setdefault(canonical(encode(when)), index)
            if earlier != index:
                self.report.add(
                    "F535",
                    f"This case of `{step.name.text}` is never reached: its condition stands before.",
                    step.cases[index].outcome.place,
                    "dead",
                    related=(Related(step.cases[earlier].outcome.place, "the same condition"),),
                )

    def _doubt(self, step: StepSyntax, inputs: Inputs) -> None:
        """An input that only may fit is a way in which the contract ends."""
        if inputs.doubts:
            failure = self.contract.on_input_failure
            outcome = failure.text if failure else VIOLATION
            self.endings.append(Ending(outcome, dict(self._known), step.name.text, inputs.doubts[0]))

    def _settle(self, index: int, lead: Lead, outputs: Mapping[str, Schema] | None) -> None:
        """Note the ways in which the contract ends here, and what is known where it goes on."""
        step, number = self.contract.steps[index], 3 + 2 * index
        name = step.name.text
        known = {edge.outcome.text for edge in step.next} <= lead.keys()
        self.sure = self.sure and known
        broken = outputs is None or not known
        schemas = outputs or {}
        when = f"when `{name}` ended as `{{}}`" if len(lead) > 1 else ""

        def variant(outcome: str) -> Variant:
            return Variant(schemas.get(outcome, EMPTY), when.format(outcome))

        for outcome, to in lead.items():
            if to is not None:
                here = Slot(number, (variant(outcome),), broken=broken)
                self.endings.append(Ending(to, {**self._known, name: Ran(here, (outcome,))}, name))
        going = tuple(outcome for outcome, to in lead.items() if to is None)
        last = index == len(self.contract.steps) - 1
        self.sure = self.sure and (not any(edge.to is None for edge in step.next) if last else bool(going))
        after = Slot(number, tuple(map(variant, going)), broken=broken or not going)
        self._known[name] = Ran(after, going)


VIOLATION = "VIOLATION"
"""The outcome for inputs that do not fit, where the contract names none."""
