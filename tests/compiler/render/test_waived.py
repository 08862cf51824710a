"""What each report makes of a finding that is waived, and of a warning that counts as an error."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft7Validator

from pgs_compiler.findings import Finding, Place, Waiver
from pgs_compiler.render import FORMATS, Style, render

SCHEMA = Draft7Validator(
    json.loads((Path(__file__).parents[2] / "data/sarif/sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
)
AT = Place("a.yaml", 1, 1, 1, 7)
WAIVER = Waiver("A801", "a.yaml", "dora", "Opens in {spring}", "2027-01-31", Place("pgs.yaml", 5, 3, 5, 9))
WAIVED = Finding("A801", "`EV_X_V0` has fields labelled `pii`, and does not clear that.", AT, waiver=WAIVER)
OPEN = Finding("F513", "`IN_X_V0` lists no actor, so that it admits nobody.", AT, raised=True)
SOURCES = {"a.yaml": b"event: x\n"}


def shown(format_: str, *findings: Finding) -> str:
    return render(findings, SOURCES, format_, Style())


def test_text_counts_what_is_waived_and_shows_the_rest() -> None:
    assert shown("text", WAIVED) == "no findings, 1 waived\n"
    both = shown("text", WAIVED, OPEN)
    assert both.startswith("error[F513] nobody-admitted: ")
    assert both.endswith("\n\n1 error in 1 file, 1 waived\n")
    assert "A801" not in both


def test_json_says_by_whom_and_until_when() -> None:
    report = json.loads(shown("json", WAIVED, OPEN))
    assert [found["waived"] for found in report["findings"]] == [
        {"at": "a.yaml", "owner": "dora", "reason": "Opens in {spring}", "until": "2027-01-31"},
        None,
    ]
    assert [found["severity"] for found in report["findings"]] == ["error", "error"]
    assert report["counts"] == {"errors": 1, "warnings": 0, "files": 1, "waived": 1}


def test_sarif_suppresses_it_and_says_of_the_others_that_nothing_does() -> None:
    log = json.loads(shown("sarif", WAIVED, OPEN))
    SCHEMA.validate(log)
    justification = "Waived until 2027-01-31 by dora: Opens in {spring}"
    assert [result["suppressions"] for result in log["runs"][0]["results"]] == [
        [{"kind": "external", "justification": justification}],
        [],
    ]
    assert [result["level"] for result in log["runs"][0]["results"]] == ["error", "error"]


def test_sarif_says_nothing_of_suppressions_where_nothing_is_waived() -> None:
    assert "suppressions" not in shown("sarif", OPEN)


def test_github_annotates_what_is_not_waived() -> None:
    assert shown("github", WAIVED) == ""
    assert shown("github", WAIVED, OPEN).startswith("::error file=a.yaml")


def test_junit_skips_it() -> None:
    suite = ET.fromstring(shown("junit", WAIVED, OPEN))[0]  # noqa: S314 - of our own making
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("2", "1", "1")
    (skipped,) = suite.iter("skipped")
    assert skipped.get("message") == "Waived until 2027-01-31 by dora: Opens in {spring}"
    assert len(list(suite.iter("failure"))) == 1


@pytest.mark.parametrize("format_", FORMATS)
def test_nothing_that_an_owner_writes_acts_on_a_terminal(format_: str) -> None:
    odd = Waiver("A801", "a\x1b.yaml", "d\x1bora", "why\x9b", "2027-01-31", AT)
    report = shown(format_, Finding("A801", "Odd.", AT, waiver=odd))
    assert report.replace("\n", "").isprintable()
