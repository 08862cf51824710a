"""Where a change of a program takes hold, and at which of these places runs came by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias, cast

from pgs_compiler.scenarios.coverage import placed
from pgs_compiler.scenarios.staging import Answer

Site: TypeAlias = tuple[str, ...]
"""`edge`, workflow, node, outcome; `wait`, workflow, node; `case`, contract, step, number; or `rules` or `gate`, and
the name of an intent, a contract or a process."""


def come_by(answers: Sequence[Answer]) -> frozenset[Site]:
    """Every site at which one of the runs came by."""
    return frozenset(site for answer in answers for site in _sites(cast("list[Answer]", answer.get("lines", []))))


def _sites(lines: Sequence[Answer]) -> Iterator[Site]:
    for workflow, line in placed(lines):
        node = str(line["node"])
        yield "edge", workflow, node, str(line["outcome"])
        yield "wait", workflow, node
    for line in lines:
        if line["kind"] == "suspend" and "parent" not in line:
            yield "wait", str(cast(Answer, lines[0]["header"])["workflow"]), str(line["node"])
        if "target" in line:
            yield from _of_target(line, str(line["target"]))


def _of_target(line: Answer, target: str) -> Iterator[Site]:
    yield "gate", target
    refused = cast("list[Answer]", line.get("refused", []))
    if line["kind"] == "intent" and (not refused or any("rule" in each for each in refused)):
        yield "rules", target  # who is not admitted by the schema is not asked for more
    yield from _cases(cast("Iterable[Answer]", line.get("steps", [])), target)


def _cases(steps: Iterable[Answer], target: str) -> Iterator[Site]:
    for step in steps:
        if "case" in step:
            for number in range(cast(int, step["case"]) + 1):
                yield "case", target, str(step["step"]), str(number)
