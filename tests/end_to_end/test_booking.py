"""What is added to the blockchain and breaks its laws is refused by the compiler, and says where."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from pgs_compiler.compiler import compile_program
from pgs_compiler.workspace import open_workspace
from tests.end_to_end.programs import ROOT

ADDED = Path(__file__).with_name("booking")
Errors = Callable[[str], list[tuple[str, str]]]
BOOKS = "`ST_BALANCES_V0` or `ST_SUPPLY_V0`"
RULES = (
    "without `IN_SUBMIT_V0`",
    "without `CC_FIND_WALLET_V0`",
    "without `CC_NAME_TRANSACTION_V0` ending as `NEW`",
    "without `CC_FIND_ROOM_V0`",
    "without `WRITE` of `ST_MEMPOOL_V0`",
)


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Errors:
    """The codes and messages of all errors of the blockchain with a file of `booking` added."""
    root = tmp_path_factory.mktemp("booking") / "workspace"
    shutil.copytree(ROOT / "protocols" / "blockchain", root / "protocols" / "blockchain")
    project = "format: pgs-project/1\nname: chain\nversion: 1\nsources: [protocols]\npackages: [pgs_capabilities]\n"
    (root / "pgs.yaml").write_text(project, encoding="utf-8")

    @cache
    def errors(added: str) -> list[tuple[str, str]]:
        shutil.copy(ADDED / added, root / "protocols" / "added.yaml")
        opened = open_workspace(root, ())
        assert opened.value is not None
        compilation = compile_program(opened.value.project, root, opened.value.files)
        assert compilation.files is None
        return [(finding.code, finding.message) for finding in compilation.findings if finding.severity == "error"]

    return errors


def told(errors: list[tuple[str, str]], workflow: str) -> list[str]:
    """Which rules of the money refuse a workflow."""
    messages = [message for _, message in errors if message.startswith(f"`{workflow}`") and BOOKS in message]
    return [rule for rule in RULES if any(rule in message for message in messages)]


def test_whoever_issues_money_directly_is_refused_by_every_rule(refused: Errors) -> None:
    errors = refused("direct.yaml")
    assert {code for code, _ in errors} == {"A830", "A831"}
    assert told(errors, "blockchain::WF_GIVE_V0") == [*RULES]


def test_whoever_looks_for_the_wallet_first_is_refused_by_the_other_rules(refused: Errors) -> None:
    expected = [rule for rule in RULES if "CC_FIND_WALLET_V0" not in rule]
    assert told(refused("direct.yaml"), "blockchain::WF_TAKE_V0") == expected


def test_a_run_takes_no_more_than_a_block_but_in_a_simulation(refused: Errors) -> None:
    assert sorted(refused("many.yaml")) == [
        ("A857", "`blockchain::WF_COMMIT_SEVERAL_V0` can take 1212 steps, and the limit is 610."),
        ("A857", "`blockchain::WF_COMMIT_SEVERAL_V0` can take 2021 nodes, and the limit is 1010."),
        ("A857", "`blockchain::WF_COMMIT_SEVERAL_V0` can take 806 effects, and the limit is 405."),
    ]
