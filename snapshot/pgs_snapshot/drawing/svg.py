"""SVG (SVG 2, XML 1.0) of a picture: no scripts, no references to anything outside, every text escaped."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from pgs_snapshot.drawing.compose import compose
from pgs_snapshot.drawing.font import FAMILY
from pgs_snapshot.drawing.picture import Picture
from pgs_snapshot.drawing.scene import Group, Path, Text
from pgs_snapshot.visible import visible

_FALLBACK = f"'{FAMILY}', Verdana, sans-serif"


def draw(picture: Picture) -> str:
    """The SVG document, ending in a newline.

    Raises:
        TooLarge: more than a picture can show.
    """
    scene = compose(picture)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{scene.width}" height="{scene.height}"'
        f' viewBox="0 0 {scene.width} {scene.height}" font-family="{_FALLBACK}" xml:space="preserve">',
        f"<title>{_literal(scene.title)}</title>",
        f'<rect width="{scene.width}" height="{scene.height}" fill="#ffffff"/>',
    ]
    for group in scene.groups:
        lines.extend(_group(group))
    lines.append("</svg>")
    return "\n".join(lines) + "\n"


def _group(group: Group) -> Iterator[str]:
    yield "<g>"
    if group.title:
        yield f"<title>{_literal(group.title)}</title>"
    yield from map(_path, group.paths)
    yield from map(_text, group.texts)
    yield "</g>"


def _path(path: Path) -> str:
    strokes = " ".join(command + ",".join(map(_number, numbers)) for command, numbers in path.strokes)
    end = "Z" if path.closed else ""
    line = f' stroke="{path.line}" stroke-width="{_number(path.thickness)}"' if path.line else ""
    return f'<path d="{strokes}{end}" fill="{path.fill or "none"}"{line} stroke-linejoin="round"/>'


def _text(text: Text) -> str:
    weight = ' font-weight="bold"' if text.style.bold else ""
    # The length makes another font take the room that was measured with ours.
    return (
        f'<text x="{text.left}" y="{text.baseline}" font-size="{text.style.size}"{weight}'
        f' fill="{text.colour}" textLength="{text.width}" lengthAdjust="spacingAndGlyphs">'
        f"{_literal(text.content)}</text>"
    )


def _literal(text: str) -> str:
    return escape(visible(text))


def _number(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
