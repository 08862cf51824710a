"""Reports for code-scanning services: a whole log, the schema of the standard, fingerprints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from pgs_compiler.explain import demand, page
from pgs_compiler.findings import Finding, Place, Related
from pgs_compiler.render import Style, render
from pgs_compiler.render.sarif import FINGERPRINT
from pgs_snapshot import __version__
from tests.compiler.render.places import PATH, at

SCHEMA = Draft7Validator(
    json.loads((Path(__file__).parents[2] / "data/sarif/sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
)
SOURCE = "workflow: shop::WF_ORDER_V0\nsummary: no\nsummary: no\n"


def log(*findings: Finding, source: str = SOURCE) -> str:
    return render(findings, {PATH: source.encode()}, "sarif", Style())


def fingerprints(*findings: Finding, source: str = SOURCE) -> list[str]:
    results = json.loads(log(*findings, source=source))["runs"][0]["results"]
    return [result["partialFingerprints"][FINGERPRINT] for result in results]


def ambiguous(source: str, nth: int = 1) -> Finding:
    return Finding("S105", "`no` is a boolean to some readers.", at(source, "no", nth))


def test_a_log_holds_the_run_its_rules_with_their_pages_and_the_results() -> None:
    first = Related(at(SOURCE, "summary"), "first stands here")
    finding = Finding(
        "S104",
        "`summary` stands twice in this {mapping}.",
        at(SOURCE, "summary", 2),
        "again",
        (first,),
        "Merge {a}.",
    )
    written = json.loads(log(finding))
    result = written["runs"][0]["results"][0]
    assert result.pop("partialFingerprints") == {FINGERPRINT: fingerprints(finding)[0]}
    assert written == {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "pgs_compiler",
                        "version": __version__,
                        "rules": [
                            {
                                "id": "S104",
                                "name": "duplicate-key",
                                "shortDescription": {"text": "A key stands once in a mapping"},
                                "fullDescription": {"text": demand("S104")},
                                "help": {"text": page("S104"), "markdown": page("S104")},
                                "defaultConfiguration": {"level": "error"},
                            }
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "newlineSequences": ["\r\n", "\n", "\r"],
                "results": [
                    {
                        "ruleId": "S104",
                        "ruleIndex": 0,
                        "level": "error",
                        "message": {"text": "`summary` stands twice in this {{mapping}}.\nHint: Merge {{a}}."},
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": PATH},
                                    "region": {
                                        "startLine": 3,
                                        "startColumn": 1,
                                        "endLine": 3,
                                        "endColumn": 8,
                                    },
                                },
                                "message": {"text": "again"},
                            }
                        ],
                        "relatedLocations": [
                            {
                                "id": 1,
                                "physicalLocation": {
                                    "artifactLocation": {"uri": PATH},
                                    "region": {
                                        "startLine": 2,
                                        "startColumn": 1,
                                        "endLine": 2,
                                        "endColumn": 8,
                                    },
                                },
                                "message": {"text": "first stands here"},
                            }
                        ],
                    }
                ],
            }
        ],
    }


@pytest.mark.parametrize(
    "findings",
    [
        (),
        (Finding("S115", "Nothing is declared.", None, hint="Add a file."),),
        (
            Finding("S103", "Odd.", Place("a b#c?.yaml", 1, 1, 1, 1)),
            Finding("S101", "Gone.", Place("z", 1, 1, 1, 1)),
        ),
        (Finding("S104", "Twice.", at(SOURCE, "summary"), "", (Related(at(SOURCE, "no"), ""),)),),
        (Finding("S103", "Nowhere.", Place("", 0, 0, 0, 0)),),
    ],
)
def test_a_log_fits_the_schema_of_the_standard(findings: tuple[Finding, ...]) -> None:
    assert [error.message for error in SCHEMA.iter_errors(json.loads(log(*findings)))] == []


def test_the_schema_would_refuse_a_result_without_a_message() -> None:
    written = json.loads(log(ambiguous(SOURCE)))
    del written["runs"][0]["results"][0]["message"]
    assert [error.message for error in SCHEMA.iter_errors(written)] == ["'message' is a required property"]


def test_rules_are_listed_once_by_code_and_results_point_at_them() -> None:
    one, two = ambiguous(SOURCE), ambiguous(SOURCE, 2)
    other = Finding("S104", "Twice.", at(SOURCE, "summary", 2))
    run = json.loads(log(two, other, one))["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["S104", "S105"]
    assert [rules[result["ruleIndex"]] for result in run["results"]] == ["S105", "S104", "S105"]


def test_a_path_becomes_a_relative_uri_of_the_bytes_it_has_on_disk() -> None:
    shown = log(Finding("S101", "Gone.", Place("a b/é#\udcff.yaml", 1, 1, 1, 1)))
    assert '"uri": "a%20b/%C3%A9%23%FF.yaml"' in shown


def test_a_message_cannot_hold_a_link_or_a_control_character() -> None:
    result = json.loads(log(Finding("S105", "See [here](http://x)\x1b.", None)))["runs"][0]["results"][0]
    assert result["message"]["text"] == "See [here] (http://x)\\x1b."


def test_a_fingerprint_stays_when_lines_move_and_indentation_changes() -> None:
    moved = "# new\n\n" + SOURCE.replace("summary", "  summary")
    assert fingerprints(ambiguous(SOURCE)) == fingerprints(ambiguous(moved), source=moved)


def test_a_fingerprint_changes_with_the_line_and_with_the_message() -> None:
    changed = SOURCE.replace("summary: no", "owner: no", 1)
    prints = [
        *fingerprints(ambiguous(SOURCE)),
        *fingerprints(ambiguous(changed), source=changed),
        *fingerprints(Finding("S105", "Another message.", at(SOURCE, "no"))),
    ]
    assert len(set(prints)) == 3


def test_findings_alike_are_told_apart_by_their_order() -> None:
    one, two = ambiguous(SOURCE), ambiguous(SOURCE, 2)
    both = fingerprints(two, one)
    assert len(set(both)) == 2
    assert both[0] == fingerprints(one)[0]
