"""Names that look like paths, links in the way, and who may read what a run leaves."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.operate.actors import local_actor
from pgs_runtime.operate.state import load_state
from pgs_runtime.trace.lines import is_run_id
from pgs_snapshot.values import Value
from tests.end_to_end.programs import Installation, operator

BEHAVE = "trouble::WF_BEHAVE_V0"
COMPLETE = b'{"how":"complete"}'
ODD = [
    "../../x",
    "a/b",
    "a\\b",
    "C:\\x",
    "",
    ".",
    "..",
    "x" * 300,
    "a\0b",
    "a\nb",
    "-rf",
    "~",
    "a ",
    "\x1b[31m",
    "\u202ex",
    "é",
    "\udcff",
]
SAFE = ["CON", "nul.txt", "a.", "01k7u460idfa5qaqq94ter6lo1", "REQ_1:2@x+y-z"]


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


# --- PATH-01 -------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", ODD, ids=ascii)
def test_path_01_a_request_id_of_another_form_starts_no_run(id: str, trouble: Installation) -> None:
    with trouble.open() as runtime, pytest.raises(Refusal) as caught:
        runtime.run(BEHAVE, {"how": "complete"}, operator(runtime), request_id=id)
    assert (caught.value.code, caught.value.exit_code) == ("R009", ExitCode.USAGE)
    assert caught.value.message.isprintable()
    assert trouble.runs() == []


@pytest.mark.parametrize("id", SAFE)
def test_path_01_a_request_id_becomes_no_path_of_its_own(id: str, trouble: Installation) -> None:
    with trouble.open() as runtime:
        outcome = runtime.run(BEHAVE, {"how": "complete"}, operator(runtime), request_id=id)
    assert is_run_id(outcome.trace_id)
    assert outcome.trace_id != id


@pytest.mark.parametrize("name", [*ODD, *SAFE, "trouble::../WF", "trouble__WF_BEHAVE_V0"], ids=ascii)
def test_path_01_a_workflow_or_actor_is_looked_up_and_never_opened(name: str, trouble: Installation) -> None:
    with trouble.open() as runtime:
        with pytest.raises(Refusal) as caught:
            runtime.run(name, {"how": "complete"}, operator(runtime))
        assert (caught.value.code, caught.value.exit_code) == ("R010", ExitCode.USAGE)
        if name:
            with pytest.raises(Refusal) as caught:
                local_actor(runtime.snapshot, name, {}, "tester", "trouble")
            assert (caught.value.code, caught.value.exit_code) == ("R018", ExitCode.REJECTED)
    assert trouble.runs() == []


def test_path_01_keys_and_streams_are_data(trouble: Installation, tmp_path: Path) -> None:
    names = [name for name in ODD if "\0" not in name and "\udcff" not in name]
    at: Value = {"at": "2026-01-01T00:00:00.000Z"}
    document: Value = {
        "trouble::ST_KEYS_V0": {name: {"how": name} for name in names},
        "trouble::ST_NOTES_V0": {name: [at] for name in names},
    }
    with trouble.open() as runtime:
        before = tree(tmp_path)
        load_state(runtime, document, operator(runtime))
        assert [runtime.store.get("registry", "trouble::ST_KEYS_V0", name) is None for name in names] == [False] * len(
            names
        )
        assert sorted(runtime.store.streams("trouble::ST_NOTES_V0")) == sorted(names)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("store", ["../x", "trouble::ST_KEYS_V0/../x", "", "trouble::CC_NOTE_V0"])
def test_path_01_a_store_is_looked_up(store: str, trouble: Installation) -> None:
    with trouble.open() as runtime, pytest.raises(Refusal) as caught:
        load_state(runtime, {store: {}}, operator(runtime))
    assert (caught.value.code, caught.value.exit_code) == ("R016", ExitCode.REJECTED)


@pytest.mark.parametrize(
    ("options", "code", "error"),
    [
        (["--wf", "../../x"], 2, "R010"),
        (["--wf", b"\xff"], 2, "R010"),
        (["--wf", BEHAVE, "--request-id", "../x\x1b[31m"], 2, "R009"),
        (["--wf", BEHAVE, "--request-id", b"\xff"], 2, "R009"),
        (["--wf", BEHAVE, "--actor", "../x"], 5, "R018"),
        (["--wf", BEHAVE, "--pin", "../x\n"], 2, "R001"),
    ],
    ids=["workflow", "workflow-bytes", "request-id", "request-id-bytes", "actor", "pin"],
)
def test_path_01_the_command_refuses_what_is_no_name(
    options: list[str | bytes], code: int, error: str, trouble: Installation
) -> None:
    answer = trouble.runtime("run", "--payload", "-", "--json", *options, stdin=COMPLETE)
    assert (answer.code, answer.error()["code"]) == (code, error)
    assert answer.err.replace("\n", "").isprintable()
    assert trouble.traces() == []


@pytest.mark.parametrize(
    ("attributes", "where"),
    [
        ({"id": None}, "/id"),
        ({"id": 5}, "/id"),
        ({"id": ""}, "/id"),
        ({"id": "x", "type": "core::AC_OPERATOR_V0"}, "/type"),
        ([], ""),
    ],
)
def test_an_actor_is_who_the_command_says_and_no_attribute_changes_that(
    attributes: Value, where: str, trouble: Installation
) -> None:
    with trouble.open() as runtime, pytest.raises(Refusal) as caught:
        local_actor(runtime.snapshot, "core::AC_OPERATOR_V0", attributes, "tester", "")
    assert (caught.value.code, caught.value.where) == ("R018", where)


# --- PATH-02 -------------------------------------------------------------------------------------


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A folder that nobody may write to by way of a link."""
    folder = tmp_path / "target"
    folder.mkdir()
    (folder / "file").write_text("as it was", encoding="utf-8")
    return folder


