"""What comes with PGS, in workflows: every run of these is done again behind the test, over its record."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from pgs_runtime.runtime import Outcome, Runtime
from pgs_snapshot.exchange import write_snapshot
from pgs_snapshot.values import Value
from tests.end_to_end.programs import Installation, compiled, operator

LIBRARY = Path(__file__).with_name("library")


@pytest.fixture(scope="module")
def files() -> Mapping[str, bytes]:
    return compiled(LIBRARY)


@pytest.fixture
def place(files: Mapping[str, bytes], tmp_path: Path) -> Installation:
    shutil.copytree(LIBRARY, tmp_path / "workspace")
    write_snapshot(tmp_path / "workspace" / "protocol_snapshot", files)
    return Installation(tmp_path / "workspace", tmp_path / "data")


@pytest.fixture
def chain(place: Installation) -> Iterator[Runtime]:
    with closing(place.open()) as runtime:
        yield runtime


def asked(runtime: Runtime, workflow: str, **payload: Value) -> Outcome:
    return runtime.run(f"chain::{workflow}", payload, operator(runtime))


def submitted(runtime: Runtime, sender: str, amount: str) -> str:
    return str(asked(runtime, "WF_SUBMIT_V0", sender=sender, amount=amount).result["id"])


def proposed(runtime: Runtime, turn: int) -> Outcome:
    return asked(runtime, "WF_PROPOSE_V0", validators=["v1", "v2"], round=turn)


def test_what_waits_is_claimed_once_by_whoever_has_the_turn_and_added_up(chain: Runtime) -> None:
    ids = sorted([submitted(chain, "ada", "2.50"), submitted(chain, "ada", "1.25"), submitted(chain, "bob", "0.01")])
    assert proposed(chain, 3).result == {"proposer": "v2", "keys": ids, "moved": "3.76"}
    assert proposed(chain, 4).exit == "NOTHING_WAITS"
    late = submitted(chain, "cyd", "7")
    assert proposed(chain, 4).result == {"proposer": "v1", "keys": [late], "moved": "7.00"}


def test_a_counter_stops_at_its_limit_and_does_not_count_what_was_dropped(chain: Runtime) -> None:
    submitted(chain, "ada", "1")
    assert asked(chain, "WF_SUBMIT_V0", sender="ada", amount="1").kind == "FAILED"  # the same again; not counted
    submitted(chain, "ada", "2")
    assert asked(chain, "WF_SUBMIT_V0", sender="ada", amount="3").exit == "FULL"


def test_a_tombstone_goes_into_the_export_and_comes_back_with_a_load(place: Installation, chain: Runtime) -> None:
    first, second = submitted(chain, "ada", "1"), submitted(chain, "ada", "2")
    assert asked(chain, "WF_WITHDRAW_V0", id=first).result == {"left": 1}
    assert asked(chain, "WF_WITHDRAW_V0", id=first).exit == "WITHDRAWN_ALREADY"
    assert asked(chain, "WF_WITHDRAW_V0", id="TX_none").exit == "UNKNOWN"
    folder = place.workspace.with_name("export")
    assert place.runtime("state", "export", folder).code == 0
    rows = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    assert rows["chain::ST_KNOWN_V0~withdrawn"] == {first: None}

    other = Installation(place.workspace, place.data.with_name("other"))
    for _ in range(2):
        assert other.runtime("state", "load", folder / "state.json").code == 0
    bound = json.dumps({"chain::ST_KNOWN_V0": {first: {"sender": "ada"}}}).encode()
    assert "was withdrawn or erased, and stays taken." in other.runtime("state", "load", "-", stdin=bound).err
    with closing(other.open()) as loaded:
        assert asked(loaded, "WF_WITHDRAW_V0", id=first).exit == "WITHDRAWN_ALREADY"
        assert asked(loaded, "WF_SUBMIT_V0", sender="ada", amount="1").kind in ("FAILED", "DENIED")
        assert asked(loaded, "WF_WITHDRAW_V0", id=second).result == {"left": 0}


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ({"chain::ST_KNOWN_V0~withdrawn": {"TX_1": None}}, "`TX_1` of `chain::ST_KNOWN_V0` is not bound."),
        ({"chain::ST_POOL_V0~withdrawn": {"TX_1": None}}, "null by key of an idempotent store"),
        ({"chain::ST_KNOWN_V0~withdrawn": ["TX_1"]}, "null by key of an idempotent store"),
    ],
)
def test_a_tombstone_of_what_was_never_bound_is_not_loaded(place: Installation, rows: Value, says: str) -> None:
    answer = place.runtime("state", "load", "-", stdin=json.dumps(rows).encode())
    assert answer.code == 5
    assert says in answer.err


def test_what_was_drawn_is_on_record_and_its_secret_is_not(place: Installation, chain: Runtime) -> None:
    drawn = asked(chain, "WF_DRAW_V0", most=6)
    assert 1 <= int(str(drawn.result["number"])) <= 6
    assert re.fullmatch("DRAW_[0-9a-f]{32}", str(drawn.result["id"]))
    assert datetime.fromisoformat(str(drawn.result["time"])).tzinfo is not None
    lines = place.runtime("export", drawn.trace_id).out
    assert not re.search('"hex":"', lines)
    again = place.runtime("replay", drawn.trace_id)
    assert (again.code, again.out) == (0, f"{drawn.trace_id}  identical: all 15 lines\n")
    assert asked(chain, "WF_DRAW_V0", most=0).exit == "NOTHING_TO_DRAW"
