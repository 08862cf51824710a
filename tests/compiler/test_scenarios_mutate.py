"""`pgs_compiler test --mutate`: what is changed and not noticed is told at the author's line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pgs_compiler.compiler import compile_workspace
from pgs_compiler.scenarios.mutating import mutants
from pgs_compiler.scenarios.surviving import evenly
from pgs_snapshot.seal import verify
from tests.compiler.command import run

SCENARIOS = Path(__file__).parent / "scenarios"
ADD = "protocols/money.yaml:15: `NOT_ADDED` of `add` led to `done`, and not to `not_added`"
TAKE = "protocols/money.yaml:31: `NOT_TAKEN` of `take` led to `no_account`, and not to `not_taken`"


@pytest.fixture
def pay(tmp_path: Path) -> Path:
    """A project of payments as `init` makes it, with its scenarios."""
    run("init", tmp_path / "pay", "--template", "payments")
    return tmp_path / "pay"


def test_survivors_are_told_at_their_lines_with_what_was_changed(pay: Path) -> None:
    told = run("test", "--mutate", "--workspace", pay)
    assert told.stdout.splitlines() == [
        f"{ADD}, and no scenario runs that.",
        f"{TAKE}, and no scenario runs that.",
        "11 noticed, 0 not noticed, 2 not run (84.6 %)",
    ]
    assert told.exit_code == 0
    assert run("test", "--workspace", pay).stdout == "7 passed, 0 failed\n"


def test_a_scenario_less_leaves_changes_of_its_rule_unnoticed(pay: Path) -> None:
    file = pay / "tests" / "money.yaml"
    kept = [each for each in file.read_text(encoding="utf-8").split("---\n") if "TOO_LITTLE" not in each]
    file.write_text("---\n".join(kept), encoding="utf-8")
    told = run("test", "--mutate", "--workspace", pay).stdout
    assert "`TOO_LITTLE` of `take` led to `not_taken`, and not to `too_little`, and no scenario runs that.\n" in told
    assert told.endswith("10 noticed, 0 not noticed, 3 not run (76.9 %)\n")


def test_what_runs_and_nobody_looks_at_is_told_from_what_does_not_run(pay: Path) -> None:
    file = pay / "tests" / "money.yaml"
    kept = file.read_text(encoding="utf-8").replace("{exit: TOO_LITTLE, effects: {}, ", "{")
    file.write_text(kept, encoding="utf-8")
    told = run("test", "--mutate", "--workspace", pay).stdout
    assert "`TOO_LITTLE` of `take` led to `not_taken`, and not to `too_little`, and no scenario noticed.\n" in told
    assert told.endswith("10 noticed, 1 not noticed, 2 not run (76.9 %)\n")


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    """A project of processes under rules, of whose scenarios only that of a plain transfer is left."""
    run("init", tmp_path / "bank", "--template", "bank")
    file = tmp_path / "bank" / "tests" / "bank.yaml"
    file.write_text(file.read_text(encoding="utf-8").partition("---\n")[0], encoding="utf-8")
    return tmp_path / "bank"


def test_rules_of_audits_and_demands_of_intents_are_dropped_and_their_limits_changed(bank: Path) -> None:
    told = run("test", "--mutate", "--workspace", bank).stdout.splitlines()
    assert [each.partition(": ")[2] for each in told if "led to" not in each][:-1] == [
        "the limit `50000` of `args.amount` became `49999`, and no scenario noticed.",
        "the limit `50000` of `args.amount` became `50001`, and no scenario noticed.",
        "the rule `max: 50000` of `args.amount` was dropped, and no scenario noticed.",
        "the limit `1` of `args.amount` became `0`, and no scenario noticed.",
        "the limit `1` of `args.amount` became `2`, and no scenario noticed.",
        "the rule `min: 1` of `args.amount` was dropped, and no scenario noticed.",
        "what `requires` demands here was dropped, and no scenario noticed.",
    ]
    assert told[-1] == "3 noticed, 7 not noticed, 7 not run (17.6 %)"


def test_too_few_noticed_ends_with_1_and_json_has_the_same(pay: Path) -> None:
    told = run("test", "--mutate", "--workspace", pay, "--require-killed", "85")
    assert (told.exit_code, told.stdout.splitlines()[2]) == (1, "84.6 % is noticed, and 85 % is required.")
    found = run("test", "--mutate", "--workspace", pay, "--require-killed", "84", "--format", "json")
    whole = json.loads(found.stdout)
    assert (found.exit_code, whole["format"], whole["percent"]) == (0, "pgs-mutants/1", 84.6)
    assert whole["counts"] == {"of": 13, "tried": 13, "noticed": 11, "not_run": 2}
    assert [each["run"] for each in whole["survivors"]] == [False, False]
    assert [f"{each['path']}:{each['line']}: {each['change']}" for each in whole["survivors"]] == [ADD, TAKE]


def test_a_scenario_that_fails_as_it_stands_is_told_first(pay: Path) -> None:
    file = pay / "tests" / "money.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("{balance: 501}", "{balance: 502}"), encoding="utf-8")
    told = run("test", "--mutate", "--workspace", pay)
    assert told.exit_code == 1
    assert told.stdout == "Without any change, `another one adds to it` fails: see `pgs_compiler test`.\n"


def test_every_mutant_differs_from_the_program_and_from_the_others() -> None:
    files = compile_workspace(Path(__file__).parent.parent / "durable" / "buying").files
    assert files is not None
    sealed = verify(files)
    documents = {path: sealed.value(path) for path in sealed.paths() if path.startswith(("artifacts/", "graphs/"))}
    found = list(mutants(documents))
    assert all(each.document != documents[each.path] for each in found)
    assert len({json.dumps([each.path, each.document], sort_keys=True) for each in found}) == len(found)


def test_more_than_are_tried_are_chosen_evenly() -> None:
    assert evenly((1, 2, 3), 3) == (1, 2, 3)
    assert evenly(tuple(range(10)), 4) == (0, 2, 5, 7)


def test_what_does_not_go_with_mutants_is_refused(pay: Path) -> None:
    message = "error: `--mutate` goes with `--require-killed` and `--format text` or `json`.\n"
    for more in (["--mutate", "--format", "junit"], ["--require-killed", "5"], ["--mutate", "--coverage"]):
        told = run("test", "--workspace", pay, *more)
        assert (told.exit_code, told.stderr) == (2, message)
