"""Custody at the command line: checkpoints, witnesses, levels, case files, and what the owner of a store can do."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pgs_snapshot.signing import write_key
from tests.end_to_end.programs import Answer, Installation, command
from tests.runtime.custodian import AUTHOR, LOST, NOTARY, OPERATOR, STRANGER, trust_in

REGISTER = "blockchain::WF_REGISTER_ACTOR_UNVERIFIED_V0"


@pytest.fixture(scope="module")
def two_runs(example_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """To be copied: two runs of the examples."""
    folder = tmp_path_factory.mktemp("two_runs")
    shutil.copytree(example_workspace, folder / "workspace")
    place = Installation(folder / "workspace", folder / "data")
    for name in ("Ada", "Grace"):
        record = {"first_name": name, "last_name": "B", "email_registration": f"{name}@example.org"}
        assert place.run(REGISTER, json.dumps({"actor_record": record}).encode()).code == 0
    return place


@pytest.fixture
def place(two_runs: Installation, tmp_path: Path) -> Installation:
    """Two runs, keys and a trust directory."""
    own = two_runs.copied(tmp_path)
    trust_in(tmp_path / "trust")
    for name, key in {"operator": OPERATOR, "notary": NOTARY, "stranger": STRANGER, "lost": LOST}.items():
        write_key(tmp_path / f"{name}.pem", key)
    (tmp_path / "kept").mkdir()
    (tmp_path / "seen").mkdir()
    return own


def trace(place: Installation) -> Path:
    """The trace of the first run."""
    return sorted((place.workspace / "traces").iterdir())[0]


def checkpoint(place: Installation, *options: str | Path, key: str = "operator") -> Answer:
    folder = place.workspace.parent
    return place.runtime("checkpoint", "--key", folder / f"{key}.pem", "--to", folder / "kept", *options)


def verify(place: Installation, level: str, *options: str | Path) -> Answer:
    folder = place.workspace.parent
    return place.runtime("verify", trace(place), "--trust", folder / "trust", "--level", level, *options)


@contextmanager
def owned(place: Installation) -> Iterator[sqlite3.Connection]:
    """The store as its owner can have it: without its laws, which are back behind it."""
    with sqlite3.connect(place.data / "state.db", isolation_level=None) as connection:
        laws = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in laws:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, law in laws:
            connection.execute(law)
    connection.close()


def test_a_run_is_authentic_behind_a_checkpoint_and_witnessed_where_it_is_kept(
    place: Installation, tmp_path: Path
) -> None:
    assert verify(place, "authentic").code == 3
    told = checkpoint(place)
    assert (told.code, told.out.splitlines()[0], told.out.splitlines()[-1]) == (
        0,
        "checkpoint of 2 commits",
        f"  kept at  {tmp_path / 'kept'}",
    )
    assert verify(place, "authentic").code == 0
    assert verify(place, "witnessed").code == 3
    answer = verify(place, "witnessed", "--kept", tmp_path / "kept")
    assert (answer.code, answer.out.splitlines()[0]) == (0, f"{trace(place).name}  witnessed")


def test_trc_03_without_keys_a_trace_that_was_chained_again_is_not_anchored_and_never_authentic(
    place: Installation,
) -> None:
    checkpoint(place)
    elsewhere = Installation(place.workspace, place.data.parent / "elsewhere")
    answer = elsewhere.runtime("verify", trace(place), "--level", "authentic")
    assert answer.code == 3
    assert answer.out.splitlines()[0].endswith("complete, not authentic")
    assert elsewhere.runtime("verify", trace(place)).out.splitlines()[0].endswith("complete, not anchored")
    known = place.runtime("verify", trace(place), "--json").json()
    assert known["level"] == "anchored"
    assert [check["found"] for check in known["checks"] if check["name"] == "checkpoint"] == ["not possible"]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM log WHERE n = 1",
        "UPDATE log SET digest = replace(digest, '0', '1') WHERE n = 1",
        "UPDATE log SET run = 'x' WHERE n = 1",
    ],
)
def test_trc_04_what_the_owner_of_a_store_does_to_its_log_is_found_before_anything_is_signed(
    place: Installation, tmp_path: Path, statement: str
) -> None:
    checkpoint(place)
    with owned(place) as store:
        store.execute(statement)
    answer = checkpoint(place, "--json")
    assert (answer.code, answer.error()["code"]) == (3, "R122")
    answer = place.runtime("checkpoint", "--key", tmp_path / "operator.pem", "--to", tmp_path / "seen", "--json")
    assert (answer.code, answer.error()["code"]) == (3, "R121")
    assert list((tmp_path / "seen").iterdir()) == []
    assert verify(place, "anchored").code == 3
    assert place.runtime("verify", trace(place)).code == 0
    with owned(place) as store:
        store.execute("DELETE FROM meta WHERE key = 'log:checkpoint'")
    assert verify(place, "anchored").code == 0
    assert verify(place, "anchored", "--kept", tmp_path / "kept").code == 3


def test_a_witness_cosigns_what_it_gets_through_a_pipe(place: Installation, tmp_path: Path) -> None:
    checkpoint(place)
    proof = place.runtime("checkpoint", "--proof-from", "0")
    witness = [
        "witness",
        "-",
        "--key",
        tmp_path / "notary.pem",
        "--trust",
        tmp_path / "trust",
        "--seen",
        tmp_path / "seen",
    ]
    answer = command("pgs_runtime", witness, proof.out.encode())
    assert answer.code == 0
    assert (tmp_path / "seen" / "2.checkpoint").read_text(encoding="utf-8") == answer.out
    assert verify(place, "witnessed", "--kept", tmp_path / "seen").code == 0
    forged = proof.out.replace("\n2\n", "\n3\n")
    assert command("pgs_runtime", witness, forged.encode()).code == 3
    assert command("pgs_runtime", [*witness[:4], "--seen", tmp_path / "seen"], proof.out.encode()).code == 2


@pytest.mark.parametrize("key", ["stranger", "lost"])
def test_a_checkpoint_by_a_key_that_is_not_trusted_makes_nothing_authentic(place: Installation, key: str) -> None:
    assert checkpoint(place, key=key).code == 0
    assert verify(place, "authentic").code == 3


@pytest.mark.parametrize("folder", ["kept", "nowhere/at all"])
def test_who_names_no_repository_is_told_how_one_is_made(place: Installation, tmp_path: Path, folder: str) -> None:
    git = f"git:{tmp_path / folder}"
    error = place.runtime("checkpoint", "--key", tmp_path / "operator.pem", "--to", git, "--json").error()
    assert error["message"] == f"The place `{git}` cannot be used: it is no working tree of git."
    made = error["hint"].removeprefix("Make it: `").removesuffix("`.")
    subprocess.run(shlex.split(made), check=True, capture_output=True)
    assert place.runtime("checkpoint", "--key", tmp_path / "operator.pem", "--to", git).code == 0


def test_checkpoints_are_committed_to_git(place: Installation, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path / "kept"], check=True)
    git = f"git:{tmp_path / 'kept'}"
    answer = place.runtime("checkpoint", "--key", tmp_path / "operator.pem", "--to", git, "--json").json()
    assert answer["kept"] == [{"new": True, "place": git}]
    assert verify(place, "witnessed", "--kept", git).code == 0


def test_a_case_file_is_verified_where_nothing_else_is(place: Installation, tmp_path: Path) -> None:
    checkpoint(place)
    file = tmp_path / "one.casefile"
    assert place.runtime("casefile", trace(place).name, "--out", file, "--with-snapshot").code == 0
    shutil.rmtree(place.workspace)
    shutil.rmtree(place.data)
    alone = ["verify", file, "--trust", tmp_path / "trust"]
    assert command("pgs_runtime", [*alone, "--level", "authentic"]).code == 0
    assert command("pgs_runtime", [*alone, "--level", "witnessed"]).code == 3
    assert command("pgs_runtime", [*alone, "--level", "witnessed", "--kept", tmp_path / "kept"]).code == 0
    assert command("pgs_runtime", ["verify", file]).code == 3
    assert command("pgs_runtime", ["verify", file, "--level", "complete"]).code == 0
    file.write_bytes(file.read_bytes().replace(b"COMPLETED", b"FAILED___"))
    assert command("pgs_runtime", [*alone, "--level", "self-consistent"]).code == 3


@pytest.mark.parametrize(
    "line",
    [
        ["checkpoint"],
        ["checkpoint", "--to", "kept"],
        ["checkpoint", "--key", "operator.pem"],
        ["checkpoint", "--key", "none.pem", "--to", "kept"],
        ["checkpoint", "--key", "operator.pem", "--to", "git:"],
        ["checkpoint", "--proof-from", "9"],
        ["casefile", "x", "--out", "one.casefile"],
        ["casefile", "x", "--out", "one.json"],
    ],
)
def test_a_command_line_that_says_too_little_or_too_much_is_refused(
    place: Installation, line: list[str], tmp_path: Path
) -> None:
    names = [str(tmp_path / word) if word in ("kept", "operator.pem", "none.pem") else word for word in line]
    assert place.runtime(*names).code == 2


def test_a_pipe_that_nobody_writes_to_is_empty_and_keeps_no_command_waiting(
    place: Installation, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    for line in (["verify", pipe], ["replay", pipe], ["diff", trace(place), pipe], ["examine", pipe]):
        assert place.runtime(*line).code == 3
    options = ["--key", tmp_path / "notary.pem", "--trust", tmp_path / "trust", "--seen", tmp_path / "seen"]
    assert command("pgs_runtime", ["witness", pipe, *options]).code == 3


@pytest.mark.parametrize("asked", ["verify", "replay"])
def test_a_name_that_no_file_can_have_is_no_file(asked: str, place: Installation, tmp_path: Path) -> None:
    answer = place.runtime(asked, tmp_path / f"{'x' * 300}.jsonl", "--json")
    assert (answer.code, answer.error()["code"]) == (2, "R019")


def test_one_commit_is_one(trouble: Installation, tmp_path: Path) -> None:
    assert trouble.run("trouble::WF_BEHAVE_V0", b'{"how":"complete"}').code == 0
    write_key(tmp_path / "operator.pem", OPERATOR)
    (tmp_path / "kept").mkdir()
    told = trouble.runtime("checkpoint", "--key", tmp_path / "operator.pem", "--to", tmp_path / "kept")
    assert told.out.splitlines()[0] == "checkpoint of 1 commit"


def test_a_case_file_tells_whether_its_snapshot_is_signed_by_who_may(place: Installation, tmp_path: Path) -> None:
    write_key(tmp_path / "author.pem", AUTHOR)
    assert place.compiler("sign", "--key", tmp_path / "author.pem").code == 0
    checkpoint(place)
    file = tmp_path / "one.casefile"
    assert place.runtime("casefile", trace(place).name, "--out", file).code == 0
    alone = ["verify", file, "--level", "complete"]
    told = command("pgs_runtime", [*alone, "--trust", tmp_path / "trust"])
    assert "  ✓ signature  The snapshot is signed by `author`, and may run now." in told.out.splitlines()
    (tmp_path / "trust" / "keys" / "author.json").unlink()
    told = command("pgs_runtime", [*alone, "--trust", tmp_path / "trust"])
    assert told.code == 0
    assert "  ✗ signature  No signature is by a key that is trusted with snapshots." in told.out.splitlines()


def test_what_cannot_be_kept_is_told_and_kept_at_the_next_try(place: Installation, tmp_path: Path) -> None:
    (tmp_path / "kept").rmdir()
    answer = checkpoint(place, "--json")
    assert (answer.code, answer.error()["code"], answer.error()["hint"]) == (
        14,
        "R123",
        f"Make it: `mkdir -p {tmp_path / 'kept'}`.",
    )
    (tmp_path / "kept").mkdir()
    assert checkpoint(place).code == 0
