"""A store that was written when labelled values stood in clear: it is read, gone on with and verified as before."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pgs_runtime.evidence.verify import Level, verify
from pgs_runtime.faults import Refusal
from pgs_runtime.stores.sealing import is_sealed
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_snapshot.seal import verify as unsealed
from pgs_snapshot.snapshot import Snapshot
from tests.durable.ward import BEGAN, CID, DAY, Ward

pytestmark = pytest.mark.tampers("what stores of before have kept is too little to do every run again")

KEPT = Path(__file__).parents[1] / "data" / "schema3"
TREATED, WAITING, REJECTED = "01jika0fk0emcqaor5c8r3cpj6", "01jika5vd0e38becplckpm2chm", "01jika9kj0e6ab0dpk60s3adhi"
CHART = "clinic::ST_CHART_V0"


def schema(file: Path) -> bytes:
    with closing(sqlite3.connect(file)) as connection:
        (number,) = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
        return bytes(number)


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    file = tmp_path / "data" / "state.db"
    file.parent.mkdir(mode=0o700)
    shutil.copyfile(KEPT / "state.db", file)
    file.chmod(0o600)
    assert schema(file) == b"3"
    texts = json.loads((KEPT / "snapshot.json").read_text(encoding="utf-8"))
    sealed = Snapshot(unsealed({name: text.encode() for name, text in texts.items()}))
    with closing(SqliteStore(file)) as store:
        yield Ward(now=BEGAN + 600_000_000, run=WAITING, sealed=sealed, store=store)
        assert schema(file) == b"4"


def level(ward: Ward, run: str) -> tuple[Level, int]:
    data = b"".join(line + b"\n" for line in ward.runtime.trace(run))
    verdict = verify(data, lambda id: id == ward.sealed.id, ward.runtime.store)
    return verdict.level, verdict.broken


def test_a_store_of_schema_3_is_read_and_its_runs_verify(ward: Ward) -> None:
    store = ward.runtime.store
    runs = {run.id: run for run in store.runs()}
    assert {id: run.status for id, run in runs.items()} == {
        TREATED: "COMPLETED",
        WAITING: "WAITING",
        REJECTED: "REJECTED",
    }
    assert json.loads(runs[TREATED].request.payload)["patient"] == "zq8 Jo"
    assert json.loads(runs[TREATED].answer or b"")["result"] == {"batch": "batch of the shelf of zq8 Jo"}
    (event,) = store.events(CHART, "W1", 1, 9)
    assert json.loads(event.body) == {"note": "zq8 note", "patient": "zq8 Jo"}
    assert [level(ward, run) for run in (TREATED, REJECTED)] == [(Level.ANCHORED, 0)] * 2
    assert level(ward, WAITING) == (Level.SELF_CONSISTENT, 0)
    assert store.check() == ()


def test_a_live_run_of_schema_3_does_again_what_it_did_and_goes_on(ward: Ward) -> None:
    assert ward.runtime.replay(WAITING).difference is None
    assert ward.says() == ""
    assert ward.runtime.resume(WAITING).exit == "COMPLETED"
    assert ward.runtime.replay(WAITING).difference is None
    assert level(ward, WAITING) == (Level.ANCHORED, 0)


@pytest.mark.parametrize(("run", "why"), [(TREATED, "kept of its line 13"), (REJECTED, "hides what carries")])
def test_a_run_of_which_not_everything_was_kept_is_not_said_to_differ(ward: Ward, run: str, why: str) -> None:
    """Nothing was kept then of the segment that ended a run."""
    with pytest.raises(Refusal, match=why) as refused:
        ward.runtime.replay(run)
    assert refused.value.code == "R102"


def test_new_runs_beside_those_in_clear_are_sealed_and_erased_alone(ward: Ward) -> None:
    ward.now += DAY
    ward.treat()
    ward.says()
    store = ward.runtime.store
    assert [is_sealed(event.body) for event in store.inner.events(CHART, "W1", 1, 9)] == [False, True]
    assert [json.loads(event.body)["patient"] for event in store.events(CHART, "W1", 1, 9)] == ["zq8 Jo"] * 2
    assert ward.runtime.erase(f"run:{ward.run}", CID, "asked for").rows == 1
    assert [is_sealed(event.body) for event in store.events(CHART, "W1", 1, 9)] == [False, True]
    with pytest.raises(Refusal, match="Nothing belongs to"):
        ward.runtime.erase(f"run:{TREATED}", CID, "asked for")
