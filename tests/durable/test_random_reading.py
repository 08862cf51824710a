"""Whatever people and the outside do to a run, its trace can be read and told, and says what the store says."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgs_runtime.evidence.verify import Level, verify
from pgs_runtime.examine.left import changes
from pgs_runtime.examine.reasons import Meaning
from pgs_runtime.faults import Refusal
from pgs_runtime.stores.port import LIVE
from pgs_runtime.trace.lines import joined
from pgs_snapshot.values import Outcome as Told
from tests.durable.test_reading import told
from tests.durable.ward import ANN, BEA, CID, CLINIC, DAY, LABELLED, RUNS, Ward, snapshot

WORKFLOWS = (Ward.treat, Ward.treat_two, lambda ward: ward.go_round("W1", "W2", "W1", "W2"))
HOW = ("closed", "lost", "gone")
DONE = {
    "RESERVE": Told("SUCCESS", shelf=f"{LABELLED} shelf"),
    "SEND": Told("SUCCESS", batch=f"{LABELLED} batch"),
    "TAKE_BACK": Told("SUCCESS"),
}


def do(ward: Ward, draw: st.DrawFn) -> None:
    """Something that comes from outside; what the runtime refuses changes nothing."""
    for how in HOW:
        ward.behaves(how, False) if (ward.folder / how).exists() else None
        if draw(st.integers(0, 3)) == 0:
            ward.behaves(how)
    doubts = [each.ask for each in ward.trace.pending if each.in_doubt]
    match draw(st.sampled_from(["say", "say", "say", "reconcile", "reconcile", "cancel", "late"])):
        case "say":
            by, where = draw(st.sampled_from([ANN, BEA, BEA, CID])), draw(st.sampled_from(["W1", "W2"]))
            ward.says(by, where, draw(st.booleans()))
        case "reconcile" if doubts:
            ask = draw(st.sampled_from(doubts))
            verdict = draw(st.sampled_from(["done", "done", "retry", "give_up"]))
            outcome = DONE[ask.operation] if verdict == "done" else None  # type: ignore[union-attr]
            ward.runtime.reconcile(ward.run, verdict, CID, "so", ask.key, outcome)  # type: ignore[union-attr]
        case "cancel" if draw(st.booleans()):
            ward.cancel()
        case "late":
            ward.now += draw(st.sampled_from([DAY // 3, 2 * DAY]))
            ward.runtime.resume(ward.run)


def check(ward: Ward) -> None:
    trace = ward.trace
    run = ward.runtime.store.run(ward.run)
    assert run is not None
    assert (trace.state if run.status in LIVE else trace.ending and trace.ending.kind) == run.status
    outcome = ward.runtime.resume(ward.run)
    if trace.ending is not None:
        assert trace.ending.effects == outcome.effects
        assert verify(joined(ward.lines), lambda id: True, ward.runtime.store).level is Level.ANCHORED
        listed: dict[tuple[str, str], int] = {}
        for change in changes(trace, Meaning(snapshot(), trace.header.workflow)):
            if not change.unknown:
                at = (change.where, change.operation)
                listed[at] = listed.get(at, 0) + change.count
        counted = {(where, name): count for where, names in outcome.effects.items() for name, count in names.items()}
        assert listed == counted
    else:
        assert len(trace.pending) == len(outcome.waits) + len(outcome.doubts)
    told(trace)


@settings(max_examples=40)
@given(st.data())
def test_whatever_happens_to_a_run_its_trace_says_how_it_stands(data: st.DataObject) -> None:
    ward = Ward()
    data.draw(st.sampled_from(WORKFLOWS))(ward)
    for _ in range(data.draw(st.integers(1, 10))):
        check(ward)
        if ward.trace.ending is not None:
            return
        try:
            do(ward, data.draw)
        except Refusal:
            continue


def gone(ward: Ward) -> None:
    """The second of two treatments fails and is taken back, and then the first."""
    ward.treat_two()
    ward.says()
    ward.behaves("gone")
    ward.says()


@pytest.mark.parametrize("most", [3, 7, 12, 17, 20, 22, 28, 31])
def test_a_run_that_breaks_off_anywhere_can_be_told(tmp_path: Path, most: int) -> None:
    workspace = tmp_path / "clinic"
    shutil.copytree(CLINIC, workspace)
    with (workspace / "pgs.yaml").open("a", encoding="utf-8") as project:
        project.write(f"limits: {{run_lines: {most}}}\n")
    sealed = snapshot(workspace)
    for come_to in (gone, RUNS["round_cancelled"], RUNS["cancelled"]):
        ward = Ward(sealed=sealed)
        with suppress(Refusal):  # what ended before takes no more
            come_to(ward)
        check(ward)
        ending = ward.trace.ending
        assert ending is not None
        assert (ending.kind == "FAULTED") or len(ward.lines) <= most
