"""Every rule has a page of the fixed form, and what a page shows is so."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from pgs_compiler import explain
from pgs_compiler.bodies.linting import lint_sources
from pgs_compiler.compiler import compile_workspace
from pgs_compiler.importing.importer import bring_in
from pgs_compiler.read import read
from pgs_compiler.render import Style, render
from pgs_compiler.rules import RULES
from pgs_compiler.source import SourceFile

PAGES = {
    entry.name.removesuffix(".md"): entry.read_text(encoding="utf-8")
    for entry in sorted(files(explain).iterdir(), key=lambda entry: entry.name)
    if entry.name.endswith(".md")
}
IN_PYTHON = sorted(code for code, text in PAGES.items() if "\n## Refused\n\n```python\n" in text)
REPORTED = sorted(code for code, text in PAGES.items() if "\n## Report\n" in text)
FORM = re.compile(
    r"# (?P<title>[^\n]+)\n\n"
    r"(?P<demand>[^#\n][^#]+?)\n\n"
    r"## Refused\n\n```(?:yaml|python)\n(?P<refused>.+?)```\n\n"
    r"(?:## Report\n\n```text\n(?P<report>.+?)```\n\n)?"
    r"## Mend\n\n(?P<mend>.+)\n",
    re.DOTALL,
)

PROJECT = "format: pgs-project/1\nname: shop\nversion: 1\n"
DECLARATION = "entity: shop::EN_ITEM_V0\nsummary: An item\nfields: {name: {type: string}}\n"


def parts(code: str) -> dict[str, str]:
    """The parts of a page by name, as far as it has them."""
    match = FORM.fullmatch(PAGES[code])
    assert match, f"{code}.md does not have the form that `pgs_compiler.explain` describes"
    return {name: text for name, text in match.groupdict().items() if text is not None}


def test_every_rule_has_a_page() -> None:
    assert sorted(RULES.keys() - PAGES.keys()) == []


def test_every_page_has_a_rule() -> None:
    assert sorted(PAGES.keys() - RULES.keys()) == []


@pytest.mark.parametrize("code", sorted(PAGES.keys() & RULES.keys()))
def test_a_page_has_the_fixed_form_under_the_name_of_its_rule(code: str) -> None:
    page = parts(code)
    assert page["title"] == f"{code} {RULES[code].slug}"
    sentences = re.findall(r"[.:](?:\s|$)", page["demand"])
    assert 2 <= len(sentences) <= 7, "what the rule demands and why takes a few sentences"
    assert page["mend"].rstrip().endswith((".", "```"))


@pytest.mark.parametrize("code", REPORTED)
def test_the_report_of_a_page_is_what_its_example_gives(code: str) -> None:
    page = parts(code)
    source = SourceFile("example.yaml", page["refused"].encode())
    findings = read(source).findings
    assert {finding.code for finding in findings} == {code}
    shown, _, _totals = render(findings, {source.path: source.data}, "text", Style()).rpartition("\n\n")
    assert f"{shown}\n" == page["report"]


@pytest.mark.parametrize("code", IN_PYTHON)
def test_an_example_in_python_shows_its_rule_and_no_other(code: str) -> None:
    found = lint_sources({"example": ("example.py", parts(code)["refused"].encode())}).findings
    assert {finding.code for finding in found} == {code}


@pytest.mark.parametrize(
    "code", sorted(code for code in PAGES.keys() & RULES.keys() - set(IN_PYTHON) if code[0] not in "SI")
)
def test_the_example_of_a_page_has_no_mistake_but_its_own(code: str, tmp_path: Path) -> None:
    """Pages leave out declarations that their examples refer to, and the project that lists a package."""
    refused = parts(code)["refused"]
    of_project = refused.startswith("format: ")
    (tmp_path / "pgs.yaml").write_text(refused if of_project else PROJECT, encoding="utf-8")
    (tmp_path / "example.yaml").write_text(DECLARATION if of_project else refused, encoding="utf-8")
    found = {finding.code for finding in compile_workspace(tmp_path, (tmp_path / "example.yaml",)).findings}
    assert found <= {code, "N302", "C602"}


@pytest.mark.parametrize("code", sorted(code for code in PAGES.keys() & RULES.keys() if code[0] == "I"))
def test_the_example_of_a_page_about_imports_is_a_document_with_that_mistake(code: str, tmp_path: Path) -> None:
    """Examples leave out what they refer to."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "example.md").write_text(parts(code)["refused"], encoding="utf-8")
    found = {finding.code for finding in bring_in(tmp_path).findings}
    assert found - {code} <= {"I956"}
    assert code in found or found == {"I956"}


def test_a_page_is_read_by_its_code() -> None:
    assert explain.page("S104") == PAGES["S104"]


def test_the_demand_of_a_rule_is_the_first_paragraph_on_one_line() -> None:
    assert explain.demand("S104") == " ".join(parts("S104")["demand"].split())


@pytest.mark.parametrize("code", ["S999", "s104", "../S104", ""])
def test_there_is_no_page_for_what_is_no_rule(code: str) -> None:
    with pytest.raises(KeyError):
        explain.page(code)
