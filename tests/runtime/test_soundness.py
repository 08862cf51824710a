"""A snapshot that somebody changed and sealed again is refused or runs; it never makes the engine stumble."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count

import pytest

from pgs_runtime.faults import Refusal
from pgs_runtime.refusals import refusal_of
from pgs_runtime.runtime import Outcome, Runtime
from pgs_snapshot.canonical import canonical
from pgs_snapshot.seal import MANIFEST, SealBroken, Sealed, build_manifest, verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.runtime.desk import SOURCE, artifacts, order, place
from tests.runtime.protocol import memory, ports, sealed
from tests.runtime.voyage import ANSWERED, BOB, YES, calling, outside, request
from tests.runtime.voyage import SOURCE as POSTING

DESK = sealed(*artifacts(), source=SOURCE, limits={"run_lines": 50}).sealed
CALLING = sealed(*calling()).sealed
OUTSIDE = sealed(*outside(), source=POSTING).sealed
GRAPH = "graphs/desk__WF_RUN_V0.json"
BOOK = "artifacts/contract/desk__CC_BOOK_V0.json"
CHOOSE = "artifacts/contract/desk__CC_CHOOSE_V0.json"
INTENT = "artifacts/intent/desk__IN_RUN_V0.json"
PROJECT = "project.json"

OUT = "artifacts/contract/desk__CC_OUT_V0.json"
POST = "artifacts/side_effect/desk__CS_POST_V0.json"
BINDING = "artifacts/binding/desk__RB_OUT_V0.json"
UNDO, WAIT, SIGNAL, CALL, LOOP, SEND, POLICY, FIND = (
    ("nodes", 1, "undo"),
    ("nodes", 2),
    ("nodes", 2, "signals", 0),
    ("nodes", 3, "call"),
    ("nodes", 4),
    ("steps", 0),
    ("effects", "desk::CS_POST_V0"),
    ("operations", "FIND"),
)

Route = tuple[str | int, ...]
GONE: Value = "\0"
OTHERS: tuple[Value, ...] = (GONE, "nope", 99, {}, [], None, -1)


def places(value: Value, route: Route = ()) -> Iterator[Route]:
    """The way to every part of a value but the whole."""
    parts: list[tuple[str | int, Value]] = []
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value))
    for key, part in parts:
        yield (*route, key)
        yield from places(part, (*route, key))


def changed(path: str, route: Route, to: Value, base: Sealed = DESK) -> dict[str, bytes]:
    """The files of a snapshot, the desk's unless given, with another part in one of them, sealed again."""
    body = json.loads(base.read(path))
    part = body
    for key in route[:-1]:
        part = part[key]
    if to == GONE:
        del part[route[-1]]
    else:
        part[route[-1]] = to
    files = {path: base.read(path) for path in base.paths()} | {path: canonical(body)}
    manifest = base.manifest
    sealing = build_manifest(manifest.name, manifest.version, manifest.compiler, files, manifest.implementations)
    return files | {MANIFEST: sealing}


def run(files: dict[str, bytes], payload: Value = None) -> Outcome:
    """A run, and where it waits the answer that it waits for."""
    runtime = Runtime(Snapshot(verify(files)), memory(), ports())
    outcome = place(runtime, payload or order("a", 4))
    return runtime.signal(outcome.trace_id, ANSWERED, YES, BOB)[0] if outcome.kind == "WAITING" else outcome


@pytest.mark.parametrize(
    ("base", "payload", "ran", "refused"),
    [(DESK, order("a", 4), 50, 400), (CALLING, request(), 50, 300), (OUTSIDE, request(), 100, 400)],
)
def test_whatever_part_is_changed_and_sealed_again_it_runs_or_is_refused(
    base: Sealed, payload: Value, ran: int, refused: int
) -> None:
    ends = {"ran": 0, "refused": 0}
    number = count()
    for path in sorted(path for path in base.paths() if path.endswith(".json")):
        for route in places(json.loads(base.read(path))):
            try:
                run(changed(path, route, OTHERS[next(number) % len(OTHERS)], base), payload)
                ends["ran"] += 1
            except (Refusal, SealBroken):
                ends["refused"] += 1
    assert ends["ran"] >= ran
    assert ends["refused"] >= refused


