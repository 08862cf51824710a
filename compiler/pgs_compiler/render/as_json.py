"""The report for programs: one JSON object, format `pgs-findings/1`.

Written in ASCII, so that nothing in it can act on a terminal. Lines and columns count from 1, columns in code
points, the end is exclusive; what concerns no file has null there. `waived` is null, or the waiver that covers
the finding, which then counts neither as error nor as warning.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pgs_compiler.findings import Finding, Place
from pgs_compiler.render.counts import count
from pgs_compiler.render.style import Style
from pgs_snapshot.values import Value

FORMAT = "pgs-findings/1"


def render(findings: Sequence[Finding], sources: Mapping[str, bytes], style: Style) -> str:
    """Write findings with their places and the totals; the keys keep their order."""
    counts = count(findings)
    report: dict[str, Value] = {
        "format": FORMAT,
        "findings": [_finding(finding) for finding in findings],
        "counts": {
            "errors": counts.errors,
            "warnings": counts.warnings,
            "files": counts.files,
            "waived": counts.waived,
        },
    }
    return json.dumps(report, indent=2) + "\n"


def _finding(finding: Finding) -> dict[str, Value]:
    return {
        "code": finding.code,
        "rule": finding.rule.slug,
        "severity": finding.severity,
        "message": finding.message,
        **_place(finding.place),
        "label": finding.label,
        "hint": finding.hint,
        "related": [{**_place(other.place), "label": other.label} for other in finding.related],
        "waived": _waived(finding),
    }


def _waived(finding: Finding) -> Value:
    waiver = finding.waiver
    if waiver is None:
        return None
    return {"at": waiver.at, "owner": waiver.owner, "reason": waiver.reason, "until": waiver.until}


def _place(place: Place | None) -> dict[str, Value]:
    return {
        "path": place.path if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "end_line": place.end_line if place else None,
        "end_column": place.end_column if place else None,
    }
