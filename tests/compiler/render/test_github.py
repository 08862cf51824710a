"""Annotations on a pull request, asserted whole."""

from __future__ import annotations

import pytest

from pgs_compiler.findings import Finding, Place, Related
from pgs_compiler.render import Style, render


def commands(*findings: Finding) -> str:
    return render(findings, {}, "github", Style())


def test_a_finding_is_one_command_with_its_place_and_its_rule_as_title() -> None:
    place = Place("protocols/a.yaml", 7, 5, 7, 9)
    assert commands(Finding("S104", "`next` stands twice.", place)) == (
        "::error file=protocols/a.yaml,line=7,endLine=7,col=5,endColumn=9,title=S104 duplicate-key"
        "::`next` stands twice.\n"
    )


def test_related_places_and_the_hint_are_further_lines_of_the_message() -> None:
    place = Place("a.yaml", 7, 5, 7, 9)
    related = (Related(Place("a.yaml", 6, 5, 6, 9), "first stands here"),)
    finding = Finding("S104", "`next` stands twice.", place, "again", related, "Merge:\nnext: {}")
    assert commands(finding).split("::")[2] == (
        "`next` stands twice.%0Aa.yaml:6:5: first stands here%0AHint: Merge:%0Anext: {}\n"
    )


def test_a_span_over_several_lines_gives_no_columns() -> None:
    assert commands(Finding("S106", "Anchors are not used.", Place("a.yaml", 7, 5, 9, 2))) == (
        "::error file=a.yaml,line=7,endLine=9,title=S106 anchor-or-alias::Anchors are not used.\n"
    )


def test_a_warning_is_a_command_of_its_own_kind() -> None:
    assert commands(Finding("D215", "No summary.", None)) == "::warning title=D215 no-summary::No summary.\n"


def test_what_concerns_no_file_has_only_a_title() -> None:
    assert commands(Finding("S115", "Nothing is declared.", None)) == (
        "::error title=S115 empty::Nothing is declared.\n"
    )


@pytest.mark.parametrize(
    ("path", "written"),
    [("a:b,c%.yaml", "a%3Ab%2Cc%25.yaml"), ("%3A.yaml", "%253A.yaml"), ("a\r\nb.yaml", "a\\r\\nb.yaml")],
)
def test_properties_escape_what_would_end_them(path: str, written: str) -> None:
    shown = commands(Finding("S105", "Odd.", Place(path, 1, 1, 1, 2)))
    assert shown.startswith(f"::error file={written},line=1,")


def test_a_message_cannot_start_a_command_of_its_own() -> None:
    shown = commands(Finding("S105", "100 %\r\n::set-output name=a::b, c: d", None))
    assert shown == "::error title=S105 ambiguous-scalar::100 %25\\r\\n::set-output name=a::b, c: d\n"


def test_nothing_found_is_no_output() -> None:
    assert commands() == ""
