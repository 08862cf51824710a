"""`pgs_compiler fuzz`: what an intent admits is tried by chance, and what ends as a fault is made small and kept."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from random import Random

import pytest

from pgs_compiler.read import read
from pgs_compiler.scenarios.values import Chance
from pgs_compiler.source import SourceFile, to_value
from pgs_snapshot.validation import validator
from tests.compiler.command import run

HERE = Path(__file__).parent / "fuzz"
BUYING = Path(__file__).parent.parent / "durable" / "buying"


@pytest.fixture
def sharing(tmp_path: Path) -> Path:
    """A workspace in which three people cannot share."""
    shutil.copytree(HERE, tmp_path / "sharing", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "sharing"


def test_a_fault_is_made_small_and_kept_as_a_scenario_that_fails(sharing: Path) -> None:
    told = run("fuzz", "WF_SHARE_V0", "--workspace", sharing, "--seed", "1")
    assert told.exit_code == 1
    assert told.stdout.endswith("The smallest is in tests/fuzz-1.yaml.\n")
    kept = (sharing / "tests" / "fuzz-1.yaml").read_text(encoding="utf-8")
    assert 'payload: {"amount": 1, "people": 3}\n' in kept
    again = run("test", "--workspace", sharing)
    assert (again.exit_code, again.stdout.splitlines()[-1]) == (1, "0 passed, 1 failed")
    assert ":6:18: No fault was expected, and `R021` (FAULTED) came: sharing::CT_SHARE_V0 raised" in again.stdout


def test_signals_are_sent_state_is_begun_on_and_configurations_are_drawn(sharing: Path) -> None:
    told = run("fuzz", "--workspace", sharing, "--seed", "2", "--runs", "30")
    assert told.exit_code == 1
    assert re.search(r"^sharing::WF_LATER_V0: COMPLETED \d+, EXPIRED \d+, R021 \d+", told.stdout, re.MULTILINE)
    kept = {
        str(to_value(tree)["workflow"]): to_value(tree)
        for tree in read(SourceFile("kept", (sharing / "tests" / "fuzz-2.yaml").read_bytes())).value or ()
    }
    by_signal = kept["sharing::WF_LATER_V0"]
    (signal,) = by_signal["signals"]
    assert (signal["event"], signal["fields"]) == (
        "EV_COUNTED_V0",
        {"group": by_signal["payload"]["group"], "people": 3},
    )
    by_state = kept["sharing::WF_KEPT_V0"]
    assert by_state["state"] == {"ST_GROUPS_V0": {by_state["payload"]["group"]: {"people": 3}}}
    assert kept["sharing::WF_SET_V0"]["config"] == {"people": 3}
    assert run("test", "--workspace", sharing).stdout.endswith("\n0 passed, 3 failed\n")


def test_a_file_that_is_there_is_not_written_over(sharing: Path) -> None:
    (sharing / "tests").mkdir()
    (sharing / "tests" / "fuzz-3.yaml").write_text("kept", encoding="utf-8")
    told = run("fuzz", "--workspace", sharing, "--seed", "3")
    assert (told.exit_code, told.stderr.splitlines()[0]) == (2, "error: `tests/fuzz-3.yaml` is there already.")
    assert (sharing / "tests" / "fuzz-3.yaml").read_text(encoding="utf-8") == "kept"


def test_without_a_fault_only_ends_are_told_and_nothing_is_written() -> None:
    told = run("fuzz", "WF_PAY_RETRY_V0", "--workspace", BUYING, "--seed", "5", "--runs", "12")
    assert told.exit_code == 0
    ends, said = told.stdout.splitlines()
    assert re.fullmatch(r"buying::WF_PAY_RETRY_V0: COMPLETED \d+, FAILED \d+, IN_DOUBT \d+", ends)
    assert said == "No run went wrong."
    assert not (BUYING / "tests").exists()


def test_the_same_seed_gives_the_same_runs(tmp_path: Path) -> None:
    run("init", tmp_path / "gate", "--template", "agent")
    told = [
        run("fuzz", "--workspace", tmp_path / "gate", "--seed", seed, "--runs", "8").stdout for seed in ("7", "7", "8")
    ]
    assert told[0] == told[1] != told[2]


def test_a_workflow_that_is_not_there_is_told_with_what_is_near() -> None:
    told = run("fuzz", "WF_PAY_RETRI_V0", "--workspace", BUYING)
    assert told.exit_code == 2
    assert told.stderr == "error: There is no workflow `WF_PAY_RETRI_V0`.\n  hint: Is `WF_PAY_RETRY_V0` meant?\n"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^(?:[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30})$"},
        {"type": "string", "pattern": "^(?:[A-Za-z0-9][A-Za-z0-9._@-]*)$"},
        {"type": "string", "pattern": r"^\d{3}-?x+$"},
        {"type": "string", "minLength": 3, "maxLength": 5},
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "email"},
        {"enum": ["CHF", "EUR"]},
        {"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "boolean"}},
        {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"], "additionalProperties": False},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"anyOf": [{"type": "null"}, {"type": "integer"}]},
    ],
)
def test_values_are_of_their_schema(schema: dict[str, object]) -> None:
    chance, valid = Chance(Random(1)), validator(schema)  # noqa: S311
    found = [chance.value(schema) for _ in range(50)]
    assert [each for each in found if not valid.is_valid(each)] == []


def test_integers_stand_at_their_bounds_and_now_and_then_outside() -> None:
    chance = Chance(Random(1))  # noqa: S311
    found = {chance.value({"type": "integer", "minimum": 1, "maximum": 5}) for _ in range(300)}
    assert found == {0, 1, 2, 3, 4, 5, 6}