def untouched(target: Path) -> bool:
    return tree(target) == {"file"} and (target / "file").read_text(encoding="utf-8") == "as it was"


@pytest.mark.parametrize("what", ["traces", "run", "file"])
def test_path_02_a_link_where_a_trace_goes_is_refused_and_the_run_stands(
    what: str, trouble: Installation, target: Path
) -> None:
    traces = trouble.workspace / "traces"
    first = trouble.run(BEHAVE, COMPLETE, "--json", "--request-id", "R1").json()
    folder = traces / first["trace_id"]
    file = folder / f"{folder.name}.jsonl"
    if what == "file":
        file.unlink()
        file.symlink_to(target / "file")
    elif what == "run":
        folder.rename(trouble.workspace / "aside")
        folder.symlink_to(target)
    else:
        traces.rename(trouble.workspace / "aside")
        traces.symlink_to(target)
    answer = trouble.run(BEHAVE, COMPLETE, "--json", "--request-id", "R1")
    assert (answer.code, answer.error()["code"]) == (14, "R062")
    told = answer.json()
    assert (told["exit"], told["trace_id"], told["repeated"]) == ("COMPLETED", first["trace_id"], True)
    assert trouble.runs() == [("COMPLETED", "COMPLETED")]
    assert untouched(target)


@pytest.mark.parametrize("what", ["data", "data/state.db", "data/snapshots"])
def test_path_02_a_link_where_state_goes_is_refused_and_nothing_runs(
    what: str, trouble: Installation, target: Path, tmp_path: Path
) -> None:
    link = tmp_path / what
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(target / "file" if what.endswith(".db") else target)
    answer = trouble.run(BEHAVE, COMPLETE, "--json")
    assert (answer.code, answer.error()["code"]) == (8, "R040")
    assert "is a symbolic link [unsafe]." in answer.err
    assert not (trouble.workspace / "traces").exists()
    assert untouched(target)


def test_path_02_a_link_to_a_snapshot_is_refused(trouble: Installation, tmp_path: Path) -> None:
    snapshot = trouble.workspace / "protocol_snapshot"
    snapshot.rename(tmp_path / "elsewhere")
    snapshot.symlink_to(tmp_path / "elsewhere")
    answer = trouble.run(BEHAVE, COMPLETE, "--json")
    assert (answer.code, answer.error()["code"]) == (3, "Z910")
    assert trouble.untouched()


# --- PATH-03 -------------------------------------------------------------------------------------


def test_path_03_whatever_the_umask_only_the_owner_reads_state_and_traces(trouble: Installation) -> None:
    answer = trouble.run(BEHAVE, COMPLETE, within='umask 000; exec "$@"')
    assert answer.code == 0
    kept = trouble.data / "snapshots"  # holds nothing secret, behind a folder that others cannot enter
    for place in (trouble.data, trouble.workspace / "traces"):
        for path in [place, *place.rglob("*")]:
            if kept not in path.parents:
                assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_path_03_a_folder_that_everybody_may_write_to_holds_no_state(trouble: Installation) -> None:
    trouble.data.mkdir()
    trouble.data.chmod(0o777)
    answer = trouble.run(BEHAVE, COMPLETE, "--json")
    assert answer.code == 8
    assert answer.error()["hint"] == f"Type `chmod o-w {trouble.data}`."


@pytest.mark.parametrize(
    ("taken", "root", "code", "error"),
    [("data", "data/inner", 8, "R040"), ("data/snapshots", "data", 8, "R040")],
    ids=["root", "snapshots"],
)
def test_path_03_a_place_that_cannot_be_written_is_named(
    taken: str, root: str, code: int, error: str, trouble: Installation, tmp_path: Path
) -> None:
    (tmp_path / taken).parent.mkdir(exist_ok=True)
    (tmp_path / taken).write_bytes(b"")
    answer = Installation(trouble.workspace, tmp_path / root).run(BEHAVE, COMPLETE, "--json")
    assert (answer.code, answer.error()["code"]) == (code, error)
    assert str(tmp_path / taken) in answer.error()["message"]
    assert trouble.traces() == []


def test_path_03_output_that_cannot_be_written_leaves_the_run_standing(trouble: Installation) -> None:
    (trouble.workspace / "traces").write_bytes(b"")
    answer = trouble.run(BEHAVE, COMPLETE, "--json")
    assert (answer.code, answer.error()["code"]) == (14, "R062")
    assert (answer.json()["exit"], trouble.runs()) == ("COMPLETED", [("COMPLETED", "COMPLETED")])
    assert answer.json()["trace"] == []