@pytest.mark.parametrize(
    ("path", "route", "to", "why"),
    [
        (GRAPH, ("nodes", 1, "next", "SUCCESS", "to"), "nope", "`book` leads to `nope`, which is not ahead"),
        (GRAPH, ("nodes", 2, "next", "SUCCESS", "to"), "book", "`work` leads to `book`, which is not ahead"),
        (GRAPH, ("nodes", 1, "contract"), "desk::CC_NONE_V0", "there is no contract `desk::CC_NONE_V0`"),
        (GRAPH, ("start",), "book", "it has not one start"),
        (GRAPH, ("nodes", 1, "inputs", "n", "ref", 0), 99, "`book` refers to the slot 99, and there are 8"),
        (BOOK, ("steps", 2, "next", "SUCCESS"), None, "`log` goes on, and is the last step"),
        (BOOK, ("outcomes", "CONFLICT", "x"), {"ref": [7]}, "`CONFLICT` refers to the slot 7, and there are 7"),
        (CHOOSE, ("steps", 0, "cases"), [], "`by_n` has no case"),
        (BOOK, ("name",), "desk::CC_WORK_V0", "the contract `desk::CC_BOOK_V0` calls itself otherwise"),
        (BOOK, ("inputs", "properties"), 1, "the members or labels of a schema of `desk::CC_BOOK_V0` are none"),
        (CHOOSE, ("steps", 0, "cases", 0, "when", "gt"), [], "`by_n` compares 0 values"),
    ],
)
def test_a_sealed_protocol_that_leads_nowhere_is_refused_with_the_place(
    path: str, route: Route, to: Value, why: str
) -> None:
    with pytest.raises(SealBroken) as broken:
        run(changed(path, route, to))
    assert broken.value.code == "Z902"
    assert broken.value.message.endswith(f" says what no compiler writes: {why}.")


@pytest.mark.parametrize(
    ("path", "route", "to", "why"),
    [
        (GRAPH, (*CALL, "of", "FANCY"), "desk::WF_NONE_V0", "there is no workflow `desk::WF_NONE_V0`"),
        (GRAPH, (*CALL, "choose"), GONE, "`one` does not choose what it calls"),
        (GRAPH, (*CALL, "choose", "ref", 0), 99, "`one` refers to the slot 99, and there are 12"),
        (GRAPH, (*CALL, "of", "FANCY"), "desk::WF_RUN_V0", "`desk::WF_RUN_V0` calls itself"),
        (GRAPH, (*LOOP, "each", "ref", 0), 12, "`loop` refers to the slot 12, and there are 12"),
        (GRAPH, (*LOOP, "inputs", "n", "ref", 0), 12, "`loop` refers to the slot 12, and there are 12"),
        (GRAPH, (*LOOP, "unproven", 0), "x", "`loop` has no input `x`"),
        (GRAPH, ("slots", 9), "event", "`loop` has no slots for its items"),
        (GRAPH, ("slots", 11), "heard", "`answer` has no slot for what it hears"),
        (GRAPH, ("slots", 6), "results", "`answer` has no slot for its result"),
        (GRAPH, (*WAIT, "within"), GONE, "`answer` has not one end"),
        (GRAPH, (*WAIT, "within"), {"ref": [12]}, "`answer` refers to the slot 12, and there are 12"),
        (GRAPH, (*SIGNAL, "event"), "desk::EV_NONE_V0", "there is no event `desk::EV_NONE_V0`"),
        (GRAPH, (*SIGNAL, "actors", 0), "desk::AC_NONE_V0", "there is no actor `desk::AC_NONE_V0`"),
        (GRAPH, (*SIGNAL, "not_actor_of", 0), "answer", "nobody has acted at `answer` when `YES` comes"),
        (GRAPH, (*SIGNAL, "not_actor_of", 0), "send", "nobody has acted at `send` when `YES` comes"),
        (GRAPH, (*SIGNAL, "match"), {"x": {"literal": 1}}, "`YES` has no input `x`"),
        (GRAPH, (*SIGNAL, "match", "id", "ref", 0), 12, "`answer` refers to the slot 12, and there are 12"),
        (GRAPH, (*SIGNAL, "where", "eq", 0, "ref", 0), 12, "`answer` refers to the slot 12, and there are 12"),
        (GRAPH, (*SIGNAL, "where", "eq"), [], "`answer` compares 0 values"),
        (GRAPH, (*SIGNAL, "name"), "NO", "two signals of `answer` are one"),
        (GRAPH, (*UNDO, "contract"), "desk::CC_NONE_V0", "there is no contract `desk::CC_NONE_V0`"),
        (GRAPH, (*UNDO, "inputs", "n"), {"ref": [12]}, "`send` refers to the slot 12, and there are 12"),
        (GRAPH, (*UNDO, "unproven", 0), "x", "`send` has no input `x`"),
        (GRAPH, (*UNDO, "contract"), "desk::CC_OUT_V0", "`send` has no input `n`"),
        (GRAPH, ("commits", 0), "nope", "there is no node `nope`"),
        (GRAPH, ("hidden", "send", 0), "undo/inputs/n", "`undo/inputs/n` leads to nothing that could be hidden"),
        (GRAPH, ("binding",), GONE, "`desk::WF_RUN_V0` has no policy for `desk::CS_POST_V0`"),
        (OUT, (*SEND, "side_effect"), "desk::CS_NONE_V0", "`desk::WF_RUN_V0` has no policy for `desk::CS_NONE_V0`"),
        (OUT, (*SEND, "operation"), "NONE", "`desk::CS_POST_V0` has no `NONE`"),
        (OUT, (*SEND, "inputs", "id", "ref", 0), 9, "`send` refers to the slot 9, and there are 3"),
        (POST, ("name",), "desk::CS_X_V0", "the side_effect `desk::CS_POST_V0` calls itself otherwise"),
        (BINDING, ("effects",), GONE, "`desk::WF_RUN_V0` has no policy for `desk::CS_POST_V0`"),
        (BINDING, (*POLICY, "lookup"), "SEND", "`SEND` of `desk::CS_POST_V0` does not read"),
        (BINDING, (*POLICY, "lookup"), "NONE", "`desk::CS_POST_V0` has no `NONE`"),
        (BINDING, (*POLICY, "lookup"), GONE, "nothing finds out about `desk::CS_POST_V0`"),
        (BINDING, (*POLICY, "unknown"), "retry", "`desk::CS_POST_V0` is tried again without an end"),
        (POST, (*FIND, "outcomes", "LATER"), {"type": "object"}, "`send` cannot end as `LATER`, as its lookup may say"),
        (POST, (*FIND, "inputs", "properties"), 1, "the members or labels of a schema of `desk::CS_POST_V0` are none"),
        (BINDING, ("stores",), ["desk::ST_NONE_V0"], "there is no store `desk::ST_NONE_V0`"),
    ],
)
def test_calls_waits_undos_and_effects_that_lead_nowhere_are_refused_with_the_place(
    path: str, route: Route, to: Value, why: str
) -> None:
    with pytest.raises(SealBroken) as broken:
        run(changed(path, route, to, OUTSIDE), request())
    assert broken.value.code == "Z902"
    assert broken.value.message.endswith(f" says what no compiler writes: {why}.")


