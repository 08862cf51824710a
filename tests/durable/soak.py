"""The proof behind durable runs, by one command, for as long as it takes: `python -m tests.durable.soak --help`."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Mapping

from pgs_snapshot.snapshot import Snapshot
from tests.durable.shop import files, sealed
from tests.durable.soaking.archive import archive
from tests.durable.soaking.crowding import hot, on_postgres, processes
from tests.durable.soaking.killing import kills
from tests.durable.soaking.power import power
from tests.durable.soaking.report import Task

PARTS: Mapping[str, tuple[str, Callable[[Snapshot, Task], int]]] = {
    "kills": ("SIGKILL at every line of the runtime and every opcode of what commits", kills),
    "processes": ("four processes under SIGKILL and SIGSTOP beyond the lease, on SQLite", processes),
    "postgres": ("the same on PostgreSQL, whose server is restarted at once", on_postgres),
    "hot": ("two processes that register, and eight that count up one key, on both", hot),
    "power": ("power cuts: what was not synced is dropped, torn or put in another order", power),
    "archive": ("ten thousand archived runs on another snapshot, and which of them change", archive),
}


def main() -> int:
    """Do the parts that were asked for; 1 if anything was not as it has to be."""
    asked = argparse.ArgumentParser(prog="python -m tests.durable.soak", description=__doc__)
    told = "; ".join(f"{name}: {what}" for name, (what, _) in PARTS.items())
    asked.add_argument("parts", nargs="*", metavar="PART", help=f"all of them unless named. {told}")
    asked.add_argument("--seconds", type=float, default=0.0, help="begin nothing new in a step after so long")
    asked.add_argument("--every", type=int, default=1, help="take one of so many points")
    asked.add_argument("--scale", type=float, default=1.0, help="do this share of runs, turns and images")
    asked.add_argument("--seed", type=int, default=1, help="decides which points are taken, and when what is killed")
    options = asked.parse_args()
    unknown = [name for name in options.parts if name not in PARTS]
    if unknown:
        asked.error(f"there is no part `{unknown[0]}`; the parts are {', '.join(PARTS)}")
    print(f"seed {options.seed}, commit {_commit()}", flush=True)
    snapshot, wrong = sealed(files()), 0
    for name in options.parts or PARTS:
        what, part = PARTS[name]
        began = time.monotonic()
        print(f"{name}: {what}", flush=True)
        found = part(snapshot, Task(options.seed, options.seconds, options.every, options.scale))
        print(f"{name}: {found} differences, {time.monotonic() - began:.0f} s", flush=True)
        wrong += found
    return 1 if wrong else 0


def _commit() -> str:
    """The commit that is checked out, with a `+` if the tree differs from it."""
    line = ["git", "describe", "--always", "--abbrev=12", "--dirty=+"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
