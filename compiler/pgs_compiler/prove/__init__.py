"""prove: a checked program in, its assertions with a proof of each requirement in each workflow out.

A requirement is decided on the points of a workflow (`points`): a demand on paths by following it along all of them
(`monitors`, `paths`), one on values by following references back (`origins`). What holds leaves its witness in the
snapshot, where `pgs_snapshot.proofs` confirms it without any of this; what does not is a finding with a shortest way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgs_compiler.checks import Checked
from pgs_compiler.declarations import Assertion, CallNodeSyntax, ContractNodeSyntax, EachNodeSyntax, Workflow
from pgs_compiler.findings import Finding, Related, Result
from pgs_compiler.laws import RequirementSyntax
from pgs_compiler.prove.lowered import lower_assertion, places_of, sides
from pgs_compiler.prove.points import unfold
from pgs_compiler.prove.requirements import Subject, Witness, decide, subject
from pgs_compiler.prove.selected import effects_of
from pgs_compiler.prove.telling import spoken, tell
from pgs_compiler.shape import Report
from pgs_snapshot import laws


@dataclass(frozen=True, slots=True)
class Proven:
    """Assertions with everything written out, and a proof of each of their requirements in each workflow."""

    assertions: tuple[laws.Assertion, ...]
    proofs: tuple[laws.Proof, ...]


def prove(checked: Checked) -> Result[Proven]:
    """Prove every assertion; each requirement that does not hold in a workflow is a finding."""
    prover = _Prover(checked)
    findings = [finding for assertion in checked.program.of(Assertion) for finding in prover.prove(assertion)]
    errors = any(finding.severity == "error" for finding in findings)
    proven = Proven(tuple(prover.assertions), tuple(prover.proofs))
    return Result(None if errors else proven, tuple(findings))


class _Prover:
    def __init__(self, checked: Checked) -> None:
        self.assertions: list[laws.Assertion] = []
        self.proofs: list[laws.Proof] = []
        self._checked = checked
        self._effects = effects_of(checked.program)
        self._contracts = {name: typed.contract for name, typed in checked.contracts.items()}
        self._workflows = {workflow.header.name: workflow for workflow in checked.program.of(Workflow)}
        self._subjects: dict[str, Subject] = {}

    def prove(self, assertion: Assertion) -> list[Finding]:
        report = Report()
        lowered, workflows = lower_assertion(self._checked, assertion, report)
        self.assertions.append(lowered)
        if report.findings:
            return report.findings
        beyond = [finding for name in workflows for finding in _beyond(assertion, self._workflows[name])]
        return beyond or [
            finding
            for number, syntax in enumerate(assertion.requires)
            for finding in self._requirement(lowered, workflows, number, syntax)
        ]

    def _requirement(
        self, assertion: laws.Assertion, workflows: tuple[str, ...], number: int, syntax: RequirementSyntax
    ) -> list[Finding]:
        requirement = assertion.requires[number]
        found = []
        for name in workflows:
            answer = decide(self._subject(name), requirement)
            if isinstance(answer, Witness):
                witness = answer.reached, answer.found, answer.counted
                self.proofs.append(laws.Proof(assertion.name, name, number, *witness))
            else:
                found.append(tell(self._checked.program, self._workflows[name], syntax, requirement, answer))
        return found or list(self._vacuous(assertion.name, workflows, requirement, syntax))

    def _subject(self, workflow: str) -> Subject:
        if workflow not in self._subjects:
            unfolded = unfold(self._checked.graphs[workflow], self._contracts)
            self._subjects[workflow] = subject(unfolded, self._effects, self._checked.intents)
        return self._subjects[workflow]

    def _vacuous(
        self, assertion: str, workflows: tuple[str, ...], requirement: laws.Requirement, syntax: RequirementSyntax
    ) -> Iterator[Finding]:
        """What is named and happens in no workflow: a proof about it would be a proof of nothing."""
        if not workflows:
            return
        by = requirement.by if requirement.form in ("every_path_to", "after", "never") else ()
        places = [place for side in sides(syntax) for place in places_of(side)]
        for selector, place in zip((*requirement.of, *by), places, strict=True):
            if not any(self._subject(name).selected.points((selector,)) for name in workflows):
                message = f"{spoken((selector,))} happens in no workflow that `{assertion}` is about."
                yield Finding("A838", message, place, "says nothing")


def _beyond(assertion: Assertion, workflow: Workflow) -> Iterator[Finding]:
    """What happens outside of the points of a workflow: a proof that passes over it would be none."""
    for node in workflow.nodes:
        word = "call" if isinstance(node, CallNodeSyntax) else "each" if isinstance(node, EachNodeSyntax) else ""
        if isinstance(node, ContractNodeSyntax) and node.undo is not None:
            word = "undo"
        if word:
            message = f"`{assertion.header.name}` is about a workflow with `{word}`, which nothing is proven of yet."
            related = (Related(node.id.place, f"`{word}` in `{workflow.header.name}`"),)
            yield Finding("D213", message, assertion.applies_to.place, "not proven", related)
            return
