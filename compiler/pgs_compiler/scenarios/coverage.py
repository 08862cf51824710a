"""Which edges of workflows and which cases of decisions the runs of scenarios took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from pgs_compiler.scenarios.judging import NODES
from pgs_compiler.scenarios.staging import Answer
from pgs_snapshot.model import ContractNode, DecideStep, ExitNode
from pgs_snapshot.snapshot import Snapshot

Branch: TypeAlias = tuple[str, str]
"""An edge by node and outcome, or a case by `node.step` and its outcome, numbered from 1 where that stands twice."""
_Within: TypeAlias = tuple[tuple[str, ...], tuple[int | None, ...]]


@dataclass(frozen=True, slots=True)
class Covered:
    """One workflow: its edges and cases, and those of them that were taken."""

    workflow: str
    edges: tuple[Branch, ...]
    cases: tuple[Branch, ...]
    taken: frozenset[Branch]

    @property
    def missing(self) -> tuple[Branch, ...]:
        return tuple(branch for branch in (*self.edges, *self.cases) if branch not in self.taken)


def percent(covered: Iterable[Covered]) -> float:
    """The share of edges and cases that were taken, in percent; 100 where there are none."""
    every = list(covered)
    total = sum(len(one.edges) + len(one.cases) for one in every)
    missing = sum(len(one.missing) for one in every)
    return 100 * (total - missing) / total if total else 100.0


def coverage(snapshot: Snapshot, answers: Sequence[Answer]) -> tuple[Covered, ...]:
    """What each workflow has, by name, and what was taken of it, also where another workflow called it."""
    taken: dict[str, set[Branch]] = defaultdict(set)
    for answer in answers:
        for workflow, line in placed(cast("list[Answer]", answer.get("lines", []))):
            node = str(line["node"])
            taken[workflow].add((node, str(line["outcome"])))
            for step in cast("list[Answer]", line.get("steps", [])):
                if "case" in step:
                    taken[workflow].add((f"{node}.{step['step']}", str(step["case"])))
    return tuple(_covered(snapshot, name, taken[name]) for name in snapshot.workflows())


def placed(lines: Sequence[Answer]) -> Iterable[tuple[str, Answer]]:
    """The lines of nodes with the workflow that each stands in. A call that did not return is left out."""
    if not lines:
        return
    own = str(cast(Answer, lines[0]["header"])["workflow"])
    within: dict[_Within, list[Answer]] = defaultdict(list)
    for line in lines:
        parents = tuple(cast("list[str]", line.get("parent", [])))
        items = tuple(cast("list[int | None]", line.get("iteration", [None] * len(parents))))
        if line["kind"] == "return":
            yield from ((str(line["target"]), each) for each in within.pop((parents, items), []))
        elif line["kind"] in NODES:
            if parents:
                within[parents, items].append(line)
            else:
                yield own, line


def _covered(snapshot: Snapshot, name: str, taken: set[Branch]) -> Covered:
    edges: list[Branch] = []
    cases: list[Branch] = []
    named: set[Branch] = set()
    for node in snapshot.graph(name).nodes:
        if isinstance(node, ExitNode):
            continue
        edges += [(node.id, outcome) for outcome in sorted(node.next)]
        if not isinstance(node, ContractNode):
            continue
        for step in snapshot.contract(node.contract).steps:
            if isinstance(step, DecideStep):
                outcomes = [case.outcome for case in step.cases]
                for number, outcome in enumerate(outcomes):
                    spoken = outcome if outcomes.count(outcome) == 1 else f"{outcome} (case {number + 1})"
                    cases.append((f"{node.id}.{step.name}", spoken))
                    if (f"{node.id}.{step.name}", str(number)) in taken:
                        named.add(cases[-1])
    return Covered(name, tuple(edges), tuple(cases), frozenset(named | (taken & set(edges))))
