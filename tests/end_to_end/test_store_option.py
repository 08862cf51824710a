"""`--store` and `PGS_STORE`: every command that opens a store can open one in PostgreSQL."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pgs_snapshot.signing import write_key
from tests.end_to_end.programs import ENVIRONMENT, Installation
from tests.end_to_end.scenarios import LICENSE_FACTS
from tests.postgres import Server
from tests.runtime.custodian import OPERATOR, trust_in

REGISTER = "blockchain::WF_REGISTER_ACTOR_UNVERIFIED_V0"
ADA = b'{"actor_record": {"first_name": "Ada", "last_name": "Byron", "email_registration": "ada@example.org"}}'
STATE = {LICENSE_FACTS: {"E": {"license_status": "active", "license_tier": "standard", "org_unit": "x"}}}
SECRET = "geheim"  # noqa: S105


def test_a_run_in_postgresql_is_listed_exported_explained_and_verified(
    examples: Installation, postgres: Server
) -> None:
    store = postgres.url()
    told = examples.run(REGISTER, ADA, "--store", store, "--json").json()
    assert (told["kind"], told["repeated"]) == ("COMPLETED", False)
    id = told["trace_id"]
    within = {"environment": {**ENVIRONMENT, "PGS_STORE": store}}
    assert [run["id"] for run in examples.runtime("list", "--json", **within).json()["runs"]] == [id]
    trace = examples.workspace / "traces" / id
    before = (trace / f"{id}.jsonl").read_bytes()
    for file in trace.iterdir():
        file.unlink()
    trace.rmdir()
    assert examples.runtime("export", id, "--no-picture", **within).code == 0
    assert (trace / f"{id}.jsonl").read_bytes() == before
    assert examples.runtime("verify", trace, **within).code == 0
    assert "before the commit" in examples.runtime("examine", trace, **within).out
    assert examples.runtime("verify", trace).code == 3  # there is no store in the data root, so nothing is anchored
    assert not (examples.data / "state.db").exists()
    assert [path.name for path in examples.data.iterdir()] == ["snapshots"]


def test_the_log_of_a_store_in_postgresql_is_signed_kept_and_looked_after(
    examples: Installation, postgres: Server, tmp_path: Path
) -> None:
    store = postgres.url()
    within = {"environment": {**ENVIRONMENT, "PGS_STORE": store, "PGS_TRUST": str(trust_in(tmp_path / "trust"))}}
    id = examples.run(REGISTER, ADA, "--store", store, "--json").json()["trace_id"]
    write_key(tmp_path / "operator.pem", OPERATOR)
    (tmp_path / "kept").mkdir()
    signing = ["checkpoint", "--key", tmp_path / "operator.pem", "--to", tmp_path / "kept"]
    assert examples.runtime(*signing, **within).code == 0
    kept = ["--kept", tmp_path / "kept"]
    trace = examples.workspace / "traces" / id
    assert examples.runtime("verify", trace, "--level", "witnessed", *kept, **within).code == 0
    assert examples.runtime("casefile", id, "--out", tmp_path / "one.casefile", **within).code == 0
    assert examples.runtime("verify", tmp_path / "one.casefile", "--level", "authentic", **within).code == 0
    answer = examples.runtime("doctor", *kept, **within)
    assert (answer.code, answer.out.splitlines()[0][13:]) == (
        0,
        "It is in PostgreSQL: look after room and backups there.",
    )


def test_a_request_id_is_good_over_all_processes_on_one_store(examples: Installation, postgres: Server) -> None:
    store = postgres.url()
    first, again = (examples.run(REGISTER, ADA, "--request-id", "r-1", "--store", store, "--json") for _ in "12")
    assert (first.json()["repeated"], again.json()["repeated"]) == (False, True)
    assert first.json()["trace_id"] == again.json()["trace_id"]


def test_state_is_loaded_into_the_store_that_is_named(examples: Installation, postgres: Server) -> None:
    store = postgres.url()
    answer = examples.runtime("state", "load", "-", "--store", store, stdin=json.dumps(STATE).encode())
    assert (answer.code, not (examples.data / "state.db").exists()) == (0, True)
    again = examples.runtime("state", "load", "-", "--store", store, stdin=json.dumps(STATE).encode())
    assert "LICENSE_FACTS" in again.out + again.err


def test_where_there_is_no_store_nothing_is_made_by_looking(examples: Installation, postgres: Server) -> None:
    schema = "never_made"
    answer = examples.runtime("list", "--store", postgres.url(schema))
    assert (answer.code, answer.out) == (0, "")
    with postgres.connect() as connection:
        assert connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone() is None


@pytest.mark.parametrize(
    ("store", "says"),
    [
        ("data/state.db", "It is no `postgresql://"),
        ("postgresql://h/d?schema=PGS", "A `schema` is 1 to 63 small letters"),
        ("", "An empty value stands for nothing."),
        (f"postgresql://u:{SECRET}@h/d", "Every user of this machine can read a password on a command line."),
        (f"postgresql://u:{SECRET}/@h/d", "It is no `postgresql://"),
    ],
)
def test_what_is_no_address_of_a_store_is_refused_before_anything_is_opened(
    examples: Installation, store: str, says: str
) -> None:
    answer = examples.run(REGISTER, ADA, "--store", store, "--json")
    assert (answer.code, answer.error()["code"]) == (2, "R001")
    assert says in answer.error()["message"]
    assert SECRET not in answer.out + answer.err
    assert examples.untouched()


def test_a_server_that_cannot_be_reached_is_told_without_its_password(examples: Installation) -> None:
    store = f"postgresql://u:{SECRET}@127.0.0.1:1/d"
    answer = examples.run(REGISTER, ADA, "--json", environment={**ENVIRONMENT, "PGS_STORE": store, "PGS_DEBUG": "1"})
    assert (answer.code, answer.error()["code"]) == (8, "R040")
    assert answer.error()["message"].startswith("The store `postgresql://127.0.0.1:1/d` cannot be reached: ")
    assert answer.error()["message"].endswith(" [unreachable].")
    assert SECRET not in answer.out + answer.err
    assert examples.untouched()


def test_without_psycopg_the_command_says_what_to_install_and_a_file_does_without_it(
    examples: Installation, tmp_path: Path
) -> None:
    """As in a default install: the package is hidden from the program."""
    payload = tmp_path / "payload.json"
    payload.write_bytes(ADA)
    hidden = "import sys; sys.modules['psycopg'] = None; from pgs_runtime.__main__ import main; main()"
    line = [sys.executable, "-I", "-c", hidden, "run", "--wf", REGISTER, "--payload", str(payload), "--no-picture"]
    line += ["--workspace", str(examples.workspace), "--data-root", str(examples.data)]
    without = subprocess.run(
        [*line, "--store", "postgresql://h/d"], capture_output=True, text=True, check=False, env=ENVIRONMENT
    )
    assert without.returncode == 8
    assert without.stderr == (
        "error[R040]: A store in PostgreSQL needs the package `psycopg` [unsupported].\n"
        "  hint: Type `pip install 'pgs-python[postgres]'`.\n"
    )
    assert examples.untouched()
    file = subprocess.run(line, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert file.returncode == 0
