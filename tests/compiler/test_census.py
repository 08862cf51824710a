"""Every rule says how much it looked at, and cannot have found more than that."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pgs_compiler.census import SUBJECTS, examined, subject_of
from pgs_compiler.compiler import compile_workspace
from pgs_compiler.project import FILE
from pgs_compiler.rules import RULES
from tests.compiler.test_cases import CASES, is_python, looked_into

ROOT = Path(__file__).parents[2]


COMPILED = [case for case in CASES if case.name[0] not in "SI" and not is_python(case)]


@pytest.mark.parametrize("case", COMPILED, ids=lambda case: case.name)
def test_a_rule_that_finds_something_has_looked_at_something(case: Path) -> None:
    """So that a rule whose code falls under the wrong subject is told: its failing example has none of it."""
    for row in looked_into(case)[1]:
        assert not row.findings or row.count, row.rule.code


def test_every_rule_says_what_it_looks_at() -> None:
    assert {code for code in RULES if not any(code.startswith(start) for start in SUBJECTS)} == set()


def test_nothing_is_said_of_rules_that_do_not_exist() -> None:
    assert {start for start in SUBJECTS if not any(code.startswith(start) for code in RULES)} == set()


def test_a_subject_is_the_one_under_the_longest_beginning() -> None:
    assert [subject_of(code) for code in ("T420", "T427", "S104")] == ["document", "schema", "file"]


def test_the_examples_are_counted_without_what_comes_with_pgs() -> None:
    rows = {row.rule.code: row for row in examined(compile_workspace(ROOT))}
    index = json.loads((ROOT / "protocol_snapshot" / "index.json").read_bytes())
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "protocols").rglob("*.yaml")]
    written = {name for text in texts for name in re.findall(r"^[a-z_]+: ([a-z_]+::\w+)$", text, re.MULTILINE)}
    # What a machine is made into has names as well, but nobody wrote it.
    own = sorted(written & index["names"].keys())
    kinds = [index["names"][name]["kind"] for name in own]
    assert rows["N301"].count == rows["D201"].count == len(own)
    assert rows["F513"].count == kinds.count("intent")
    assert rows["S101"].count == len(list((ROOT / "protocols").rglob("*.yaml"))) + len([FILE])


def test_a_rule_whose_turn_did_not_come_has_no_count(tmp_path: Path) -> None:
    file = tmp_path / "order.yaml"
    file.write_text("entity: shop::EN_ITEM_V0\nsummary: An item\nfeilds: {}\n", encoding="utf-8")
    rows = {row.rule.code: row for row in examined(compile_workspace(tmp_path, (file,)))}
    assert (rows["D201"].count, rows["D201"].findings) == (1, 1)
    assert {rows[code].count for code in ("N301", "F501", "C601", "A801")} == {None}
