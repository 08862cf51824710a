"""Runs done again over their records: the same bytes, or the first place at which something else comes out, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import orjson
import pytest

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.replay.causes import Cause, Difference
from pgs_runtime.replay.replay import Replayed, replay
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.port import Kept, Run, Store
from pgs_runtime.vault.vault import Vault
from pgs_snapshot.canonical import canonical, digest
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.runtime import till
from tests.runtime.desk import artifacts, desk, order, place
from tests.runtime.protocol import FINGERPRINT, memory, opened, ports, sealed

Lines = list[dict[str, Value]]


class Doctored(Vault):
    """The store of a runtime, of which a test has changed what it says of a run."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.changes: Callable[[Run], Run] = lambda run: run
        self.swaps: tuple[bytes, bytes] = (b"", b"")

    def run(self, run: str) -> Run | None:
        found = super().run(run)
        return found and self.changes(found)

    def kept(self, run: str) -> tuple[Kept, ...]:
        return tuple(Kept(kept.line, kept.body.replace(*self.swaps)) for kept in super().kept(run))


def doctored(runtime: Runtime) -> Doctored:
    return Doctored(runtime.store.inner)


def again(runtime: Runtime, run: str, store: Store | None = None, **other: Snapshot) -> Replayed:
    snapshot = other.get("snapshot", runtime.snapshot)
    return replay(runtime.trace(run), lambda id: snapshot, store, runtime.ports.fingerprint)


def found(replayed: Replayed) -> tuple[int, str, Cause, str]:
    difference = replayed.difference
    assert isinstance(difference, Difference)
    assert (replayed.verified, replayed.exit_code) == (False, ExitCode.DIVERGED)
    return difference.line, difference.node, difference.cause, difference.at


# --- the same ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", till.RUNS)
def test_a_run_that_hides_something_is_done_again_from_what_its_store_kept(name: str) -> None:
    runtime = till.open_till()
    *_, last = [till.paid(runtime, payment) for payment in till.RUNS[name]]
    assert runtime.store.kept(last.trace_id)
    replayed = runtime.replay(last.trace_id)
    assert (replayed.verified, replayed.ended, replayed.exit_code) == (True, True, ExitCode.DONE)
    assert replayed.lines == len(runtime.trace(last.trace_id))


@pytest.mark.parametrize(
    ("payload", "exit", "kept"),
    [
        (order(n=4), "COMPLETED", False),
        (order(n=101), "TOO_MANY", False),
        (order(n=-1), "BELOW_ZERO", False),
        ({"id": "a"}, "REJECTED", False),
        (order(how="x" * 5000), "COMPLETED", True),
        (order(how="fail"), "R021", True),
        (order(how="recurse"), "R031", True),
        (order(how="exhaust"), "R035", True),
        (order(how="large"), "R034", True),
    ],
)
def test_only_what_the_lines_do_not_show_is_kept_and_everything_is_done_again(
    payload: Value, exit: str, kept: bool
) -> None:
    runtime = desk()
    outcome = place(runtime, payload)
    assert (outcome.exit, bool(runtime.store.kept(outcome.trace_id))) == (exit, kept)
    assert runtime.replay(outcome.trace_id).verified
    if not kept:
        assert again(runtime, outcome.trace_id).verified


def test_an_answer_of_a_store_and_its_fault_are_taken_as_they_were() -> None:
    """A value that is too large for its store ends the run there, in its replay as well; the lines do not show that."""
    runtime = opened(*artifacts(), source=SOURCE_OF_ANYTHING, value_bytes=120)
    outcome = place(runtime, {"id": "a" * 200, "n": 1})
    assert (outcome.exit, bool(runtime.store.kept(outcome.trace_id))) == ("R034", True)
    assert runtime.replay(outcome.trace_id).verified
    with pytest.raises(Refusal) as refused:
        again(runtime, outcome.trace_id)
    assert refused.value.code == "R102"


SOURCE_OF_ANYTHING = "def work(how, n):\n    return {'n': n + 1, 'text': how}\n"


def test_a_run_that_took_too_long_ends_there_again_however_fast_it_is_now() -> None:
    hours = count(0, 3_600_000_000)
    slow = replace(ports(), elapsed=lambda: next(hours))
    runtime = Runtime(sealed(*artifacts(), source=SOURCE_OF_ANYTHING), memory(), slow)
    outcome = place(runtime, order(n=4))
    assert outcome.exit == "R033"
    assert runtime.replay(outcome.trace_id).verified


# --- refused -------------------------------------------------------------------------------------


def test_rpl_06_another_runtime_is_refused_and_never_called_verified() -> None:
    runtime = desk()
    lines = runtime.trace(place(runtime, order(n=4)).trace_id)
    other = {**FINGERPRINT, "python": "3.99"}
    with pytest.raises(Refusal) as refused:
        replay(lines, lambda id: runtime.snapshot, None, other)
    assert (refused.value.code, refused.value.exit_code) == ("R100", ExitCode.DIVERGED)
    assert refused.value.message == "The run was made on another runtime than this one: python 3, here 3.99."
    replayed = replay(lines, lambda id: runtime.snapshot, None, other, allow_other_runtime=True)
    assert (replayed.difference, replayed.verified, replayed.exit_code) == (None, False, ExitCode.DONE)
    assert replayed.elsewhere == {"python": ("3", "3.99")}


