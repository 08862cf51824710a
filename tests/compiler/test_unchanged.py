"""A folder that holds what compiling would give is left as it is; whatever has changed is compiled anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from pgs_compiler.__main__ import cli
from pgs_compiler.unchanged import standing
from pgs_compiler.waivers import Policy

PROJECT = """\
format: pgs-project/1
name: shop
version: 1
packages: [{shop: .}]
"""
FEES = """\
transform: shop::CT_FEE_V0
summary: One percent
inputs: {amount: {type: integer}}
outcomes:
  SUCCESS: {fee: {type: integer}}
implementation: shop.fees:fee
examples:
  - {inputs: {amount: 100}, outcome: SUCCESS, outputs: {fee: 1}}
  - {inputs: {amount: 900}, outcome: SUCCESS, outputs: {fee: 9}}
  - {inputs: {amount: 0}, outcome: SUCCESS, outputs: {fee: 0}}
"""
CODE = """\
def fee(amount):
    return {"fee": amount // 100}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "protocols").mkdir()
    (tmp_path / "shop").mkdir()
    (tmp_path / "pgs.yaml").write_text(PROJECT)
    (tmp_path / "protocols/fees.yaml").write_text(FEES)
    (tmp_path / "shop/__init__.py").touch()
    (tmp_path / "shop/fees.py").write_text(CODE)
    return tmp_path


def compiled(shop: Path) -> str:
    """What the command prints: the root and the folder."""
    done = CliRunner().invoke(cli, ["compile", "--workspace", str(shop)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout.split()[0]


def stands(shop: Path, policy: Policy | None = None) -> str | None:
    found = standing(shop, (), policy or Policy(), shop / "protocol_snapshot")
    return found.root() if found else None


def test_what_was_compiled_stands_until_something_changes(shop: Path) -> None:
    assert stands(shop) is None
    root = compiled(shop)
    assert stands(shop) == root
    assert compiled(shop) == root


def edited(file: str, old: str, new: str) -> Callable[[Path], object]:
    def edit(shop: Path) -> None:
        text = (shop / file).read_text()
        assert old in text
        (shop / file).write_text(text.replace(old, new))

    return edit


CHANGES: dict[str, Callable[[Path], object]] = {
    "a declaration": edited("protocols/fees.yaml", "One percent", "A percent"),
    "another declaration": lambda shop: (shop / "protocols/actor.yaml").write_text(
        "actor: shop::AC_A_V0\nsummary: A\n"
    ),
    "the project file": edited("pgs.yaml", "version: 1", "version: 2"),
    "an implementation": edited("shop/fees.py", "amount // 100", "amount  // 100"),
    "a module that nothing imports yet": lambda shop: (shop / "shop/more.py").touch(),
    "a byte of the snapshot": edited("protocol_snapshot/project.json", "shop", "shoq"),
    "a file of the snapshot": lambda shop: (shop / "protocol_snapshot/index.json").unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_after_any_change_it_stands_no_longer(shop: Path, change: str) -> None:
    compiled(shop)
    CHANGES[change](shop)
    assert stands(shop) is None
    assert compiled(shop) == stands(shop)


def test_other_options_are_another_compilation(shop: Path) -> None:
    root = compiled(shop)
    assert stands(shop, Policy(strict=True)) is None
    assert stands(shop, Policy(today=date(2031, 1, 1))) == root


def test_what_has_findings_is_told_each_time(shop: Path) -> None:
    edited("protocols/fees.yaml", "summary: One percent\n", "")(shop)
    said = [CliRunner().invoke(cli, ["compile", "--workspace", str(shop)]).stderr for _ in range(2)]
    assert "D215" in said[0]
    assert said[0] == said[1]
    assert stands(shop) is None


def test_a_workspace_that_cannot_be_opened_stands_for_nothing(shop: Path) -> None:
    compiled(shop)
    (shop / "pgs.yaml").write_text("format: [")
    assert stands(shop) is None
