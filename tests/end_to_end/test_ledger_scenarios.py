"""Wallets and transactions: every scenario that is recorded or kept, by the command and on the engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from pgs_compiler.scenarios.testing import run_scenarios, scenario_files
from pgs_runtime.operate.state import load_state
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from tests.end_to_end.ledger_scenarios import (
    MEMPOOL,
    ledger_cases,
)
from tests.end_to_end.programs import ROOT, Installation, operator
from tests.end_to_end.scenarios import CHOSEN, DATA, Case
from tests.end_to_end.test_ledger import AUTHORITY, NODE

CASES = ledger_cases(CHOSEN)


def test_every_recorded_scenario_of_the_ledger_is_here() -> None:
    known = ledger_cases(DATA)
    assert {case.id.split("/")[0] for case in known} == {"chain", "consensus", "tx", "validator", "wallet"}
    assert len(known) == 23


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_recorded_scenario_ends_as_it_must_and_leaves_what_it_must(case: Case, examples: Installation) -> None:
    with examples.open() as runtime:
        if case.state:
            load_state(runtime, json.loads(json.dumps(case.state)), operator(runtime))
    answer = examples.run(case.workflow, json.dumps(case.payload).encode(), "--json")
    expected = case.expected
    assert answer.code == expected.exit_code
    if expected.kind != "REJECTED":
        ended = answer.json()
        assert ended["kind"] == expected.kind
        assert expected.exit in (None, ended["exit"])
    held = dict.fromkeys(expected.counts, 0)
    with closing(SqliteStore(examples.data / "state.db")) as store:
        held |= {tally.store: tally.rows for tally in store.tallies() if tally.store in held}
    assert held == expected.counts


def test_a_recorded_repetition_is_a_duplicate_of_what_waits(example_files: Mapping[str, bytes], tmp_path: Path) -> None:
    waiting = {"tx_type": "MINT", "amount": 5, "from_wallet_id": None, "to_wallet_id": "WAL_1", "status": "PENDING"}
    wallet = {"actor_id": "A", "wallet_type": "MINT", "currency": "BACHI", "balance": 5}
    seed = {
        "blockchain/wallet/state/wallets.json": {"WAL_1": wallet},
        "blockchain/mempool/state/mempool.json": {"T_1": waiting},
    }
    scenario = {
        "id": "tx/mint_repeat",
        "workflow": "blockchain::WF_MINT_V0",
        "payload": {"to_wallet_id": "WAL_1", "amount": 5, "triggered_by": "A"},
        "seed_state": seed,
        "expect": {"exit_node": "EXIT_DUPLICATE", "outcome": "ALREADY_EXISTS"},
    }
    (tmp_path / "workflows.json").write_text(json.dumps({"scenarios": [scenario]}), encoding="utf-8")
    (case,) = ledger_cases(tmp_path)
    with closing(MemoryStore()) as store:
        runtime = Runtime(Snapshot(verify(example_files)), store)
        load_state(runtime, case.state, NODE)
        outcome = runtime.run(case.workflow, case.payload, AUTHORITY)
    assert (outcome.kind, outcome.exit) == (case.expected.kind, case.expected.exit) == ("DENIED", "DUPLICATE")
    assert (case.expected.counts[MEMPOOL], case.expected.exit_code) == (1, 4)


def test_the_scenarios_of_the_ledger_hold(example_files: Mapping[str, bytes]) -> None:
    report = run_scenarios(example_files, scenario_files(ROOT, [ROOT / "tests" / "ledger.yaml"]), None, False)
    assert [(verdict.name, verdict.misses) for verdict in report.verdicts if verdict.misses] == []
    assert len(report.verdicts) == 23
