"""prove: a checked program in, its assertions with a proof of each requirement in each workflow out.

A requirement is decided on the points of a workflow (`points`): a demand on paths by following it along all of them
(`monitors`, `paths`), one on values by following references back (`origins`). What holds leaves its witness in the
snapshot, where `pgs_snapshot.proofs` confirms it without any of this; what does not is a finding with a shortest way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from pgs_compiler.checks import Checked
from pgs_compiler.declarations import Assertion, Workflow
from pgs_compiler.findings import Finding, Related, Result
from pgs_compiler.laws import RequirementSyntax
from pgs_compiler.prove.carried import Material
from pgs_compiler.prove.labels import Labels
from pgs_compiler.prove.lowered import lower_assertion, places_of, sides
from pgs_compiler.prove.overridden import rests_on_overridden
from pgs_compiler.prove.requirements import Subject, Witness, decide, subject
from pgs_compiler.prove.selected import linked
from pgs_compiler.prove.telling import spoken, tell
from pgs_compiler.prove.unfolding import MAX_POINTS, unfold
from pgs_compiler.shape import Report
from pgs_snapshot import laws


@dataclass(frozen=True, slots=True)
class Proven:
    """Assertions with everything written out, and a proof of each of their requirements in each workflow.

    `by_label`: the workflows of which something about labels was proven.
    """

    assertions: tuple[laws.Assertion, ...]
    proofs: tuple[laws.Proof, ...]
    by_label: frozenset[str] = frozenset()


def prove(checked: Checked) -> Result[Proven]:
    """Prove every assertion; each requirement that does not hold in a workflow is a finding."""
    prover = _Prover(checked)
    findings = [finding for assertion in checked.program.of(Assertion) for finding in prover.prove(assertion)]
    errors = any(finding.severity == "error" for finding in findings)
    forms = {found.name: [requirement.form for requirement in found.requires] for found in prover.assertions}
    labels = {proof.workflow for proof in prover.proofs if forms[proof.assertion][proof.requirement] == "label"}
    proven = Proven(tuple(prover.assertions), tuple(prover.proofs), frozenset(labels))
    return Result(None if errors else proven, tuple(findings))


class _Prover:
    def __init__(self, checked: Checked) -> None:
        self.assertions: list[laws.Assertion] = []
        self.proofs: list[laws.Proof] = []
        self._checked = checked
        contracts = {name: typed.contract for name, typed in checked.contracts.items()}
        self._linked = linked(checked.program, checked.graphs, contracts, checked.intents)
        self._workflows = {workflow.header.name: workflow for workflow in checked.program.of(Workflow)}
        self._labels = cache(self._about_label)
        self._subjects: dict[str, Subject | None] = {}

    def prove(self, assertion: Assertion) -> list[Finding]:
        report = Report()
        lowered, workflows = lower_assertion(self._checked, assertion, report)
        self.assertions.append(lowered)
        if report.findings:
            return report.findings
        labels = any(requirement.form == "label" for requirement in lowered.requires)
        looked_at = self._workflows if labels else workflows  # a label comes by stores from anywhere
        large = [self._too_large(assertion, name) for name in looked_at if self._subject(name) is None]
        subjects = {name: self._subject(name) for name in workflows}
        known = {name: found for name, found in subjects.items() if found is not None}
        return large or [
            finding
            for number, syntax in enumerate(assertion.requires)
            for finding in self._requirement(lowered, known, number, syntax)
        ]

    def _requirement(
        self, assertion: laws.Assertion, subjects: Mapping[str, Subject], number: int, syntax: RequirementSyntax
    ) -> list[Finding]:
        requirement = assertion.requires[number]
        found = list(rests_on_overridden(self._checked.program, assertion.name, requirement, syntax))
        for name, about in subjects.items():
            answer = decide(about, requirement)
            if isinstance(answer, Witness):
                witness = answer.reached, answer.found, answer.counted
                self.proofs.append(laws.Proof(assertion.name, name, number, *witness))
            else:
                found.append(tell(self._checked.program, self._workflows[name], syntax, requirement, answer))
        return found or list(_vacuous(assertion.name, subjects, requirement, syntax))

    def _subject(self, workflow: str) -> Subject | None:
        """A workflow written out with what it calls; None if that is too large."""
        if workflow not in self._subjects:
            graph = self._checked.graphs[workflow]
            full, flat = unfold(self._linked, graph), unfold(self._linked, graph, flat=True)
            self._subjects[workflow] = (
                subject(full, flat, self._labels) if full is not None and flat is not None else None
            )
        return self._subjects[workflow]

    def _about_label(self, label: str) -> Labels:
        """One label in all workflows."""
        subjects = (self._subject(name) for name in self._workflows)
        return Labels(Material(self._checked.program), label, [one.unfolded for one in subjects if one is not None])

    def _too_large(self, assertion: Assertion, workflow: str) -> Finding:
        """Nothing is assumed of what is not looked into."""
        message = (
            f"`{assertion.header.name}` is about `{workflow}`, which with all that it calls has more than "
            f"{MAX_POINTS} points that a run can come by, so nothing is proven of it."
        )
        related = (Related(self._workflows[workflow].header.place, "too large"),)
        return Finding("A841", message, assertion.applies_to.place, "not proven", related)


def _vacuous(
    assertion: str, subjects: Mapping[str, Subject], requirement: laws.Requirement, syntax: RequirementSyntax
) -> Iterator[Finding]:
    """What is named and happens in no workflow: a proof about it would be a proof of nothing."""
    if not subjects:
        return
    by = requirement.by if requirement.form in ("every_path_to", "after", "never") else ()
    places = [place for side in sides(syntax) for place in places_of(side)]
    for selector, place in zip((*requirement.of, *by), places, strict=True):
        if not any(about.selected.points((selector,)) for about in subjects.values()):
            message = f"{spoken((selector,))} happens in no workflow that `{assertion}` is about."
            yield Finding("A838", message, place, "says nothing")
