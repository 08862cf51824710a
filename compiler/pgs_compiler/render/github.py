"""Annotations on a pull request: workflow commands of GitHub Actions.

A command is a line `::error file=…,line=…::message`. Its message escapes `%`, CR and LF; its properties also
`:` and `,`. Columns may be given only where the span stays on one line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pgs_compiler.findings import Finding, Place
from pgs_compiler.render.style import Style
from pgs_snapshot.visible import visible


def render(findings: Sequence[Finding], sources: Mapping[str, bytes], style: Style) -> str:
    """Write one command a finding, each on a line; nothing where nothing was found, or what was is waived."""
    return "".join(f"{_command(finding)}\n" for finding in findings if finding.waiver is None)


def _command(finding: Finding) -> str:
    properties = _position(finding.place) if finding.place else {}
    properties["title"] = f"{finding.code} {finding.rule.slug}"
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{finding.severity} {listed}::{_data(_message(finding))}"


def _position(place: Place) -> dict[str, str]:
    position = {"file": place.path, "line": str(place.line), "endLine": str(place.end_line)}
    if place.line == place.end_line:
        position |= {"col": str(place.column), "endColumn": str(place.end_column)}
    return position


def _message(finding: Finding) -> str:
    others = [f"{other.place}: {other.label}".removesuffix(": ") for other in finding.related]
    hint = f"Hint: {finding.hint}".split("\n") if finding.hint else []
    return "\n".join(visible(part) for part in [finding.message, *others, *hint])


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")
