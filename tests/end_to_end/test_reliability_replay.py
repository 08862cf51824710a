"""Runs done again, as whole programs and in other processes: the cases RPL and TRC-08."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from pgs_runtime.operate.state import load_state
from pgs_runtime.replay.replay import replay
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Kept, Store
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.vault.vault import Vault
from pgs_snapshot.exchange import write_snapshot
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from tests.durable.scenarios import EVERY
from tests.durable.shop import Shop, files
from tests.durable.ward import RUNS, ward_of
from tests.end_to_end.programs import ENVIRONMENT, ROOT, Installation, operator
from tests.end_to_end.scenarios import DATA, GOVERN, Case, cases

WORLDS = (
    {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "4711", "TZ": "America/St_Johns", "LC_ALL": "C.UTF-8"},
)
"""Where something could come out otherwise."""


def elsewhere(snapshot: Path, roots: list[Path], world: Mapping[str, str], folder: Path) -> dict[str, list[object]]:
    """What comes of doing the runs of data roots again in another process, folder, time zone and order of hashes."""
    line = [sys.executable, "-m", "tests.end_to_end.replaying", snapshot, *roots]
    environment = {**os.environ, **world, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(line, capture_output=True, check=True, cwd=folder, env=environment)
    answer: dict[str, list[object]] = json.loads(done.stdout)
    return answer


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def recorded(case: Case, snapshot: Snapshot, data: Path) -> str:
    """The run of a recorded scenario in a store of its own."""
    with closing(SqliteStore(data / "state.db")) as store:
        runtime = Runtime(snapshot, store)
        load_state(runtime, case.state, operator(runtime))
        outcome = runtime.run(case.workflow, case.payload, operator(runtime))
        assert outcome.kind == case.expected.kind
        return outcome.trace_id


# --- RPL-01 --------------------------------------------------------------------------------------


@pytest.mark.parametrize("world", WORLDS)
def test_rpl_01_every_recorded_scenario_is_done_again_to_the_byte(
    world: Mapping[str, str], example_files: Mapping[str, bytes], tmp_path: Path
) -> None:
    snapshot = Snapshot(verify(example_files))
    write_snapshot(tmp_path / "snapshot", example_files)
    roots = [tmp_path / str(number) for number, _ in enumerate(cases(DATA))]
    runs = [recorded(case, snapshot, root) for case, root in zip(cases(DATA), roots, strict=True)]
    before = [bytes_of(root) for root in roots]
    answer = elsewhere(tmp_path / "snapshot", roots, world, tmp_path)
    assert sorted(answer) == sorted(runs)
    assert {line for _, _, line in answer.values()} == {0}
    assert {status for _, status, _ in answer.values()} == {"COMPLETED", "DENIED", "FAILED", "REJECTED"}
    assert [bytes_of(root) for root in roots] == before


def test_rpl_01_every_example_trace_that_shows_all_is_done_again_from_its_file(examples: Installation) -> None:
    traces = sorted((ROOT / "traces" / "examples").iterdir())
    shown = []
    for trace in traces:
        answer = examples.runtime("replay", trace, "--allow-other-runtime", "--json")
        if answer.code == 0:
            assert answer.json()["same"]
            shown.append(answer.json()["workflow"])
        else:
            assert answer.error()["code"] == "R102"
    assert (len(traces), shown) == (3, [GOVERN])


@pytest.mark.parametrize("world", WORLDS)
def test_rpl_01_durable_runs_are_done_again_in_another_process(world: Mapping[str, str], tmp_path: Path) -> None:
    made = files()
    write_snapshot(tmp_path / "snapshot", made)
    roots = []
    for scenario in EVERY:
        roots.append(tmp_path / scenario.name)
        root = roots[-1]
        root.mkdir()
        shop = Shop(Snapshot(verify(made)), lambda root=root: SqliteStore(root / "state.db"), root)  # type: ignore[misc]
        scenario.work(shop.runtime())
        shop.opened[0].close()
    answer = elsewhere(tmp_path / "snapshot", roots, world, tmp_path)
    assert len(answer) == 6
    assert {line for _, _, line in answer.values()} == {0}
    assert {status for _, status, _ in answer.values()} == {"COMPLETED", "FAILED"}


@pytest.mark.parametrize("name", RUNS)
def test_rpl_01_runs_that_hide_something_are_done_again_wherever_they_stand(name: str) -> None:
    ward = ward_of(name)
    for run in ward.runtime.store.runs():
        replayed = ward.runtime.replay(run.id)
        assert (replayed.verified, replayed.difference) == (True, None)


# --- RPL-02 --------------------------------------------------------------------------------------


class ReadOnly(MemoryStore):
    """A store that nothing may be written to."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.__dict__ = dict(vars(store))

    def __getattribute__(self, name: str) -> object:
        assert name not in ("commit", "claim", "exclusive", "swap_meta", "take_out")
        return super().__getattribute__(name)


