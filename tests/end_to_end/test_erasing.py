"""Erasing a subject: nobody reads its values again, its traces stay whole, and everything that reads says so."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from pgs_runtime.examine.stock import Stock
from pgs_runtime.faults import Refusal
from pgs_runtime.operate.erasing import Erased
from pgs_runtime.operate.state import load_state
from pgs_runtime.redaction import commit
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.sealing import is_sealed
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.end_to_end.programs import Installation, operator
from tests.end_to_end.scenarios import ACTORS, IDENTITY_EVENTS, REGISTER, VERIFY, actor_id
from tests.end_to_end.test_stores_agree import ports, stores
from tests.postgres import Server

ADA: dict[str, Value] = {"first_name": "zq8 Ada", "last_name": "Byron", "email_registration": "ada@example.org"}
WHO = "ada@example.org"
EVE: dict[str, Value] = {**ADA, "first_name": "zq8 Eve", "email_registration": "eve@example.org"}
REGISTERED = json.dumps({"actor_record": ADA}).encode()
NOTED: dict[str, Value] = {
    "actor_id": actor_id(ADA),
    "actor_record": dict(ADA),
    "verifier_id": "vera",
    "decision": "VERIFIED",
    "notes": "zq8 note",
}


@pytest.fixture(scope="module")
def snapshot(example_files: Mapping[str, bytes]) -> Snapshot:
    return Snapshot(verify(example_files))


@pytest.fixture
def runtimes(snapshot: Snapshot, tmp_path: Path, postgres: Server) -> Iterator[list[Runtime]]:
    with stores(tmp_path, postgres) as opened:
        yield [Runtime(snapshot, store, ports()) for store in opened]


def register(runtime: Runtime, record: dict[str, Value], request: str | None = None) -> tuple[str, str]:
    outcome = runtime.run(REGISTER, {"actor_record": record}, operator(runtime), request)
    return outcome.trace_id, outcome.exit


def erased_after_a_while(runtime: Runtime) -> object:
    """What is seen of a store in which one of two runs was erased."""
    run, _ = register(runtime, ADA, "r-1")
    other, _ = register(runtime, EVE)
    before = runtime.trace(run)
    erased = runtime.erase(WHO, operator(runtime), "asked for")
    assert runtime.trace(run) == before
    repeated = register(runtime, ADA)
    with pytest.raises(Refusal) as refused:
        register(runtime, ADA, "r-1")
    stock = Stock(runtime.store)
    streams = stock.keys(IDENTITY_EVENTS)
    records = [[is_sealed(each.body) for each in runtime.store.events(IDENTITY_EVENTS, name, 1, 9)] for name in streams]
    seen = (stock.stores(), dict(stock.keys(ACTORS)), records)
    again = runtime.erase(WHO, operator(runtime), "asked for again")
    assert (again.subject == erased.subject, again.runs, again.rows) == (False, 1, 0)
    assert runtime.erase(WHO, operator(runtime), "and again") == Erased(again.subject, again.at, 1, 0)
    assert register(runtime, EVE)[1] == "COMPLETED"
    told = [runtime.store.run(each) is not None for each in (run, other)]
    return erased, repeated, refused.value.code, seen, told, runtime.store.count("registry", ACTORS)


def test_in_every_store_the_same_is_left_of_a_run_that_was_erased(runtimes: list[Runtime]) -> None:
    memory, *others = [erased_after_a_while(runtime) for runtime in runtimes]
    assert others == [memory, memory]
    erased, repeated, code, (counts, keys, records), told, tally = memory  # type: ignore[misc]
    assert (erased.runs, erased.rows) == (1, 2)
    assert repeated[1] == "IDENTITY_CONFLICT"
    assert code == "R131"
    assert (counts[ACTORS], list(keys), tally.rows) == (1, [actor_id(EVE)], 1)
    assert told == [True, True]
    assert sorted(records) == [[False], [True]]


def test_what_was_read_of_somebody_belongs_to_them_as_well(runtimes: list[Runtime]) -> None:
    """A run that has read what another one wrote is erased with it, as it may hold the same values."""
    for runtime in runtimes:
        record: Value = {**ADA}
        load = load_state(runtime, {ACTORS: {actor_id(record): record}}, operator(runtime)).trace_id
        second, end = register(runtime, ADA)  # it compares what it brings with what is there
        assert end == "COMPLETED"
        erased = runtime.erase(f"run:{load}", operator(runtime), "asked for")
        assert erased.runs == 2
        run = runtime.store.run(second)
        assert run is not None
        assert run.answer is not None
        assert run.answer[:1] == b"\0"


def test_who_is_not_known_cannot_be_erased(runtimes: list[Runtime]) -> None:
    for runtime in runtimes:
        with pytest.raises(Refusal, match="Nothing belongs to `C1`") as refused:
            runtime.erase("C1", operator(runtime), "asked for")
        assert (refused.value.code, runtime.store.runs()) == ("R133", ())


def test_rows_that_an_operator_loaded_are_erased_with_their_load(runtimes: list[Runtime]) -> None:
    record: Value = {**ADA}
    for runtime in runtimes:
        load = load_state(runtime, {ACTORS: {"AC_1": record}}, operator(runtime)).trace_id
        assert [*Stock(runtime.store).keys(ACTORS)] == ["AC_1"]
        assert runtime.erase(f"run:{load}", operator(runtime), "asked for").rows == 1
        assert [*Stock(runtime.store).keys(ACTORS)] == []


def test_rows_that_were_loaded_for_somebody_are_erased_with_them(runtimes: list[Runtime]) -> None:
    record: Value = {**EVE}
    for runtime in runtimes:
        run, _ = register(runtime, ADA)
        load = load_state(runtime, {ACTORS: {"AC_1": record}}, operator(runtime), WHO).trace_id
        headers = [json.loads(runtime.trace(each)[0])["header"] for each in (run, load)]
        assert headers[0]["subjects"] == headers[1]["subjects"]
        erased = runtime.erase(WHO, operator(runtime), "asked for")
        assert (erased.runs, erased.rows) == (2, 3)
        assert [*Stock(runtime.store).keys(ACTORS)] == []
        # Who was erased comes back under a new key, also by a load.
        load_state(runtime, {ACTORS: {"AC_2": record}}, operator(runtime), WHO)
        assert [*Stock(runtime.store).keys(ACTORS)] == ["AC_2"]


def test_rows_that_cannot_be_erased_belong_to_nobody(runtimes: list[Runtime]) -> None:
    account: Value = {"customer_id": "C1", "currency": "CHF", "available": 100, "reserved": 0}
    for runtime in runtimes:
        with pytest.raises(Refusal, match="can belong to `C1`") as refused:
            load_state(runtime, {"payments::ST_ACCOUNTS_V0": {"A1": account}}, operator(runtime), "C1")
        assert (refused.value.code, runtime.store.runs()) == ("R016", ())


def test_the_command_loads_rows_for_somebody(examples: Installation) -> None:
    file = examples.workspace / "rows.json"
    file.write_text(json.dumps({ACTORS: {"AC_1": EVE}}))
    assert examples.runtime("state", "load", file, "--subject", "eve@example.org").code == 0
    done = examples.runtime("erase", "eve@example.org", "--reason", "asked for", "--json")
    assert (done.code, done.json()["runs"], done.json()["rows"]) == (0, 1, 1)
    empty = examples.runtime("state", "load", file, "--subject", "")
    assert (empty.code, "error[R001]" in empty.err) == (2, True)


def key_in(data: Path, run: str) -> tuple[bytes, bytes]:
    """The key of a run's own subject, and its id."""
    with closing(sqlite3.connect(data / "state.db")) as connection:
        query = "SELECT key, unhex(id) FROM subjects JOIN concerns ON subject = id WHERE run = ?"
        connection.create_function("unhex", 1, bytes.fromhex)
        key, id = connection.execute(query, (run,)).fetchone()
    return key, id


