"""`pgs_compiler explain` of a transform: where it is called, and what could not be shown of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pgs_compiler.__main__ import cli

ROOT = Path(__file__).parents[2]
TRANSFORMS = """\
transform: shop::CT_FEE_V0
summary: The fee of a payment
inputs: {amount: {type: integer}}
outcomes: {SUCCESS: {fee: {type: integer}}}
implementation: shop.fees:fee
examples: &EXAMPLES
---
transform: shop::CT_HALVED_V0
summary: How often an amount can be halved
inputs: {amount: {type: integer}}
outcomes: {SUCCESS: {fee: {type: integer}}}
implementation: shop.fees:halved
examples: &EXAMPLES
"""
EXAMPLES = "".join(
    f"\n  - {{inputs: {{amount: {amount}}}, outcome: SUCCESS, outputs: {{fee: {amount}}}}}" for amount in (0, 1, 2)
)
FEES = """\
def fee(amount: int) -> dict[str, int]:
    return {"fee": amount}


def halved(amount: int) -> dict[str, int]:
    left = amount
    while left > 2:
        left = left // 2
    return {"fee": left}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "fees.py").write_text(FEES)
    (tmp_path / "shop.yaml").write_text(TRANSFORMS.replace(" &EXAMPLES", EXAMPLES))
    project = "format: pgs-project/1\nname: shop\nversion: 1\nsources: [shop.yaml]\npackages: [{shop: .}]\n"
    (tmp_path / "pgs.yaml").write_text(project)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def explained(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["explain", *arguments], catch_exceptions=False)


@pytest.mark.parametrize("name", ["CT_FEE_V0", "shop::CT_FEE_V0"])
def test_a_transform_that_is_bounded_is_called_in_the_runtimes_own_process(shop: Path, name: str) -> None:
    assert explained(name).stdout.startswith("shop::CT_FEE_V0 is called in the runtime's own process: ")


def test_a_transform_that_needs_the_worker_says_what_in_which_line_could_not_be_shown(shop: Path) -> None:
    told = explained("CT_HALVED_V0").stdout.splitlines()
    assert told[0] == "shop::CT_HALVED_V0 is called in the worker, where it can be stopped: it has a `while` loop."
    assert told[1] == "  --> shop/fees.py:7"


def test_a_transform_that_the_workspace_lacks_is_a_misuse(shop: Path) -> None:
    result = explained("CT_FEES_V0")
    assert result.exit_code == 2
    assert "The workspace has no transform `CT_FEES_V0`. Is it `shop::CT_FEE_V0`?" in result.stderr


def test_of_a_workspace_with_a_mistake_the_mistake_is_told(shop: Path) -> None:
    (shop / "shop" / "fees.py").write_text("")
    result = explained("CT_FEE_V0")
    assert result.exit_code == 1
    assert "C605" in result.stderr


def test_the_check_of_parameters_needs_no_worker() -> None:
    told = explained("CT_VALIDATE_PARAMETER_RULES_V0", "--workspace", str(ROOT)).stdout
    assert told.startswith("core::CT_VALIDATE_PARAMETER_RULES_V0 is called in the runtime's own process: ")


@pytest.mark.parametrize("name", ["CT_ADD_DECIMALS_V0", "core::CT_ADD_DECIMALS_V0"])
def test_a_transform_that_comes_with_pgs_is_shown_though_nothing_uses_it(shop: Path, name: str) -> None:
    lines = explained(name).stdout.splitlines()
    assert lines[0] == "core::CT_ADD_DECIMALS_V0 is used by nothing in this workspace."
    assert lines[2:5] == ["<core>/decimals.yaml", "", "transform: core::CT_ADD_DECIMALS_V0"]
    assert "implementation: pgs_capabilities.transforms.decimals:add_decimals" in lines
    assert "examples:" in lines


def test_what_comes_with_pgs_is_shown_outside_of_a_workspace_and_side_effects_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "transform: core::CT_SUM_V0" in explained("CT_SUM_V0").stdout
    shown = explained("CS_COUNTERS_V0").stdout
    assert shown.startswith("<core>/side_effects.yaml\n\nside_effect: core::CS_COUNTERS_V0\n")
    assert shown.endswith("implementation: pgs_capabilities.side_effects.counters:Counters\n")


def test_a_transform_that_comes_with_pgs_and_is_used_is_told_and_shown() -> None:
    told = explained("CT_LOOKUP_V0", "--workspace", str(ROOT)).stdout
    assert "core::CT_LOOKUP_V0 is" in told
    assert "transform: core::CT_LOOKUP_V0" in told


def test_a_name_that_is_misspelt_is_told_the_nearest_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = explained("CS_COUNTER_V0")
    assert result.exit_code == 2
    assert "Is it `core::CS_COUNTERS_V0`?" in result.stderr
