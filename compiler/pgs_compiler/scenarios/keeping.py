"""A run that went wrong as a document of a scenario file."""

from __future__ import annotations

import json

from pgs_compiler.scenarios.fuzzing import DIFFERS, Failure
from pgs_compiler.scenarios.scenario import Doubled, Signalled
from pgs_snapshot.values import Value


def as_scenario(failure: Failure, seed: int) -> str:
    """The document; it expects that nothing goes wrong, and its author adds what ought to come."""
    scenario = failure.scenario
    domain, _, name = scenario.workflow.partition("::")
    domain += "::"
    said = failure.message.splitlines()[0] if failure.message else ""
    came = "Done again, the run differed" if failure.code == DIFFERS else f"{failure.code} came"
    what = "is the same when it is done again" if failure.code == DIFFERS else f"does not end as {failure.code}"
    lines = [
        f"# {came}: {said} Add to `expect` what ought to come.",
        f"scenario: {json.dumps(f'{name} {what} (found with seed {seed})')}",
        f"workflow: {scenario.workflow}",
        f"payload: {_flow(scenario.payload)}",
        f"actor: {_flow(scenario.actor)}",
    ]
    if isinstance(scenario.state, dict) and scenario.state:
        rows: dict[str, Value] = {name.removeprefix(domain): held for name, held in scenario.state.items()}
        lines.append(f"state: {_flow(rows)}")
    if scenario.config:
        lines.append(f"config: {_flow(scenario.config)}")
    lines += _listed("doubles", [_double(each, domain) for each in scenario.doubles])
    lines += _listed("signals", [_signal(each, domain) for each in scenario.signals])
    return "\n".join([*lines, "expect: {faults: false}", ""])


def _listed(key: str, items: list[dict[str, Value]]) -> list[str]:
    return [f"{key}:", *(f"  - {_flow(item)}" for item in items)] if items else []


def _double(double: Doubled, domain: str) -> dict[str, Value]:
    return {
        "op": double.operation,
        "side_effect": double.side_effect.removeprefix(domain),
        "outcome": double.outcome,
        "outputs": double.outputs,
    }


def _signal(signal: Signalled, domain: str) -> dict[str, Value]:
    said: dict[str, Value] = {"at": signal.at} if signal.at is not None else {}
    if signal.event:
        said |= {"event": signal.event.removeprefix(domain), "fields": signal.fields, "actor": signal.actor}
    return said | ({"refused": True} if signal.refused else {})


def _flow(value: Value) -> str:
    return json.dumps(value, ensure_ascii=False)