def test_a_wait_that_matches_what_is_not_there_ends_the_run_as_a_fault() -> None:
    assert run(changed(GRAPH, (*SIGNAL, "match", "id", "ref", 1), "nope", OUTSIDE), request()).exit == "R026"


def test_a_signal_with_a_condition_about_what_is_not_there_is_refused_and_the_run_goes_on_waiting() -> None:
    files = changed(GRAPH, (*SIGNAL, "where", "eq", 0, "ref", 1), "nope", OUTSIDE)
    runtime = Runtime(Snapshot(verify(files)), memory(), ports())
    waiting = place(runtime, request())
    lines = runtime.trace(waiting.trace_id)
    with pytest.raises(SealBroken, match="`answer` waits for `YES` by what is not there") as broken:
        runtime.signal(waiting.trace_id, ANSWERED, YES, BOB)
    assert broken.value.code == "Z902"
    assert runtime.trace(waiting.trace_id) == lines


@pytest.mark.parametrize("node", [1, 2])
def test_an_outcome_of_a_call_or_loop_without_an_edge_ends_the_run_as_a_fault(node: int) -> None:
    assert run(changed(GRAPH, ("nodes", node, "next"), {}, CALLING), request()).exit == "R026"


def test_a_sealed_schema_that_is_none_is_refused() -> None:
    with pytest.raises(SealBroken) as broken:
        run(changed(INTENT, ("payload", "properties", "id", "type"), "strin"))
    assert refusal_of(broken.value).code == "Z902"
    assert "The snapshot holds a schema that is none: " in broken.value.message


@pytest.mark.parametrize("to", ["x", 0, -1, True, 1.5, None])
def test_a_sealed_limit_that_is_none_is_refused(to: Value) -> None:
    with pytest.raises(SealBroken) as broken:
        run(changed(PROJECT, ("limits", "run_lines"), to))
    assert broken.value.message == "`project.json` sets no limit by `run_lines`."
