"""Archived runs on snapshots that differ in one thing, and archives that somebody has been at."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from pgs_runtime.replay.against_texts import tried_json, tried_text
from pgs_runtime.replay.archive import Change, Filed, Tried, against, filed_in
from pgs_runtime.replay.workbench import Workbench, trying
from pgs_runtime.runtime import Runtime
from pgs_runtime.trace.lines import joined
from pgs_snapshot import model
from pgs_snapshot.model import Edge, Ref
from pgs_snapshot.values import Value
from tests.runtime.desk import LOG, SOURCE, STOCK, artifacts, desk, order, place
from tests.runtime.desk import ORDERS as BOOK
from tests.runtime.protocol import ADA, TEXT, WORKFLOW, asks, contract, ends, fields, graph, node, opened, sealed

ORDERS: dict[str, Value] = {
    "COMPLETED": order("a", 4),
    "CONFLICT": order("a", 5),
    "TOO_MANY": order("b", 101),
    "BELOW_ZERO": order("c", -1),
    "REJECTED": {"id": "d"},
}
"""Orders of one desk, one after the other, by the name under which each ends."""


def taken(runtime: Runtime) -> dict[str, str]:
    """Each of the orders: by the name of its end, the id of its run."""
    outcomes = [place(runtime, payload) for payload in ORDERS.values()]
    return {outcome.exit: outcome.trace_id for outcome in outcomes}


@cache
def archive() -> tuple[Runtime, dict[str, str]]:
    runtime = desk()
    return runtime, taken(runtime)


def tried(made: Iterable[object], old: Runtime, at_hand: bool = False) -> Tried:
    """What becomes of the runs of a desk on a snapshot of these artifacts. `at_hand`: their store and snapshot are."""
    store = old.store if at_hand else None
    with trying(sealed(*made, source=SOURCE), store) as bench, Workbench(old.snapshot, old.store) as own:
        filed = [Filed(joined(old.trace(run.id)), store) for run in old.store.runs()]
        return against(bench, iter(filed), lambda id: own if at_hand and id == old.snapshot.id else None)


def with_graph(change: Callable[[model.Graph], model.Graph]) -> list[object]:
    return [change(each) if isinstance(each, model.Graph) else each for each in artifacts()]


def with_payload(change: Callable[[dict[str, Value]], dict[str, Value]], *required: str) -> list[object]:
    """The desk with other members in what is asked of it."""

    def changed(each: model.Intent) -> model.Intent:
        members = change(dict(each.payload["properties"]))  # type: ignore[arg-type, call-overload]
        return replace(each, payload=fields(["id", "n", *required], **members))

    return [changed(each) if isinstance(each, model.Intent) else each for each in artifacts()]


def renamed(graph: model.Graph, old: str, new: str) -> model.Graph:
    """The graph with another name for one node."""

    def of(each: model.Node) -> model.Node:
        if isinstance(each, model.IntentNode | model.ContractNode):
            ways = {end: replace(way, to=new) if way.to == old else way for end, way in each.next.items()}
            each = replace(each, next=ways)
        return replace(each, id=new) if each.id == old else each

    slots = tuple(slot.replace(f"results.{old}", f"results.{new}") for slot in graph.slots)
    return replace(graph, nodes=tuple(map(of, graph.nodes)), slots=slots)


def nothing_changes(found: Tried, runs: int = len(ORDERS)) -> bool:
    return (found.runs, found.changes, found.resting, found.untold) == (runs, 0, {}, {})


# --- one thing differs -----------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new", "others"), [("book", "note", 4), ("done", "fine", 1), ("denied", "no", 1)])
def test_a_node_of_another_name_is_another_way_to_the_same_end(old: str, new: str, others: int) -> None:
    found = tried(with_graph(lambda each: renamed(each, old, new)), archive()[0])
    assert nothing_changes(found)
    assert found.other_way == others


def test_an_intent_of_another_name_changes_nothing() -> None:
    def of(each: object) -> object:
        if isinstance(each, model.Intent):
            return replace(each, name="desk::IN_OTHER_V0")
        if isinstance(each, model.Graph):
            first, *others = each.nodes
            assert isinstance(first, model.IntentNode)
            return replace(each, nodes=(replace(first, intent="desk::IN_OTHER_V0"), *others))
        return each

    found = tried([of(each) for each in artifacts()], archive()[0])
    assert (nothing_changes(found), found.other_way) == (True, 0)


def test_of_a_workflow_that_is_gone_nothing_can_be_told() -> None:
    runtime, runs = archive()
    found = tried(with_graph(lambda each: replace(each, workflow="desk::WF_OTHER_V0")), runtime)
    assert (found.runs, found.changes, found.resting) == (len(ORDERS), 0, {})
    assert found.untold == dict.fromkeys(runs.values(), f"The snapshot has no workflow `{WORKFLOW}`.")


def test_a_member_that_is_required_now_rejects_each_run_that_was_admitted() -> None:
    runtime, runs = archive()
    found = tried(with_payload(lambda members: {**members, "by": TEXT}, "by"), runtime)
    assert {change.before[1]: made for change, made in found.changed.items()} == {
        name: [run] for name, run in runs.items() if name != "REJECTED"
    }
    for change in found.changed:
        assert isinstance(change, Change)
        assert (change.after, change.way_after) == (("REJECTED", "REJECTED"), (("admit", "NACK"),))
        assert (change.line, change.node, change.at) == (2, "admit", "/refused")
    assert (found.resting, found.untold) == ({}, {})


def test_a_member_that_may_be_left_out_changes_nothing() -> None:
    by: Value = {"type": "string", "default": "nobody"}
    found = tried(with_payload(lambda members: {**members, "by": by}), archive()[0])
    assert (nothing_changes(found), found.other_way) == (True, 0)


def labelled() -> list[object]:
    """The desk, which hides the number of what was ordered."""
    hidden = {"admit": ("/payload/n",), "failed": ("/result/n",), "done": ("/result/n",)}
    number: Value = {"type": "integer", "labels": ["pii"]}
    others = [each for each in artifacts() if not isinstance(each, model.Intent | model.Graph)]
    asked = next(each for each in with_payload(lambda all: {**all, "n": number}) if isinstance(each, model.Intent))
    flow = next(each for each in artifacts() if isinstance(each, model.Graph))
    return [*others, asked, replace(flow, hidden=hidden)]


def test_other_labels_hide_other_things_and_change_no_result() -> None:
    assert nothing_changes(tried(labelled(), archive()[0]))
    hiding = opened(*labelled(), source=SOURCE)
    runs = taken(hiding)
    for made in (labelled(), artifacts()):
        found = tried(made, hiding, at_hand=True)
        assert (nothing_changes(found), found.other_way) == (True, 0)
    untold = tried(artifacts(), hiding).untold
    why = "The record does not show it: something is hidden, and its store is not at hand."
    assert untold == dict.fromkeys(runs.values(), why)


def test_another_result_of_the_same_end_is_a_change() -> None:
    other = sealed(*artifacts(), source=SOURCE.replace("n + 1", "n + 2"))
    runtime, runs = archive()
    with trying(other) as bench:
        filed = [Filed(joined(runtime.trace(run.id)), None) for run in runtime.store.runs()]
        found = against(bench, iter(filed), lambda id: None)
    ((change, made),) = found.changed.items()
    assert (made, change.before, change.after) == ([runs["COMPLETED"]], change.after, change.before)
    assert (change.line, change.node, change.at) == (4, "work", "/steps/0/outputs/n")


def test_one_node_more_that_asks_what_was_not_asked_rests_on_that() -> None:
    look = contract(
        "look",
        fields(id=TEXT),
        [asks("read", "STOCK", "READ", {"key": Ref(0, ("id",))}, SUCCESS="SUCCESS", NOT_FOUND="NOT_FOUND")],
        {"SUCCESS": {}, "NOT_FOUND": {}},
    )

    def longer(each: model.Graph) -> model.Graph:
        nodes: list[model.Node] = []
        for one in each.nodes:
            if one.id == "choose":
                assert isinstance(one, model.ContractNode)
                one = replace(one, next={**one.next, "SUCCESS": Edge("look")})
            if one.id == "done":
                nodes.append(node("look", "look", {"id": Ref(0, ("id",))}, SUCCESS="done", NOT_FOUND="denied"))
            nodes.append(one)
        return graph(*nodes)

    runtime, runs = archive()
    found = tried([*with_graph(longer), look], runtime)
    assert found.resting == {runs["COMPLETED"]: ((f"READ of {STOCK}",), True)}
    assert (found.changes, found.untold, found.other_way) == (0, {}, 0)
    assert "rest on what was not recorded; 1 of them would change" in tried_text(found)


def test_another_binding_with_other_defaults_does_not_reach_what_was_configured() -> None:
    def bound(name: str, most: int) -> Runtime:
        limit: Value = {"type": "integer", "default": most}
        binding = model.Binding(name, "", (BOOK, LOG, STOCK), fields([], most=limit), "desk.yaml:1")

        def told(one: model.Node) -> model.Node:
            if not isinstance(one, model.ExitNode) or one.id != "done":
                return one
            return ends("done", result={**one.result, "most": Ref(3, ("most",))}, emit=one.emit)

        made = with_graph(lambda each: replace(each, binding=name, nodes=tuple(map(told, each.nodes))))
        return opened(*made, binding, source=SOURCE)

    old = bound("desk::BI_DESK_V0", 3)
    assert old.run(WORKFLOW, order("z", 4), ADA).result["most"] == 3
    taken(old)
    made = bound("desk::BI_OTHER_V0", 9)
    with trying(made.snapshot) as bench:
        filed = [Filed(joined(old.trace(run.id)), None) for run in old.store.runs()]
        found = against(bench, iter(filed), lambda id: None)
    assert (nothing_changes(found, len(ORDERS) + 1), found.other_way) == (True, 0)


# --- an archive that somebody has been at ----------------------------------------------------------


def test_of_whatever_is_no_sound_trace_it_is_said_why_and_the_others_are_tried(tmp_path: Path) -> None:
    runtime, runs = archive()
    data = {name: joined(runtime.trace(run)) for name, run in runs.items()}
    run = runs["BELOW_ZERO"]
    (tmp_path / run).mkdir()
    (tmp_path / run / f"{run}.jsonl").write_bytes(data["BELOW_ZERO"])
    files = {
        "sound": data["COMPLETED"],
        "cut": joined(runtime.trace(runs["CONFLICT"])[:-1]),
        "half": data["TOO_MANY"][:-40],
        "twice": data["COMPLETED"] * 2,
        "marked": b"\xef\xbb\xbf" + data["REJECTED"],
        "empty": b"",
        "nul": bytes(100),
        "list": b"[]\n",
        "other": b'{"a":1}\n',
    }
    for name, body in files.items():
        (tmp_path / f"{name}.jsonl").write_bytes(body)
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "loop.jsonl").symlink_to(tmp_path / "loop.jsonl")
    (tmp_path / "gone.jsonl").symlink_to(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("{")
    (tmp_path / "nested" / "nested.jsonl").mkdir(parents=True)
    with trying(runtime.snapshot) as bench:
        found = against(bench, filed_in(tmp_path, None, lambda run: None), lambda id: None)
    assert found.untold == {
        runs["CONFLICT"]: "It has not ended, as far as its trace tells.",
        "half.jsonl": "Line 6 has no end; the file was cut.",
        "twice.jsonl": "Line 7 does not have the number 6.",
        "marked.jsonl": "Line 1 is not JSON as a trace has it: a byte order mark at byte offset 0.",
        "empty.jsonl": "Line 1 is missing: the file is empty.",
        "nul.jsonl": "Line 1 has no end; the file was cut.",
        "list.jsonl": "Line 1 is no object.",
        "other.jsonl": "Line 1 does not have the number 0.",
        "folder.jsonl": "It cannot be read: Is a directory.",
        "loop.jsonl": "It cannot be read: Too many levels of symbolic links.",
        "gone.jsonl": "It cannot be read: No such file or directory.",
    }
    assert (found.runs, found.changes) == (len(found.untold) + 2, 0)


def test_a_name_that_no_line_may_hold_is_told_as_it_can_be(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/\xff\n.jsonl", "wb") as file:
        file.write(b"x")
    with trying(archive()[0].snapshot) as bench:
        found = against(bench, filed_in(tmp_path, None, lambda run: None), lambda id: None)
    assert "\n        Line 1 has no end; the file was cut. \\udcff\\n.jsonl" in tried_text(found)
    assert [each["run"] for each in json.loads(tried_json(found))["untold"]] == ["\udcff\n.jsonl"]


def test_whose_trace_a_file_is_is_told_by_its_first_line_and_not_by_its_name(tmp_path: Path) -> None:
    """Else who renames a file keeps the store from being asked about it."""
    runtime, runs = archive()
    (tmp_path / "x.jsonl").write_bytes(joined(runtime.trace(runs["COMPLETED"])))
    (filed,) = filed_in(tmp_path, None, lambda run: runtime.store if run == runs["COMPLETED"] else None)
    assert filed.store is runtime.store


def test_of_traces_of_another_store_what_their_lines_show_is_told() -> None:
    runtime, runs = archive()
    other = desk()
    with trying(runtime.snapshot, other.store) as bench:
        filed = [Filed(joined(runtime.trace(run)), None) for run in runs.values()]
        assert nothing_changes(against(bench, iter(filed), lambda id: None))
        found = against(bench, iter([Filed(joined(runtime.trace(runs["COMPLETED"])), other.store)]), lambda id: None)
    assert list(found.untold) == [runs["COMPLETED"]]
