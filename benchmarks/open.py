"""Opening a snapshot, in a process that has loaded the engine already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson

from benchmarks.measure import seconds, take_turns
from benchmarks.protocols import OPERATOR, REGISTER, actors, example_files
from benchmarks.table import Row, ratio, table
from pgs_runtime.runtime import Runtime
from pgs_runtime.workspace.installed import verify_installed
from pgs_snapshot.exchange import write_snapshot
from pgs_snapshot.folder import open_snapshot

OPEN = "open_snapshot, verify_installed"
RUNTIME = "Runtime.open"
FIRST_RUN = "Runtime.open and a first run, durable"
BY_HAND = "by hand: read, hash, parse"
SECONDS = 0.2  # a measurement takes that long
MILLISECONDS = 1e3


def benchmark(folder: Path, turns: int) -> Iterator[str]:
    """One table; `folder` is empty."""
    files = example_files()
    snapshot = folder / "protocol_snapshot"
    write_snapshot(snapshot, files)
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    payloads = actors()

    def by_hand() -> None:
        for path, digest in digests.items():
            data = (snapshot / path).read_bytes()
            if hashlib.sha256(data).hexdigest() != digest:
                raise AssertionError(path)
            if path.endswith(".json"):
                orjson.loads(data)

    def first_run() -> None:
        with Runtime.open(folder, folder / "data") as runtime:
            runtime.run(REGISTER, next(payloads), OPERATOR)

    actions = {
        OPEN: lambda: verify_installed(open_snapshot(snapshot)),
        BY_HAND: by_hand,
        RUNTIME: lambda: Runtime.open(folder, folder / "data").close(),
        FIRST_RUN: first_run,
    }
    contenders = {name: _timed(action) for name, action in actions.items()}
    found = take_turns(contenders, turns)
    rows = [Row(name, series.each(lambda took: took * MILLISECONDS), "ms") for name, series in found.items()]
    rows.append(ratio(found, OPEN, BY_HAND))
    yield table(f"open the snapshot of the example protocols, {len(files)} files", rows)


def _timed(action: Callable[[], object]) -> Callable[[], float]:
    return lambda: seconds(action, SECONDS)
