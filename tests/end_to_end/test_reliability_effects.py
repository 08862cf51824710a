"""What is written: keys and streams that keep their law, requests that are made once, and whatever a key is called."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import FrameType

import orjson
import pytest

from pgs_runtime.examine.export import export
from pgs_runtime.operate.state import load_state
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_snapshot.values import Value
from tests.end_to_end.programs import Installation, operator

BEHAVE = "trouble::WF_BEHAVE_V0"
KEYS, NOTES = "trouble::ST_KEYS_V0", "trouble::ST_NOTES_V0"


def behave(place: Installation, key: str, how: str = "complete", *options: str) -> dict[str, Value]:
    """The answer of a run that binds a key to how it behaves, and appends to the key's stream."""
    answer = place.run(BEHAVE, json.dumps({"how": how, "key": key}).encode(), "--json", *options)
    return dict(answer.json())


# --- CS ------------------------------------------------------------------------------------------


def test_cs_01_the_same_key_and_value_again_is_an_outcome_and_writes_nothing(trouble: Installation) -> None:
    first, second = behave(trouble, "k"), behave(trouble, "k")
    assert first["effects"] == {KEYS: {"REGISTER": 1}, NOTES: {"APPEND": 1}}
    assert (second["kind"], second["effects"]) == ("COMPLETED", {NOTES: {"APPEND": 1}})
    with closing(SqliteStore(trouble.data / "state.db")) as store:
        cell = store.get("registry", KEYS, "k")
        assert cell is not None
        assert (cell.run, cell.version, orjson.loads(cell.value)) == (first["trace_id"], 1, {"how": "complete"})


def test_cs_02_the_same_key_and_another_value_is_another_outcome_and_the_old_one_stays(trouble: Installation) -> None:
    behave(trouble, "k")
    other = behave(trouble, "k", "fail")
    assert (other["kind"], other["effects"], other["exit_code"]) == ("DENIED", {}, 4)
    assert trouble.runtime("state", "get", KEYS, "k").out == '{"how":"complete"}\n'


@pytest.mark.parametrize("statement", ["UPDATE events SET body = x'00'", "DELETE FROM events"])
def test_cs_03_what_was_appended_stays_as_it_is_in_its_place(trouble: Installation, statement: str) -> None:
    for _ in range(3):
        behave(trouble, "k")
    with closing(sqlite3.connect(trouble.data / "state.db")) as raw, pytest.raises(sqlite3.IntegrityError):
        raw.execute(statement)
    with closing(SqliteStore(trouble.data / "state.db")) as store:
        assert [event.n for event in store.events(NOTES, "k", 1, 100)] == [1, 2, 3]


def test_cs_04_a_request_that_is_made_again_gets_the_first_answer_and_does_nothing(trouble: Installation) -> None:
    first, again = (behave(trouble, "k", "complete", "--request-id", "r1") for _ in range(2))
    assert (first.pop("repeated"), again.pop("repeated")) == (False, True)
    assert again == first
    other = trouble.run(BEHAVE, b'{"how":"complete","key":"other"}', "--request-id", "r1", "--json")
    assert (other.code, other.error()["code"]) == (5, "R015")
    with closing(SqliteStore(trouble.data / "state.db")) as store:
        assert (store.length(NOTES, "k"), store.streams(NOTES), len(store.runs())) == (1, ("k",), 1)


HOSTILE = ["x'); DROP TABLE runs;--", "a') OR 1=1 --", "$.secret", "%", "_", '"', "k\n"]


def test_cs_05_a_key_is_data_whatever_it_looks_like(trouble: Installation) -> None:
    behave(trouble, "k")
    for key in HOSTILE:
        nothing = trouble.runtime("state", "get", KEYS, key)
        assert (nothing.code, nothing.out, nothing.err.startswith("error[R088]")) == (2, "", True)
        assert behave(trouble, key)["kind"] == "COMPLETED"
        assert trouble.runtime("state", "get", KEYS, key).out == '{"how":"complete"}\n'
    listed = trouble.runtime("state", "ls", NOTES, "--json").json()
    assert listed == dict.fromkeys(["k", *HOSTILE], 1)
    with closing(SqliteStore(trouble.data / "state.db")) as store:
        assert (store.check(), len(store.runs())) == ((), 1 + len(HOSTILE))


def test_cs_08_many_keys_and_a_long_stream_are_loaded_and_added_to(trouble: Installation, tmp_path: Path) -> None:
    at = "2026-01-01T00:00:00.000Z"
    document: Value = {
        KEYS: {f"k{n:05}": {"how": "complete"} for n in range(10_000)},
        NOTES: {"k": [{"at": at}] * 10_000},
    }
    with trouble.open() as runtime:
        load_state(runtime, document, operator(runtime))
        assert runtime.store.check() == ()
    assert behave(trouble, "k")["effects"] == {KEYS: {"REGISTER": 1}, NOTES: {"APPEND": 1}}
    assert trouble.runtime("state", "ls", "--json").json() == {KEYS: 10_001, NOTES: 10_001}
    assert trouble.runtime("state", "export", tmp_path / "out").code == 0
    assert len((tmp_path / "out" / "events" / "trouble__ST_NOTES_V0.jsonl").read_bytes().splitlines()) == 10_001


