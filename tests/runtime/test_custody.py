"""Checkpoints: signed, remembered, kept in a folder, in git and by a command, and refused of a log that was changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pgs_runtime.evidence.custody import bundle, contradiction, last_signed, newest_at, origin_in, sign, sign_and_keep
from pgs_runtime.evidence.keeping import Folder, place_of
from pgs_runtime.evidence.log import Log, leaf
from pgs_runtime.evidence.witness import read_bundle, witnessed
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Head, LogEntry
from pgs_snapshot.merkle import leaf_hash, root_of
from pgs_snapshot.notes import checkpoint_of, cosigned_at, is_signed, read_note
from tests.runtime.custodian import NOTARY, NOW, OPERATOR, RETIRED, SECONDS, STRANGER, seconds, trusted
from tests.runtime.till import PAID, TOO_MUCH, memory_of, open_till, paid


@pytest.fixture
def till() -> Runtime:
    """A till with five runs."""
    till = open_till()
    for payment in (PAID, PAID, TOO_MUCH, PAID, TOO_MUCH):
        paid(till, payment)
    return till


def fork(till: Runtime, at: int) -> None:
    """Exchange an entry of the log, as somebody does who owns the store."""
    entry = memory_of(till)._log[at]
    memory_of(till)._log[at] = LogEntry(entry.n, entry.run, Head(entry.head.line, "0" * 64))


def shrink(till: Runtime, size: int) -> None:
    del memory_of(till)._log[size:]


def refused(code: str, exit_code: ExitCode = ExitCode.SEAL) -> pytest.RaisesExc[Refusal]:
    return pytest.RaisesExc(Refusal, check=lambda error: (error.code, error.exit_code) == (code, exit_code))


# --- the log -------------------------------------------------------------------------------------


def test_a_leaf_is_the_run_its_last_line_and_the_digest() -> None:
    assert leaf("r" * 26, Head(5, "ab")) == b'{"digest":"ab","line":5,"run":"' + b"r" * 26 + b'"}'


def test_the_log_has_a_leaf_for_each_commit_and_finds_that_of_a_run(till: Runtime) -> None:
    log = Log(till.store)
    runs = till.store.runs()
    leaves = [leaf_hash(leaf(entry.run, entry.head)) for entry in till.store.log(0, 9)]
    assert (log.size, len(runs)) == (5, 5)
    assert log.roots([5, 3, 0, 9]) == {0: root_of([]), 3: root_of(leaves[:3]), 5: root_of(leaves)}
    assert sorted(filter(None, (log.find(run.id, run.head) for run in runs))) == [1, 2, 3, 4]
    assert log.find(runs[0].id, Head(1, "ab")) is None


# --- signing -------------------------------------------------------------------------------------


def test_a_checkpoint_says_how_far_the_log_of_the_store_has_come(till: Runtime) -> None:
    made = sign(till.store, [OPERATOR], seconds)
    checkpoint = checkpoint_of(read_note(made.note.data()).text)
    assert (checkpoint.origin, checkpoint.size, checkpoint.time) == (origin_in(till.store), 5, SECONDS)
    assert checkpoint.root == Log(till.store).roots([5])[5]
    assert is_signed(made.note, checkpoint.origin, OPERATOR.public)
    assert last_signed(till.store) == made


def test_of_a_log_that_did_not_grow_the_same_checkpoint_is_given_and_with_another_key_a_new_one(till: Runtime) -> None:
    first = sign(till.store, [OPERATOR], seconds)
    assert sign(till.store, [OPERATOR], lambda: SECONDS + 60) == first
    other = sign(till.store, [RETIRED], lambda: SECONDS + 60)
    assert (other.checkpoint.root, other.checkpoint.time) == (first.checkpoint.root, SECONDS + 60)


def test_two_keys_sign_one_checkpoint(till: Runtime) -> None:
    made = sign(till.store, [OPERATOR, RETIRED], seconds)
    assert all(is_signed(made.note, made.checkpoint.origin, key.public) for key in (OPERATOR, RETIRED))


@pytest.mark.parametrize("quick", [False, True])
def test_a_checkpoint_goes_on_from_the_one_before(till: Runtime, quick: bool) -> None:
    sign(till.store, [OPERATOR], seconds)
    paid(till, PAID)
    made = sign(till.store, [OPERATOR], seconds, quick=quick)
    assert made.checkpoint.size == 6
    assert made.checkpoint.root == made.range.root() == Log(till.store).roots([6])[6]


def test_a_quick_checkpoint_reads_the_new_leaves_alone(
    till: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = place_of(str(tmp_path))
    sign_and_keep(till.store, [OPERATOR], [place], seconds)
    paid(till, PAID)
    paid(till, PAID)
    asked: list[tuple[int, int]] = []
    read = till.store.log
    monkeypatch.setattr(till.store, "log", lambda start, stop: asked.append((start, stop)) or read(start, stop))
    sign_and_keep(till.store, [OPERATOR], [place], seconds, quick=True)
    assert asked == [(5, 7)]
    assert place.sizes() == (5, 7)


@pytest.mark.parametrize("quick", [False, True])
def test_trc_04_a_log_that_has_shrunk_is_named_and_not_signed(till: Runtime, quick: bool) -> None:
    before = sign(till.store, [OPERATOR], seconds)
    shrink(till, 3)
    with refused("R121") as caught:
        sign(till.store, [OPERATOR], seconds, quick=quick)
    assert caught.value.message == "The log has shrunk: it has 3 commits, and a checkpoint was signed of 5."
    assert last_signed(till.store) == before


@pytest.mark.parametrize("at", range(5))
def test_trc_04_a_log_that_has_forked_is_named_and_not_signed(till: Runtime, at: int) -> None:
    sign(till.store, [OPERATOR], seconds)
    paid(till, PAID)
    fork(till, at)
    with refused("R121") as caught:
        sign(till.store, [OPERATOR], seconds)
    assert caught.value.message == (
        "The log has forked: it does not begin with the 5 commits of which a checkpoint was signed."
    )


def test_a_quick_checkpoint_of_a_forked_log_is_one_of_the_log_as_it_was(till: Runtime) -> None:
    before = sign(till.store, [OPERATOR], seconds)
    fork(till, 1)
    paid(till, PAID)
    made = sign(till.store, [OPERATOR], seconds, quick=True)
    new = leaf_hash(leaf(*till.store.log(5, 6)[0][1:]))
    assert made.checkpoint.root == before.range.grown([new]).root()
    assert made.checkpoint.root != Log(till.store).roots([6])[6]


@pytest.mark.parametrize(
    ("old", "new"), [(b'"peaks":["', b'"peaks":["00'), (b"\\n5\\n", b"\\n4\\n"), (b'"note"', b'"toner"'), (b"}", b"")]
)
def test_what_was_changed_in_the_memory_of_the_store_is_no_checkpoint(till: Runtime, old: bytes, new: bytes) -> None:
    sign(till.store, [OPERATOR], seconds)
    fact = memory_of(till)._meta["log:checkpoint"]
    assert old in fact
    memory_of(till)._meta["log:checkpoint"] = fact.replace(old, new, 1)
    with refused("R120"):
        sign(till.store, [OPERATOR], seconds)


def test_the_checkpoint_of_another_store_is_not_taken_for_its_own(till: Runtime) -> None:
    sign(till.store, [OPERATOR], seconds)
    other = MemoryStore()
    other.swap_meta("log:checkpoint", None, memory_of(till)._meta["log:checkpoint"])
    with refused("R120"):
        last_signed(other)


# --- places --------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(params=["folder", "git"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place that shows what it keeps."""
    folder = tmp_path / "kept place"
    folder.mkdir()
    if request.param == "git":
        git(folder, "init", "--quiet")
        return f"git:{folder}"
    return str(folder)


