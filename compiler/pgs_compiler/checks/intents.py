"""Every intent starts one workflow, admits somebody, and says which rules may be overridden, and for how long."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import Intent, IntentNodeSyntax, Workflow
from pgs_compiler.findings import Finding, Related
from pgs_compiler.names import PERIOD
from pgs_compiler.program import Program
from pgs_snapshot.suggest import nearest

MAX_MINUTES = 31 * 24 * 60
"""The most that an override may last: what takes longer is no emergency, but another protocol."""


def check(program: Program) -> Iterator[Finding]:
    starts: dict[str, Workflow] = {}
    for workflow in program.of(Workflow):
        for node in workflow.nodes:
            if not isinstance(node, IntentNodeSyntax):
                continue
            first = starts.setdefault(node.intent.text, workflow)
            if first is not workflow:
                yield Finding(
                    "F512",
                    f"`{node.intent.text}` already starts `{first.header.name}`.",
                    node.intent.place,
                    "an intent starts one workflow",
                    (Related(first.header.place, "started here"),),
                )
    for intent in program.of(Intent):
        if not intent.actors:
            yield Finding(
                "F513",
                f"`{intent.header.name}` lists no actor, so that it admits nobody.",
                intent.header.place,
                "nobody",
            )
        yield from _break_glass(intent)


def _break_glass(intent: Intent) -> Iterator[Finding]:
    known = [rule.text for rule in intent.rules if rule.text]
    for each in intent.break_glass:
        rule = each.rule
        if rule.text not in known:
            near = nearest(rule.text, known)
            yield Finding(
                "F514",
                f"`{intent.header.name}` requires nothing by the name of `{rule.text}`.",
                rule.place,
                "" if near else f"named: {', '.join(known)}" if known else "none of its rules has a name",
                hint=f"Write `{near}`." if near else "",
            )
        if not each.by:
            yield Finding("F515", f"Nobody may override `{rule.text}`.", rule.place, "`by` lists no actor")
        if not 0 < minutes_of(each.within.text) <= MAX_MINUTES:
            yield Finding(
                "F516",
                f"An override of `{rule.text}` would last for `{each.within.text}`.",
                each.within.place,
                "from a minute to 31 days",
            )


def minutes_of(period: str) -> int:
    """How long a `PERIOD` lasts."""
    found = PERIOD.pattern.fullmatch(period)
    days, hours, minutes = (int((part or "0").rstrip("DHM")) for part in found.group(1, 3, 4)) if found else (0, 0, 0)
    return (days * 24 + hours) * 60 + minutes