def test_rpl_08_trc_06_after_an_erasure_every_command_says_erased_and_verify_holds(examples: Installation) -> None:
    run = examples.run(VERIFY, json.dumps({**NOTED, "actor_id": "AC_0"}).encode(), "--json").json()["trace_id"]
    run = examples.run(REGISTER, REGISTERED, "--json", "--request-id", "r-1").json()["trace_id"]
    trace = examples.workspace / "traces" / run
    before = examples.runtime("verify", trace)
    assert before.code == 0, before
    replayed = examples.runtime("replay", trace)
    assert replayed.code == 0, replayed
    key, _ = key_in(examples.data, run)
    assert any(key in file.read_bytes() for file in examples.data.glob("state.db*"))
    done = examples.runtime("erase", WHO, "--reason", "asked for", "--json")
    assert (done.code, done.json()["runs"], done.json()["rows"]) == (0, 2, 2)
    assert not any(key in file.read_bytes() for file in examples.data.glob("state.db*"))
    assert examples.runtime("verify", trace).out == before.out
    assert examples.runtime("verify", examples.workspace / "traces" / done.json()["trace_id"]).code == 0
    replayed = examples.runtime("replay", trace, "--json")
    assert (replayed.code, replayed.error()["code"]) == (9, "R132")
    assert "ERASED" in replayed.error()["message"]
    assert "ERASED" in examples.runtime("show", run).out
    assert "ERASED" in examples.runtime("resume", run).out
    assert replayed.error()["hint"].startswith(f"`pgs_runtime verify traces/{run}` ")
    listed = {each["id"]: each["erased"] for each in examples.runtime("list", "--json").json()["runs"]}
    assert listed.pop(done.json()["trace_id"]) is False
    assert (listed[run], set(listed.values())) == (True, {True})
    ends = {line.split()[0]: line.endswith("  ERASED") for line in examples.runtime("list").out.splitlines()}
    assert ends == {**listed, done.json()["trace_id"]: False}
    asked = examples.run(REGISTER, REGISTERED, "--json", "--request-id", "r-1")
    assert (asked.code, asked.error()["code"]) == (5, "R131")
    for words in (("list",), ("examine", trace), ("state", "ls"), ("state", "ls", ACTORS)):
        answer = examples.runtime(*words)
        assert (answer.code, "zq8" in answer.out) == (0, False), answer
    got = examples.runtime("state", "get", ACTORS, actor_id(ADA), "--json")
    assert (got.code, got.error()["code"]) == (2, "R088")
    account = examples.workspace / "traces" / done.json()["trace_id"] / f"{done.json()['trace_id']}.md"
    assert "erased the subject" in account.read_text(encoding="utf-8")
    again = examples.runtime("erase", WHO, "--reason", "asked for again")
    assert (again.code, "already" in again.out) == (0, True)
    assert len(examples.runs()) == 3