def test_rpl_06_what_another_runtime_does_otherwise_is_told_as_that() -> None:
    runtime = desk()
    run = place(runtime, order(n=4)).trace_id
    lines = till.rechained(runtime.trace(run), edited("steps", 0, "outputs", "n", value=9, line=3))
    replayed = replay(lines, lambda id: runtime.snapshot, None, {**FINGERPRINT, "unicode": "99"}, True)
    assert found(replayed) == (4, "work", "fingerprint", "/steps/0/outputs/n")


def test_rpl_03_another_snapshot_is_refused_before_the_first_node() -> None:
    runtime = desk()
    run = place(runtime, order(n=4)).trace_id
    other = sealed(*artifacts(), source="raise AssertionError('loaded')")
    for at_hand in (other, None):
        with pytest.raises(Refusal) as refused:
            replay(runtime.trace(run), lambda id, found=at_hand: found, None, FINGERPRINT)
        assert (refused.value.code, refused.value.exit_code) == ("R101", ExitCode.DIVERGED)
    assert refused.value.message == (f"The run was made by the snapshot `{runtime.snapshot.id}`, which is not at hand.")


def test_what_a_trace_hides_needs_the_store() -> None:
    runtime = till.open_till()
    with pytest.raises(Refusal) as refused:
        again(runtime, till.paid(runtime, till.PAID).trace_id)
    assert (refused.value.code, refused.value.exit_code) == ("R102", ExitCode.USAGE)


# --- another -------------------------------------------------------------------------------------


def edited(*path: str | int, value: Value, line: int) -> Callable[[Lines], None]:
    """Sets a member of a line."""

    def edit(bodies: Lines) -> None:
        place: object = bodies[line]
        for step in path[:-1]:
            place = place[step]  # type: ignore[index]
        place[path[-1]] = value  # type: ignore[index]

    return edit


def test_rpl_04_a_transform_that_was_changed_and_forced_through_is_found_at_its_line() -> None:
    runtime = desk()
    run = place(runtime, order(n=4)).trace_id
    other = sealed(*artifacts(), source=SOURCE_OF_ANYTHING.replace("n + 1", "n + 2"))
    forced = till.rechained(runtime.trace(run), edited("header", "snapshot", value=other.id, line=0))
    replayed = replay(forced, lambda id: other, None, FINGERPRINT)
    assert found(replayed) == (4, "work", "definition", "/steps/0/outputs/n")
    assert replayed.difference is not None
    assert (replayed.difference.expected, replayed.difference.actual) == (5, 6)


def test_a_graph_that_was_changed_and_forced_through_is_found_at_the_first_other_node() -> None:
    runtime = desk()
    run = place(runtime, order(n=101)).trace_id
    changed = [each for each in artifacts() if getattr(each, "name", "") != "desk::CC_CHOOSE_V0"]
    (choose,) = [each for each in artifacts() if getattr(each, "name", "") == "desk::CC_CHOOSE_V0"]
    (step,) = choose.steps  # type: ignore[attr-defined]
    kinder = replace(choose, steps=(replace(step, cases=step.cases[1:]),))  # type: ignore[type-var]
    other = sealed(*changed, kinder, source=SOURCE_OF_ANYTHING)
    forced = till.rechained(runtime.trace(run), edited("header", "snapshot", value=other.id, line=0))
    line, node, cause, at = found(replay(forced, lambda id: other, None, FINGERPRINT))
    assert (line, node, cause, at.startswith("/steps/0")) == (5, "choose", "definition", True)


@pytest.mark.parametrize(
    ("name", "value"),
    [("payload", canonical({**till.PAID, "amount": 21})), ("actor", canonical({"id": "eve", "type": till.CLERK.type}))],
)
def test_a_payload_or_an_actor_that_was_changed_is_found_at_the_first_line(name: str, value: bytes) -> None:
    runtime = till.open_till()
    run = till.paid(runtime, till.PAID).trace_id
    store = doctored(runtime)
    store.changes = lambda run: replace(run, request=replace(run.request, **{name: value}))
    line, node, cause, at = found(again(runtime, run, store))
    assert (line, node, cause) == (1, "", "input")
    assert at.startswith(f"/header/{name}")


def test_a_payload_that_the_first_line_was_made_to_tell_is_found_as_well() -> None:
    runtime = desk()
    run = place(runtime, order(n=4)).trace_id
    forged = {**order(n=5), "how": "plainly"}

    def forge(bodies: Lines) -> None:
        bodies[0]["header"] |= {"payload": forged, "payload_digest": digest(canonical(forged))}  # type: ignore[operator]

    replayed = replay(till.rechained(runtime.trace(run), forge), lambda id: runtime.snapshot, None, FINGERPRINT)
    assert found(replayed) == (3, "book", "definition", "/inputs")


def test_an_answer_of_a_store_that_was_changed_is_found_at_its_line() -> None:
    runtime = till.open_till()
    run = till.paid(runtime, till.PAID).trace_id
    (kept,) = runtime.store.kept(run)
    answers = orjson.loads(kept.body)["answers"]
    store = doctored(runtime)
    store.swaps = (canonical(answers), canonical([["CONFLICT", {}, 0]]))
    line, node, cause, at = found(again(runtime, run, store))
    assert (node, cause, at) == ("book", "context", "/steps/0/outcome")
    store.swaps = (canonical(answers), b"[]")
    assert found(again(runtime, run, store)) == (line, "book", "context", "")


def test_a_time_that_was_changed_is_found_at_the_first_line() -> None:
    runtime = till.open_till()
    run = till.paid(runtime, till.PAID).trace_id
    store = doctored(runtime)
    store.swaps = (b'"time":"2026', b'"time":"2027')
    assert found(again(runtime, run, store)) == (1, "", "clock", "/header/started")
