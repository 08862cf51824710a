"""A Mermaid flowchart of a picture, as the Mermaid documentation of flowcharts and entity codes defines it.

Nothing of the graph's text reaches the language but within quoted labels, where every character but letters,
digits, underscores and spaces is an entity code; nodes are numbered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from pgs_snapshot.drawing import palette
from pgs_snapshot.drawing.kinds import KINDS, SIGNS, STANDS, Shape
from pgs_snapshot.drawing.picture import Arrow, Box, Picture
from pgs_snapshot.visible import visible

_BRACKETS: Mapping[Shape, tuple[str, str]] = {
    "hexagon": ("{{", "}}"),
    "rectangle": ("[", "]"),
    "stadium": ("([", "])"),
}
_KEYWORD = re.compile(r"\bend\b", re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9_ ]")
_UNQUOTABLE = re.compile(r"[^\x20-\x7e]|[<>&%`#]")


def draw(picture: Picture) -> str:
    """The Mermaid text with its title as front matter, ending in a newline."""
    number = {box.id: f"n{index}" for index, box in enumerate(picture.boxes)}
    heading = " · ".join(visible(line) for line in (picture.title, picture.status) if line)
    lines = [
        "---",
        f"title: {_quoted(heading)}",
        "---",
        "flowchart TD",
        *(f"  {number[box.id]}{_box(box)}" for box in picture.boxes),
        *(f"  {number[arrow.source]} {_arrow(arrow)} {number[arrow.target]}" for arrow in picture.arrows),
        *(f"  {line}" for line in _styles(picture, number)),
    ]
    return "\n".join(lines) + "\n"


def _box(box: Box) -> str:
    kind = KINDS[box.kind]
    opening, closing = _BRACKETS[kind.shape]
    mark = f"{SIGNS[kind.mark]} " if kind.mark else ""
    step = f"{_literal(f'{box.step}.')} " if box.visited else ""
    step += f"{STANDS[box.stands].sign} " if box.stands else ""
    return f'{opening}"{mark}{step}{_literal(box.label)}<br/>{_literal(box.detail)}"{closing}'


def _arrow(arrow: Arrow) -> str:
    names = (f"▸ {_literal(name)}" if name == arrow.taken else _literal(name) for name in arrow.outcomes)
    line = "==>" if arrow.taken else "-->"
    return f'{line}|"{"<br/>".join(names)}"|'


def _styles(picture: Picture, number: Mapping[str, str]) -> Iterator[str]:
    classes: dict[str, list[str]] = {}
    for box in picture.boxes:
        quiet = picture.shows_run and not box.visited
        classes.setdefault("beside" if quiet else box.kind, []).append(number[box.id])
    for name in sorted(classes):
        fill, line, ink = palette.WHITE, palette.QUIET_LINE, palette.QUIET_TEXT
        if name != "beside":
            fill, line, ink = KINDS[name].fill, KINDS[name].line, palette.INK
        yield f"classDef {name} fill:{fill},stroke:{line},color:{ink}"
        yield f"class {','.join(classes[name])} {name}"
    taken = [str(index) for index, arrow in enumerate(picture.arrows) if arrow.taken]
    if taken:
        yield f"linkStyle {','.join(taken)} stroke:{palette.TAKEN},stroke-width:3.5px"


def _literal(text: str) -> str:
    """`text` for the inside of a quoted label; a bare `end` closes a block in some versions of Mermaid."""
    coded = _UNSAFE.sub(lambda found: f"#{ord(found[0])};", visible(text))
    return _KEYWORD.sub(lambda found: f"#{ord(found[0][0])};{found[0][1:]}", coded)


def _quoted(text: str) -> str:
    """A YAML double-quoted scalar without a character that Mermaid looks for before it reads YAML."""
    scalar = json.dumps(text, ensure_ascii=False)
    return _UNQUOTABLE.sub(lambda found: _escaped(found[0]), scalar)


def _escaped(character: str) -> str:
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"
