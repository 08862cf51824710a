"""Runs by chance: what somebody may ask is made from an intent's schema, and a run that ends as a fault is made small.

Laws:
* the same snapshot, workflow, seed and number of runs give the same runs;
* what is made small still ends as it did.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import cast

from pgs_compiler.findings import Place
from pgs_compiler.scenarios.scenario import Doubled, Expected, Scenario
from pgs_compiler.scenarios.staging import Answer, NotStaged, stage
from pgs_compiler.scenarios.values import Chance
from pgs_snapshot.model import IntentNode
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value

BROKEN = "BUG"
_NOWHERE = Place("", 1, 1, 1, 1)
_ROUNDS = 40
_EACH = 3
"""How many effects of one operation have doubles."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The smallest run found that ends as a fault: its code, or `BUG` where the runtime broke; and why."""

    scenario: Scenario
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """One workflow: how its runs ended, by exit, `WAITING` and the like, or the code of what refused them."""

    workflow: str
    ends: Mapping[str, int]
    failure: Failure | None


def fuzzed(files: Mapping[str, bytes], workflow: str, seed: int, runs: int) -> Fuzzed:
    """Run a workflow so often, and make the first failure small.

    Args:
        files: of the snapshot, bytes by path.
        workflow: its full name.
    """
    sealed = verify(files)
    snapshot = Snapshot(sealed)
    contracts = [sealed.value(path) for path in sealed.paths() if path.startswith("artifacts/contract/")]
    chance = Chance(Random(f"{seed} {workflow}"), tuple(sorted(set(_words(contracts)))))  # noqa: S311
    scenarios = [_scenario(snapshot, workflow, chance) for _ in range(runs)]
    answers = _answers(files, scenarios)
    failed = next((number for number, answer in enumerate(answers) if _code(answer)), None)
    failure = _smallest(files, scenarios[failed], answers[failed]) if failed is not None else None
    return Fuzzed(workflow, dict(sorted(Counter(map(_end, answers)).items())), failure)


def _scenario(snapshot: Snapshot, workflow: str, chance: Chance) -> Scenario:
    start = snapshot.graph(workflow).nodes[0]
    payload: dict[str, Value] = {}
    actor: dict[str, Value] = {"type": str(snapshot.project().get("actor", ""))}
    if isinstance(start, IntentNode):
        intent = snapshot.intent(start.intent)
        payload = chance.members(intent.payload)
        actor["type"] = chance.random.choice(intent.actors)
    if actor["type"] in snapshot.names("artifacts/actor"):
        actor |= chance.members(snapshot.actor(str(actor["type"])).attributes)
    return Scenario(
        name="found by chance",
        place=_NOWHERE,
        workflow=workflow,
        payload=payload,
        actor=actor,
        state={},
        config={},
        clock=None,
        doubles=tuple(_doubles(snapshot, chance)),
        signals=(),
        expect=Expected(),
        places={},
    )


def _words(value: Value) -> Iterator[str]:
    """The texts that something is compared with, or that are written out."""
    for name, inner in value.items() if isinstance(value, dict) else ():
        for each in inner if isinstance(inner, list) else (inner,):
            if name == "literal" and isinstance(each, str):
                yield each
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _words(inner)


def _doubles(snapshot: Snapshot, chance: Chance) -> Iterator[Doubled]:
    for name in snapshot.names("artifacts/side_effect"):
        for operation, stated in sorted(snapshot.side_effect(name).operations.items()):
            for _ in range(_EACH):
                outcome = chance.random.choice([*sorted(stated.outcomes), "UNKNOWN"])
                outputs = chance.members(stated.outcomes[outcome]) if outcome in stated.outcomes else {}
                yield Doubled(_NOWHERE, name, operation, outcome, outputs, {})


# --- how runs end --------------------------------------------------------------------------------


def _answers(files: Mapping[str, bytes], scenarios: Sequence[Scenario]) -> list[Answer]:
    """The answers; where the runtime breaks, the one that breaks it is found by halves."""
    try:
        return stage(files, scenarios) if scenarios else []
    except NotStaged as broken:
        if len(scenarios) == 1:
            return [{"broken": str(broken)}]
        half = len(scenarios) // 2
        return _answers(files, scenarios[:half]) + _answers(files, scenarios[half:])