def test_trc_09_nobody_can_try_values_on_the_commitments_of_an_erased_run(examples: Installation) -> None:
    """What the owner of the store has left gives none of the commitments: neither its secret nor any key."""
    run = examples.run(REGISTER, REGISTERED, "--json").json()["trace_id"]
    with examples.open() as runtime:
        header = json.loads(runtime.trace(run)[0])["header"]
        known = runtime.store.subjects(header["subjects"])
        assert [subject.key is not None for subject in known] == [True]
        runtime.erase(WHO, operator(runtime), "asked for")
        assert [subject.key for subject in runtime.store.subjects(header["subjects"])] == [None]
        told = runtime._shop.keys_of(header)
        commitments = json.dumps(header)
        guessed = commitment(told.secret, ADA)
        assert guessed not in commitments
        assert commitment(runtime.secret, ADA) not in commitments
    with closing(sqlite3.connect(examples.data / "state.db")) as connection:
        (found,) = connection.execute("SELECT payload_digest FROM runs WHERE run = ?", (run,)).fetchone()
    assert found == header["payload_digest"]["$redacted"]


def commitment(secret: bytes, record: dict[str, Value]) -> str:
    return str(commit(record["first_name"], secret)["$redacted"])


def test_what_is_encrypted_leaves_the_store_in_clear_only_where_somebody_asks_for_it(examples: Installation) -> None:
    examples.run(REGISTER, REGISTERED, "--json")
    hidden = examples.runtime("state", "get", ACTORS, actor_id(ADA))
    assert (hidden.code, "$redacted" in hidden.out, "zq8" in hidden.out) == (0, True, False)
    shown = examples.runtime("state", "get", ACTORS, actor_id(ADA), "--reveal")
    assert json.loads(shown.out) == ADA
    for folder, words, told in (("a", [], False), ("b", ["--reveal"], True)):
        assert examples.runtime("state", "export", examples.workspace / folder, *words).code == 0
        files = [file.read_bytes() for file in (examples.workspace / folder).rglob("*") if file.is_file()]
        assert any(b"zq8 Ada" in data for data in files) is told
    whole = examples.workspace / "b" / "state.json"
    assert examples.runtime("state", "load", whole, "--json").code != 70