def test_a_checkpoint_is_kept_at_a_place_once(till: Runtime, place: str) -> None:
    kept = place_of(place)
    assert kept.sizes() == ()
    made, new = sign_and_keep(till.store, [OPERATOR], [kept], seconds)
    assert (new, kept.sizes(), kept.read(5)) == ((True,), (5,), made.note.data())
    assert sign_and_keep(till.store, [OPERATOR], [kept], seconds) == (made, (False,))
    paid(till, PAID)
    made, new = sign_and_keep(till.store, [OPERATOR], [kept], seconds, quick=True)
    assert (new, kept.sizes()) == ((True,), (5, 6))
    with refused("R123", ExitCode.OUTPUT):
        kept.keep(6, b"another")
    assert kept.read(6) == made.note.data()


def test_a_place_may_name_a_folder_within_a_repository(till: Runtime, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "inner").mkdir()
    place = place_of(f"git:{tmp_path / 'inner'}")
    sign_and_keep(till.store, [OPERATOR], [place], seconds)
    assert place.sizes() == (5,)
    assert git(tmp_path, "ls-tree", "-r", "--name-only", "HEAD") == "inner/5.checkpoint\n"


def test_every_checkpoint_is_a_commit_and_hooks_and_settings_of_the_user_are_not_asked(
    till: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "--quiet")
    hook = tmp_path / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    place = place_of(f"git:{tmp_path}")
    for _ in range(2):
        sign_and_keep(till.store, [OPERATOR], [place], seconds)
        paid(till, PAID)
    monkeypatch.delenv("GIT_DIR")
    assert git(tmp_path, "log", "--format=%s %an") == (
        "Checkpoint of 6 commits pgs_runtime\nCheckpoint of 5 commits pgs_runtime\n"
    )
    assert git(tmp_path, "status", "--short") == ""


