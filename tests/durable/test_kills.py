"""SIGKILL anywhere, then somebody goes on: the end is that of an undisturbed run, and nothing is done twice outside.

The points are sampled evenly; `make soak` takes every one of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pgs_snapshot.snapshot import Snapshot
from tests.durable.kills import Crashes, Grain, Scenario, differences, points
from tests.durable.scenarios import SCENARIOS

MOST = 20
"""Points of each kind that are taken of each scenario."""


@pytest.mark.parametrize("grain", ["line", "opcode"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_crash_01_a_run_that_is_killed_and_gone_on_with_ends_as_one_that_was_left_alone(
    scenario: Scenario, grain: Grain, snapshot: Snapshot, tmp_path: Path
) -> None:
    crashes = Crashes(snapshot, scenario, tmp_path)
    assert dict(differences(crashes, grain, MOST)) == {}


def test_points_are_spread_evenly_with_the_first_and_the_last() -> None:
    assert list(points(5, 10)) == [1, 2, 3, 4, 5]
    assert list(points(100, 4)) == [1, 34, 67, 100]
