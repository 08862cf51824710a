"""Two recorded runs side by side: where they part, and why."""

from __future__ import annotations

import json
from typing import cast

import pytest

from pgs_runtime.replay.causes import Cause
from pgs_runtime.replay.contrast import Contrast, contrast, partings
from pgs_runtime.replay.diff_texts import contrast_json, contrast_text
from pgs_runtime.runtime import Runtime
from pgs_snapshot.canonical import canonical
from pgs_snapshot.values import Value
from tests.runtime import till
from tests.runtime.desk import SOURCE, artifacts, desk, order, place
from tests.runtime.protocol import opened, ports, sealed
from tests.runtime.test_against import labelled
from tests.runtime.test_overrides import Desk

HIDDEN: Value = {"who": {"$redacted": ""}}


def compared(runtime: Runtime, first: Value, second: Value, other: Runtime | None = None) -> Contrast:
    one = runtime.trace(place(runtime, first).trace_id)
    return contrast(one, (other or runtime).trace(place(other or runtime, second).trace_id))


def parted(found: Contrast) -> tuple[int, str, Cause | None, str]:
    assert found.parting is not None
    return found.parting.line, found.parting.node, found.parting.cause, found.parting.at


def test_a_run_and_itself_do_not_part() -> None:
    runtime = desk()
    lines = runtime.trace(place(runtime, order(n=4)).trace_id)
    found = contrast(lines, lines)
    assert (found.same, found.parting, found.ways_part, found.others) == (True, None, 0, ())


def test_another_payload_is_the_cause_where_the_ways_part() -> None:
    found = compared(desk(), order("a", 4), order("b", 101))
    assert parted(found) == (3, "book", "input", "/inputs")
    assert (found.same, found.ways_part) == (False, 5)
    assert found.first.way[-1] == ("choose", "SUCCESS")
    assert (found.second.way[-1], found.second.kind, found.second.name) == (("choose", "DENIED"), "DENIED", "TOO_MANY")
    assert found.others == (("payload /id", "a", "b"), ("payload /n", 4, 101))


def test_what_a_store_answered_is_the_cause_of_the_same_request_that_ends_otherwise() -> None:
    runtime = till.open_till()
    lines = [runtime.trace(till.paid(runtime, till.PAID).trace_id) for _ in range(2)]
    found = contrast(*lines)
    assert parted(found)[1:3] == ("book", "context")
    assert found.uncompared


def test_what_is_hidden_is_compared_within_the_same_subjects_alone() -> None:
    runtime = till.open_till()
    grace, ada = ({**till.PAID, "id": id, "name": name} for id, name in (("p-1", "Grace"), ("p-2", "Ada")))
    lines = [runtime.trace(till.paid(runtime, payment).trace_id) for payment in (grace, ada)]
    found = contrast(*lines)
    assert (found.ways_part, found.uncompared) == (0, True)
    assert [name for name, _, _ in found.others] == ["payload /id"]
    assert not contrast(lines[0], lines[0]).uncompared


@pytest.mark.parametrize(("alike", "cause"), [(None, None), (False, "input"), (True, "clock")])
def test_what_may_follow_from_something_hidden_has_the_cause_that_whoever_knows_the_requests_tells(
    alike: bool | None, cause: Cause | None
) -> None:
    runtime = opened(*labelled(), source=SOURCE)
    one, other = (runtime.trace(place(runtime, order(n=n)).trace_id) for n in (4, 5))
    found = contrast(one, other, alike)
    assert parted(found)[2] == cause
    assert (found.same, found.uncompared) == (False, True)
    assert (f"cause    {cause}" in contrast_text(found)) == (cause is not None)
    assert cast(dict[str, Value], json.loads(contrast_json(found))["parting"])["cause"] == cause


