"""What is kept in the project's folder is what the project makes: `protocol_snapshot/`, and `traces/examples/`.

`PGS_REWRITE_GOLDENS=1` writes both anew. Pictures are not compared: their bytes are those of one Pillow.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

import pytest

from pgs_runtime.examine.export import export
from pgs_runtime.operate.state import load_state
from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Actor, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_snapshot.exchange import write_snapshot
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.end_to_end.programs import ROOT
from tests.end_to_end.scenarios import LICENSE_FACTS

TRACES = ROOT / "traces" / "examples"
REWRITE = bool(os.environ.get("PGS_REWRITE_GOLDENS"))
OPERATOR = Actor("core::AC_OPERATOR_V0", "operator", {})

ACTOR: Value = {"actor_record": {"first_name": "Ada", "last_name": "Byron", "email_registration": "ada@example.org"}}
ACTION: Value = {
    "tool_name": "PROVISION_PREMIUM_LICENSE",
    "parameters": {"tier": "premium", "quantity": 10},
    "requesting_user_id": "EMP_STD_001",
    "domain_context": "ai_licensing",
}
LICENSES: Value = {
    LICENSE_FACTS: {"EMP_STD_001": {"license_status": "active", "license_tier": "standard", "org_unit": "engineering"}}
}


def test_the_snapshot_in_the_folder_is_that_of_the_protocols(example_files: Mapping[str, bytes]) -> None:
    folder = ROOT / "protocol_snapshot"
    if REWRITE:
        write_snapshot(folder, example_files)
    kept = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert kept == dict(example_files)


@pytest.fixture
def runtime(example_files: Mapping[str, bytes]) -> Runtime:
    """The examples in a world where nothing is left to chance."""
    ticks = count(1_772_355_600_000_000, 1_000)
    chance: Callable[[int], bytes] = random.Random(1).randbytes  # noqa: S311 - it only has to repeat
    machine = {"engine": "0.1.0", "implementation": "cpython", "python": "3.11.7", "unicode": "14.0.0"}
    ports = Ports(clock=lambda: next(ticks), entropy=chance, fingerprint=machine)
    return Runtime(Snapshot(verify(example_files)), MemoryStore(chance), ports)


def test_the_example_traces_are_what_runs_leave(runtime: Runtime, tmp_path: Path) -> None:
    register = "blockchain::WF_REGISTER_ACTOR_UNVERIFIED_V0"
    govern = "ai_governance::WF_GOVERN_AGENT_ACTION_V0"
    runs = [runtime.run(register, ACTOR, OPERATOR).trace_id for _ in range(2)]
    load_state(runtime, LICENSES, OPERATOR)
    runs.append(runtime.run(govern, ACTION, OPERATOR).trace_id)
    folder = TRACES if REWRITE else tmp_path
    for run in runs:
        export(runtime, folder, run)
    kept = {file.relative_to(TRACES) for file in TRACES.rglob("*") if file.is_file()}
    assert kept == {file.relative_to(folder) for file in folder.rglob("*") if file.is_file()}
    for name in kept:
        if name.suffix != ".png":
            assert (TRACES / name).read_bytes() == (folder / name).read_bytes()
