"""Reports of scenarios: text for people, JSON for programs (`pgs-scenarios/1`), JUnit for dashboards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from xml.etree import ElementTree as ET

from pgs_compiler.scenarios.coverage import Covered, percent
from pgs_compiler.scenarios.scenario import Miss, Verdict
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

FORMAT = "pgs-scenarios/1"


@dataclass(frozen=True, slots=True)
class Report:
    """What is told. `required`: the percentage that coverage must reach, or None."""

    verdicts: tuple[Verdict, ...]
    covered: tuple[Covered, ...]
    required: float | None = None
    shows_coverage: bool = False

    @property
    def failed(self) -> int:
        return sum(bool(verdict.misses) for verdict in self.verdicts)

    @property
    def falls_short(self) -> bool:
        return self.required is not None and percent(self.covered) < self.required


def as_text(report: Report) -> str:
    """Each miss with its place; the table of coverage where it is asked for; the totals last."""
    lines = [line for verdict in report.verdicts for line in _failure(verdict)]
    if report.shows_coverage:
        lines += _table(report.covered)
    if report.falls_short:
        lines.append(f"{percent(report.covered):.1f} % is covered, and {report.required:g} % is required.")
    passed = len(report.verdicts) - report.failed
    lines.append(f"{passed} passed, {report.failed} failed")
    return "\n".join(lines) + "\n"


def _failure(verdict: Verdict) -> list[str]:
    if not verdict.misses:
        return []
    lines = [f"FAILED  {visible(verdict.name)}"]
    for miss in verdict.misses:
        lines.append(f"{visible(str(miss.place))}: {visible(miss.message)}")
        if miss.hint:
            lines.append(f"  hint: {visible(miss.hint)}")
    return [*lines, ""]


def _table(covered: Sequence[Covered]) -> list[str]:
    width = max((len(one.workflow) for one in covered), default=8)
    lines = [f"{'workflow':<{width}}  {'edges':>9}  {'cases':>9}"]
    for one in covered:
        edges, cases = (f"{_taken(branches, one)}/{len(branches)}" for branches in (one.edges, one.cases))
        lines.append(f"{one.workflow:<{width}}  {edges:>9}  {cases:>9}")
        lines += [f"  not taken: {place}: {outcome}" for place, outcome in one.missing]
    return [*lines, f"covered: {percent(covered):.1f} %", ""]


def _taken(branches: Sequence[tuple[str, str]], one: Covered) -> int:
    return sum(branch in one.taken for branch in branches)


def as_json(report: Report) -> str:
    """One object: scenarios with their misses, coverage by workflow, and the totals."""
    scenarios: list[Value] = [
        {
            "name": verdict.name,
            "path": verdict.place.path,
            "line": verdict.place.line,
            "passed": not verdict.misses,
            "misses": [_miss(miss) for miss in verdict.misses],
        }
        for verdict in report.verdicts
    ]
    workflows: list[Value] = [
        {
            "workflow": one.workflow,
            "edges": {"taken": _taken(one.edges, one), "of": len(one.edges)},
            "cases": {"taken": _taken(one.cases, one), "of": len(one.cases)},
            "missing": [{"at": place, "outcome": outcome} for place, outcome in one.missing],
        }
        for one in report.covered
    ]
    told: dict[str, Value] = {
        "format": FORMAT,
        "scenarios": scenarios,
        "coverage": {"percent": round(percent(report.covered), 1), "required": report.required, "workflows": workflows},
        "counts": {"passed": len(report.verdicts) - report.failed, "failed": report.failed},
    }
    return json.dumps(told, indent=2) + "\n"


def _miss(miss: Miss) -> Value:
    place = miss.place
    return cast(
        Value,
        {
            "path": place.path,
            "line": place.line,
            "column": place.column,
            "message": miss.message,
            "hint": miss.hint,
        },
    )


def as_junit(report: Report) -> str:
    """One suite with a case for each scenario, and one for coverage where that is required."""
    cases = len(report.verdicts) + (report.required is not None)
    totals = {"tests": str(cases), "failures": str(report.failed + report.falls_short)}
    root = ET.Element("testsuites", totals)
    suite = ET.SubElement(root, "testsuite", {"name": "pgs_compiler test", **totals, "errors": "0", "skipped": "0"})
    for verdict in report.verdicts:
        path, line = visible(verdict.place.path), str(verdict.place.line)
        named = {"classname": path, "name": visible(verdict.name), "file": path, "line": line}
        case = ET.SubElement(suite, "testcase", named)
        for miss in verdict.misses:
            failure = ET.SubElement(case, "failure", {"message": visible(miss.message)})
            failure.text = visible(str(miss.place))
    if report.required is not None:
        case = ET.SubElement(suite, "testcase", {"classname": "pgs_compiler test", "name": "coverage"})
        if report.falls_short:
            short = f"{percent(report.covered):.1f} % is covered, and {report.required:g} % is required."
            ET.SubElement(case, "failure", {"message": short})
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'
