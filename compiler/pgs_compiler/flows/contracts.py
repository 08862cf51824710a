"""A contract at one node: what its steps are given and give, on every way through it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pgs_compiler.declarations import (
    Contract,
    DecideStepSyntax,
    EffectStepSyntax,
    OperationStepSyntax,
    StepSyntax,
    Transform,
    TransformStepSyntax,
)
from pgs_compiler.flows.arrivals import Arrival, Sink
from pgs_compiler.flows.declared import declared
from pgs_compiler.flows.lattice import CLEAN, Flow, Marks, flat, hidden, join, join_all, merged, onward, record, taken
from pgs_compiler.flows.operations import affect, operate
from pgs_compiler.flows.stores import Stores
from pgs_compiler.flows.transforms import compute
from pgs_compiler.flows.values import Frame, bound, operands
from pgs_compiler.program import Program
from pgs_snapshot import model


@dataclass(frozen=True, slots=True)
class Followed:
    """A contract that was followed.

    Attributes:
        outputs: what it gives, by outcome.
        hidden: JSON Pointers to what its record must not show.
        sinks: the stores that it uses.
        arrivals: at sinks within it, and in its record.
    """

    outputs: Mapping[str, Flow]
    hidden: tuple[str, ...]
    sinks: tuple[Sink, ...]
    arrivals: tuple[Arrival, ...]


def follow_contract(program: Program, stores: Stores, lowered: model.Contract, given: Flow, config: Flow) -> Followed:
    """Follow what `given` carries through a contract."""
    contract = program.declarations[lowered.name]
    assert isinstance(contract, Contract)  # noqa: S101 - resolve has refused anything else
    return _Walk(program, stores, contract, lowered).follow(given, config)


class _Walk:
    def __init__(self, program: Program, stores: Stores, contract: Contract, lowered: model.Contract) -> None:
        self._program = program
        self._stores = stores
        self._contract = contract
        self._lowered = lowered
        self._hidden: list[str] = []
        self._sinks: list[Sink] = []
        self._arrivals: list[Arrival] = []
        self._told: Marks = {}
        self._endings: dict[str, list[Frame]] = {name: [] for name in lowered.outcomes}

    def follow(self, given: Flow, config: Flow) -> Followed:
        name = self._lowered.name.partition("::")[2]
        inputs = taken(given, declared(self._program, self._contract.inputs, f"{name}.inputs"))
        self._tell("/inputs", inputs)
        frame: list[Flow] = [inputs, CLEAN, config]
        failure = self._lowered.on_input_failure
        if failure is not None:
            self._endings[failure].append((CLEAN, CLEAN, config))
        for step, syntax in zip(self._lowered.steps, self._contract.steps, strict=True):
            if failure is not None and not isinstance(step, model.DecideStep) and step.unproven:
                self._endings[failure].append(tuple(frame))
            outputs = self._step(step, syntax, frame)
            for outcome, to in step.next.items():
                if to is not None:
                    self._endings[to].append((*frame, outputs.get(outcome, CLEAN)))
            going = [outputs.get(outcome, CLEAN) for outcome, to in step.next.items() if to is None]
            frame += (join_all(going), CLEAN)
        outcomes = {outcome.name.text: outcome.outputs for outcome in self._contract.outcomes}
        gives: dict[str, Flow] = {}
        for outcome, exprs in self._lowered.outcomes.items():
            words = f"`{outcome}` of `{name}` gives it as `{{}}`"
            ways = (record(bound(exprs, outcomes[outcome], way, words, "left")) for way in self._endings[outcome])
            gives[outcome] = join_all(ways)
            self._tell(f"/outputs/{outcome}", gives[outcome])
        found = (*self._arrivals, *recorded(self._told))
        return Followed(gives, tuple(sorted(set(self._hidden))), tuple(self._sinks), found)

    # --- steps -----------------------------------------------------------------------------------

    def _step(self, step: model.Step, syntax: StepSyntax, frame: Frame) -> Mapping[str, Flow]:
        at = f"/steps/{step.name}"
        match step, syntax:
            case model.TransformStep(), TransformStepSyntax():
                given = record(bound(step.inputs, syntax.inputs, frame, f"`{step.name}` is given it as `{{}}`"))
                transform = self._program.get(syntax.transform, Transform)
                given, outputs = compute(self._program, transform, given, syntax.name.place)
                self._hide(f"{at}/inputs", given)
                if len(transform.outcomes) > 1:
                    self._decides(step.name, flat(given))
            case model.OperationStep(), OperationStepSyntax():
                given = record(bound(step.inputs, syntax.inputs, frame, f"`{step.name}` is given it as `{{}}`"))
                given, outputs, sink, found = operate(self._program, self._stores, syntax, given)
                self._sinks.append(sink)
                self._arrivals += found
                self._tell(f"{at}/inputs", given)
                if len(outputs) > 1:
                    self._decides(step.name, flat(given))
            case model.EffectStep(), EffectStepSyntax():
                given = record(bound(step.inputs, syntax.inputs, frame, f"`{step.name}` is given it as `{{}}`"))
                given, outputs, sink, found = affect(self._program, syntax, given)
                self._sinks.append(sink)
                self._arrivals += found
                self._tell(f"{at}/inputs", given)
                self._decides(step.name, flat(given))
            case model.DecideStep(), DecideStepSyntax():
                return self._decide(step, syntax, frame)  # its outputs stand in no line
            case _:
                raise AssertionError(f"{step.name} is of another kind than its declaration")
        for outcome, flow in outputs.items():
            self._tell(f"{at}/outputs/{outcome}", flow)
        return outputs

    def _decide(self, step: model.DecideStep, syntax: DecideStepSyntax, frame: Frame) -> Mapping[str, Flow]:
        outputs: dict[str, Flow] = {}
        number = 0
        for case, written in zip(step.cases, syntax.cases, strict=True):
            for comparison in model.comparisons(case.when) if case.when else ():
                seen = operands(comparison, frame)
                if seen.words:
                    self._hidden.append(f"/steps/{step.name}/operands/{number}")
                number += 1
                self._tell_marks(seen.marks)
                here = onward(seen, written.place, f"`{step.name}` decides on it")
                self._decides(step.name, here.marks)
            given = record(bound(case.outputs, written.outputs, frame, f"`{step.name}` gives it as `{{}}`"))
            outputs[case.outcome] = join(outputs.get(case.outcome, CLEAN), given)
        return outputs

    def _decides(self, step: str, marks: Marks) -> None:
        """What an outcome depends on can be told from the way: listed, and never refused."""
        name = f"{self._lowered.name.partition('::')[2]} {step}"
        self._arrivals += implicit(Sink("decision", name), marks)

    # --- the record ------------------------------------------------------------------------------

    def _tell(self, at: str, flow: Flow) -> None:
        self._hide(at, flow)
        self._tell_marks(flat(flow))

    def _hide(self, at: str, flow: Flow) -> None:
        self._hidden += hidden(flow, at)

    def _tell_marks(self, marks: Marks) -> None:
        self._told = merged(self._told, marks)


def implicit(sink: Sink, marks: Marks) -> Iterable[Arrival]:
    """The words that a decision looks at."""
    return [Arrival(sink, mark, trail, "implicit") for mark, trail in marks.items() if not mark.by]


def recorded(marks: Marks) -> Iterable[Arrival]:
    """What becomes of marks in a trace."""
    sink = Sink("trace", "trace")
    return [
        Arrival(sink, mark, trail, "declassified" if mark.by else "hidden", mark.by) for mark, trail in marks.items()
    ]
