"""Where the documentation's links lead, what a decision's page has, and tables that the code has too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pgs_runtime.faults import ExitCode
from tests.architecture.tree import ROOT, relative

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
DECISIONS = sorted(ROOT.glob("docs/decisions/[0-9]*.md"))


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    broken = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert not broken


@pytest.mark.parametrize("page", DECISIONS, ids=relative)
def test_a_decision_states_its_context_and_its_good_and_bad_consequences(page: Path) -> None:
    parts = re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert parts == ["Context", "Decision", "Good", "Bad"]


def test_every_decision_is_listed_under_its_title() -> None:
    titles = {page: page.read_text(encoding="utf-8").partition("\n")[0] for page in DECISIONS}
    expected = [f"| [{page.name[:4]}]({page.name}) | {title[7:]} |" for page, title in titles.items()]
    listing = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in listing if line.startswith("| [")] == expected


def test_the_table_of_exit_codes_is_that_of_the_code() -> None:
    page = (ROOT / "docs/exit-codes.md").read_text(encoding="utf-8")
    codes, states = page.split("## What a run's end means")
    listed = [int(code) for code in re.findall(r"^\| (\d+) \|", codes, re.MULTILINE)]
    ends = [int(code) for code in re.findall(r"^\| .+? \| (\d+) \|", states, re.MULTILINE)]
    assert listed == sorted(ExitCode)
    assert set(ends) <= set(listed)
