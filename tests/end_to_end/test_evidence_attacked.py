"""Evidence where something is in the way: a locked store, a place that cannot be written, another one's data."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pgs_snapshot.signing import write_key
from tests.end_to_end.programs import Answer, Installation, command
from tests.runtime.custodian import AUTHOR, OPERATOR, trust_in

REGISTER = "blockchain::WF_REGISTER_ACTOR_UNVERIFIED_V0"


@pytest.fixture
def place(examples: Installation, tmp_path: Path) -> Installation:
    """A run, keys and a trust directory."""
    register(examples, "Ada")
    trust_in(tmp_path / "trust")
    for name, key in {"operator": OPERATOR, "author": AUTHOR}.items():
        write_key(tmp_path / f"{name}.pem", key)
    (tmp_path / "kept").mkdir()
    return examples


def register(place: Installation, name: str) -> str:
    record = {"first_name": name, "last_name": "B", "email_registration": f"{name}@example.org"}
    answer = place.run(REGISTER, json.dumps({"actor_record": record}).encode(), "--json")
    assert answer.code == 0, answer
    return str(answer.json()["trace_id"])


def run_of(place: Installation) -> str:
    return sorted((place.workspace / "traces").iterdir())[0].name


def lines(place: Installation) -> dict[str, list[str | Path]]:
    """Every command that looks after evidence, by name, as it works where nothing is in the way."""
    folder, run = place.workspace.parent, run_of(place)
    trusted: list[str | Path] = ["--trust", folder / "trust", "--kept", folder / "kept"]
    return {
        "checkpoint": ["checkpoint", "--key", folder / "operator.pem", "--to", folder / "kept"],
        "verify": ["verify", place.workspace / "traces" / run, *trusted],
        "erase": ["erase", "Ada@example.org", "--reason", "asked for"],
        "casefile": ["casefile", run, "--out", folder / "one.casefile", *trusted],
        "doctor": ["doctor", *trusted],
    }


def files(folder: Path) -> dict[str, bytes]:
    """What lies in a folder, without what a store has beside its file while it is open."""
    found = (file for file in folder.rglob("*") if file.is_file() and file.parent.name != "data")
    return {str(file.relative_to(folder)): file.read_bytes() for file in found}


# --- a locked store --------------------------------------------------------------------------------


@contextmanager
def locked(place: Installation, how: str) -> Iterator[None]:
    connection = sqlite3.connect(place.data / "state.db", isolation_level=None)
    connection.execute(f"BEGIN {how}")
    try:
        yield
    finally:
        connection.close()


@pytest.mark.parametrize("name", ["checkpoint", "verify", "erase", "casefile", "doctor"])
def test_where_another_process_keeps_the_store_to_itself_one_is_told_to_try_again(
    name: str, place: Installation
) -> None:
    before = files(place.workspace.parent)
    with locked(place, "EXCLUSIVE"):
        answer = place.runtime(*lines(place)[name], "--json")
    assert (answer.code, answer.error()["code"]) == (11, "R041"), answer
    assert answer.error()["hint"] == "Try again."
    assert files(place.workspace.parent) == before
    assert place.runtime(*lines(place)[name]).code in (0, 1)


@pytest.mark.parametrize("name", ["verify", "casefile", "doctor"])
def test_who_only_reads_does_not_wait_for_who_writes(name: str, place: Installation) -> None:
    with locked(place, "IMMEDIATE"):
        assert place.runtime(*lines(place)[name]).code in (0, 1)


# --- what cannot be written ------------------------------------------------------------------------


def _under_a_file(folder: Path) -> Path:
    (folder / "file").write_bytes(b"")
    return folder / "file" / "within"


def _dangling(folder: Path) -> Path:
    (folder / "link").symlink_to(folder / "nowhere" / "at-all")
    return folder / "link"


def _in_proc(folder: Path) -> Path:
    del folder
    return Path("/proc/within")


def _too_long(folder: Path) -> Path:
    return folder / ("x" * 300)


def _round(folder: Path) -> Path:
    (folder / "round").symlink_to(folder / "round")
    return folder / "round"


WAYS: dict[str, Callable[[Path], Path]] = {
    "under a file": _under_a_file,
    "a dangling link": _dangling,
    "a link to itself": _round,
    "in /proc": _in_proc,
    "a name that is too long": _too_long,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["", "git:"])
def test_where_a_checkpoint_cannot_be_kept_it_is_told_and_kept_at_the_next_try(
    kind: str, way: str, place: Installation, tmp_path: Path
) -> None:
    line = ["checkpoint", "--key", tmp_path / "operator.pem", "--to", f"{kind}{WAYS[way](tmp_path)}"]
    answer = place.runtime(*line, "--json")
    assert (answer.code, answer.error()["code"]) == (14, "R123"), answer
    assert place.runtime(*lines(place)["checkpoint"]).code == 0
    assert [file.name for file in (tmp_path / "kept").iterdir()] == ["1.checkpoint"]


@pytest.mark.parametrize("kind", ["", "git:"])
def test_a_folder_in_the_place_of_a_checkpoint_is_named(kind: str, place: Installation, tmp_path: Path) -> None:
    if kind:
        subprocess.run(["git", "init", "-q", tmp_path / "kept"], check=True)
    (tmp_path / "kept" / "1.checkpoint").mkdir()
    line = ["checkpoint", "--key", tmp_path / "operator.pem", "--to", f"{kind}{tmp_path / 'kept'}"]
    answer = place.runtime(*line, "--json")
    assert (answer.code, answer.error()["code"]) == (14, "R123"), answer
    (tmp_path / "kept" / "1.checkpoint").rmdir()
    assert place.runtime(*line).code == 0


@pytest.mark.parametrize("way", WAYS)
def test_a_case_file_that_cannot_be_written_is_told_and_nothing_is_left(
    way: str, place: Installation, tmp_path: Path
) -> None:
    target = WAYS[way](tmp_path)
    before = files(tmp_path)
    answer = place.runtime("casefile", run_of(place), "--out", target.with_name(f"{target.name}.casefile"), "--json")
    if way in ("a dangling link", "a link to itself"):  # beside them there is room
        target.rename(target.with_name("x.casefile"))
        answer = place.runtime("casefile", run_of(place), "--out", target.with_name("x.casefile"), "--json")
    assert (answer.code, answer.error()["code"]) == (14, "R129"), answer
    left = {name for name in files(tmp_path) if name not in before}
    assert left <= {"link.casefile", "round.casefile"}


@pytest.mark.parametrize("way", WAYS)
def test_a_key_that_cannot_be_written_is_trusted_by_nobody(way: str, tmp_path: Path) -> None:
    line = ["keys", "new", "eve", "--role", "snapshot", "--trust", tmp_path / "trust", "--out", WAYS[way](tmp_path)]
    answer = command("pgs_compiler", line)
    assert answer.code == 2, answer
    assert "error[R110]" in answer.err
    assert list((tmp_path / "trust").rglob("eve*")) == []
    listed = command("pgs_compiler", ["keys", "list", "--trust", tmp_path / "trust", "--format", "json"])
    assert json.loads(listed.out) == []


@pytest.mark.parametrize("way", WAYS)
def test_a_trust_directory_that_cannot_be_made_leaves_no_key(way: str, tmp_path: Path) -> None:
    target = WAYS[way](tmp_path)
    line = ["keys", "new", "eve", "--role", "snapshot", "--trust", target, "--out", tmp_path / "eve.pem"]
    answer = command("pgs_compiler", line)
    assert (answer.code, f"The trust directory `{target}` cannot be made: " in answer.err) == (2, True), answer
    assert not (tmp_path / "eve.pem").exists()


@pytest.mark.parametrize("within", ["keys", "revoked", "rotations"])
def test_a_file_in_the_place_of_a_folder_of_keys_leaves_no_key(within: str, place: Installation) -> None:
    trust = place.workspace.parent / "trust"
    shutil.rmtree(trust / within, ignore_errors=True)
    (trust / within).write_bytes(b"")
    key = place.workspace.parent / "eve.pem"
    for line in (
        ["new", "eve", "--role", "snapshot", "--out", key],
        ["revoke", "operator", "--reason", "lost"],
        ["rotate", "eve", "--key", place.workspace.parent / "operator.pem", "--out", key],
        ["list"],
    ):
        answer = command("pgs_compiler", ["keys", *line, "--trust", trust])
        assert (answer.code, "error[R113]" in answer.err) == (3, True), answer
    assert not key.exists()


def test_a_snapshot_that_cannot_be_exchanged_keeps_the_signatures_that_it_has(
    place: Installation, tmp_path: Path
) -> None:
    snapshot = place.workspace / "protocol_snapshot"
    before = files(snapshot)
    for target in (_under_a_file(tmp_path), _dangling(tmp_path), Path("/proc/within")):
        answer = place.compiler("sign", target, "--key", tmp_path / "author.pem")
        assert (answer.code, "error" in answer.err) in ((2, True), (3, True), (14, True)), answer
    (snapshot / "manifest.dsse.json").mkdir()
    answer = place.compiler("sign", "--key", tmp_path / "author.pem")
    assert answer.code in (3, 14), answer
    (snapshot / "manifest.dsse.json").rmdir()
    assert files(snapshot) == before


def test_an_erasure_whose_trace_cannot_be_written_is_done_and_its_trace_exported_later(place: Installation) -> None:
    shutil.rmtree(place.workspace / "traces")
    (place.workspace / "traces").write_bytes(b"")
    answer = place.runtime("erase", "Ada@example.org", "--reason", "asked for", "--json")
    assert answer.code == 14, answer
    (place.workspace / "traces").unlink()
    id = json.loads(answer.out)["trace_id"]
    assert place.runtime("export", id).code == 0
    assert place.runtime("verify", place.workspace / "traces" / id).code == 0


def test_erasing_under_a_data_root_that_is_none_makes_nothing(place: Installation, tmp_path: Path) -> None:
    for target in (_under_a_file(tmp_path), _dangling(tmp_path), Path("/proc/within")):
        line = ["erase", "run:x", "--reason", "x", "--workspace", place.workspace, "--data-root", target, "--json"]
        answer = command("pgs_runtime", line)
        assert (answer.code, answer.error()["code"]) == (8, "R040"), answer


# --- another one's data ----------------------------------------------------------------------------


@pytest.fixture
def other(place: Installation, tmp_path: Path) -> Installation:
    """The store of somebody else, over the same workspace, and with one run more."""
    found = Installation(tmp_path / "elsewhere", tmp_path / "theirs")
    shutil.copytree(place.workspace, found.workspace, ignore=shutil.ignore_patterns("traces"))
    for name in ("Grace", "Edith"):
        register(found, name)
    return found


def test_the_data_root_of_another_workspace_anchors_nothing_and_gives_no_case_file(
    place: Installation, other: Installation, tmp_path: Path
) -> None:
    run = run_of(place)
    theirs: list[str | Path] = ["--workspace", place.workspace, "--data-root", other.data]
    told = command("pgs_runtime", ["verify", place.workspace / "traces" / run, *theirs])
    assert (told.code, f"✗ store      The store has no run `{run}`." in told.out) == (3, True), told
    for line in (["casefile", run, "--out", tmp_path / "x.casefile"], ["show", run], ["export", run]):
        answer = command("pgs_runtime", [*line, *theirs, "--json"])
        assert (answer.code, answer.error()["code"]) == (2, "R014"), answer
    erased = command("pgs_runtime", ["erase", f"run:{run}", "--reason", "x", *theirs, "--json"])
    assert (erased.code, erased.error()["code"]) == (2, "R133"), erased


@pytest.mark.parametrize("kind", ["", "git:"])
def test_checkpoints_of_two_stores_are_told_apart_also_where_somebody_put_them_together(
    kind: str, place: Installation, other: Installation, tmp_path: Path
) -> None:
    kept, trust = f"{kind}{tmp_path / 'kept'}", tmp_path / "trust"
    if kind:
        subprocess.run(["git", "init", "-q", tmp_path / "kept"], check=True)

    def signed(installation: Installation, to: str = kept) -> Answer:
        return installation.runtime("checkpoint", "--key", tmp_path / "operator.pem", "--to", to, "--json")

    assert signed(place).code == 0
    before = files(tmp_path / "kept")
    refused = signed(other)
    assert (refused.code, refused.error()["code"]) == (3, "R122")
    assert "it keeps checkpoints of another log" in refused.error()["message"]
    assert files(tmp_path / "kept") == before
    # By hand, past the program: 2 commits of theirs beside 1 of ours.
    (tmp_path / "their").mkdir()
    assert signed(other, str(tmp_path / "their")).code == 0
    shutil.copy(tmp_path / "their" / "2.checkpoint", tmp_path / "kept")
    if kind:
        environment = {**os.environ, "GIT_AUTHOR_NAME": "a", "GIT_COMMITTER_NAME": "a"}
        environment |= {"GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_EMAIL": "a@b"}
        subprocess.run(["git", "-C", tmp_path / "kept", "add", "2.checkpoint"], check=True)
        subprocess.run(["git", "-C", tmp_path / "kept", "commit", "-qm", "x"], check=True, env=environment)
    trace = place.workspace / "traces" / run_of(place)
    told = place.runtime("verify", trace, "--trust", trust, "--kept", kept, "--level", "anchored")
    assert told.code == 3, told
    assert "✗ log        The checkpoint is of another log, `pgs/" in told.out
    refused = signed(place)
    assert (refused.code, refused.error()["code"]) == (3, "R122")
    made = place.runtime("casefile", run_of(place), "--out", tmp_path / "x.casefile", "--kept", kept, "--json")
    assert (made.code, made.error()["code"]) == (3, "R121"), made
    found = place.runtime("doctor", "--trust", trust, "--kept", kept)
    assert (found.code, "it keeps checkpoints of another log" in found.out) == (1, True)


def test_a_place_that_cannot_be_read_is_a_mistake_of_the_command_line(place: Installation, tmp_path: Path) -> None:
    assert place.runtime(*lines(place)["checkpoint"]).code == 0
    made = place.runtime("casefile", run_of(place), "--out", tmp_path / "one.casefile")
    assert made.code == 0, made
    trust: list[str | Path] = ["--trust", tmp_path / "trust"]
    for target in (_under_a_file(tmp_path), _dangling(tmp_path), Path("/proc/within")):
        for kind in ("", "git:"):
            kept = ["--kept", f"{kind}{target}"]
            trace = place.workspace / "traces" / run_of(place)
            for line in (
                ["verify", trace, *trust, *kept],
                ["verify", tmp_path / "one.casefile", *trust, *kept],
                ["casefile", run_of(place), "--out", tmp_path / "x.casefile", *kept],
            ):
                answer = place.runtime(*line, "--json")
                assert (answer.code, answer.error()["code"]) == (2, "R123"), answer
            found = place.runtime("doctor", *trust, *kept)
            assert (found.code, f"The place `{kind}{target}` cannot be used" in found.out) == (1, True)
