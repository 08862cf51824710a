"""Scenarios are run by the runtime, which the compiler does not import: a program of it is started and asked."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import TypeAlias, TypedDict

from pgs_compiler.scenarios.scenario import Scenario
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


class Stage:
    """The runtime's program over one snapshot, started when it is first asked, and again where it broke."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._process: subprocess.Popen[bytes] | None = None
        self._said = TemporaryFile()  # noqa: SIM115 - a pipe that nobody reads would fill

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *raised: object) -> None:
        self._end()
        self._said.close()

    def answers(self, scenarios: Sequence[Scenario]) -> list[Answer]:
        """Run scenarios, each in a store of its own; in their order, what `staging.staged` of the runtime gives.

        Raises:
            NotStaged: the program ended.
        """
        answers: list[Answer] = self.asked(scenarios, ())["answers"]
        return answers

    def asked(self, scenarios: Sequence[Scenario], variants: Sequence[Variant]) -> _Told:
        """The same, with the answers of variants; None where the runtime does not take one."""
        request: dict[str, object] = {
            "format": FORMAT,
            "scenes": [_scene(each) for each in scenarios],
            "variants": [{"files": _encoded(each.files), "scenes": each.scenarios} for each in variants],
        }
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603
                _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said
            )
            request["files"] = _encoded(self._files)
        line = _exchanged(self._process, json.dumps(request).encode() + b"\n")
        if not line:
            raise NotStaged(self._broken())
        told: _Told = json.loads(line)
        return told

    def _broken(self) -> str:
        code = self._end()
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").splitlines()
        return f"The runtime ended with {code}: {lines[-1] if lines else 'it said nothing'}."

    def _end(self) -> int:
        """End the program, which waits for nothing but more of its input."""
        process, self._process = self._process, None
        if process is None:
            return 0
        with process:  # closes the pipes, and waits
            if process.poll() is None:
                process.kill()
        return process.returncode


def stage(files: Mapping[str, bytes], scenarios: Sequence[Scenario]) -> list[Answer]:
    """The answers of scenarios over a snapshot.

    Raises:
        NotStaged: the program ended.
    """
    with Stage(files) as staging:
        return staging.answers(scenarios)


def stage_variants(
    files: Mapping[str, bytes], scenarios: Sequence[Scenario], variants: Sequence[Variant]
) -> tuple[list[Answer], list[list[Answer] | None]]:
    """The answers of scenarios, and for each variant those of its own; None where the runtime does not take a variant.

    Raises:
        NotStaged: the program ended.
    """
    with Stage(files) as staging:
        told = staging.asked(scenarios, variants)
    return told["answers"], told["variants"]


def _exchanged(process: subprocess.Popen[bytes], request: bytes) -> bytes:
    """The answer to a request, a line each; nothing where the program has ended."""
    if process.stdin is None or process.stdout is None:
        raise AssertionError("the program was started without pipes")
    try:
        process.stdin.write(request)
        process.stdin.flush()
    except BrokenPipeError:
        process.wait()
        return b""
    line = process.stdout.readline()
    if not line:
        process.wait()
    return line


def _encoded(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: b64encode(content).decode() for path, content in files.items()}


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
    again: dict[str, Value] = {"again": True} if scenario.expect.faults is not None else {}
    return scene | again | ({"clock": scenario.clock} if scenario.clock else {})
