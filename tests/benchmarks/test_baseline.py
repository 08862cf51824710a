"""A comparison is worth something only if both sides leave the same."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from benchmarks import baseline
from benchmarks.protocols import NUMBER, OPERATOR, REGISTER, WALKER, actors, chains, example_files, hand_on, walk
from pgs_runtime.ports import Ports, timestamp
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.sealing import Keys
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value

RUN = "0" * 26
NOON = 1_772_362_800_000_000
MIX = 10


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return Snapshot(verify(example_files()))


@pytest.mark.parametrize("commits", ["three commits", "one commit"])
def test_by_hand_every_registration_leaves_the_lines_of_the_engine(
    snapshot: Snapshot, commits: baseline.Commits, tmp_path: Path
) -> None:
    runtime = Runtime(snapshot, MemoryStore(), Ports(clock=lambda: NOON))
    runs: list[str] = []

    def belongs() -> baseline.Belonging:
        ids = orjson.loads(runtime.trace(runs[-1])[0])["header"]["subjects"]
        return ids, Keys(runtime.store.subjects(ids)).secret

    facts = baseline.Facts(
        workflow=REGISTER,
        snapshot=snapshot.id,
        fingerprint=runtime.ports.fingerprint,
        belongs=belongs,
        identify=lambda: runs[-1],
        time=lambda: timestamp(NOON),
    )
    connection = baseline.connect(tmp_path / "by_hand.db", "WAL", "NORMAL")
    registration = baseline.Registration(connection, commits, facts)
    payloads = actors()
    for _ in range(MIX):
        payload = next(payloads)
        runs.append(runtime.run(REGISTER, payload, OPERATOR).trace_id)
        registration.run(payload)
    kept = connection.execute("SELECT run, n, line FROM trace ORDER BY run, n").fetchall()
    connection.close()
    assert kept == [(run, n, line) for run in sorted(runs) for n, line in enumerate(runtime.trace(run))]


def test_by_hand_the_registry_and_the_journals_hold_what_those_of_the_engine_hold(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    runtime = Runtime(snapshot, MemoryStore(), Ports(clock=lambda: NOON))
    connection = baseline.connect(tmp_path / "by_hand.db", "WAL", "NORMAL")
    facts = baseline.Facts(time=lambda: timestamp(NOON))
    registration = baseline.Registration(connection, "one commit", facts)
    payloads = actors()
    for _ in range(MIX):
        payload = next(payloads)
        runtime.run(REGISTER, payload, OPERATOR)
        registration.run(payload)
    registry = connection.execute("SELECT key, value FROM registry ORDER BY key").fetchall()
    events = connection.execute("SELECT stream, n, body FROM events ORDER BY stream, n").fetchall()
    connection.close()
    scan = runtime.store.scan("registry", baseline.ACTORS)
    assert registry == [(cell.key, cell.value) for cell in scan.cells]
    assert events == [
        (stream, event.n, event.body)
        for stream in runtime.store.streams(baseline.EVENTS)
        for event in runtime.store.events(baseline.EVENTS, stream, 1, MIX)
    ]


def test_of_ten_payloads_eight_are_new_one_comes_again_and_one_is_refused(snapshot: Snapshot) -> None:
    runtime = Runtime(snapshot, MemoryStore())
    payloads: list[Value] = [payload for payload, _ in zip(actors(), range(MIX), strict=False)]
    outcomes = [runtime.run(REGISTER, payload, OPERATOR) for payload in payloads]
    assert [len(outcome.effects) for outcome in outcomes] == [2] * 8 + [1, 0]


def test_by_hand_a_chain_leaves_the_lines_of_the_engine() -> None:
    runtime = Runtime(chains(3), MemoryStore())
    run = runtime.run(walk(3), NUMBER, WALKER).trace_id
    lines = runtime.trace(run)
    trace = baseline.Trace(run)
    trace.lines, trace.head = list(lines[:2]), digest_in(lines[1])
    assert baseline.walk(trace, baseline.chain(3), "n0") == "n3"
    assert trace.lines == list(lines[:5])


def test_by_hand_a_chain_that_hands_a_number_on_leaves_the_lines_of_the_engine() -> None:
    runtime = Runtime(chains(3), MemoryStore())
    run = runtime.run(hand_on(3), NUMBER, WALKER).trace_id
    lines = runtime.trace(run)
    trace = baseline.Trace(run)
    trace.lines, trace.head = list(lines[:2]), digest_in(lines[1])
    assert baseline.hand_on(trace, baseline.chain(3), "n0", dict(NUMBER)) == "n3"
    assert trace.lines == list(lines[:5])


def digest_in(line: bytes) -> str:
    """The digest that a trace line begins with."""
    return line.removeprefix(b'{"digest":"')[:64].decode()
