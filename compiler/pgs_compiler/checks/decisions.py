"""A step's `next` speaks of outcomes that the step has, no step is cut off, no case of a decision is dead."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import CaseSyntax, Contract, DecideStepSyntax, StepSyntax, Word
from pgs_compiler.elaborate.steps import step_next, step_outcomes
from pgs_compiler.findings import Finding, Related
from pgs_compiler.program import Program
from pgs_snapshot.suggest import nearest


def check(program: Program) -> Iterator[Finding]:
    for contract in program.of(Contract):
        for index, step in enumerate(contract.steps):
            possible = step_outcomes(program, step)
            if possible:  # else its operation is unknown, and a check of its own says so
                yield from _next(step.name.text, [edge.outcome for edge in step.next], possible)
            if index == len(contract.steps) - 1:
                yield from _nothing_behind(step)
            if isinstance(step, DecideStepSyntax):
                yield from _dead(step)
            if possible and None not in step_next(program, contract, index).values():
                yield from _cut_off(program, contract, index)


def _next(step: str, outcomes: list[Word], possible: tuple[str, ...]) -> Iterator[Finding]:
    for outcome in outcomes:
        if outcome.text not in possible:
            near = nearest(outcome.text, possible)
            yield Finding(
                "F533",
                f"`{step}` never ends as `{outcome.text}`.",
                outcome.place,
                f"it ends as {', '.join(sorted(possible))}" if not near else "",
                hint=f"Write `{near}`." if near else "Remove this entry.",
            )


def _nothing_behind(step: StepSyntax) -> Iterator[Finding]:
    for edge in step.next:
        if edge.to is None:
            yield Finding(
                "F531",
                f"The last step `{step.name.text}` has nothing to continue to.",
                edge.outcome.place,
                "the contract ends here",
                hint=f"Write `{edge.outcome.text}: {edge.outcome.text}`.",
            )


def _cut_off(program: Program, contract: Contract, index: int) -> Iterator[Finding]:
    if index + 1 < len(contract.steps):
        after = contract.steps[index + 1]
        yield Finding(
            "F534",
            f"`{after.name.text}` never runs: `{contract.steps[index].name.text}` always ends the contract.",
            after.name.place,
            f"that one ends as {', '.join(sorted(step_next(program, contract, index)))}",
        )


def _dead(step: DecideStepSyntax) -> Iterator[Finding]:
    """Cases behind `otherwise`."""
    seen: list[CaseSyntax] = []
    for case in step.cases:
        if seen and seen[-1].when is None:
            yield Finding(
                "F535",
                f"This case of `{step.name.text}` is never reached: `otherwise` stands before it.",
                case.outcome.place,
                "dead",
                (Related(seen[-1].outcome.place, "decides all the rest"),),
            )
            return
        seen.append(case)
