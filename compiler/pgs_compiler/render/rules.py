"""The rules as a list, for people and for programs, with what each looked at where a workspace was checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pgs_compiler.census import Examined
from pgs_compiler.rules import Rule
from pgs_snapshot.values import Value

FORMAT = "pgs-rules/1"
IDLE = "!"
"""Marks a rule that had nothing to look at."""


def as_text(rules: Sequence[Rule], counted: Sequence[Examined] | None) -> str:
    """One line a rule: code, severity, slug, what it looked at and found, title; then what looked at nothing."""
    counts = {row.rule.code: row for row in counted or ()}
    width = max((len(_looked_at(row)) for row in counts.values()), default=0)
    lines = [_line(rule, counts.get(rule.code), width) for rule in sorted(rules, key=lambda rule: rule.code)]
    idle = [row.rule.code for row in counts.values() if row.count == 0]
    early = sum(row.count is None for row in counts.values())
    if idle:
        lines += ["", f"{IDLE} {len(idle)} of {len(rules)} rules had nothing to look at: {', '.join(idle)}"]
    if early:
        lines += ["", f"- {early} of {len(rules)} rules did not have their turn, because of errors before them."]
    return "".join(f"{line}\n" for line in lines)


def _line(rule: Rule, row: Examined | None, width: int) -> str:
    line = f"{rule.code}  {rule.severity:<7}  {rule.slug:<22}"
    if row is not None:
        line += f"  {_looked_at(row):<{width}}  {_found(row):<9}"
    return f"{line}  {rule.title}"


def _looked_at(row: Examined) -> str:
    if row.count is None:
        return f"  - {_several(row.subject)}"
    return f"{IDLE if row.count == 0 else ' '} {row.count} {_several(row.subject) if row.count != 1 else row.subject}"


def _several(subject: str) -> str:
    return f"{subject[:-1]}ies" if subject.endswith("y") else f"{subject}s"


def _found(row: Examined) -> str:
    found = f"{row.findings} found" if row.findings else ""
    return f"{found}, {row.waived} waived" if row.waived else found


def as_json(rules: Sequence[Rule], counted: Sequence[Examined] | None) -> str:
    """One object, format `pgs-rules/1`; without a workspace nothing says what was looked at and found.

    `waivable` is why a snapshot is sound although the rule is broken, null where it is not. `examined` is null
    where errors ended the work before the rule's turn.
    """
    counts = {row.rule.code: row for row in counted or ()}
    listed: list[Value] = [
        {
            "code": rule.code,
            "rule": rule.slug,
            "severity": rule.severity,
            "title": rule.title,
            "waivable": rule.waivable or None,
            **_counts(counts.get(rule.code)),
        }
        for rule in sorted(rules, key=lambda rule: rule.code)
    ]
    return json.dumps({"format": FORMAT, "rules": listed}, indent=2) + "\n"


def _counts(row: Examined | None) -> Mapping[str, Value]:
    if row is None:
        return {}
    return {"examines": row.subject, "examined": row.count, "findings": row.findings, "waived": row.waived}