# --- CRASH-05 ------------------------------------------------------------------------------------


class KilledAt:
    """Kills its own process at a line of the export, counted over all that it executes of that module."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.count = 0

    def __call__(self, frame: FrameType, event: str, argument: object) -> KilledAt | None:
        if not frame.f_code.co_filename.endswith("pgs_runtime/examine/export.py"):
            return None
        if event == "line":
            self.count += 1
            if self.count == self.at:
                os.kill(os.getpid(), 9)
        return self


def test_crash_05_an_export_that_is_killed_at_any_line_leaves_whole_files_or_none(trouble: Installation) -> None:
    id = str(behave(trouble, "k")["trace_id"])
    folder = trouble.workspace / "traces" / id
    whole = {file.name: file.read_bytes() for file in folder.iterdir()}
    at, killed = 0, True
    with trouble.open() as runtime:
        while killed:
            at += 1
            for file in [*folder.iterdir()]:
                file.unlink()
            child = os.fork()
            if child == 0:
                with closing(SqliteStore(trouble.data / "state.db")) as own:
                    runtime.store = own  # a store belongs to the process that opened it
                    sys.settrace(KilledAt(at))
                    export(runtime, trouble.workspace / "traces", id, picture=False)
                    os._exit(0)
            killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
            left = {file.name: file.read_bytes() for file in folder.iterdir()}
            assert all(left[name] == whole[name] for name in left if not name.startswith("."))
            export(runtime, trouble.workspace / "traces", id, picture=False)
            assert {file.name: file.read_bytes() for file in folder.iterdir()} == whole
    assert at > 60


# --- CONC ----------------------------------------------------------------------------------------


def test_conc_05_of_four_processes_that_want_the_same_keys_one_gets_each(trouble: Installation) -> None:
    behave(trouble, "first")
    keys = [f"k{n}" for n in range(12)]
    pipes = []
    for _ in range(4):
        read, write = os.pipe()
        if os.fork() == 0:
            code = 1
            try:
                with trouble.open() as runtime:
                    told = [runtime.run(BEHAVE, {"how": "complete", "key": key}, operator(runtime)) for key in keys]
                os.write(write, json.dumps([[run.kind, KEYS in run.effects] for run in told]).encode())
                code = 0
            finally:
                os._exit(code)
        os.close(write)
        pipes.append(read)
    answers = []
    for pipe in pipes:
        with open(pipe, "rb") as opened:
            answers.append(json.loads(opened.read()))
        os.wait()
    assert {kind for told in answers for kind, _ in told} == {"COMPLETED"}
    assert [sum(told[n][1] for told in answers) for n in range(len(keys))] == [1] * len(keys)
    with closing(SqliteStore(trouble.data / "state.db")) as store:
        assert [store.length(NOTES, key) for key in keys] == [4] * len(keys)
        assert store.check() == ()


WATCHED = """
import os
import sys
opened = []
def watch(event, arguments):
    # An exclusive open is refused where there is a file, and so never has one of the store's.
    if event == "open" and str(arguments[0]).startswith(STATE) and not arguments[2] & os.O_EXCL:
        opened.append(str(arguments[0]))
sys.addaudithook(watch)
from pgs_runtime.__main__ import main
try:
    main()
except SystemExit as ended:
    sys.stderr.write("".join(f"OPENED {path}\\n" for path in opened))
    raise
"""


def test_conc_08_no_command_opens_the_file_of_the_store_beside_sqlite(trouble: Installation, tmp_path: Path) -> None:
    """To close any descriptor of such a file drops the locks that SQLite holds on it in the same process."""
    id = str(behave(trouble, "k")["trace_id"])
    (tmp_path / "payload.json").write_bytes(b'{"how":"complete","key":"k"}')
    run = ["run", "--wf", BEHAVE, "--payload", str(tmp_path / "payload.json")]
    for line in (
        run, [*run, "--dry-run"], ["list"], ["show", id], ["export", id], ["resume"], ["state", "ls"],
        ["state", "get", KEYS, "k"], ["state", "export", str(tmp_path / "out")],
        ["verify", str(trouble.workspace / "traces" / id)], ["examine", str(trouble.workspace / "traces" / id)],
    ):  # fmt: skip
        places = ["--workspace", str(trouble.workspace), "--data-root", str(trouble.data)]
        code = WATCHED.replace("STATE", repr(str(trouble.data / "state.db")))
        watched = subprocess.run(
            [sys.executable, "-I", "-c", code, *line, *places], capture_output=True, text=True, check=False
        )
        assert (watched.returncode, watched.stderr) == (0, ""), line
