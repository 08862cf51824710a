"""Ten thousand archived actions of an agent on a snapshot with one other limit: those that change, and no other."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from pgs_snapshot.snapshot import Snapshot
from tests.durable.soaking.report import Task
from tests.end_to_end.archives import STANDARD, TOOLS, archived, beyond, tried, with_limit
from tests.end_to_end.programs import ROOT, compiled

RUNS = 10_000


def archive(_snapshot: Snapshot, task: Task) -> int:
    """How many runs are told to change and do not, or the other way round."""
    number = max(1, int(RUNS * task.scale))
    with TemporaryDirectory() as folder:
        made = archived(compiled(ROOT), Path(folder) / "traces", number, task.seed)
        stricter = with_limit(Path(folder) / "new", STANDARD, STANDARD.replace("100", "80"))
        began = time.monotonic()
        found = tried(stricter, Path(folder) / "traces")
        changed = {run for runs in found.changed.values() for run in runs}
        print(f"  {len(changed):,} of {found.runs:,} change, {time.monotonic() - began:.0f} s", flush=True)
        return len(changed ^ beyond(made, TOOLS[1], 81, 100)) + len(found.resting) + len(found.untold)