def told_in_secret(subject: str, ends: str, *lines: dict[str, Value], **header: Value) -> list[bytes]:
    """A trace that belongs to a subject; what is hidden in it is hidden under a key of its own."""
    known = {"payload": {}, "payload_digest": "", "snapshot": "", "fingerprint": {}, "workflow": "w", **header}
    first: dict[str, Value] = {"kind": "run", "run": subject, "header": {**known, "subjects": [subject]}}
    decided: dict[str, Value] = {"kind": "contract", "node": "choose", "outcome": ends}
    last: dict[str, Value] = {"kind": "exit", "node": ends, "exit": ends, "name": ends}
    return [canonical(line) for line in (first, *lines, decided, last)]


def read(**step: Value) -> dict[str, Value]:
    return {"kind": "contract", "node": "look", "outcome": "SUCCESS", "steps": [{"step": "read", **step}]}


@pytest.mark.parametrize(
    ("lines", "header", "cause"),
    [
        ([{"kind": "signal", "fields": HIDDEN}], {}, None),
        ([{"kind": "reply", "outputs": HIDDEN}], {}, None),
        ([read(store="s", operation="READ", outputs=HIDDEN)], {}, None),
        ([read(store="s", operation="HYDRATE", fields=HIDDEN)], {}, None),
        ([], {"config": HIDDEN}, None),
        ([], {"payload": HIDDEN}, "clock"),
        ([read(transform="t", outputs=HIDDEN)], {}, "clock"),
        ([read(store="s", operation="REGISTER", inputs=HIDDEN)], {}, "clock"),
    ],
)
def test_that_two_were_asked_the_same_tells_no_cause_where_what_they_were_told_later_is_hidden(
    lines: list[dict[str, Value]], header: dict[str, Value], cause: Cause | None
) -> None:
    found = contrast(*(told_in_secret(*who, *lines, **header) for who in (("a", "YES"), ("b", "NO"))), alike=True)
    assert parted(found) == (len(lines) + 2, "choose", cause, "/outcome")


def test_another_snapshot_is_the_cause_of_the_same_request_that_ends_otherwise() -> None:
    other = Runtime(
        sealed(*artifacts(), source="def work(how, n):\n    return {'n': 99 + n, 'text': how}"), desk().store, ports()
    )
    found = compared(desk(), order(n=4), order(n=4), other)
    assert parted(found) == (4, "work", "definition", "/steps/0/outputs/n")
    assert (found.same, found.ways_part) == (False, 0)
    assert [name for name, _, _ in found.others] == ["snapshot"]


def test_another_workflow_is_the_cause_whatever_else_it_was_given() -> None:
    one, other = desk(), till.open_till()
    lines = one.trace(place(one, order(n=4)).trace_id), other.trace(till.paid(other, till.TOO_MUCH).trace_id)
    found = contrast(*lines)
    assert parted(found)[:3] == (2, "admit", "definition")
    assert (found.same, found.ways_part) == (False, 2)
    assert [name for name, _, _ in found.others][:2] == ["workflow", "snapshot"]
    assert contrast(lines[1], lines[0]).parting is not None


def test_an_override_that_one_run_found_and_the_other_did_not_is_what_a_store_answered() -> None:
    desk = Desk()
    before = desk.runtime.trace(desk.ask().trace_id)
    desk.grant()
    found = contrast(before, desk.runtime.trace(desk.ask().trace_id))
    assert parted(found) == (2, "admit", "context", "/refused")
    assert (found.first.kind, found.second.kind, found.ways_part) == ("REJECTED", "COMPLETED", 2)


def test_when_a_run_was_made_does_not_part_it() -> None:
    later = Runtime(desk().snapshot, desk().store, ports(step=7000, seed=5))
    found = compared(desk(), order(n=4), order(n=4), later)
    assert (found.same, found.ways_part) == (True, 0)


@pytest.mark.parametrize(
    ("one", "other", "places"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"b": 1}, ["/a", "/b"]),
        ({"a": {"b/c": [1, 2]}}, {"a": {"b/c": [1, 3]}}, ["/a/b~1c/1"]),
        ([1], [1, 2], [""]),
        (1, 1.5, [""]),
    ],
)
def test_the_places_at_which_two_values_differ(one: Value, other: Value, places: list[str]) -> None:
    assert [at for at, _, _ in partings(one, other)] == places