@pytest.mark.parametrize("name", ["treated", "reconciled", "taken_back", "round_ended", "cancelled"])
def test_rpl_02_a_replay_writes_nothing_asks_nobody_and_reads_no_clock(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward = ward_of(name)
    outside = bytes_of(ward.folder)

    def bomb(*given: object, **named: object) -> None:
        raise AssertionError("a replay has done something")

    monkeypatch.setattr(socket, "socket", bomb)
    monkeypatch.setattr("pgs_runtime.link.outside.outward", bomb)
    monkeypatch.setattr("pgs_runtime.link.places.place_of", bomb)
    monkeypatch.setattr("time.time_ns", bomb)
    monkeypatch.setattr("time.monotonic_ns", bomb)
    snapshot, store = ward.runtime.snapshot, ReadOnly(ward.runtime.store.inner)
    machine = ward.runtime.ports.fingerprint
    assert replay(ward.lines, lambda id: snapshot, store, machine).verified
    monkeypatch.undo()
    assert bytes_of(ward.folder) == outside


def test_rpl_02_a_replay_at_the_command_line_leaves_every_file_as_it_is(examples: Installation) -> None:
    case = next(case for case in cases(DATA) if case.workflow == GOVERN)
    examples.runtime("state", "load", "-", stdin=json.dumps(case.state).encode())
    ran = examples.run(case.workflow, json.dumps(case.payload).encode(), "--json").json()
    before = bytes_of(examples.workspace) | bytes_of(examples.data)
    answer = examples.runtime("replay", ran["trace_id"], "--json", environment={**ENVIRONMENT, "TZ": "Asia/Tokyo"})
    assert (answer.code, answer.json()["verified"]) == (0, True)
    assert bytes_of(examples.workspace) | bytes_of(examples.data) == before
    told = examples.runtime("replay", ran["trace_id"])
    assert told.out == f"{ran['trace_id']}  identical: all {answer.json()['lines']} lines\n"


# --- RPL-03, RPL-05, RPL-07 ----------------------------------------------------------------------


def example() -> Path:
    """The last of the example traces, whose ids change with what they show."""
    return max((ROOT / "traces" / "examples").iterdir())


def test_rpl_03_a_snapshot_of_another_digest_is_refused(trouble: Installation) -> None:
    answer = trouble.runtime("replay", example(), "--allow-other-runtime", "--json")
    assert (answer.code, answer.error()["code"]) == (9, "R101")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("failed", "FAILED"),
        ("taken_back", "FAILED"),
        ("cancelled", "CANCELLED"),
        ("expired", "DENIED"),
        ("told_by_a_run", "COMPLETED"),
        ("given_up", "CANCELLED"),
    ],
)
def test_rpl_05_however_a_run_has_ended_it_is_done_again_to_its_last_line(name: str, status: str) -> None:
    ward = ward_of(name)
    run = ward.runtime.store.run(ward.run)
    assert run is not None
    replayed = ward.runtime.replay(ward.run)
    assert (run.status, replayed.verified, replayed.lines) == (status, True, len(ward.lines))


def test_rpl_07_items_that_are_answered_in_any_order_are_done_again_in_the_same() -> None:
    ward = ward_of("round_ended")
    order = [line.get("iteration") for line in map(orjson.loads, ward.lines) if line["kind"] == "signal"]
    assert order == [[1], [0], [2]]
    assert all(ward.runtime.replay(ward.run).verified for _ in range(20))


