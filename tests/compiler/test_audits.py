"""`audit`: a recipe begun from contracts, and the rules of one process as they take effect."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pgs_compiler.__main__ import cli
from pgs_process import load_recipe
from tests.architecture.tree import ROOT

MOVED = ROOT / "tests" / "process" / "moved"
RECIPE = """\
process_recipes:
  _base:
    inputs:
      - {field: amount, min: 1, level: B}
  transfer:
    inherits: _base
    inputs:
      - {field: args.amount, max: 1000, level: A, message: too much at once}
    outputs:
      - {field: domain_ctx.accounts.len, max: 100, level: S, threshold: 3, reset_on_success: false}
      - {field: domain_ctx.total_reserves, eq: 550, level: C, mode: warn}
    errors: [ValueError]
"""


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    for name in ("bank", "stock"):
        (tmp_path / "src" / f"{name}.py").write_text((MOVED / f"{name}.py").read_text(encoding="utf-8"), "utf-8")
    (tmp_path / "recipe.yaml").write_text(RECIPE, encoding="utf-8")


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["audit", *arguments], catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


def inspect(process: str = "transfer", *more: str) -> Result:
    return run("inspect", process, "src", "--recipe", "recipe.yaml", *more)


# --- gen-spec ------------------------------------------------------------------------------------


def test_a_recipe_is_begun_from_contracts() -> None:
    told = run("gen-spec", "src").stdout.partition("process_recipes:\n")[2]
    assert told == (
        "  transfer: # src/bank.py:31\n"
        "    inputs:\n"
        "      # from_user is of type string\n"
        "      # - {field: from_user, min_len: 1, level: B}\n"
        "      # to_user is of type string\n"
        "      # - {field: to_user, min_len: 1, level: B}\n"
        "      # amount is of type integer\n"
        "      # - {field: amount, min: 0, level: B}\n"
        "      # domain_ctx.accounts is of type dict\n"
        "      # - {field: domain_ctx.accounts, max_len: 1000, level: B}\n"
        "      # global_ctx.max_transfer is of type integer\n"
        "      # - {field: global_ctx.max_transfer, min: 0, level: B}\n"
        "    outputs:\n"
        "      # domain_ctx.accounts is of type dict\n"
        "      # - {field: domain_ctx.accounts, max_len: 1000, level: B}\n"
        "      # domain_ctx.sig_fraud_detected is of type boolean\n"
        "      # - {field: domain_ctx.sig_fraud_detected, eq: false, level: B}\n"
        '    errors: ["ValueError"]\n'
        "  steal: # src/bank.py:45\n"
        "    inputs:\n"
        "      # domain_ctx.accounts is of type dict\n"
        "      # - {field: domain_ctx.accounts, max_len: 1000, level: B}\n"
        "    outputs: []\n"
        "  take: # src/stock.py:39\n"
        "    inputs:\n"
        "      # amount is of type integer\n"
        "      # - {field: amount, min: 0, level: B}\n"
        "      # domain_ctx.left is of type integer\n"
        "      # - {field: domain_ctx.left, min: 0, level: B}\n"
        "    outputs:\n"
        "      # domain_ctx.left is of type integer\n"
        "      # - {field: domain_ctx.left, min: 0, level: B}\n"
        "      # domain_ctx.orders is of type list\n"
        "      # - {field: domain_ctx.orders, max_len: 1000, level: B}\n"
    )


def test_what_is_begun_is_a_recipe_with_its_proposals_and_without(tmp_path: Path) -> None:
    assert run("gen-spec", "src", "--out", "specs/begun.yaml").stdout == "specs/begun.yaml\n"
    begun = tmp_path / "specs" / "begun.yaml"
    assert [entry.input_rules for entry in load_recipe(begun).definitions.values()] == [[], [], []]
    text = begun.read_text(encoding="utf-8")
    begun.write_text(text.replace("# - ", "- "), encoding="utf-8")
    assert sum(len(entry.input_rules) for entry in load_recipe(begun).definitions.values()) == text.count("# - ") - 4
    for process in ("transfer", "steal", "take"):
        assert run("inspect", process, "src", "--recipe", "specs/begun.yaml").exit_code == 0


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    done = run("gen-spec", "src", "--out", "recipe.yaml")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "`recipe.yaml` is there already" in done.stderr
    assert (tmp_path / "recipe.yaml").read_text(encoding="utf-8") == RECIPE


# --- inspect -------------------------------------------------------------------------------------


def test_tb140_the_rules_of_a_process_are_shown_as_they_take_effect() -> None:
    assert inspect().stdout == (
        "transfer  src/bank.py:31\n"
        "inputs\n"
        "  amount       min 1     B  from _base  recipe.yaml:4:25\n"
        "  args.amount  max 1000  A              recipe.yaml:8:30\n"
        "      too much at once\n"
        "outputs\n"
        "  domain_ctx.accounts.len    max 100  S, acts at 3 in all, until then rejected    recipe.yaml:10:42\n"
        "  domain_ctx.total_reserves  eq 550   C (warn)                                    recipe.yaml:11:44\n"
        "side effects  none\n"
        "errors  ValueError\n"
    )


def test_tb140_programs_are_told_the_same() -> None:
    told = json.loads(inspect("transfer", "--format", "json").stdout)
    assert {key: told[key] for key in ("process", "at", "side_effects", "errors")} == {
        "process": "transfer",
        "at": "src/bank.py:31",
        "side_effects": [],
        "errors": ["ValueError"],
    }
    assert told["outputs"][0] == {
        "field": "domain_ctx.accounts.len",
        "condition": "max",
        "limit": 100,
        "level": "S",
        "threshold": 3,
        "min_threshold": 0,
        "reset_on_success": False,
        "under_threshold": "reject",
        "mode": "enforce",
        "message": None,
        "from": "transfer",
        "at": "recipe.yaml:10:42",
    }
    assert [(rule["field"], rule["from"]) for rule in told["inputs"]] == [
        ("amount", "_base"),
        ("args.amount", "transfer"),
    ]


def test_tb140_an_unknown_process_ends_it_with_one() -> None:
    done = inspect("transfr")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "error: There is no process `transfr`. Is it `transfer`?\n"


def test_a_process_without_rules_is_shown_so() -> None:
    assert inspect("take").stdout == (
        "take  src/stock.py:39\ninputs  no rules\noutputs  no rules\nside effects  none\nerrors  none\n"
    )


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ("  transfer:", "  transfr:", "recipe.yaml:5:3: There is no process `transfr`; perhaps `transfer` is meant."),
        ("field: amount", "field: amout", "recipe.yaml:4:24: there is no argument `amout`, and no layer of that name."),
        (
            "domain_ctx.total_reserves",
            "domain_ctx.total_reserve",
            "recipe.yaml:11:43: There is no field `total_reserve` of `domain`; perhaps `total_reserves` is meant.",
        ),
        (
            "domain_ctx.total_reserves, eq: 550",
            "domain_ctx.total_reserves, regex: a",
            "recipe.yaml:11:44: `domain_ctx.total_reserves` is of type `integer`, which never meets `regex`.",
        ),
        ("max: 100,", "maximum: 100,", "recipe.yaml:10:42: A rule has no `maximum`; perhaps `max` is meant."),
        ("[ValueError]", "[KeyError]", "recipe.yaml:5:3: `transfer` declares no error `KeyError`."),
        ("    errors: [ValueError]", "    side_effects: [mail]", "`transfer` declares no side effect `mail`."),
        ("inherits: _base", "inherits: _bas", "`transfer` inherits `_bas`, which the recipe does not have."),
    ],
)
def test_an_unknown_name_is_refused_with_its_place(written: str, instead: str, message: str, tmp_path: Path) -> None:
    text = RECIPE.replace(written, instead, 1)
    assert text != RECIPE
    (tmp_path / "recipe.yaml").write_text(text, encoding="utf-8")
    done = inspect("transfer")
    assert (done.exit_code, done.stdout) == (1, "")
    assert message in re.sub(r"\s+", " ", done.stderr)


def test_two_processes_of_one_name_are_refused(tmp_path: Path) -> None:
    text = (tmp_path / "src" / "stock.py").read_text(encoding="utf-8")
    (tmp_path / "src" / "store.py").write_text(text, encoding="utf-8")
    done = inspect("take")
    assert done.exit_code == 1
    assert done.stderr == "error: src/store.py:39:1: There is a process `take` at src/stock.py:39:1, too.\n"
