"""Scenarios are run by the runtime, which the compiler does not import: a program of it is started and asked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias, TypedDict

from pgs_compiler.scenarios.scenario import Scenario
from pgs_snapshot.exchange import write_snapshot
from pgs_snapshot.values import Value

FORMAT = "pgs-staging/1"
_COMMAND = (sys.executable, "-I", "-m", "pgs_runtime.commands.staging")
Answer: TypeAlias = dict[str, Value]


class _Told(TypedDict):
    answers: list[Answer]
    variants: list[list[Answer] | None]


class NotStaged(Exception):
    """The runtime could not be asked, or broke."""


@dataclass(frozen=True, slots=True)
class Variant:
    """The snapshot with other files, its manifest among them, and the numbers of the scenarios that run over it."""

    files: Mapping[str, bytes]
    scenarios: tuple[int, ...]


def stage(files: Mapping[str, bytes], scenarios: Sequence[Scenario]) -> list[Answer]:
    """Run scenarios, each in a store of its own; the answers in their order, as `staging.staged` of the runtime gives.

    Raises:
        NotStaged: the program ended otherwise.
    """
    answers: list[Answer] = _asked(files, scenarios, ())["answers"]
    return answers


def stage_variants(
    files: Mapping[str, bytes], scenarios: Sequence[Scenario], variants: Sequence[Variant]
) -> tuple[list[Answer], list[list[Answer] | None]]:
    """The answers of scenarios, and for each variant those of its own; None where the runtime does not take a variant.

    Raises:
        NotStaged: the program ended otherwise.
    """
    told = _asked(files, scenarios, variants)
    return told["answers"], told["variants"]


def _asked(files: Mapping[str, bytes], scenarios: Sequence[Scenario], variants: Sequence[Variant]) -> _Told:
    with TemporaryDirectory(prefix="pgs-test-") as folder:
        place = Path(folder) / "protocol_snapshot"
        write_snapshot(place, files)
        asked = {
            "format": FORMAT,
            "scenes": [_scene(each) for each in scenarios],
            "snapshot": str(place),
            "variants": [
                {"files": {path: text.decode() for path, text in each.files.items()}, "scenes": each.scenarios}
                for each in variants
            ],
        }
        done = subprocess.run(_COMMAND, input=json.dumps(asked).encode(), capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        lines = done.stderr.decode(errors="replace").splitlines()
        raise NotStaged(f"The runtime ended with {done.returncode}: {lines[-1] if lines else 'it said nothing'}.")
    told: _Told = json.loads(done.stdout)
    return told


def _scene(scenario: Scenario) -> dict[str, Value]:
    doubles: list[Value] = [
        {
            "inputs": each.inputs,
            "operation": each.operation,
            "outcome": each.outcome,
            "outputs": each.outputs,
            "side_effect": each.side_effect,
        }
        for each in scenario.doubles
    ]
    moments: list[Value] = [
        {"actor": each.actor, "at": each.at, "event": each.event, "fields": each.fields} for each in scenario.signals
    ]
    scene: dict[str, Value] = {
        "actor": scenario.actor,
        "config": scenario.config,
        "doubles": doubles,
        "moments": moments,
        "payload": scenario.payload,
        "state": scenario.state,
        "workflow": scenario.workflow,
    }
    return scene | ({"clock": scenario.clock} if scenario.clock else {})
