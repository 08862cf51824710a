"""An outcome that several steps can end with speaks of those that ran."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgs_compiler.compiler import compile_workspace
from pgs_runtime.runtime import Actor, Runtime
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.runtime.protocol import memory, ports

WORKSPACE = Path(__file__).parents[1] / "compiler/programs/endings"
OPERATOR = Actor("core::AC_OPERATOR_V0", "op", {})


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    found = compile_workspace(WORKSPACE)
    assert [finding.message for finding in found.findings] == []
    assert found.files is not None
    return Snapshot(verify(found.files))


@pytest.mark.parametrize(
    ("first", "second", "wanted", "exit", "result"),
    [
        (5, 5, 5, "COMPLETED", {}),
        (1, 9, 5, "SHORT", {"left": 1}),
        (9, 2, 5, "SHORT", {"left": 2}),
        (1, 2, 5, "SHORT", {"left": 1}),
    ],
)
def test_an_outcome_takes_from_a_later_step_if_that_ran_and_else_from_an_earlier(
    snapshot: Snapshot, first: int, second: int, wanted: int, exit: str, result: Value
) -> None:
    payload: Value = {"pots": {"first": first, "second": second}, "wanted": wanted}
    done = Runtime(snapshot, memory(), ports()).run("endings::WF_SPEND_V0", payload, OPERATOR)
    assert (done.exit, done.result) == (exit, result)