# --- what is not the same ------------------------------------------------------------------------


class Changed(Vault):
    """A store that says something else than it was told."""

    def kept(self, run: str) -> tuple[Kept, ...]:
        return tuple(
            each._replace(body=each.body.replace(b'"shelf":"', b'"shelf":"not ')) for each in super().kept(run)
        )


def test_a_reply_of_the_outside_that_was_changed_is_found_at_its_line() -> None:
    ward = ward_of("treated")
    told = [orjson.loads(line) for line in ward.lines]
    n = next(n for n, line in enumerate(told) if line["kind"] == "reply" and "shelf" in line.get("outputs", {}))
    store = Changed(ward.runtime.store.inner)
    replayed = replay(ward.lines, lambda id: ward.runtime.snapshot, store, ward.runtime.ports.fingerprint)
    assert replayed.difference is not None
    difference = replayed.difference
    assert (difference.line, difference.cause) == (n + 1, "effect result")
    assert difference.at.startswith("/outputs/shelf")


def test_a_trace_that_was_cut_or_edited_is_not_replayed(examples: Installation, tmp_path: Path) -> None:
    (trace,) = example().glob("*.jsonl")
    lines = trace.read_bytes().splitlines(keepends=True)
    for wrong in (lines[:-1], [*lines[:3], lines[3].replace(b"SUCCESS", b"SUCCESz"), *lines[4:]]):
        file = tmp_path / "wrong.jsonl"
        file.write_bytes(b"".join(wrong))
        answer = examples.runtime("replay", file, "--json")
        assert (answer.code, answer.error()["code"]) == (3, "R055")


def test_trc_08_the_header_has_what_it_takes_to_do_the_run_again() -> None:
    ward = ward_of("treated")
    header = orjson.loads(ward.lines[0])["header"]
    assert header["snapshot"] == ward.runtime.snapshot.id
    assert set(header) >= {"fingerprint", "payload_digest", "started", "workflow", "actor"}
    machine = (str(os.getpid()), socket.gethostname(), str(Path.cwd()), str(ward.folder))
    assert not any(word.encode() in line for word in machine[2:] for line in ward.lines)


# --- wherever it is done ---------------------------------------------------------------------------


def test_wherever_a_run_is_done_again_the_same_is_said_of_it(examples: Installation, tmp_path: Path) -> None:
    """In another folder, time zone and language, with other hashes, and with data root and workspace moved."""
    case = next(case for case in cases(DATA) if case.workflow == GOVERN)
    examples.runtime("state", "load", "-", stdin=json.dumps(case.state).encode())
    first, second = (
        examples.run(case.workflow, json.dumps(payload).encode(), "--json").json()["trace_id"]
        for payload in (case.payload, {**case.payload, "requesting_user_id": "NOBODY"})
    )
    questions = (
        ["replay", first, "--json"],
        ["diff", first, second, "--json"],
        ["why", second, "--json"],
        ["why", second],
        ["replay", "DATA", "--against", "WORKSPACE/protocol_snapshot", "--json"],
    )
    before, place = [*bytes_of(examples.data).values()], examples
    said: list[list[tuple[int, str, str]]] = []
    for number, world in enumerate(({}, *WORLDS, {"LC_ALL": "POSIX", "LANGUAGE": "tr"})):
        moved = Installation(tmp_path / f"moved {number}" / "w", tmp_path / f"moved {number}" / "d")
        moved.data.parent.mkdir()
        place.workspace.rename(moved.workspace)
        place.data.rename(moved.data)
        place = moved
        answers = []
        for question in questions:
            line = [
                word.replace("WORKSPACE", str(place.workspace)).replace("DATA", str(place.data)) for word in question
            ]
            within = f'cd "{place.data.parent}" && exec "$@"'
            answer = place.runtime(*line, environment={**ENVIRONMENT, **world}, within=within)
            answers.append((answer.code, answer.out, answer.err))
        said.append(answers)
    assert [code for code, _, _ in said[0]] == [0, 1, 0, 0, 0]
    assert said == [said[0]] * len(said)
    assert [*bytes_of(place.data).values()] == before
