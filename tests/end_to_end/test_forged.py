"""Traces that somebody has changed and chained well again: what `replay` and `diff` find in them, and what not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest

from pgs_runtime.evidence.verify import verify
from pgs_runtime.faults import Refusal
from pgs_runtime.replay.causes import Cause, Difference
from pgs_runtime.replay.contrast import contrast
from pgs_runtime.replay.replay import Replayed, replay
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.port import Store
from pgs_runtime.trace.lines import joined
from pgs_runtime.trace.reading import trace_of
from pgs_runtime.why.answer import why
from pgs_runtime.why.texts import why_text
from pgs_snapshot.values import Value
from tests.durable.ward import ward_of
from tests.end_to_end.programs import Installation
from tests.end_to_end.scenarios import GOVERN
from tests.end_to_end.test_why import ACTION
from tests.runtime.desk import desk, order, place
from tests.runtime.till import rechained

Place = tuple[str | int, ...]


class Recorded(NamedTuple):
    """A run, and the store that keeps what its lines do not show; None: it is done again from its lines alone."""

    runtime: Runtime
    lines: tuple[bytes, ...]
    store: Store | None


@cache
def run_of(name: str) -> Recorded:
    if name != "order":
        ward = ward_of(name)
        return Recorded(ward.runtime, ward.lines, ward.runtime.store)
    runtime = desk()
    return Recorded(runtime, runtime.trace(place(runtime, order(n=4)).trace_id), None)


def again(run: Recorded, lines: Sequence[bytes]) -> Replayed:
    return replay(lines, {run.runtime.snapshot.id: run.runtime.snapshot}.get, run.store, run.runtime.ports.fingerprint)


def forged(lines: Sequence[bytes], n: int, path: Place, value: Value) -> tuple[bytes, ...]:
    """The lines with another value at a place of line `n`, from 0."""

    def forge(bodies: list[dict[str, Value]]) -> None:
        place: object = bodies[n]
        for token in path[:-1]:
            place = place[token]  # type: ignore[index]
        place[path[-1]] = value  # type: ignore[index]

    return rechained(lines, forge)


def kinds(lines: Sequence[bytes]) -> list[str]:
    return [orjson.loads(line)["kind"] for line in lines]


# --- each kind of line, forged once ----------------------------------------------------------------

FORGED: list[tuple[str, str, Place, Value, Cause, str]] = [
    ("order", "run", ("header", "payload", "n"), 5, "input", "/header/payload_digest"),
    ("order", "run", ("header", "payload_digest"), "0" * 64, "input", "/header/payload_digest"),
    ("order", "run", ("header", "workflow"), "desk::WF_NONE_V0", "definition", "/header/workflow"),
    ("order", "intent", ("outcome",), "NACK", "definition", "/outcome"),
    ("order", "contract", ("inputs",), "0" * 64, "definition", "/inputs"),
    ("order", "contract", ("steps", 1, "outcome"), "CONFLICT", "definition", "/steps"),
    ("order", "contract", ("steps", 1, "outcome"), "STRANGE", "context", ""),
    ("order", "contract", ("steps", 1, "inputs", "key"), "b", "definition", "/steps/1/inputs/key"),
    ("order", "exit", ("name",), "FINE", "definition", "/name"),
    ("order", "exit", ("result", "n"), 6, "definition", "/result/n"),
    ("treated", "run", ("header", "payload", "amount"), 6, "input", "/header/payload/amount"),
    ("treated", "run", ("header", "actor", "id"), "eve", "input", "/header/actor/id"),
    ("treated", "run", ("header", "started"), "2027-03-01T09:00:00.000Z", "clock", "/header/started"),
    ("treated", "suspend", ("due",), "2027-03-01T09:00:00.000Z", "definition", "/due"),
    ("treated", "signal", ("time",), "2027-03-01T09:00:00.000Z", "clock", "/time"),
    ("told_by_a_run", "signal", ("fields", "given"), False, "input", "/fields/given"),
    ("told_by_a_run", "signal", ("actor", "id"), "eve", "input", "/actor/id"),
    ("told_by_a_run", "signal", ("outcome",), "WITHHELD", "input", "/outcome"),
    ("treated", "wait", ("outputs", "event", "given"), False, "definition", "/outputs/event/given"),
    ("treated", "contract", ("steps", 0, "outputs", "n"), 7, "context", "/steps/0/outputs/n"),
    ("treated", "effect", ("inputs", "amount"), 6, "definition", "/inputs/amount"),
    ("treated", "effect", ("key",), "0" * 64, "definition", "/key"),
    ("treated", "reply", ("outputs", "shelf"), {"$redacted": "0" * 64}, "effect result", "/outputs/shelf/$redacted"),
    ("treated", "reply", ("outcome",), "GONE", "effect result", "/outcome"),
    ("expired", "expired", ("time",), "2027-03-01T09:00:00.000Z", "clock", "/time"),
    ("reconciled", "doubt", ("time",), "2027-03-01T09:00:00.000Z", "clock", "/time"),
    ("cancelled", "cancel", ("time",), "2027-03-01T09:00:00.000Z", "clock", "/time"),
    ("cancelled", "cancelled", ("effects", "clinic::ST_CHART_V0", "APPEND"), 9, "definition", "/effects"),
    ("cancelled", "return", ("name",), "FINE", "definition", "/name"),
    ("cancelled", "call", ("outcome",), "FINE", "definition", "/outcome"),
    ("cancelled", "undo", ("inputs",), {"$redacted": "0" * 64}, "definition", "/inputs/$redacted"),
    ("round_ended", "each", ("outputs", "count"), 9, "definition", "/outputs/count"),
]


@pytest.mark.parametrize(("name", "kind", "path", "value", "cause", "at"), FORGED)
def test_of_each_kind_of_line_what_was_forged_is_found_there_with_its_cause(
    name: str, kind: str, path: Place, value: Value, cause: Cause, at: str
) -> None:
    run = run_of(name)
    n = kinds(run.lines).index(kind)
    replayed = again(run, forged(run.lines, n, path, value))
    assert isinstance(replayed.difference, Difference)
    assert (replayed.difference.line, replayed.difference.cause) == (n + 1, cause)
    assert replayed.difference.at == at or (at and replayed.difference.at.startswith(f"{at}/"))
    assert not replayed.verified


@pytest.mark.parametrize(
    ("node", "path", "value", "at"),
    [
        ("work", ("steps", 0, "outputs", "n"), 6, "/steps/0/outputs/n"),
        ("work", ("outputs", "text"), "x", "/outputs/text"),
        ("choose", ("steps", 0, "operands", 0, "of", 1), 99, "/steps/0/operands/0/of/1"),
        ("choose", ("steps", 0, "case"), 1, "/steps/0/case"),
    ],
)
def test_what_a_transform_gave_and_what_a_decision_saw_is_computed_again(
    node: str, path: Place, value: Value, at: str
) -> None:
    run = run_of("order")
    n = next(n for n, line in enumerate(run.lines) if orjson.loads(line).get("node") == node)
    difference = again(run, forged(run.lines, n, path, value)).difference
    assert difference is not None
    assert (difference.line, difference.node, difference.cause, difference.at) == (n + 1, node, "definition", at)


def test_a_forged_fingerprint_and_a_forged_snapshot_are_refused() -> None:
    run = run_of("order")
    for path, value, code in (
        (("header", "fingerprint", "python"), "3.99", "R100"),
        (("header", "snapshot"), "0" * 64, "R101"),
    ):
        with pytest.raises(Refusal) as refused:
            again(run, forged(run.lines, 0, path, value))
        assert refused.value.code == code


# --- every member of every line --------------------------------------------------------------------

TAKEN: dict[str, set[str]] = {
    "order": {
        "run /header/actor/id",
        "run /header/authenticated_by",
        "run /header/started",
        "contract /steps/1/outputs/address",
    },
    "treated": {
        "run /header/authenticated_by",
        "signal /actor/id",
        "signal /actor/licence/$redacted",
        "signal /actor/type",
        "signal /authenticated_by",
        "signal /event",
        "signal /fields/$redacted",
        "signal /refused/0/node",
        "signal /refused/0/signal",
        "signal /refused/0/why",
        "signal /refused/1/node",
        "signal /refused/1/signal",
        "signal /refused/1/why",
    },
    "reconciled": {
        "run /header/authenticated_by",
        "signal /authenticated_by",
        "doubt /why",
        "reconciled /actor/id",
        "reconciled /actor/licence/$redacted",
        "reconciled /actor/type",
        "reconciled /authenticated_by",
        "reconciled /reason",
    },
    "told_by_a_run": {
        "run /header/authenticated_by",
        "signal /authenticated_by",
        "signal /message/n",
        "signal /message/workflow",
    },
    "cancelled": {
        "run /header/authenticated_by",
        "signal /authenticated_by",
        "cancel /actor/id",
        "cancel /actor/licence/$redacted",
        "cancel /actor/type",
        "cancel /authenticated_by",
        "cancel /reason",
    },
}
"""What is taken as it was recorded. Of an order done again from its lines alone: also what nothing follows from."""


def places(value: Value, path: Place = ()) -> Iterator[tuple[Place, Value]]:
    """Every place that holds no further ones."""
    if isinstance(value, dict | list) and value:
        for token, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*path, token))
    else:
        yield path, value


def other(value: Value) -> Value:
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str() if len(value) == 64:
            return value[::-1]
        case str():
            return value.replace("2026", "2027") if value.startswith("2026") else f"{value}x"
        case _:
            return {"x": 1}


def forgeries(lines: Sequence[bytes]) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    """Each member of each line forged in its turn, where what comes of it is chained well and is a trace."""
    for n, line in enumerate(lines):
        body = orjson.loads(line)
        for path, value in places(body):
            if path[0] in ("digest", "n", "prev", "run"):
                continue
            made = forged(lines, n, path, other(value))
            try:
                trace_of(made)
            except Refusal:
                continue
            if not verify(joined(made)).doubt:
                yield f"{body['kind']} /{'/'.join(map(str, path))}", made


@pytest.mark.parametrize("name", sorted(TAKEN))
def test_whatever_is_forged_is_found_but_what_is_taken_as_it_was_and_the_store_finds_that(name: str) -> None:
    run, unnoticed, tried = run_of(name), set(), 0
    for what, made in forgeries(run.lines):
        tried += 1
        try:
            found = again(run, made).difference is not None
        except Refusal:
            found = True
        if not found:
            unnoticed.add(what)
        assert verify(joined(made), store=run.runtime.store).doubt.startswith("The store has another line "), what
    assert unnoticed == TAKEN[name]
    assert tried > 50


# --- two runs, one of which is forged --------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "path", "value", "cause"),
    [
        ("order", "contract", ("steps", 1, "outputs", "address"), "0" * 64, "context"),
        ("order", "contract", ("steps", 1, "inputs", "key"), "b", "definition"),
        ("order", "exit", ("result", "n"), 6, "definition"),
        ("treated", "suspend", ("due",), "2027-03-01T09:00:00.000Z", "definition"),
        ("treated", "signal", ("actor", "id"), "eve", "input"),
        ("treated", "signal", ("time",), "2027-03-01T09:00:00.000Z", "clock"),
        ("treated", "reply", ("outcome",), "GONE", "effect result"),
        ("reconciled", "reconciled", ("reason",), "who knows", "effect result"),
        ("cancelled", "cancel", ("reason",), "who knows", "input"),
    ],
)
def test_a_run_and_its_forgery_part_where_that_was_forged(
    name: str, kind: str, path: Place, value: Value, cause: Cause
) -> None:
    lines = run_of(name).lines
    n = kinds(lines).index(kind)
    found = contrast(lines, forged(lines, n, path, value))
    assert found.parting is not None
    assert (found.parting.line, found.parting.cause) == (n + 1, cause)


@pytest.mark.parametrize(
    ("path", "value", "name"),
    [
        (("header", "actor", "id"), "eve", "actor"),
        (("header", "authenticated_by"), "gateway", "authenticated_by"),
        (("header", "payload", "n"), 5, "payload /n"),
        (("header", "snapshot"), "0" * 64, "snapshot"),
        (("header", "fingerprint", "python"), "3.99", "fingerprint"),
    ],
)
def test_a_forged_first_line_is_told_among_what_else_differs(path: Place, value: Value, name: str) -> None:
    lines = run_of("order").lines
    assert [each for each, _, _ in contrast(lines, forged(lines, 0, path, value)).others] == [name]


@pytest.mark.parametrize("name", ["order", "treated"])
def test_why_tells_of_a_forged_trace_or_says_that_no_run_has_left_it(name: str) -> None:
    run, strange = run_of(name), dict[str, tuple[str, str]]()
    for what, made in forgeries(run.lines):
        try:
            told = why(made, {run.runtime.snapshot.id: run.runtime.snapshot}.get, run.store, {})
        except Refusal as refused:
            strange[what] = refused.code, refused.message
        else:
            assert why_text(told)
    assert strange.keys() >= {"intent /node", "contract /node"}
    message = "It tells of what the snapshot that it names does not have, so that no run has left it."
    assert set(strange.values()) == {("R055", message)}


# --- at the command line ---------------------------------------------------------------------------


def test_where_the_store_is_at_hand_a_forged_trace_is_refused_and_elsewhere_it_is_found(
    examples: Installation, tmp_path: Path
) -> None:
    run = examples.run(GOVERN, json.dumps(ACTION).encode(), "--json").json()["trace_id"]
    lines = (examples.workspace / "traces" / run / f"{run}.jsonl").read_bytes().splitlines(keepends=True)
    (n, path) = next(
        (n, path)
        for n, line in enumerate(lines)
        for path, _ in places(orjson.loads(line))
        if path[:1] == ("steps",) and path[2:3] == ("outputs",) and "transform" in orjson.loads(line)["steps"][path[1]]
    )
    file = tmp_path / "forged.jsonl"
    file.write_bytes(joined(forged(lines, n, path, "forged")))
    there = examples.runtime("replay", file, "--json")
    assert (there.code, there.error()["code"]) == (3, "R055")
    assert f"The store has another line {n + 1}." in there.error()["message"]
    elsewhere = Installation(examples.workspace, tmp_path / "none").runtime("replay", file, "--json")
    told = elsewhere.json()
    assert (elsewhere.code, told["verified"]) == (9, False)
    assert (told["difference"]["line"], told["difference"]["cause"]) == (n + 1, "definition")
