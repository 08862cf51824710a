"""Live runs over a store in trouble: no room, no rights, damage, a lock. The run stands, and goes on afterwards."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pgs_runtime.stores.sqlite import SqliteStore
from tests.durable.depot import Depot
from tests.durable.test_commands import ORDER, PACKED, signal, tree, waiting
from tests.durable.test_whole_runs import BEFORE, CHARGE, DONE
from tests.end_to_end.programs import Answer, Argument
from tests.parties.service import Mood

LARGE = Mood(body=json.dumps({"receipt": "x" * 100_000}).encode())
FULL = "Look at the disk and the system's log."


def state(depot: Depot) -> Path:
    return depot.place.data / "state.db"


def with_room(depot: Depot, more: int, *arguments: Argument, stdin: bytes) -> Answer:
    """A command under which the file of the store can grow by so many bytes, and no file larger than that."""
    limit = (state(depot).stat().st_size + more) // 1024
    within = f'ulimit -f {limit}; exec "$@"'
    return depot.place.runtime(*arguments, stdin=stdin, environment=depot.environment, within=within)


def refused(answer: Answer, cause: str, exit_code: int = 8) -> str:
    """The hint of a refusal by the store."""
    assert (answer.code, answer.error()["code"]) == (exit_code, "R041" if exit_code == 11 else "R040")
    assert exit_code == 11 or answer.error()["message"].endswith(f" [{cause}].")
    return str(answer.error()["hint"])


# --- no room -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("workflow", "ends", "told"),
    [
        ("WF_CHARGE_KEYED_V0", 0, DONE),
        ("WF_CHARGE_LEFT_V0", 12, [*BEFORE, "doubt charge"]),
    ],
)
def test_crash_06_no_room_for_an_answer_leaves_the_run_at_what_it_intended(
    depot: Depot, workflow: str, ends: int, told: list[str]
) -> None:
    depot.run("WF_PARCEL_V0", {"order": "o1"})  # makes the store
    depot.service.asked.clear()
    depot.service.moods.append(LARGE)
    line = ["run", "--wf", f"shipping::{workflow}", "--payload", "-", "--no-picture", "--json"]
    answer = with_room(depot, 64 << 10, *line, stdin=json.dumps(CHARGE).encode())
    (id,) = (run["id"] for run in depot.command("list", "--status", "RUNNING", "--json").json()["runs"])
    assert refused(answer, "io") == f"{FULL} To go on: `pgs_runtime resume {id}`."
    assert (len(depot.service.asked), len(depot.service.done)) == (1, 2)
    with closing(SqliteStore(state(depot))) as store:
        assert (store.check(), len(store.lines(id))) == ((), 4)
    assert depot.command("resume", id, "--no-picture").code == ends
    with depot.runtime() as runtime:
        assert depot.whole(runtime, id) == told
    assert len(depot.service.done) == 2


def test_crash_06_no_room_for_a_signal_leaves_the_run_waiting(depot: Depot) -> None:
    id = waiting(depot)
    before, lines = depot.only_run(), (depot.place.workspace / "traces" / id / f"{id}.jsonl").read_bytes()
    word = {"order": "o1", "boxes": 2, "note": "x" * 200_000}  # refused, and recorded: an event of that size
    line = ["signal", id, "--event", "EV_PACKED_V0", "--payload", "-", "--json", "--no-picture"]
    full = with_room(depot, 0, *line, stdin=PACKED)
    assert refused(full, "io") == FULL
    assert (depot.only_run(), depot.mail.taken) == (before, [])
    assert (depot.place.workspace / "traces" / id / f"{id}.jsonl").read_bytes() == lines
    assert signal(depot, id, json.dumps(word).encode()).code == 5
    assert signal(depot, id).code == 0
    assert len(depot.mail.taken) == 1


# --- no rights -----------------------------------------------------------------------------------

# Root may do everything with files; what it starts under this may not.
AS_ANYBODY = 'exec setpriv --bounding-set=-dac_override,-dac_read_search "$@"' if os.geteuid() == 0 else 'exec "$@"'


@pytest.fixture
def closed(depot: Depot) -> Iterator[Callable[[int, int], None]]:
    """Gives the data root and the files in it other rights, and takes that back at the end."""
    modes: dict[Path, int] = {}

    def close(folder: int, file: int) -> None:
        for place in (state(depot), depot.place.data):
            modes.setdefault(place, stat.S_IMODE(place.stat().st_mode))
            place.chmod(folder if place.is_dir() else file)

    yield close
    for place, mode in reversed(modes.items()):
        place.chmod(mode)


@pytest.mark.parametrize(
    ("folder", "file", "causes"),
    [(0o700, 0o400, {"readonly"}), (0o500, 0o600, {"readonly", "permission"}), (0o700, 0o000, {"permission"})],
    ids=["file for reading", "folder for reading", "file for nobody"],
)
def test_path_03_a_live_run_that_may_not_be_written_stands(
    depot: Depot, closed: Callable[[int, int], None], folder: int, file: int, causes: set[str]
) -> None:
    id = waiting(depot)
    (depot.place.data / "state.db-journal").unlink(missing_ok=True)  # else nothing has to be made in the folder
    before = tree(depot.place.data)
    closed(folder, file)
    line = ["signal", id, "--event", "EV_PACKED_V0", "--payload", "-", "--json", "--no-picture"]
    answer = depot.place.runtime(*line, stdin=PACKED, environment=depot.environment, within=AS_ANYBODY)
    (cause,) = (cause for cause in causes if f"[{cause}]" in answer.error()["message"])
    assert refused(answer, cause) == "Make the file and its folder writable for you."
    closed(0o700, 0o600)
    assert (tree(depot.place.data), depot.mail.taken) == (before, [])
    assert signal(depot, id).code == 0


# --- damage --------------------------------------------------------------------------------------


def every_command(depot: Depot, id: str) -> list[Answer]:
    """What each command that opens the store answers."""
    order = json.dumps(ORDER).encode()
    run = ["run", "--wf", "shipping::WF_ORDER_V0", "--payload", "-", "--json", "--no-picture"]
    return [
        depot.command(*run, stdin=order),
        depot.command(*run, "--dry-run", stdin=order),
        signal(depot, id),
        *(depot.command(*line, "--json") for line in (["resume"], ["resume", id], ["list"], ["show", id])),
    ]


def test_crash_08_a_damaged_page_is_never_written_over_and_nobody_is_asked(depot: Depot) -> None:
    id = waiting(depot)
    data = bytearray(state(depot).read_bytes())
    for page in range(1, len(data) // 4096):  # each head but the first: that is a file of another program
        data[page * 4096 : page * 4096 + 8] = b"\xff" * 8
    state(depot).write_bytes(data)
    before, asked = tree(depot.place.data), len(depot.service.asked)
    for answer in every_command(depot, id):
        assert refused(answer, "corrupt") == "Restore the file from a backup."
    assert tree(depot.place.data) == before
    assert (len(depot.service.asked), depot.mail.taken) == (asked, [])


@pytest.mark.parametrize("how", ["empty", "missing"])
def test_crash_09_a_store_that_is_empty_or_gone_is_not_taken_for_a_new_one(depot: Depot, how: str) -> None:
    id = waiting(depot)
    state(depot).unlink()
    if how == "empty":
        state(depot).touch()
    before = tree(depot.place.data)
    for answer in every_command(depot, id):
        assert refused(answer, "altered").startswith("Restore the file from a backup")
    assert tree(depot.place.data) == before
    assert len(depot.service.asked) == 1


@pytest.mark.parametrize(
    ("side", "content"),
    [("-journal", None), ("-journal", b"\x00" * 4096), ("-journal", os.urandom(8192)), ("-wal", os.urandom(8192))],
    ids=["no journal", "empty journal", "garbage journal", "garbage log"],
)
def test_crash_09_what_lies_beside_the_store_and_is_not_of_it_changes_nothing(
    depot: Depot, side: str, content: bytes | None
) -> None:
    id = waiting(depot)
    beside = depot.place.data / f"state.db{side}"
    beside.unlink(missing_ok=True)
    if content is not None:
        beside.write_bytes(content)
        beside.chmod(0o600)
    assert [run["id"] for run in depot.command("list", "--json").json()["runs"]] == [id]
    assert signal(depot, id).code == 0
    with depot.runtime() as runtime:
        assert depot.whole(runtime, id)[-1] == "exit done COMPLETED"
        assert runtime.store.check() == ()


# --- a lock --------------------------------------------------------------------------------------


def test_conc_04_a_lock_that_is_never_given_back_ends_every_command_with_11(depot: Depot) -> None:
    id = waiting(depot)
    lines = [
        ["signal", id, "--event", "EV_PACKED_V0"],
        ["cancel", id, "--reason", "r"],
        ["resume"],
        ["run", "--wf", "shipping::WF_ORDER_V0", "--payload", "-"],
    ]
    before = depot.only_run()
    with closing(sqlite3.connect(state(depot), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        under_way = [depot.started(*line, payload=ORDER) for line in lines]
        ended = [(process.communicate(), process.returncode) for process in under_way]
    for (out, complaint), code in ended:
        held = f"error[R041]: The store `{state(depot)}` is held by another process; try again.\n  hint: Try again.\n"
        assert (code, out, complaint.decode()) == (11, b"", held)
    assert (depot.only_run(), len(depot.service.asked)) == (before, 1)
    assert signal(depot, id).code == 0
