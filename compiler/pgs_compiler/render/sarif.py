"""The report for code-scanning services: SARIF 2.1.0 (OASIS, with Errata 01).

Regions are those of `Place`: SARIF counts from 1 with an exclusive end column too, and `columnKind` says that
columns are code points. Written in ASCII, so that nothing in it can act on a terminal.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from pgs_compiler.explain import demand, page
from pgs_compiler.findings import Finding, Place
from pgs_compiler.render.lines import line_at, source_lines
from pgs_compiler.render.style import Style
from pgs_compiler.render.waived import spoken
from pgs_compiler.rules import RULES, Rule
from pgs_snapshot import __version__
from pgs_snapshot.canonical import digest
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "pgsFinding/v1"


def render(findings: Sequence[Finding], sources: Mapping[str, bytes], style: Style) -> str:
    """Write a log of one run, with the rules that were broken and their pages as help.

    Where one result of a run has suppressions, all have them (§3.27.23): most then have none to list.
    """
    codes = sorted({finding.code for finding in findings})
    waived = any(finding.waiver for finding in findings)
    results: list[Value] = [
        {
            **_result(finding),
            **({"suppressions": _suppressions(finding)} if waived else {}),
            "ruleIndex": codes.index(finding.code),
            "partialFingerprints": {FINGERPRINT: mark},
        }
        for finding, mark in zip(findings, _fingerprints(findings, sources), strict=True)
    ]
    driver: dict[str, Value] = {
        "name": "pgs_compiler",
        "version": __version__,
        "rules": [_rule(RULES[code]) for code in codes],
    }
    run: dict[str, Value] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "newlineSequences": ["\r\n", "\n", "\r"],
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Value]:
    # Help is a document, shown as it is: the braces of its examples are not doubled as those of messages are.
    help_page = page(rule.code)
    return {
        "id": rule.code,
        "name": rule.slug,
        "shortDescription": {"text": _message(rule.title)},
        "fullDescription": {"text": _message(demand(rule.code))},
        "help": {"text": help_page, "markdown": help_page},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(finding: Finding) -> dict[str, Value]:
    hint = f"Hint: {finding.hint}".split("\n") if finding.hint else []
    result: dict[str, Value] = {
        "ruleId": finding.code,
        "level": finding.severity,
        "message": {"text": "\n".join(map(_message, [finding.message, *hint]))},
    }
    if finding.place:
        result["locations"] = [_location(finding.place, finding.label)]
    if finding.related:
        result["relatedLocations"] = [
            {"id": number, **_location(other.place, other.label)}
            for number, other in enumerate(finding.related, start=1)
        ]
    return result


def _suppressions(finding: Finding) -> list[Value]:
    """An external one: a waiver stands in the project file, not in the source that it is about."""
    if finding.waiver is None:
        return []
    justification = visible(spoken(finding.waiver))
    return [{"kind": "external", "justification": justification}]


def _location(place: Place, label: str) -> dict[str, Value]:
    region: dict[str, Value] = {
        "startLine": max(1, place.line),
        "startColumn": max(1, place.column),
        "endLine": max(1, place.end_line),
        "endColumn": max(1, place.end_column),
    }
    # A file name that is not UTF-8 reaches Python as surrogates; its URI holds the bytes it has on disk.
    uri = quote(place.path, errors="surrogateescape")
    location: dict[str, Value] = {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}
    if label:
        location["message"] = {"text": _message(label)}
    return location


def _message(text: str) -> str:
    """Escape braces, which hold placeholders (§3.11.5), and part what would read as a link (§3.11.6)."""
    return visible(text).replace("{", "{{").replace("}", "}}").replace("](", "] (")


def _fingerprints(findings: Sequence[Finding], sources: Mapping[str, bytes]) -> list[str]:
    """A digest for each finding that stays when lines above it come and go.

    It covers rule, path, message and the text of the line without indentation; findings alike in all of these
    are told apart by their order.
    """
    lines = source_lines(findings, sources)
    seen: Counter[str] = Counter()
    fingerprints = []
    for finding in findings:
        place = finding.place
        line = (line_at(lines, place) or "").strip() if place else ""
        identity = json.dumps([finding.code, place.path if place else "", finding.message, line])
        fingerprints.append(digest(f"{identity}#{seen[identity]}".encode()))
        seen[identity] += 1
    return fingerprints
