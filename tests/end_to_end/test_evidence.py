"""Evidence as somebody meets it who has only files: a trace that was changed is never explained as if it were whole."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from pgs_snapshot.values import Value
from tests.end_to_end.programs import Answer, Installation
from tests.runtime.till import rechained

REGISTER = "blockchain::WF_REGISTER_ACTOR_UNVERIFIED_V0"
ADA = b'{"actor_record":{"first_name":"A","last_name":"B","email_registration":"a@b.org"}}'


@pytest.fixture
def trace(examples: Installation) -> Path:
    """The trace of a run."""
    answer = examples.run(REGISTER, ADA, "--json")
    assert answer.code == 0
    return next(path for path in map(Path, answer.json()["trace"]) if path.suffix == ".jsonl")


def lines(trace: Path) -> list[bytes]:
    return trace.read_bytes().splitlines()


def forgery(trace: Path, folder: Path) -> Path:
    """The trace with another actor, chained again."""

    def change(bodies: list[dict[str, Value]]) -> None:
        header = cast("dict[str, dict[str, Value]]", bodies[0]["header"])
        header["actor"]["id"] = "mallory"

    forged = folder / "forged.jsonl"
    forged.write_bytes(b"".join(line + b"\n" for line in rechained(lines(trace), change)))
    return forged


def test_examine_says_nothing_about_a_trace_that_is_sound(trace: Path, examples: Installation) -> None:
    answer = examples.runtime("examine", trace)
    assert (answer.code, answer.out.startswith(trace.stem)) == (0, True)
    assert examples.runtime("examine", trace, "--json").json()["sound"] is True


def test_examine_says_first_that_a_line_was_changed(trace: Path, examples: Installation) -> None:
    trace.write_bytes(trace.read_bytes().replace(b'"actor_id":"', b'"actor_id":"9'))
    answer = examples.runtime("examine", trace)
    assert answer.code == 3
    assert answer.out.startswith("NOT SOUND  Line 3 was changed: its `digest` is that of another line.\n")
    told = examples.runtime("examine", trace, "--json")
    assert (told.code, told.json()["sound"]) == (3, False)
    assert told.json()["doubt"] == "Line 3 was changed: its `digest` is that of another line."


def test_examine_says_first_that_a_trace_was_chained_again_where_the_store_has_the_run(
    trace: Path, examples: Installation, tmp_path: Path
) -> None:
    forged = forgery(trace, tmp_path)
    answer = examples.runtime("examine", forged)
    assert (answer.code, answer.out.partition("\n")[0]) == (3, "NOT SOUND  The store has another line 1.")
    elsewhere = Installation(examples.workspace, tmp_path / "elsewhere")
    assert elsewhere.runtime("examine", forged).code == 0


def test_examine_says_first_that_the_end_is_missing(trace: Path, examples: Installation) -> None:
    trace.write_bytes(b"".join(line + b"\n" for line in lines(trace)[:-1]))
    answer = examples.runtime("examine", trace)
    assert (answer.code, answer.out.partition(":")[0]) == (3, "NOT SOUND  The last line is not the end of the run")


def test_verify_asks_for_the_highest_level_unless_told_otherwise(
    trace: Path, examples: Installation, tmp_path: Path
) -> None:
    forged = forgery(trace, tmp_path)
    elsewhere = Installation(examples.workspace, tmp_path / "elsewhere")
    assert examples.runtime("verify", trace).code == 0
    assert elsewhere.runtime("verify", forged).code == 3
    assert "complete, not anchored" in elsewhere.runtime("verify", trace).out
    assert elsewhere.runtime("verify", trace, "--level", "complete").code == 0


@pytest.mark.parametrize("command", ["verify", "examine"])
def test_who_names_a_run_where_a_file_is_due_is_told_where_that_is(
    trace: Path, examples: Installation, command: str
) -> None:
    answer = examples.runtime(command, trace.stem, "--json")
    assert (answer.code, answer.error()["code"]) == (2, "R019")
    assert answer.error()["hint"] == (
        f"Its file is in `traces/{trace.stem}`; `pgs_runtime export {trace.stem}` writes it again."
    )
    assert examples.runtime(command, "elsewhere.jsonl", "--json").error()["hint"] == ""


def test_verify_names_the_run_of_a_broken_trace_by_its_file(trace: Path, examples: Installation) -> None:
    trace.write_bytes(trace.read_bytes()[:-9])
    answer = examples.runtime("verify", trace)
    assert (answer.code, answer.out.partition(",")[0]) == (3, f"{trace.stem}  broken")


def test_diff_asks_the_store_whether_two_were_given_the_same_where_lines_hide_it(
    trace: Path, examples: Installation, tmp_path: Path
) -> None:
    other = examples.run(REGISTER, ADA.replace(b"a@", b"c@"), "--json").json()["trace_id"]
    elsewhere = Installation(examples.workspace, tmp_path / "elsewhere")
    files = [trace, trace.parents[1] / other / f"{other}.jsonl"]
    assert [one.runtime("diff", *files, "--json").json()["parting"]["cause"] for one in (examples, elsewhere)] == [
        "input",
        None,
    ]
    assert "cause    not to be told: it may be something that is hidden" in elsewhere.runtime("diff", *files).out


@pytest.mark.parametrize("how", ["empty", "missing"])
@pytest.mark.parametrize("command", ["run", "state load"])
def test_a_store_that_was_lost_is_not_made_anew_where_snapshots_were_accepted(
    trace: Path, examples: Installation, command: str, how: str
) -> None:
    lost(examples, how)
    if command == "run":
        answer = examples.run(REGISTER, ADA, "--json")
    else:
        answer = examples.runtime("state", "load", "-", "--json", stdin=b"{}")
    refused_as_lost(answer, examples, how)


@pytest.mark.parametrize("command", ["examine", "verify"])
def test_looking_at_evidence_does_not_make_a_store_of_an_empty_file(
    trace: Path, examples: Installation, command: str
) -> None:
    lost(examples, "empty")
    refused_as_lost(examples.runtime(command, trace, "--json"), examples, "empty")


def lost(place: Installation, how: str) -> None:
    (place.data / "state.db").unlink()
    if how == "empty":
        (place.data / "state.db").touch()


def refused_as_lost(answer: Answer, place: Installation, how: str) -> None:
    file = place.data / "state.db"
    assert (answer.code, answer.error()["code"]) == (8, "R040")
    assert answer.error()["message"] == (
        f"The store `{file}` is {how}, and what stands in `snapshots` beside it says that there was one [altered]."
    )
    assert file.exists() is (how == "empty")
    assert not file.exists() or file.stat().st_size == 0
