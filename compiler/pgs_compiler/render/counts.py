"""The totals under a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pgs_compiler.findings import Finding


@dataclass(frozen=True, slots=True)
class Counts:
    """How many errors and warnings there are, how many files hold them, and how many findings are waived."""

    errors: int
    warnings: int
    files: int
    waived: int = 0

    def __str__(self) -> str:
        totals = (self.errors, "error"), (self.warnings, "warning")
        parts = [_many(number, noun) for number, noun in totals if number]
        where = f" in {_many(self.files, 'file')}" if self.files else ""
        shown = ", ".join(parts) + where if parts else "no findings"
        return f"{shown}, {self.waived} waived" if self.waived else shown


def count(findings: Sequence[Finding]) -> Counts:
    """Count findings by severity, and the files of their primary places; waived ones by themselves."""
    open_ = [finding for finding in findings if finding.waiver is None]
    errors = sum(finding.severity == "error" for finding in open_)
    paths = {finding.place.path for finding in open_ if finding.place}
    return Counts(errors, len(open_) - errors, len(paths), len(findings) - len(open_))


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
