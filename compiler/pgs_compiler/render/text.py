"""The report for people: what is wrong, the line where it is, what to type.

```
error[S104] duplicate-key: `next` stands twice in this mapping.
  --> protocols/shop/order.yaml:12:5
   |
12 |     next: {SUCCESS: done}
   |     ^^^^ stands here again
  ::: protocols/shop/order.yaml:9:5
   |
 9 |     next: {SUCCESS: record}
   |     ---- first stands here

1 error in 1 file
```
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pgs_compiler.findings import Finding, Place
from pgs_compiler.render.counts import count
from pgs_compiler.render.excerpt import excerpt
from pgs_compiler.render.lines import line_at, source_lines
from pgs_compiler.render.style import Style
from pgs_snapshot.visible import visible

Tone = Literal["error", "warning", "related", "frame", "hint", "strong"]
_SGR: Mapping[Tone, str] = {
    "error": "1;31",
    "warning": "1;33",
    "related": "1;36",
    "frame": "1;34",
    "hint": "1;32",
    "strong": "1",
}


@dataclass(frozen=True, slots=True)
class _Mark:
    """A place to show: the arrow before its path, the sign under its span."""

    arrow: Literal["-->", ":::"]
    sign: Literal["^", "-"]
    tone: Tone
    place: Place
    label: str


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What all places of one finding share: the sources, the width of the line numbers, the style."""

    lines: Mapping[str, Sequence[str]]
    gutter: int
    style: Style

    def paint(self, tone: Tone, text: str) -> str:
        return f"\x1b[{_SGR[tone]}m{text}\x1b[0m" if self.style.color and text else text

    def frame(self, number: str = "", rest: str = "") -> str:
        bar = self.paint("frame", f"{number:>{self.gutter}} |")
        return f"{bar} {rest}" if rest else bar


def render(findings: Sequence[Finding], sources: Mapping[str, bytes], style: Style) -> str:
    """Show each finding with its excerpts, an empty line after each, and the totals last.

    What is waived is counted and not shown.
    """
    lines = source_lines(findings, sources)
    blocks = [block(finding, lines, style) for finding in findings if finding.waiver is None]
    return "\n\n".join([*blocks, str(count(findings))]) + "\n"


def block(finding: Finding, lines: Mapping[str, Sequence[str]], style: Style) -> str:
    """Show one finding, without a line break at its end."""
    marks = _marks(finding)
    numbers = [mark.place.line for mark in marks if line_at(lines, mark.place) is not None]
    sheet = _Sheet(lines, len(str(max(numbers, default=1))), style)
    shown = [_header(sheet, finding)]
    for mark in marks:
        shown += _mark(sheet, mark)
    if finding.hint:
        shown += _hint(sheet, finding.hint)
    return "\n".join(shown)


def _marks(finding: Finding) -> list[_Mark]:
    primary = [_Mark("-->", "^", finding.severity, finding.place, finding.label)] if finding.place else []
    return primary + [_Mark(":::", "-", "related", other.place, other.label) for other in finding.related]


def _header(sheet: _Sheet, finding: Finding) -> str:
    kind = sheet.paint(finding.severity, f"{finding.severity}[{finding.code}]")
    return f"{kind} {sheet.paint('strong', f'{finding.rule.slug}: {visible(finding.message)}')}"


def _mark(sheet: _Sheet, mark: _Mark) -> list[str]:
    where = f"{sheet.paint('frame', ' ' * sheet.gutter + mark.arrow)} {visible(str(mark.place))}"
    label = visible(mark.label)
    line = line_at(sheet.lines, mark.place)
    if line is None:
        return [f"{where}: {label}" if label else where]
    start, end = mark.place.column - 1, mark.place.end_column - 1
    if mark.place.end_line > mark.place.line:
        end = len(line)
    shown = excerpt(line, start, end, sheet.style.width - sheet.gutter - len(" | "))
    signs = f"{mark.sign * shown.width} {label}".rstrip()
    return [
        where,
        sheet.frame(),
        sheet.frame(str(mark.place.line), shown.text),
        sheet.frame(rest=" " * shown.indent + sheet.paint(mark.tone, signs)),
    ]


def _hint(sheet: _Sheet, hint: str) -> list[str]:
    """A hint may show several lines to type; the later ones stand under the first."""
    lead = " " * sheet.gutter + " = hint: "
    first, *more = hint.split("\n")
    return [
        f"{sheet.paint('hint', lead.rstrip())} {visible(first)}",
        *(f"{' ' * len(lead)}{visible(line)}".rstrip() for line in more),
    ]
