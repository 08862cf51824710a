"""Author's text to trees, schemas and reports, as tests write them."""

from __future__ import annotations

from pgs_compiler.findings import Finding, Place
from pgs_compiler.read import read
from pgs_compiler.schemas.shape import parse_enum, parse_fields, parse_schema
from pgs_compiler.schemas.syntax import SchemaSyntax, Scope, lower_fields, lower_schema
from pgs_compiler.schemas.values import check_schema
from pgs_compiler.shape import Report
from pgs_compiler.source import Sequence, SourceFile, Tree
from pgs_snapshot.model import Schema

ENTITIES = {
    "EN_ACTOR_V0": "{type: object, properties: {email: {type: string, labels: [pii]}}, required: [email]}",
    "EN_TOOL_V0": "{enum: [READ, WRITE]}",
}


def tree_of(text: str) -> Tree:
    result = read(SourceFile("example.yaml", text.encode()))
    assert result.value is not None, result.findings
    (document,) = result.value
    return document


def entity(name: str) -> SchemaSyntax:
    return parse_schema(tree_of(ENTITIES[name]), Report())


def schema_of(text: str, scope: Scope = "plain") -> Schema:
    """The lowered schema of a text that gives no finding."""
    report = Report()
    syntax = parse_schema(tree_of(text), report, scope)
    assert [*report.findings, *check_schema(syntax, entity)] == []
    return lower_schema(syntax, entity)


def fields_of(text: str, scope: Scope = "plain") -> Schema:
    """The lowered schema of fields that give no finding."""
    report = Report()
    fields = parse_fields(tree_of(text), Place("example.yaml", 1, 1, 1, 1), report, scope)
    assert [*report.findings, *check_schema(fields, entity)] == []
    return lower_fields(fields, entity)


def report_of(text: str, scope: Scope = "plain") -> list[str]:
    """What is found in fields, or in an enumeration if the text is a list: `1:5 T421 message hint`."""
    tree, report = tree_of(text), Report()
    if isinstance(tree, Sequence):
        parse_enum(tree, report)
    else:
        fields = parse_fields(tree, Place("example.yaml", 1, 1, 1, 1), report, scope)
        report.findings += check_schema(fields, entity) if not report.findings else ()
    return [shown(finding) for finding in report.findings]


def shown(finding: Finding) -> str:
    assert finding.place is not None
    place = f"{finding.place.line}:{finding.place.column}"
    return " ".join(filter(None, (place, finding.code, finding.message, finding.hint)))
