"""DOT for Graphviz of a picture, as the Graphviz documentation of its language and of `escString` defines it.

Nothing of the graph's text reaches the language but within quoted labels: nodes are numbered, and attributes
are written here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pgs_snapshot.drawing import palette
from pgs_snapshot.drawing.font import FAMILY
from pgs_snapshot.drawing.kinds import KINDS, SIGNS, STANDS, Shape
from pgs_snapshot.drawing.picture import Arrow, Box, Picture
from pgs_snapshot.visible import visible

_SHAPES: Mapping[Shape, str] = {"hexagon": "hexagon", "rectangle": "box", "stadium": "box"}
_STYLES: Mapping[Shape, str] = {"hexagon": "filled", "rectangle": "filled", "stadium": "rounded,filled"}


def draw(picture: Picture) -> str:
    """The DOT text, ending in a newline."""
    lines = [
        "digraph {",
        f'  graph [label={_heading(picture)} labelloc=t labeljust=l fontname="{FAMILY}" fontsize=18]',
        f'  node [fontname="{FAMILY}" fontsize=14 margin="0.2,0.1"]',
        f'  edge [fontname="{FAMILY}" fontsize=12]',
        *(f"  {line}" for line in _statements(picture)),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _statements(picture: Picture) -> Iterator[str]:
    number = {box.id: f"n{index}" for index, box in enumerate(picture.boxes)}
    for box in picture.boxes:
        yield f"{number[box.id]} [{_box(box, picture.shows_run)}]"
    for arrow in picture.arrows:
        yield f"{number[arrow.source]} -> {number[arrow.target]} [{_arrow(arrow, picture.shows_run)}]"


def _heading(picture: Picture) -> str:
    lines = (picture.title, picture.subtitle, picture.status)
    return '"' + "".join(f"{_literal(line)}\\l" for line in lines if line) + '"'


def _box(box: Box, shows_run: bool) -> str:
    kind = KINDS[box.kind]
    quiet = shows_run and not box.visited
    fill, line, ink, pen = kind.fill, kind.line, palette.INK, palette.PLAIN
    if quiet:
        fill, line, ink, pen = palette.WHITE, palette.QUIET_LINE, palette.QUIET_TEXT, palette.THIN
    elif shows_run:
        pen = palette.THICK
    mark = f"{SIGNS[kind.mark]} " if kind.mark else ""
    step = f"{box.step}. " if box.visited else ""
    step += f"{STANDS[box.stands].sign} " if box.stands else ""
    label = f'"{mark}{step}{_literal(box.label)}\\n{_literal(box.detail)}"'
    return (
        f'label={label} shape={_SHAPES[kind.shape]} style="{_STYLES[kind.shape]}" fillcolor="{fill}"'
        f' color="{line}" fontcolor="{ink}" penwidth={pen}'
    )


def _arrow(arrow: Arrow, shows_run: bool) -> str:
    line, ink, pen = palette.ARROW, palette.INK, palette.PLAIN
    if arrow.taken:
        line, ink, pen = palette.TAKEN, palette.TAKEN, palette.THICK
    elif shows_run:
        line, ink, pen = palette.QUIET_LINE, palette.QUIET_TEXT, palette.THIN
    outcomes = (f"▸ {_literal(name)}" if name == arrow.taken else _literal(name) for name in arrow.outcomes)
    label = "\\n".join(outcomes)
    weight = 8 if arrow.main else 1
    return f'label="{label}" color="{line}" fontcolor="{ink}" penwidth={pen} weight={weight}'


def _literal(text: str) -> str:
    """`text` for the inside of a quoted label, where Graphviz reads backslashes and HTML entities."""
    return visible(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
