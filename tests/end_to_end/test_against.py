"""Archived runs on another snapshot: which of them would end otherwise, and of which nobody can say."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pgs_runtime.faults import ExitCode
from pgs_runtime.replay.archive import Filed, against, filed_in
from pgs_runtime.replay.workbench import Workbench, trying
from pgs_runtime.stores.port import Store
from pgs_runtime.trace.lines import joined
from pgs_snapshot.exchange import write_snapshot
from tests.durable.ward import ward_of
from tests.end_to_end.archives import PREMIUM, STANDARD, TOOLS, Action, archived, beyond, tried, with_limit
from tests.end_to_end.programs import Installation
from tests.runtime.desk import desk, order, place
from tests.runtime.till import rechained

RUNS = 300

Archive = tuple[Path, dict[str, Action]]


@pytest.fixture(scope="module")
def archive(example_files: Mapping[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("archive") / "traces"
    return folder, archived(example_files, folder, RUNS)


def test_on_its_own_snapshot_nothing_changes(archive: Archive, example_files: Mapping[str, bytes]) -> None:
    found = tried(example_files, archive[0])
    assert (found.runs, found.changes, found.other_way, found.resting, found.untold) == (RUNS, 0, 0, {}, {})
    assert found.exit_code == ExitCode.DONE


def test_a_stricter_limit_changes_exactly_the_runs_that_are_beyond_it(archive: Archive, tmp_path: Path) -> None:
    folder, made = archive
    found = tried(with_limit(tmp_path, STANDARD, STANDARD.replace("100", "80")), folder)
    expected = beyond(made, TOOLS[1], 81, 100)
    assert {run for runs in found.changed.values() for run in runs} == expected
    assert expected
    assert (found.changes, found.resting, found.untold, found.other_way) == (len(expected), {}, {}, 0)
    for change in found.changed:
        assert (change.before, change.after) == (("COMPLETED", "COMPLETED"), ("DENIED", "PARAMETER_VIOLATION"))
        assert (change.node, change.at) == ("check_parameters", "/steps/0/outputs/result/quantity/maximum")
        assert (change.way_before[-1][0], change.way_after[-1]) == ("authorize", ("deny", "SUCCESS"))
    assert found.exit_code == ExitCode.FAILED


def test_what_would_be_allowed_now_rests_on_what_nobody_has_looked_up(archive: Archive, tmp_path: Path) -> None:
    """Whether an action was registered before was never asked where it was denied."""
    folder, made = archive
    found = tried(with_limit(tmp_path, PREMIUM, PREMIUM.replace("50", "70")), folder)
    expected = beyond(made, TOOLS[2], 51, 70)
    assert set(found.resting) == expected
    assert set(found.resting.values()) == {(("REGISTER of ai_governance::ST_GOVERNED_ACTIONS_V0",), True)}
    assert (found.changes, found.untold, found.exit_code) == (0, {}, ExitCode.FAILED)


def test_the_command_tells_it_and_writes_nothing(archive: Archive, examples: Installation, tmp_path: Path) -> None:
    folder, made = archive
    write_snapshot(tmp_path / "stricter", with_limit(tmp_path / "new", STANDARD, STANDARD.replace("100", "80")))
    before = {file: file.read_bytes() for file in folder.rglob("*.jsonl")}
    answer = examples.runtime("replay", folder, "--against", tmp_path / "stricter", "--json")
    expected = beyond(made, TOOLS[1], 81, 100)
    told = answer.json()
    assert (answer.code, answer.err, told["runs"], told["changes"]) == (1, "", RUNS, len(expected))
    assert {run for group in told["changed"] for run in group["runs"]} == expected
    text = examples.runtime("replay", folder, "--against", tmp_path / "stricter")
    assert text.out.startswith(f"{len(expected)} of {RUNS} change\n")
    same = examples.runtime("replay", folder, "--against", examples.workspace / "protocol_snapshot")
    assert (same.code, same.out) == (0, f"0 of {RUNS} change\n")
    assert {file: file.read_bytes() for file in folder.rglob("*.jsonl")} == before
    assert not examples.data.exists()


def test_a_trace_that_was_changed_is_told_apart(archive: Archive, tmp_path: Path, examples: Installation) -> None:
    folder, made = archive
    run = min(made)
    (tmp_path / f"{run}.jsonl").write_bytes(
        (folder / run / f"{run}.jsonl").read_bytes().replace(b"SUCCESS", b"SUCCEED")
    )
    answer = examples.runtime(
        "replay", tmp_path, "--against", examples.workspace / "protocol_snapshot", "--json"
    ).json()
    assert (answer["runs"], answer["changes"], len(answer["untold"])) == (1, 0, 1)


def test_a_folder_without_a_run_is_no_archive_of_which_nothing_changes(
    archive: Archive, tmp_path: Path, examples: Installation
) -> None:
    against = ["--against", examples.workspace / "protocol_snapshot", "--json"]
    (tmp_path / ("x" * 255)).mkdir()
    answer = examples.runtime("replay", tmp_path, *against)
    assert (answer.code, answer.error()["code"]) == (2, "R104")
    nowhere = examples.runtime("replay", tmp_path / "none", *against).error()
    assert (nowhere["code"], nowhere["hint"]) == ("R019", answer.error()["hint"])
    os.mkfifo(tmp_path / "pipe.jsonl")
    answer = examples.runtime("replay", tmp_path, *against)
    assert [each["why"] for each in answer.json()["untold"]] == ["Line 1 is missing: the file is empty."]


def test_nothing_is_claimed_of_a_trace_that_is_chained_well_and_is_none_or_not_that_of_the_store() -> None:
    runtime = desk()
    lines = runtime.trace(place(runtime, order(n=4)).trace_id)
    changes: list[tuple[Callable[[list[Any]], object], Store | None, str]] = [
        (lambda all: all[0]["header"].pop("workflow"), None, "Line 1 has no `workflow`."),
        (lambda all: all[2]["steps"][0].pop("outputs"), None, "Line 3 has no `outputs`."),
        (lambda all: all[-1].update(lines=9), None, f"There are {len(lines)} lines, and the last one counts another"),
        (lambda all: all[-1].update(name="OTHER"), runtime.store, f"The store has another line {len(lines)}."),
    ]
    for change, store, why in changes:
        data = joined(rechained(lines, change))
        with trying(runtime.snapshot) as bench:
            (told,) = against(bench, iter([Filed(data, store)]), lambda id: None).untold.values()
        assert told.startswith(why)


@pytest.mark.parametrize("name", ["treated", "taken_back", "round_ended", "cancelled", "told_by_a_run", "failed"])
def test_runs_with_hidden_values_are_tried_over_what_their_store_kept(name: str) -> None:
    runtime = ward_of(name).runtime
    with trying(runtime.snapshot, runtime.store) as bench, Workbench(runtime.snapshot, runtime.store) as own:
        filed = filed_in(Path(), runtime.store, lambda run: None)
        found = against(bench, filed, lambda id: own if id == runtime.snapshot.id else None)
    assert found.runs > 0
    assert (found.changes, found.resting) == (0, {})
    assert found.untold.get(ward_of(name).run, "") == ""
