"""Wall time of the command line, from the start of the process to its end."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import baseline
from benchmarks.measure import seconds, take_turns
from benchmarks.protocols import REGISTER, ROOT, actors, example_files
from benchmarks.table import Row, ratio, table
from pgs_runtime.stores.sqlite_file import journal_of
from pgs_snapshot.exchange import write_snapshot

NOTHING, BY_HAND = "python -c pass", "by hand"
HELP, RUN, PICTURE = "pgs_runtime --help", "pgs_runtime run --no-picture", "pgs_runtime run"
MILLISECONDS = 1e3


def benchmark(folder: Path, turns: int) -> Iterator[str]:
    """One table; `folder` is empty."""
    environment = _environment(folder)
    contenders = {name: _timed(command, environment) for name, command in _commands(folder).items()}
    found = take_turns(contenders, turns)
    aims = {HELP: "≤ 120 ms", RUN: "≤ 200 ms"}
    rows = [
        Row(name, series.each(lambda took: took * MILLISECONDS), "ms", aims.get(name, ""))
        for name, series in found.items()
    ]
    rows += [ratio(found, HELP, NOTHING), ratio(found, RUN, BY_HAND), ratio(found, PICTURE, RUN)]
    yield table("wall time of a process; by hand is a script that registers the same actor, durable too", rows)


def _commands(folder: Path) -> dict[str, Sequence[str | Path]]:
    write_snapshot(folder / "protocol_snapshot", example_files())
    payload = folder / "payload.json"
    payload.write_text(json.dumps(next(actors())))
    program = Path(sys.executable).with_name("pgs_runtime")
    run: list[str | Path] = [program, "run", "--workspace", folder, "--wf", REGISTER, "--payload", payload]
    settings = journal_of("durable", sqlite3.sqlite_version_info)
    return {
        NOTHING: [sys.executable, "-c", "pass"],
        HELP: [program, "--help"],
        BY_HAND: [sys.executable, "-m", baseline.__name__, payload, folder / "by_hand.db", *settings],
        RUN: [*run, "--no-picture"],
        PICTURE: run,
    }


def _environment(folder: Path) -> dict[str, str]:
    """That of this process, with a place for bytecode, which the turn that does not count fills."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**environment, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


def _timed(command: Sequence[str | Path], environment: Mapping[str, str]) -> Callable[[], float]:
    def run() -> None:
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)

    return lambda: seconds(run)
