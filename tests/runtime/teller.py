"""Transfers that break a rule, over a store on disk: `python -m tests.runtime.teller DB COUNT`, until it is killed."""

from __future__ import annotations

import sys
from pathlib import Path

from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_snapshot.snapshot import Snapshot
from tests.runtime.bank import move, rule, snapshot, transfer
from tests.runtime.protocol import FINGERPRINT

LIMIT = 50


def counting(threshold: int = 3) -> Snapshot:
    """A bank with a rule that ends a run at the violation of this number."""
    return snapshot(transfer([rule(60, "args.amount", "A", threshold=threshold, max=LIMIT)]))


def main(file: str, count: str) -> None:
    with Runtime(counting(), SqliteStore(Path(file)), Ports(fingerprint=FINGERPRINT)) as runtime:
        for _ in range(int(count)):
            move(runtime, LIMIT + 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
