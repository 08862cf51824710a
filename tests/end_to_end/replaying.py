"""`python -m tests.end_to_end.replaying SNAPSHOT DATA_ROOT…`: do every run again, in a process of its own.

Prints one JSON object: by run its workflow, how it stands, and the line that differs, 0 if none does. What a run ran on
is taken from its header: the tests' own runs have other machines than this one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson

from pgs_runtime.replay.replay import replay
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_snapshot.folder import open_snapshot
from pgs_snapshot.snapshot import Snapshot


def replayed(snapshot: Snapshot, data: Path) -> Iterator[tuple[str, list[object]]]:
    """Each run of a data root, done again."""
    with closing(SqliteStore(data / "state.db")) as store:
        for run in store.runs(limit=10_000):
            lines = store.lines(run.id)
            machine = orjson.loads(lines[0])["header"]["fingerprint"]
            if run.request.workflow.startswith("pgs::"):
                continue
            made = replay(lines, lambda id: snapshot if id == snapshot.id else None, store, machine)
            line = made.difference.line if made.difference else 0
            yield run.id, [run.request.workflow, run.status, line]


if __name__ == "__main__":
    sealed = Snapshot(open_snapshot(Path(sys.argv[1])))
    print(json.dumps(dict(pair for data in sys.argv[2:] for pair in replayed(sealed, Path(data)))))
