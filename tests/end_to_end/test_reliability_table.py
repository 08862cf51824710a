"""The page that says which test holds which reliability case is whole, and true."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "reliability-cases.md"
ROWS = re.findall(r"^\| ([A-Z]+-\d\d) \| (.+?) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
CASES = json.loads((TESTS / "data" / "reliability.json").read_bytes())["cases"]
AREAS = {
    "yaml", "json", "paths", "render", "limits", "cli", "ct", "compile", "effects", "crash", "concurrency", "clock",
    "postgres", "replay", "trace", "supply", "seal", "contract", "gate",
}  # fmt: skip
WHOLE = {
    "effects": 8,
    "crash": 11,
    "concurrency": 9,
    "clock": 3,
    "postgres": 5,
    "limits": 4,
    "seal": 15,
    "supply": 4,
    "contract": 8,
    "gate": 5,
}
"""Areas of which every case has a row, with how many there are."""


def test_every_area_is_there_and_whole() -> None:
    counted = Counter(case["area"] for case in CASES)
    assert set(counted) == AREAS
    assert {area: counted[area] for area in WHOLE} == WHOLE


def test_every_case_has_its_row() -> None:
    assert [(id, title) for id, title, _ in ROWS] == [(case["id"], case["title"]) for case in CASES]


@pytest.mark.parametrize(("id", "held"), [(id, held) for id, _, held in ROWS], ids=[row[0] for row in ROWS])
def test_a_row_names_tests_that_exist_or_says_why_there_are_none(id: str, held: str) -> None:
    named = re.findall(r"\]\(\.\./tests/([^)]+)\)((?: `[^`]+`)+)", held)
    assert named or held.endswith(".")
    for file, patterns in named:
        tree = ast.parse((TESTS / file).read_bytes())
        names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        for pattern in patterns.replace("`", "").split():
            assert any(fnmatch(name, pattern) for name in names), f"{id}: {file} has no {pattern}"
