"""The page about the corpus says what an import of it says; and whether or not it is at hand, the page adds up.

The corpus is the folder that PGS_CORPUS names, else `../shared/corpus/pgs` beside the checkout of the project.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from pgs_compiler.importing.importer import bring_in
from pgs_compiler.importing.report import page
from pgs_compiler.rules import RULES
from tests.architecture.pages import rows as cells

ROOT = Path(__file__).parents[3]
CORPUS = Path(os.environ.get("PGS_CORPUS") or ROOT.parent / "shared/corpus/pgs")
PAGE = ROOT / "docs/corpus-report.md"


@pytest.fixture(scope="module")
def sections() -> dict[str, str]:
    parts = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def numbers(section: str) -> dict[str, int]:
    return {row[0]: int(row[1].replace(",", "")) for row in cells(section)}


def test_the_page_is_what_an_import_of_the_corpus_says() -> None:
    if CORPUS.is_dir():
        assert PAGE.read_text(encoding="utf-8") == page(bring_in(CORPUS))


def test_the_totals_add_up(sections: dict[str, str]) -> None:
    totals = numbers(sections["Totals"])
    assert totals["workflows"] == sum(totals[f"that {what}"] for what in ("compile", "wait for code", "are refused"))
    assert totals["keys"] == sum(count for name, count in totals.items() if name.startswith("keys that"))
    importers, compilers = totals["of these, the importer's"], totals["of these, the compiler's"]
    assert totals["errors, each once"] == importers + compilers
    kinds = {row[0]: (row[1], int(row[2])) for row in cells(sections["By kind"])}
    assert all(RULES[code].severity == severity for code, (severity, _) in kinds.items())
    assert sum(count for severity, count in kinds.values() if severity == "error") == importers + compilers
    assert sum(count for severity, count in kinds.values() if severity == "warning") == totals["warnings"]


def test_each_workflow_has_a_section_with_the_errors_that_the_table_counts(sections: dict[str, str]) -> None:
    rows = cells(sections["Workflows"])
    assert len(rows) == numbers(sections["Totals"])["workflows"]
    for name, state, _, kinds in rows:
        section = sections[name.strip("`")]
        assert f"`: {state}.\n" in section
        listed = re.findall(r"^- \S+\.md:\d+:\d+: .+[.?]$", section, re.MULTILINE)
        assert len(listed) == len(re.findall(r"^- ", section, re.MULTILINE))
        counted = [int(number or 1) for _, number in re.findall(r"([A-Z]\d{3})(?: ×(\d+))?", kinds)]
        assert sum(counted) == len(listed)
        assert (state == "compiles") == (not listed)
