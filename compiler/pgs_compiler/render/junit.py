"""The report for test dashboards: JUnit XML, in the form that Jenkins and GitLab read.

Each finding is a test case of its file, and a file of the project without one is a test case that passed. An error is a
failure with its excerpt; a warning passes and keeps its excerpt as output, for JUnit knows no warnings. What is
waived is a test that was skipped, and says who answers for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from pgs_compiler.findings import Finding
from pgs_compiler.render.counts import count
from pgs_compiler.render.lines import source_lines
from pgs_compiler.render.style import Style
from pgs_compiler.render.text import block
from pgs_compiler.render.waived import spoken
from pgs_compiler.source import CORE
from pgs_snapshot.visible import visible

_TOOL = "pgs_compiler"


def render(findings: Sequence[Finding], sources: Mapping[str, bytes], style: Style) -> str:
    """Write one suite: the files without findings by path, then the findings."""
    lines = source_lines(findings, sources)
    plain = Style(color=False, width=style.width)
    own = {path for path in sources if not path.startswith(f"{CORE}/")}
    clean = sorted(own - {finding.place.path for finding in findings if finding.place})
    counts = count(findings)
    totals = {"tests": str(len(clean) + len(findings)), "failures": str(counts.errors)}
    root = ET.Element("testsuites", totals)
    skipped = {"errors": "0", "skipped": str(counts.waived)}
    suite = ET.SubElement(root, "testsuite", {"name": _TOOL, **totals, **skipped})
    for path in clean:
        ET.SubElement(suite, "testcase", {"classname": visible(path), "name": "no findings"})
    for finding in findings:
        _case(suite, finding, block(finding, lines, plain))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _case(suite: ET.Element, finding: Finding, text: str) -> None:
    place = finding.place
    where = f" at {place.line}:{place.column}" if place else ""
    attributes = {
        "classname": visible(place.path) if place else _TOOL,
        "name": f"{finding.code} {finding.rule.slug}{where}",
    }
    if place:
        attributes |= {"file": visible(place.path), "line": str(place.line)}
    case = ET.SubElement(suite, "testcase", attributes)
    if finding.waiver is not None:
        ET.SubElement(case, "skipped", {"message": visible(spoken(finding.waiver))})
    elif finding.severity == "error":
        about = {"type": finding.code, "message": visible(finding.message)}
        ET.SubElement(case, "failure", about).text = text
    else:
        ET.SubElement(case, "system-out").text = text
