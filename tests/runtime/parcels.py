"""The parcels of `tests/compiler/programs`, ready to be moved, and a clock that stands where a test puts it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pgs_compiler.compiler import compile_workspace
from pgs_runtime.runtime import Actor
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot

WORKSPACE = Path(__file__).parents[1] / "compiler/programs/parcels"
PARCEL = "parcels::SM_PARCEL_V0"
NOTES = "parcels::ST_NOTES_V0"
CLERK = Actor("parcels::AC_CLERK_V0", "ada", {})
COURIER = Actor("parcels::AC_COURIER_V0", "ben", {})
BEGAN = 1_772_355_600_000_000  # 2026-03-01T09:00:00Z, in µs since 1970
DAY = 24 * 3_600_000_000


@dataclass
class Clock:
    now: int = BEGAN

    def __call__(self) -> int:
        return self.now


def sealed() -> Snapshot:
    """The snapshot of the program, without a finding."""
    found = compile_workspace(WORKSPACE)
    assert [finding.message for finding in found.findings] == []
    assert found.files is not None
    return Snapshot(verify(found.files))