def _code(answer: Answer) -> str:
    """The code of a fault, `BUG`, or ""."""
    if "broken" in answer:
        return BROKEN
    return str(answer["exit"]) if answer.get("kind") == "FAULTED" else ""


def _end(answer: Answer) -> str:
    refused = cast("dict[str, str] | None", answer.get("refused"))
    if refused is not None:
        return refused["code"]
    return _code(answer) or str(answer["exit"]) or str(answer["kind"])


# --- the smallest --------------------------------------------------------------------------------


def _smallest(files: Mapping[str, bytes], scenario: Scenario, answer: Answer) -> Failure:
    code = _code(answer)
    unused = cast("list[int]", answer.get("unused", []))
    scenario = replace(scenario, doubles=tuple(d for n, d in enumerate(scenario.doubles) if n not in unused))
    for _ in range(_ROUNDS):
        tried = list(_smaller(scenario))
        found = zip(tried, _answers(files, tried), strict=True)
        better = next(((each, told) for each, told in found if _code(told) == code), None)
        if better is None:
            break
        scenario, answer = better
    return Failure(scenario, code, str(answer.get("broken") or answer.get("message", "")))


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    for number in range(len(scenario.doubles)):
        yield replace(scenario, doubles=scenario.doubles[:number] + scenario.doubles[number + 1 :])
    for payload in _simpler(scenario.payload):
        yield replace(scenario, payload=payload)
    for actor in _simpler(scenario.actor):
        if isinstance(actor, dict) and actor.get("type") == cast("dict[str, Value]", scenario.actor)["type"]:
            yield replace(scenario, actor=actor)


def _simpler(value: Value) -> Iterator[Value]:
    """Values with less in them, the smallest first: members and items left out, numbers nearer 0, texts cut."""
    match value:
        case dict():
            for name in value:
                yield {other: inner for other, inner in value.items() if other != name}
            for name in value:
                yield from ({**value, name: inner} for inner in _simpler(value[name]))
        case list():
            for number in range(len(value)):
                yield value[:number] + value[number + 1 :]
            for number, item in enumerate(value):
                yield from ([*value[:number], inner, *value[number + 1 :]] for inner in _simpler(item))
        case bool():
            if value:
                yield False
        case int():
            nearer = (0, 1, int(value / 2), value - 1 if value > 0 else value + 1)
            yield from (each for each in dict.fromkeys(nearer) if abs(each) < abs(value))
        case str():
            plain = "a" * len(value)
            shorter = ("", "a", value[: len(value) // 2], value[:-1])
            yield from (each for each in dict.fromkeys(shorter) if len(each) < len(value))
            if value != plain:
                yield plain


# --- as a scenario file --------------------------------------------------------------------------


def as_scenario(failure: Failure, seed: int) -> str:
    """A document of a scenario file; it expects COMPLETED, which its author makes what ought to come."""
    scenario = failure.scenario
    domain = scenario.workflow.partition("::")[0]
    name = f"a run does not end as {failure.code} (found with seed {seed})"
    said = failure.message.splitlines()[0] if failure.message else ""
    lines = [
        f"# {failure.code} came: {said} Write what ought to come.",
        f"scenario: {json.dumps(name)}",
        f"workflow: {scenario.workflow}",
        f"payload: {_flow(scenario.payload)}",
        f"actor: {_flow(scenario.actor)}",
    ]
    if scenario.doubles:
        lines.append("doubles:")
    for double in scenario.doubles:
        asked: dict[str, Value] = {
            "op": double.operation,
            "side_effect": double.side_effect.removeprefix(f"{domain}::"),
            "outcome": double.outcome,
            "outputs": double.outputs,
        }
        lines.append(f"  - {_flow(asked)}")
    return "\n".join([*lines, "expect: {exit: COMPLETED}", ""])


def _flow(value: Value) -> str:
    return json.dumps(value, ensure_ascii=False)
