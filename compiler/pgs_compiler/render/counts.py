"""The totals under a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pgs_compiler.findings import Finding


@dataclass(frozen=True, slots=True)
class Counts:
    """How many errors and warnings there are, and how many files hold them."""

    errors: int
    warnings: int
    files: int

    def __str__(self) -> str:
        totals = (self.errors, "error"), (self.warnings, "warning")
        parts = [_many(number, noun) for number, noun in totals if number]
        where = f" in {_many(self.files, 'file')}" if self.files else ""
        return ", ".join(parts) + where if parts else "no findings"


def count(findings: Sequence[Finding]) -> Counts:
    """Count findings by severity, and the files of their primary places."""
    errors = sum(finding.severity == "error" for finding in findings)
    paths = {finding.place.path for finding in findings if finding.place}
    return Counts(errors, len(findings) - errors, len(paths))


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
