"""The same runs leave the same bytes in every kind of store: the trace, the state, the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import pytest

from pgs_runtime.operate.state import load_state
from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Actor, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Store
from pgs_runtime.stores.postgres import PostgresStore
from pgs_runtime.stores.postgres_session import PostgresOptions
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.stores.sqlite_file import SqliteOptions
from pgs_snapshot.canonical import digest
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.end_to_end.scenarios import DATA, Case, cases
from tests.postgres import Server
from tests.runtime.desk import desk, order, place
from tests.runtime.stores.segments import dump

OPERATOR = Actor("core::AC_OPERATOR_V0", "operator", {})
MACHINE = {"engine": "0", "implementation": "cpython", "python": "3.11.7", "unicode": "14.0.0"}


def secret(size: int) -> bytes:
    return b"s" * size


@contextmanager
def stores(folder: Path, postgres: Server) -> Iterator[list[Store]]:
    """A new store of each kind, with the same id and secret."""
    with (
        closing(SqliteStore(folder / "state.db", SqliteOptions(mode="fast", entropy=secret))) as sqlite,
        closing(PostgresStore(postgres.address(mode="fast"), PostgresOptions(entropy=secret))) as database,
    ):
        yield [MemoryStore(secret), sqlite, database]


def ports() -> Ports:
    """A world where nothing is left to chance, with times that end in every digit of a microsecond."""
    ticks, seeds = count(1_772_355_600_000_001, 1_003), count()
    return Ports(
        clock=lambda: next(ticks),
        entropy=lambda size: digest(str(next(seeds)).encode()).encode()[:size],
        fingerprint=MACHINE,
    )


@pytest.fixture(scope="module")
def snapshot(example_files: Mapping[str, bytes]) -> Snapshot:
    return Snapshot(verify(example_files))


@pytest.mark.parametrize("case", cases(DATA), ids=lambda case: case.id)
def test_pg_04_a_recorded_scenario_leaves_the_same_bytes_in_every_store(
    case: Case, snapshot: Snapshot, tmp_path: Path, postgres: Server
) -> None:
    def left(store: Store) -> object:
        runtime = Runtime(snapshot, store, ports())
        load_state(runtime, dict(case.state), OPERATOR)
        outcomes = [runtime.run(case.workflow, case.payload, OPERATOR, request) for request in (None, "r-1", "r-1")]
        return outcomes, [runtime.trace(outcome.trace_id) for outcome in outcomes], dump(runtime.store)

    with stores(tmp_path, postgres) as opened:
        memory, *others = [left(store) for store in opened]
    assert others == [memory, memory]


IDS = ["a", "A", "e\u0301", "é", "\U0001f600", "\uff5e", "1.0", "1e2", " ", "'; --", "\\x00", "%s", "{}", "é" * 9000]
NUMBERS: list[Value] = [0, -0.0, 1.0, 2**53 - 1, -(2**53) + 1, 101, "1"]


def test_pg_04_keys_and_numbers_of_every_kind_leave_the_same_bytes_in_every_store(
    tmp_path: Path, postgres: Server
) -> None:
    payloads = [order(id) for id in (*IDS, *IDS[:3])] + [order("n", n) for n in NUMBERS]
    payloads += [order("f", how="fail"), order("g", how="large"), order("h", how="recurse")]

    def left(store: Store) -> object:
        runtime = desk(store)
        outcomes = [place(runtime, payload) for payload in payloads]
        return outcomes, [runtime.trace(outcome.trace_id) for outcome in outcomes], dump(runtime.store)

    with stores(tmp_path, postgres) as opened:
        memory, *others = [left(store) for store in opened]
    assert others == [memory, memory]
