"""Limits: what costs too much is refused before it runs, or ends the run with everything undone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from pgs_runtime.ports import Ports
from pgs_runtime.stores.sqlite import SqliteStore
from tests.end_to_end.programs import LITTLE_MEMORY, Installation, agrees, operator, recompile

BEHAVE = "trouble::WF_BEHAVE_V0"
DECLARATIONS = "protocols/trouble.yaml"
COMPLETE = b'{"how":"complete"}'


def kept(place: Installation) -> int:
    """How many rows all stores hold."""
    with closing(SqliteStore(place.data / "state.db")) as store:
        return sum(tally.rows for tally in store.tallies())


# --- LIM-01 --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def paths(trouble_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """For each costly path, what the compiler says: `code line:column`."""
    folder = tmp_path_factory.mktemp("paths")
    place = Installation(folder, folder / "data")
    (folder / "pgs.yaml").write_bytes((trouble_workspace / "pgs.yaml").read_bytes())
    (folder / "src").symlink_to(trouble_workspace / "src")
    source = (trouble_workspace / DECLARATIONS).read_text(encoding="utf-8")
    found = {}
    (folder / "protocols").mkdir()
    for path in COSTLY:
        written = source.replace("inputs: [$.payload.how]", f"inputs: {{how: {json.dumps(path)}}}")
        (folder / DECLARATIONS).write_text(written, encoding="utf-8")
        (finding,) = place.compiler("check", "--format", "json", within=LITTLE_MEMORY).json()["findings"]
        found[path] = f"{finding['code']} {finding['line']}:{finding['column']}"
    return found


COSTLY = {
    "$..*..*": "T401 17:21",
    "$.payload.names[?match(@.a,'(a+)+b')]": "T401 17:35",
    "$.payload.`sub(/(a+)+b/,x)`": "T401 17:29",
}


@pytest.mark.parametrize("path", COSTLY)
def test_lim_01_a_path_that_could_cost_much_does_not_compile(path: str, paths: Mapping[str, str]) -> None:
    assert paths[path] == COSTLY[path]


# --- LIM-02 --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "how", "error"),
    [
        ("{run_lines: 4}", "complete", "R030"),
        ("{run_bytes: 1000}", "complete", "R032"),
        ("{value_bytes: 500}", "large", "R034"),
    ],
    ids=["lines", "bytes", "value"],
)
def test_lim_02_a_run_beyond_a_limit_is_undone_and_its_trace_has_an_end(
    limits: str, how: str, error: str, trouble: Installation
) -> None:
    recompile(trouble, limits=limits)
    answer = trouble.run(BEHAVE, json.dumps({"how": how}).encode(), "--json")
    assert (answer.code, answer.json()["exit"], answer.json()["effects"]) == (10, error, {})
    assert agrees(answer, trouble)
    assert trouble.runs() == [("FAULTED", error)]
    assert kept(trouble) == 0
    last = json.loads(next((trouble.workspace / "traces").glob("*/*.jsonl")).read_bytes().splitlines()[-1])
    assert last["rolled_back"] == {"from": 1, "to": last["n"] - 1}


def test_lim_02_a_run_that_takes_too_long_is_undone(trouble: Installation) -> None:
    recompile(trouble, limits="{run_seconds: 1}")
    hours = count(0, 3_600_000_000)
    with trouble.open(Ports(elapsed=lambda: next(hours))) as runtime:
        outcome = runtime.run(BEHAVE, {"how": "complete"}, operator(runtime))
    assert (outcome.exit, outcome.exit_code) == ("R033", 10)
    assert kept(trouble) == 0


@pytest.mark.parametrize(
    ("limits", "payload", "error", "room"),
    [
        ("{payload_bytes: 100}", '{{"how":"{}"}}', "R012", 100 - len('{"how":""}')),
        ("{payload_depth: 9}", '{{"how":"x","flags":{{"a":{}}}}}', "R011", 0),
    ],
    ids=["bytes", "depth"],
)
def test_lim_02_a_payload_beyond_a_limit_of_the_project_starts_no_run(
    limits: str, payload: str, error: str, room: int, trouble: Installation
) -> None:
    recompile(trouble, limits=limits)
    within, beyond = ("x" * room, "x" * (room + 1)) if room else ("[" * 7 + "]" * 7, "[" * 8 + "]" * 8)
    assert trouble.run(BEHAVE, payload.format(within).encode()).code == 0
    answer = trouble.run(BEHAVE, payload.format(beyond).encode(), "--json")
    assert (answer.code, answer.error()["code"]) == (5, error)
    assert len(trouble.runs()) == 1


def test_lim_02_a_payload_limit_above_the_default_reaches_the_command_line(trouble: Installation) -> None:
    recompile(trouble, limits="{payload_bytes: 2000000}")
    empty = '{"how":"complete","flags":{"":""}}'
    for room, code in ((0, 0), (1, 5)):
        payload = empty.replace('""}}', f'"{"x" * (2_000_000 - len(empty) + room)}"}}}}')
        assert trouble.run(BEHAVE, payload.encode()).code == code
    assert len(trouble.runs()) == 1


# --- LIM-04 --------------------------------------------------------------------------------------


def test_lim_04_eighty_thousand_keys_are_one_payload(trouble: Installation) -> None:
    flags = {f"{number:x}": number % 2 for number in range(80_000)}
    payload = json.dumps({"how": "complete", "flags": flags}, separators=(",", ":")).encode()
    answer = trouble.run(BEHAVE, payload, within=LITTLE_MEMORY)
    assert answer.code == 0


def test_lim_04_a_thousand_nodes_compile_and_run(trouble: Installation) -> None:
    lengthen(trouble, 1000)
    with trouble.open() as runtime:
        outcome = runtime.run("trouble::WF_LONG_V0", {"how": "x"}, operator(runtime))
    assert outcome.effects == {"trouble::ST_NOTES_V0": {"APPEND": 1000}}


def lengthen(place: Installation, length: int) -> None:
    """Add a workflow with a chain of so many nodes, and compile."""
    file = place.workspace / DECLARATIONS
    chain = "".join(
        f"  n{number}: {{contract: CC_NOTE_V0, inputs: [$.payload.key], next: {{SUCCESS: n{number + 1}}}}}\n"
        for number in range(length)
    )
    long = (
        "workflow: trouble::WF_LONG_V0\nsummary: Long\nbinding: RB_TROUBLE_V0\nstart: admit\nnodes:\n"
        "  admit: {intent: IN_LONG_V0, next: {ACK: n0, NACK: rejected}}\n"
        f"{chain}  n{length}: {{exit: COMPLETED}}\n  rejected: {{exit: REJECTED}}\n---\n"
        "intent: trouble::IN_LONG_V0\nsummary: Ask for much\nactors: [AC_OPERATOR_V0]\n"
        "payload: {how: {type: string}, key: {type: string, default: k}}\n---\n"
    )
    file.write_text(long + file.read_text(encoding="utf-8"), encoding="utf-8")
    recompile(place)


# --- TRC-07 --------------------------------------------------------------------------------------


def test_trc_07_a_huge_value_is_refused_and_a_large_one_stands_as_its_digest(trouble: Installation) -> None:
    huge = trouble.run(BEHAVE, json.dumps({"how": "x" * 5_000_000}).encode(), "--json")
    assert (huge.code, huge.json()["error"]["code"]) == (5, "J101")
    large = trouble.run(BEHAVE, json.dumps({"how": "x" * 50_000}).encode(), "--json")
    assert large.code == 0
    (file,) = (trouble.workspace / "traces").glob("*/*.jsonl")
    header, *lines = file.read_bytes().split(b"\n")
    assert len(header) > 50_000  # the payload, once
    assert max(map(len, lines)) < 20_000
