"""Waivers: what a project lives with, who answers for it, and until when. `judge` is where they count.

Laws:
* only a rule that says why a snapshot is sound without it can be waived (`Rule.waivable`);
* a waiver has an owner, a reason and a last day; from the day after it is an error and waives nothing;
* a waiver that waives nothing is told of;
* the day decides whether a snapshot is made, and never what stands in it;
* which waivers cover errors is sealed, so that no run begins on a snapshot once one of those has ended.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from pgs_compiler.declarations import Declaration, Word
from pgs_compiler.findings import Finding, Waiver
from pgs_compiler.names import CODE, DOMAIN, Grammar
from pgs_compiler.rules import RULES
from pgs_compiler.shape import Fields
from pgs_compiler.source import Tree
from pgs_snapshot.suggest import nearest

DAY = Grammar(re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"), 'a day, like `"2027-01-31"`')

_OF_A_BASELINE = frozenset(code for code in RULES if code.startswith("Z") and RULES[code].waivable)


@dataclass(frozen=True, slots=True)
class Policy:
    """How findings are judged.

    Attributes:
        strict: every warning counts as an error.
        today: the day that waivers are compared with.
        whole: all sources of the project were read, so that what a waiver does not meet is not there.
        baseline: the folder of the snapshot that was published; None for the one that the project names.
    """

    strict: bool = False
    today: date = field(default_factory=date.today)
    whole: bool = True
    baseline: Path | None = None


# --- reading them --------------------------------------------------------------------------------


def read_waivers(fields: Fields) -> tuple[Waiver, ...]:
    """The `waivers` of a project file."""
    trees = fields.sequence("waivers", required=False) or ()
    return tuple(waiver for tree in trees if (waiver := _waiver(tree, fields)))


def _waiver(tree: Tree, fields: Fields) -> Waiver | None:
    inner = Fields(tree, "this waiver", fields.report)
    rule, at = inner.word("rule"), inner.word("at")
    owner, reason = inner.word("owner"), inner.word("reason")
    until = inner.word("until", grammar=DAY)
    inner.done()
    if not (rule and at and owner and reason and until) or not _known(rule, fields) or not _day(until, fields):
        return None
    if not RULES[rule.text].waivable:
        fields.report.add(
            "D220",
            f"`{rule.text}` cannot be waived: a snapshot that breaks it is not safe to run.",
            rule.place,
            hint=f"Mend what it finds: `pgs_compiler explain {rule.text}`.",
        )
        return None
    return Waiver(rule.text, at.text, owner.text, reason.text, until.text, tree.place)


def _known(rule: Word, fields: Fields) -> bool:
    if rule.text in RULES:
        return True
    near = nearest(rule.text.upper(), RULES)
    fields.report.add(
        "D205",
        f"No rule has the code `{rule.text}`.",
        rule.place,
        hint=f"Write `{near}`." if near else "",
    )
    return False


def _day(until: Word, fields: Fields) -> bool:
    """Whether there is such a day: the grammar lets the 31st of every month pass."""
    try:
        date.fromisoformat(until.text)
    except ValueError:
        fields.report.add("D204", f"There is no day `{until.text}`.", until.place)
        return False
    return True


# --- judging by them -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scope:
    """What findings are about: every source's path, and the declarations by which they can be named."""

    paths: Collection[str]
    declarations: Sequence[Declaration]
    complete: bool
    """Every check has run, so that what was not found is not there."""

    def holds(self, waiver: Waiver) -> bool:
        """Whether what the waiver names is there."""
        return waiver.at in self.paths or any(_named(waiver.at, item.header.name) for item in self.declarations)

    def covers(self, waiver: Waiver, finding: Finding) -> bool:
        if waiver.rule != finding.code:
            return False
        at_file = finding.place is not None and finding.place.path == waiver.at
        return at_file or _named(waiver.at, self._subject(finding))

    def _subject(self, finding: Finding) -> str:
        """The full name of the declaration that a finding is in, "" where there is none."""
        place = finding.place
        if finding.about or place is None:
            return finding.about
        before = (item.header for item in self.declarations if item.header.place.path == place.path)
        above = [header for header in before if header.place.line <= place.line]
        return max(above, key=lambda header: header.place.line).name if above else ""


def judge(findings: Iterable[Finding], waivers: Sequence[Waiver], scope: Scope, policy: Policy) -> tuple[Finding, ...]:
    """The findings, each with the waiver that covers it, and what is wrong with the waivers themselves."""
    expired = [waiver for waiver in waivers if date.fromisoformat(waiver.until) < policy.today]
    valid = [waiver for waiver in waivers if waiver not in expired]
    judged = [_waived(finding, valid, scope) for finding in findings]
    used = [finding.waiver for finding in judged]
    judged += [_expired(waiver) for waiver in expired]
    if scope.complete:
        idle = [waiver for waiver in valid if waiver not in used and (policy.whole or scope.holds(waiver))]
        judged += [_idle(waiver, scope) for waiver in idle]
    return tuple(_raised(finding) if policy.strict else finding for finding in judged)


def resting(findings: Iterable[Finding], waivers: Sequence[Waiver], scope: Scope) -> frozenset[Waiver]:
    """The waivers that a snapshot rests on: those that cover an error.

    What a baseline gives reason for counts as one, whether it was found or not: with which baseline a project was
    compared stands in no snapshot.
    """
    judged = [_waived(finding, waivers, scope) for finding in findings if finding.rule.severity == "error"]
    used = {finding.waiver for finding in judged if finding.waiver is not None}
    return frozenset(used | {waiver for waiver in waivers if waiver.rule in _OF_A_BASELINE})


def _waived(finding: Finding, waivers: Sequence[Waiver], scope: Scope) -> Finding:
    waiver = next((waiver for waiver in waivers if scope.covers(waiver, finding)), None)
    return replace(finding, waiver=waiver) if waiver else finding


def _raised(finding: Finding) -> Finding:
    return replace(finding, raised=True) if finding.severity == "warning" else finding


def _expired(waiver: Waiver) -> Finding:
    return Finding(
        "D221",
        f"The waiver of `{waiver.rule}` at `{waiver.at}` ended on {waiver.until}.",
        waiver.place,
        f"`{waiver.owner}` answers for it",
    )


def _idle(waiver: Waiver, scope: Scope) -> Finding:
    if scope.holds(waiver):
        return Finding("D222", f"`{waiver.at}` does not break `{waiver.rule}`.", waiver.place, hint="Remove it.")
    known = (*scope.paths, *(item.header.name.partition("::")[2] for item in scope.declarations))
    near = nearest(waiver.at, known)
    message = f"There is no source file and no declaration `{waiver.at}`."
    return Finding("D222", message, waiver.place, hint=f"Name `{near}`." if near else "")


def _named(at: str, name: str) -> bool:
    """Whether `at` names a declaration: in full, or without its domain."""
    domain, separator, code = at.rpartition("::")
    if not name or not CODE.fullmatch(code) or (separator and not DOMAIN.fullmatch(domain)):
        return False
    return name == at if separator else name.partition("::")[2] == at
