"""Assertions that pass through an admission which somebody may override.

What a run passes at an intent is that the intent's rules held, and nothing else. Everywhere else the prover counts on
what an override leaves alone: who is admitted, what the payload looks like, and what the nodes behind it do.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import Intent
from pgs_compiler.findings import Finding, Related
from pgs_compiler.laws import RequirementSyntax
from pgs_compiler.program import Program
from pgs_snapshot.laws import Requirement

_PASSING = ("every_path_to", "after")


def rests_on_overridden(
    program: Program, assertion: str, requirement: Requirement, syntax: RequirementSyntax
) -> Iterator[Finding]:
    """What a requirement takes for a gate, and is none while it is overridden."""
    if requirement.form not in _PASSING:
        return
    for name in sorted({selector.name for selector in requirement.by if selector.what == "intent"}):
        intent = program.declarations[name]
        if not isinstance(intent, Intent) or not intent.break_glass:
            continue
        rules = " and ".join(f"`{each.rule.text}`" for each in intent.break_glass)
        yield Finding(
            "A843",
            f"`{assertion}` passes through `{name}`, which admits without {rules} while that is overridden.",
            syntax.place,
            "not so while it is overridden",
            tuple(Related(each.rule.place, "may be overridden") for each in intent.break_glass),
        )