def test_what_a_commit_left_that_did_not_come_about_is_in_nobodys_way(till: Runtime, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "5.checkpoint").write_bytes(b"half a check")
    made, _ = sign_and_keep(till.store, [OPERATOR], [place_of(f"git:{tmp_path}")], seconds)
    assert place_of(f"git:{tmp_path}").read(5) == made.note.data()


def test_a_command_gets_the_checkpoint_and_says_whether_it_is_kept(till: Runtime, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = (
        f"import os, sys; open({str(out)!r} + os.environ['PGS_CHECKPOINT_SIZE'], 'wb').write(sys.stdin.buffer.read())"
    )
    program = f'command:{sys.executable} -c "{code}"'
    made, new = sign_and_keep(till.store, [OPERATOR], [place_of(program)], seconds)
    assert (new, Path(f"{out}5").read_bytes()) == ((True,), made.note.data())
    with refused("R123", ExitCode.OUTPUT) as caught:
        sign_and_keep(
            till.store,
            [OPERATOR],
            [place_of(f"command:{sys.executable} -c 'import sys; sys.exit(\"no room\")'")],
            seconds,
        )
    assert caught.value.message.endswith("ended with 1: no room.")
    with refused("R123", ExitCode.OUTPUT):
        sign_and_keep(till.store, [OPERATOR], [place_of("command:/there/is/no/such/program")], seconds)


@pytest.mark.parametrize("text", ["", "git:", "command:", "command: ", "command:'"])
def test_what_names_no_place_is_refused(text: str) -> None:
    with refused("R124", ExitCode.USAGE):
        place_of(text)


def test_a_folder_that_is_not_there_is_not_made(till: Runtime, tmp_path: Path) -> None:
    for text in (str(tmp_path / "none"), f"git:{tmp_path / 'none'}", f"git:{tmp_path}"):
        with refused("R123", ExitCode.OUTPUT):
            sign_and_keep(till.store, [OPERATOR], [place_of(text)], seconds)
    assert list(tmp_path.iterdir()) == []
    assert last_signed(till.store) is None


def test_a_link_in_the_place_of_a_checkpoint_is_not_followed(till: Runtime, tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "5.checkpoint").symlink_to(tmp_path / "elsewhere")
    with refused("R123", ExitCode.OUTPUT):
        sign_and_keep(till.store, [OPERATOR], [place_of(str(tmp_path / "place"))], seconds)


def test_trc_04_before_anything_is_signed_the_newest_checkpoint_at_the_place_is_compared(
    till: Runtime, place: str
) -> None:
    kept = place_of(place)
    sign_and_keep(till.store, [OPERATOR], [kept], seconds)
    del memory_of(till)._meta["log:checkpoint"]  # the owner of the store lets it forget
    log = list(memory_of(till)._log)
    shrink(till, 4)
    with refused("R122") as caught:
        sign_and_keep(till.store, [OPERATOR], [kept], seconds)
    assert "the log has shrunk: it has 4 commits, and a checkpoint was signed of 5" in caught.value.message
    memory_of(till)._log[:] = log
    fork(till, 2)
    with refused("R122") as caught:
        sign_and_keep(till.store, [OPERATOR], [kept], seconds)
    assert "the log has forked" in caught.value.message
    assert last_signed(till.store) is None
    assert kept.sizes() == (5,)


def test_checkpoints_of_two_stores_are_not_kept_at_one_place(till: Runtime, place: str) -> None:
    other = Runtime(till.snapshot, MemoryStore(lambda size: b"o" * size), till.ports)
    sign_and_keep(till.store, [OPERATOR], [place_of(place)], seconds)
    with refused("R122") as caught:
        sign_and_keep(other.store, [OPERATOR], [place_of(place)], seconds)
    assert "another log" in caught.value.message


@pytest.mark.parametrize("data", [b"", b"no checkpoint\n", b"x" * 70_000])
def test_what_is_no_checkpoint_at_the_place_is_named(till: Runtime, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "7.checkpoint").write_bytes(data)
    with refused("R122"):
        newest_at(place_of(str(tmp_path)), Log(till.store), origin_in(till.store))


def test_a_checkpoint_under_the_name_of_another_size_is_named(till: Runtime, tmp_path: Path) -> None:
    made = sign(till.store, [OPERATOR], seconds)
    (tmp_path / "4.checkpoint").write_bytes(made.note.data())
    with refused("R122") as caught:
        newest_at(place_of(str(tmp_path)), Log(till.store), origin_in(till.store))
    assert "`4.checkpoint` is of 5 commits" in caught.value.message


# --- a witness -----------------------------------------------------------------------------------


def seen_in(folder: Path) -> Folder:
    folder.mkdir(exist_ok=True)
    return Folder(str(folder), folder)


def test_a_witness_follows_a_log_that_it_has_only_proofs_of(till: Runtime, tmp_path: Path) -> None:
    trust, seen = trusted(tmp_path / "trust"), seen_in(tmp_path / "seen")
    for before in (0, 5, 6):
        made = sign(till.store, [OPERATOR], seconds)
        note = witnessed(read_bundle(bundle(till.store, before)), trust, NOTARY, seen, NOW)
        assert cosigned_at(note, NOTARY.public) == (SECONDS,)
        assert is_signed(note, made.checkpoint.origin, OPERATOR.public)
        assert seen.read(made.checkpoint.size) == note.data()
        paid(till, PAID)
    assert seen.sizes() == (5, 6, 7)


def test_a_bundle_has_the_form_that_witnesses_of_c2sp_take(till: Runtime) -> None:
    sign(till.store, [OPERATOR], seconds)
    paid(till, PAID)
    made = sign(till.store, [OPERATOR], seconds)
    head, _, note = bundle(till.store, 5).partition(b"\n\n")
    assert head.split(b"\n")[0] == b"old 5"
    assert len(head.split(b"\n")) == 4
    assert note == made.note.data()


def test_a_witness_cosigns_the_same_checkpoint_again(till: Runtime, tmp_path: Path) -> None:
    trust, seen = trusted(tmp_path / "trust"), seen_in(tmp_path / "seen")
    sign(till.store, [OPERATOR], seconds)
    given = read_bundle(bundle(till.store, 0))
    assert witnessed(given, trust, NOTARY, seen, NOW) == witnessed(given, trust, NOTARY, seen, NOW)
    assert seen.sizes() == (5,)


def test_trc_04_a_witness_does_not_cosign_a_log_that_has_forked_or_shrunk(till: Runtime, tmp_path: Path) -> None:
    trust, seen = trusted(tmp_path / "trust"), seen_in(tmp_path / "seen")
    sign(till.store, [OPERATOR], seconds)
    first = read_bundle(bundle(till.store, 0))
    paid(till, PAID)
    sign(till.store, [OPERATOR], seconds)
    witnessed(read_bundle(bundle(till.store, 0)), trust, NOTARY, seen, NOW)
    with refused("R127") as caught:
        witnessed(first, trust, NOTARY, seen, NOW)
    assert "the log has shrunk" in caught.value.message
    fork(till, 0)
    del memory_of(till)._meta["log:checkpoint"]
    sign(till.store, [OPERATOR], seconds)
    with refused("R127") as caught:
        witnessed(read_bundle(bundle(till.store, 0)), trust, NOTARY, seen, NOW)
    assert "the log has forked" in caught.value.message
    paid(till, PAID)
    sign(till.store, [OPERATOR], seconds)
    with refused("R127") as caught:
        witnessed(read_bundle(bundle(till.store, 6)), trust, NOTARY, seen, NOW)
    assert "does not show" in caught.value.message
    assert seen.sizes() == (6,)


def test_a_witness_says_from_where_it_needs_a_proof(till: Runtime, tmp_path: Path) -> None:
    trust, seen = trusted(tmp_path / "trust"), seen_in(tmp_path / "seen")
    sign(till.store, [OPERATOR], seconds)
    witnessed(read_bundle(bundle(till.store, 0)), trust, NOTARY, seen, NOW)
    paid(till, PAID)
    sign(till.store, [OPERATOR], seconds)
    with refused("R128", ExitCode.USAGE) as caught:
        witnessed(read_bundle(bundle(till.store, 4)), trust, NOTARY, seen, NOW)
    assert caught.value.hint == "Ask for one: `pgs_runtime checkpoint --proof-from 5`."


@pytest.mark.parametrize("key", [STRANGER, RETIRED, NOTARY])
def test_a_witness_cosigns_only_what_a_trusted_key_signed(till: Runtime, tmp_path: Path, key: object) -> None:
    sign(till.store, [key], seconds)  # type: ignore[list-item]
    seen = seen_in(tmp_path / "seen")
    with refused("R127"):
        witnessed(read_bundle(bundle(till.store, 0)), trusted(tmp_path / "trust"), NOTARY, seen, NOW)
    assert seen.sizes() == ()


def test_a_proof_is_asked_for_of_what_was_signed(till: Runtime) -> None:
    with refused("R125", ExitCode.USAGE):
        bundle(till.store, 0)
    sign(till.store, [OPERATOR], seconds)
    with refused("R125", ExitCode.USAGE):
        bundle(till.store, 6)
    fork(till, 1)
    with refused("R121"):
        bundle(till.store, 2)


@pytest.mark.parametrize("data", [b"", b"old 1\n", b"old 01\n\n", b"old 1\nAA==\n\n", b"old 0\n\nno note\n"])
def test_what_is_no_proof_with_a_checkpoint_is_refused(data: bytes) -> None:
    with refused("R126"):
        read_bundle(data)


def test_a_log_that_has_not_come_so_far_is_told_from_one_that_has_forked(till: Runtime) -> None:
    made = sign(till.store, [OPERATOR], seconds).checkpoint
    assert contradiction(5, made, made.root) == contradiction(9, made, None) == ""
    assert "shrunk" in contradiction(4, made, None)
    assert "forked" in contradiction(5, made, b"other")
