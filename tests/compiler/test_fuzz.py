"""`pgs_compiler fuzz`: what an intent admits is tried by chance, and what ends as a fault is made small and kept."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from random import Random

import pytest

from pgs_compiler.scenarios.values import Chance
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
    told = run("fuzz", "WF_SHARE_V0", "--workspace", sharing)
    assert told.exit_code == 1
    assert told.stdout.endswith("The smallest is in tests/fuzz-0.yaml.\n")
    kept = (sharing / "tests" / "fuzz-0.yaml").read_text(encoding="utf-8")
    assert 'payload: {"amount": 1, "people": 3}\n' in kept
    again = run("test", "--workspace", sharing)
    assert (again.exit_code, again.stdout.splitlines()[-1]) == (1, "0 passed, 1 failed")
    assert ":6:16: The exit `COMPLETED` was expected, and `R021` (FAULTED) came" in again.stdout


def test_a_file_that_is_there_is_not_written_over(sharing: Path) -> None:
    (sharing / "tests").mkdir()
    (sharing / "tests" / "fuzz-3.yaml").write_text("kept", encoding="utf-8")
    told = run("fuzz", "--workspace", sharing, "--seed", "3")
    assert (told.exit_code, told.stderr.splitlines()[0]) == (2, "error: `tests/fuzz-3.yaml` is there already.")
    assert (sharing / "tests" / "fuzz-3.yaml").read_text(encoding="utf-8") == "kept"


def test_the_same_seed_gives_the_same_runs_and_without_a_fault_only_ends_are_told() -> None:
    first, again = (run("fuzz", "WF_PAY_RETRY_V0", "--workspace", BUYING, "--seed", "5") for _ in range(2))
    assert first.exit_code == 0
    assert re.fullmatch(r"buying::WF_PAY_RETRY_V0: COMPLETED \d+, FAILED \d+, IN_DOUBT \d+\n", first.stdout)
    assert first.stdout == again.stdout
    assert not (BUYING / "tests").exists()


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
