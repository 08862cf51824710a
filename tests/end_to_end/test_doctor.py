"""The doctor at the command line: what it finds, what to type about it, and what it did not look at."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pgs_runtime.evidence.custody import sign
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_snapshot.signing import write_key
from pgs_snapshot.statements import moment_text
from tests.end_to_end.programs import Answer, Installation
from tests.end_to_end.test_custody import REGISTER, owned
from tests.runtime.custodian import AUTHOR, LOST, OPERATOR, RETIRED, STRANGER, trust_in
from tests.snapshot.trusted import add_key, revoke

ADA = b'{"actor_record":{"first_name":"A","last_name":"B","email_registration":"a@b.org"}}'
OVERDUE = {
    "effects": {}, "exit_code": 13, "message": "", "result": {},
    "waits": [{"due": "2020-01-01T00:00:00.000Z", "node": "wait", "signals": []}],
}  # fmt: skip


@pytest.fixture(scope="module")
def looked_after(example_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """To be copied: a run, a checkpoint that is kept elsewhere, and a trust directory."""
    folder = tmp_path_factory.mktemp("looked_after") / "all"
    shutil.copytree(example_workspace, folder / "workspace")
    place = Installation(folder / "workspace", folder / "data")
    assert place.run(REGISTER, ADA).code == 0
    trust_in(folder / "trust")
    for name, key in {"operator": OPERATOR, "lost": LOST, "retired": RETIRED}.items():
        write_key(folder / f"{name}.pem", key)
    (folder / "kept").mkdir()
    checkpoint(place)
    return place


@pytest.fixture
def place(looked_after: Installation, tmp_path: Path) -> Installation:
    return looked_after.copied(tmp_path, "trust", "kept", "operator.pem", "lost.pem", "retired.pem")


def checkpoint(place: Installation, key: str = "operator") -> None:
    folder = place.workspace.parent
    answer = place.runtime("checkpoint", "--key", folder / f"{key}.pem", "--to", folder / "kept")
    assert answer.code == 0


def doctor(place: Installation, *options: str | Path) -> Answer:
    folder = place.workspace.parent
    return place.runtime("doctor", "--trust", folder / "trust", "--kept", folder / "kept", *options)


def wrong(answer: Answer) -> list[dict[str, Any]]:
    return [each for each in answer.json()["remarks"] if each["wrong"]]


def test_of_what_is_well_it_says_so_and_ends_with_0(place: Installation, tmp_path: Path) -> None:
    answer = doctor(place)
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "Nothing needs you.")
    marks = {line.split()[1]: line[0] for line in answer.out.splitlines()[:-1]}
    topics = ("store", "runs", "snapshots", "checkpoint", "place", "keys", "evidence")
    assert marks == dict.fromkeys(topics, "✓")
    assert answer.out.splitlines()[-2].endswith(" is witnessed.")


def test_of_what_was_not_looked_at_it_does_not_say_that_it_is_well(place: Installation) -> None:
    answer = place.runtime("doctor", "--kept", "command:true")
    assert answer.code == 0
    assert [line.split()[1] for line in answer.out.splitlines() if line.startswith("–")] == ["place", "keys"]
    assert "is anchored" in answer.out


def sql(statement: str, *values: object) -> Callable[[Installation], None]:
    def change(place: Installation) -> None:
        with owned(place) as store:
            store.execute(statement, values)

    return change


def lose_snapshot(place: Installation) -> None:
    shutil.rmtree(place.data / "snapshots")
    shutil.rmtree(place.workspace / "protocol_snapshot")


def empty_place(place: Installation) -> None:
    (place.workspace.parent / "kept" / "1.checkpoint").unlink()


@pytest.mark.tampers("one of its stores has another line than was recorded")
@pytest.mark.parametrize(
    ("change", "topic", "says", "do"),
    [
        (sql("UPDATE runs SET status = 'RUNNING'"), "runs", "was left in the middle", "pgs_runtime resume "),
        (sql("UPDATE runs SET status = 'IN_DOUBT'"), "runs", "is in doubt", "pgs_runtime show "),
        (
            sql("UPDATE runs SET status = 'WAITING', answer = ?", json.dumps(OVERDUE).encode()),
            "runs", "waits for what is overdue", "pgs_runtime resume ",
        ),
        (lose_snapshot, "snapshots", "is not at hand, or was changed.", "Restore its folder"),
        (sql("DELETE FROM meta WHERE key = 'log:checkpoint'"), "checkpoint", "None was ever signed", "pgs_runtime"),
        (sql("UPDATE log SET run = 'x'"), "checkpoint", "The log has forked", "Restore a backup"),
        (sql("UPDATE meta SET value = x'7b7d' WHERE key = 'log:checkpoint'"), "checkpoint", "was changed", "Restore"),
        (empty_place, "place", "has 0 commits, and the last checkpoint 1.", "pgs_runtime checkpoint --key FILE --to"),
        (
            sql("UPDATE trace SET line = CAST(replace(line, 'SUCCESS', 'FAILURE') AS BLOB)"),
            "evidence", "is broken: Line 3 was changed", "pgs_runtime export ",
        ),
    ],
)  # fmt: skip
def test_what_needs_somebody_is_named_with_what_to_type(
    place: Installation, change: Callable[[Installation], None], topic: str, says: str, do: str
) -> None:
    change(place)
    answer = doctor(place, "--json")
    found = [each for each in wrong(answer) if each["topic"] == topic]
    assert answer.code == 1
    assert says in found[0]["says"]
    assert found[0]["do"].startswith(do)
    told = doctor(place)
    assert told.code == 1
    assert f"→ {do}" in told.out


@pytest.mark.parametrize(("key", "says"), [("lost", "was revoked as of"), ("retired", "expired on")])
def test_keys_that_no_longer_count_and_are_in_use_are_named(place: Installation, key: str, says: str) -> None:
    checkpoint(place, key)
    found = wrong(doctor(place, "--json"))
    assert [each["topic"] for each in found] == ["keys"]
    assert says in found[0]["says"]
    assert found[0]["says"].endswith(", and signed the last checkpoint.")


@pytest.mark.parametrize(
    ("key", "says"), [("author", "by `author`, which is not trusted for checkpoints."), ("stranger", "by no key that")]
)
def test_a_key_that_never_counted_for_checkpoints_and_signed_the_last_one_is_named(
    place: Installation, key: str, says: str
) -> None:
    write_key(place.workspace.parent / f"{key}.pem", {"author": AUTHOR, "stranger": STRANGER}[key])
    checkpoint(place, key)
    (found,) = wrong(doctor(place, "--json"))
    assert (found["topic"], f"The last checkpoint is signed {says}" in found["says"]) == ("keys", True)
    assert found["do"].startswith("Sign with a key that is trusted: pgs_runtime checkpoint")


@pytest.mark.parametrize(
    ("left", "says", "needs"),
    [
        (timedelta(days=30), "`soon` (checkpoint) expires in 29 days.", True),
        (timedelta(days=30, hours=1), "`soon` (checkpoint) is ", False),
    ],
)
def test_a_key_is_named_from_thirty_days_before_its_end_on(
    place: Installation, left: timedelta, says: str, needs: bool
) -> None:
    until = moment_text((datetime.now(UTC) + left).replace(microsecond=0))
    add_key(place.workspace.parent / "trust", "soon", STRANGER.public, roles=["checkpoint"], until=until)
    answer = doctor(place, "--json")
    (found,) = (each for each in answer.json()["remarks"] if "`soon`" in each["says"])
    assert (answer.code, found["wrong"], found["says"].startswith(says)) == (int(needs), needs, True)


@pytest.mark.parametrize(("days", "says"), [(9, " is revoked in 8 days."), (90, " counts until ")])
def test_a_key_that_will_be_revoked_does_not_count_without_end(place: Installation, days: int, says: str) -> None:
    then = moment_text((datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0))
    revoke(place.workspace.parent / "trust", OPERATOR.public, then)
    (found,) = (each for each in doctor(place, "--json").json()["remarks"] if "`operator`" in each["says"])
    assert (found["wrong"], says.strip() in found["says"]) == (days < 30, True)
    assert days < 30 or found["says"].endswith(f" counts until {then}.")


def test_a_store_that_is_not_there_or_damaged_is_unusable(place: Installation, tmp_path: Path) -> None:
    nothing = Installation(place.workspace, tmp_path / "nothing")
    assert nothing.runtime("doctor").code == 2
    file = place.data / "state.db"
    data = bytearray(file.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    file.write_bytes(data)
    assert place.runtime("doctor", "--json").code == 8
    file.write_bytes(b"no database, but long enough that somebody could think so" * 100)
    assert place.runtime("doctor", "--json").error()["code"] == "R040"


def test_a_checkpoint_of_a_time_that_no_calendar_has_is_told_and_ends_nothing(place: Installation) -> None:
    with closing(SqliteStore(place.data / "state.db")) as store:
        sign(store, [RETIRED], lambda: 999_999_999_999)
    answer = doctor(place, "--json")
    assert answer.code == 1
    says = "The last one says that it was signed at a time that is still to come."
    assert [each["says"] for each in wrong(answer) if each["topic"] == "checkpoint"] == [says]
