"""Runs by chance: what somebody may ask is drawn, run and done again, and a run that goes wrong is made small.

Laws:
* the same snapshot, workflows, seed and number of runs give the same runs;
* what is made small still goes wrong as it did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import cast

from pgs_compiler.scenarios.drawn import drawn, prolonged
from pgs_compiler.scenarios.scenario import Expected, Scenario
from pgs_compiler.scenarios.shrinking import smallest
from pgs_compiler.scenarios.staging import Answer, NotStaged, Stage
from pgs_compiler.scenarios.values import Chance
from pgs_snapshot.canonical import canonical
from pgs_snapshot.seal import Sealed, verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value

BROKEN = "BUG"
DIFFERS = "DIFFERS"
_WAVES = 4
"""What the runs of one leave in the stores, those of the next may begin on."""
_BESIDE = 3
"""How often, in each of them, workflows run that are not asked for."""
_MOMENTS = 4
"""How many things happen at most while a run waits."""
_AT_ONCE = 400
_KEPT = 40
_BAD = ("FAULTED", "STOPPED")


@dataclass(frozen=True, slots=True)
class Failure:
    """The smallest run found that goes wrong: its code, `BUG` where the runtime broke, or `DIFFERS`; and why."""

    scenario: Scenario
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """One workflow: how its runs ended, by exit, `WAITING` and the like, or the code of what refused them."""

    workflow: str
    ends: Mapping[str, int]
    failure: Failure | None


@dataclass(slots=True)
class _Found:
    """What came of the runs of one workflow."""

    ends: Counter[str] = field(default_factory=Counter)
    failed: tuple[Scenario, Answer] | None = None

    def take(self, scenario: Scenario, answer: Answer) -> None:
        self.ends[_end(answer)] += 1
        if self.failed is None and _code(answer):
            self.failed = scenario, answer


def fuzzed(
    files: Mapping[str, bytes], workflows: Sequence[str], seed: int, runs: int, done: Callable[[Fuzzed], None]
) -> None:
    """Run each workflow so often, and make its first failure small.

    Others of their domains run a few times: what they leave in the stores is begun on as well.

    Args:
        files: of the snapshot, bytes by path.
        workflows: full names.
        done: is told of each workflow, in their order.
    """
    with Stage(files) as stage:
        fuzz = _Fuzz(verify(files), workflows, seed)
        for wave in range(_WAVES):
            fuzz.run(stage, (runs + _WAVES - 1 - wave) // _WAVES, last=wave == _WAVES - 1)
        for name, found in fuzz.found.items():
            failure = _smallest(stage, *found.failed) if found.failed is not None else None
            done(Fuzzed(name, dict(sorted(found.ends.items())), failure))


class _Fuzz:
    """What was found so far of the workflows, and what their runs and those beside them left, by domain."""

    def __init__(self, sealed: Sealed, workflows: Sequence[str], seed: int) -> None:
        self._snapshot = Snapshot(sealed)
        contracts = [sealed.value(path) for path in sealed.paths() if path.startswith("artifacts/contract/")]
        words, every = tuple(sorted(set(_words(contracts)))), self._snapshot.workflows()
        self._chances = {name: Chance(Random(f"{seed} {name}"), words) for name in every}  # noqa: S311
        self.found = {name: _Found() for name in workflows}
        domains = {_domain(name) for name in workflows}
        self._beside = [name for name in every if _domain(name) in domains and name not in self.found]
        self._left: dict[str, list[Value]] = {}

    def run(self, stage: Stage, runs: int, last: bool) -> None:
        """Run each workflow so often; those beside, unless nothing comes after."""
        times = dict.fromkeys(self.found, runs) | ({} if last else dict.fromkeys(self._beside, min(_BESIDE, runs)))
        scenarios = [self._drawn(name) for name in sorted(times) for _ in range(times[name])]
        states: dict[str, list[Value]] = {}
        for scenario, answer in _played(stage, self._snapshot, scenarios, self._chances):
            if scenario.workflow in self.found:
                self.found[scenario.workflow].take(scenario, answer)
            if answer.get("state"):
                states.setdefault(_domain(scenario.workflow), []).append(answer["state"])
        self._left |= {domain: _spread(each) for domain, each in states.items()}

    def _drawn(self, workflow: str) -> Scenario:
        scenario = drawn(self._snapshot, workflow, self._chances[workflow], self._left.get(_domain(workflow), []))
        return scenario if workflow in self.found else replace(scenario, expect=Expected())


def _domain(workflow: str) -> str:
    return workflow.partition("::")[0]


def _spread(states: list[Value]) -> list[Value]:
    """At most so many, no two the same, from all of them."""
    different = list({canonical(state): state for state in states}.values())
    return different[:: -(-len(different) // _KEPT)]


def _words(value: Value) -> Iterator[str]:
    """The texts that something is compared with, or that are written out."""
    for name, inner in value.items() if isinstance(value, dict) else ():
        for each in inner if isinstance(inner, list) else (inner,):
            if name == "literal" and isinstance(each, str):
                yield each
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _words(inner)


# --- how runs end --------------------------------------------------------------------------------


def _played(
    stage: Stage, snapshot: Snapshot, scenarios: list[Scenario], chances: Mapping[str, Chance]
) -> Iterator[tuple[Scenario, Answer]]:
    """The scenarios with their answers; to those that wait, something happens, again and again."""
    for start in range(0, len(scenarios), _AT_ONCE):
        part = scenarios[start : start + _AT_ONCE]
        answers = _answers(stage, part)
        for _ in range(_MOMENTS):
            waiting = [number for number, answer in enumerate(answers) if answer.get("kind") == "WAITING"]
            for number in waiting:
                scenario = part[number]
                part[number] = prolonged(snapshot, scenario, answers[number], chances[scenario.workflow])
            again = _answers(stage, [part[number] for number in waiting])
            for number, answer in zip(waiting, again, strict=True):
                answers[number] = answer
        yield from zip(part, answers, strict=True)


def _answers(stage: Stage, scenarios: Sequence[Scenario]) -> list[Answer]:
    """The answers; where the runtime breaks, the one that breaks it is found by halves."""
    try:
        return stage.answers(scenarios) if scenarios else []
    except NotStaged as broken:
        if len(scenarios) == 1:
            return [{"broken": str(broken)}]
        half = len(scenarios) // 2
        return _answers(stage, scenarios[:half]) + _answers(stage, scenarios[half:])


def _code(answer: Answer) -> str:
    """The code of a fault or of what stopped the run, `BUG`, `DIFFERS`, or ""."""
    if "broken" in answer:
        return BROKEN
    if answer.get("kind") in _BAD:
        return str(answer["exit"])
    return DIFFERS if answer.get("differs") else ""


def _why(answer: Answer) -> str:
    return str(answer.get("broken") or answer.get("message") or answer.get("differs") or "")


def _end(answer: Answer) -> str:
    refused = cast("dict[str, str] | None", answer.get("refused"))
    if refused is not None:
        return refused["code"]
    return _code(answer) or str(answer["exit"]) or str(answer["kind"])


def _smallest(stage: Stage, scenario: Scenario, answer: Answer) -> Failure:
    code = _code(answer)
    small, told = smallest(scenario, answer, lambda each: _code(each) == code, lambda tried: _answers(stage, tried))
    return Failure(small, code, _why(told))
