"""What stands above and below the graph: the title, how the run went, and the legend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgs_snapshot.drawing import palette
from pgs_snapshot.drawing.font import width
from pgs_snapshot.drawing.kinds import KINDS, STANDS, Kind, Standing
from pgs_snapshot.drawing.layout import Rect
from pgs_snapshot.drawing.lettering import Style, fit
from pgs_snapshot.drawing.marks import MARK_RADIUS, badge, mark, outline
from pgs_snapshot.drawing.picture import Picture
from pgs_snapshot.drawing.scene import Group, Path, Text, polygon

MARGIN = 32
HEADER_LINES = 3
"""Lines that each of title, summary and status may take."""
SPACE = 28
"""Between the graph and the rules above and below it."""
SAMPLE_WIDTH, SAMPLE_HEIGHT = 34, 22
ENTRY_GAP, ROW = 28, 34


@dataclass(frozen=True, slots=True)
class Panel:
    """Groups in the picture's coordinates, and how much of its height they take, space included."""

    groups: tuple[Group, ...]
    height: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """A sample and what it means; the sample is drawn into a rectangle."""

    words: str
    kind: Kind | None = None
    colour: str = ""
    thickness: float = 0.0
    stands: Standing = ""

    @property
    def sample(self) -> int:
        return 2 * MARK_RADIUS if self.stands or (self.kind and self.kind.mark) else SAMPLE_WIDTH

    @property
    def width(self) -> int:
        return self.sample + 10 + width(self.words, palette.LEGEND.size)


def header(picture: Picture, inner: int) -> Panel:
    """Title, summary and status, each broken to `inner` pixels, and a rule below them."""
    groups: list[Group] = []
    top = MARGIN - 4
    for content, style, colour in (
        (picture.title, palette.TITLE, palette.INK),
        (picture.subtitle, palette.SUBTITLE, palette.QUIET_TEXT),
    ):
        if content:
            texts = tuple(_lines(content, style, colour, Rect(MARGIN, top, inner, 0)))
            groups.append(Group(content, (), texts))
            top += len(texts) * style.leading
    if picture.status:
        groups.append(_status(picture, top + 4, inner))
        top += 4 + len(groups[-1].texts) * palette.STATUS.leading
    groups.append(Group("", (_rule(top + 12, inner),)))
    return Panel(tuple(groups), top + 12 + SPACE)


def legend(picture: Picture, inner: int, top: int) -> Panel:
    """What the marks, and with a run the lines, mean, in rows of at most `inner` pixels below `top`."""
    left, row = MARGIN, top + SPACE + 12
    groups = [Group("", (_rule(top + SPACE, inner),))]
    for entry in _entries(picture):
        if left > MARGIN and left + entry.width > MARGIN + inner:
            left, row = MARGIN, row + ROW
        groups.append(_entry(entry, left, row))
        left += entry.width + ENTRY_GAP
    return Panel(tuple(groups), row + ROW + MARGIN // 2 - top)


def _status(picture: Picture, top: int, inner: int) -> Group:
    last = max(picture.boxes, key=lambda box: box.step)
    kind = KINDS[last.kind]
    sign = kind.mark if kind.is_end else None
    room = 2 * MARK_RADIUS + 8 if sign else 0
    lines = _lines(picture.status, palette.STATUS, kind.line, Rect(MARGIN + room, top, inner - room, 0))
    paths = mark(sign, MARGIN + MARK_RADIUS, top + palette.STATUS.leading / 2, kind.line) if sign else ()
    return Group(picture.status, paths, tuple(lines))


def _entries(picture: Picture) -> Iterator[_Entry]:
    used = {box.kind for box in picture.boxes}
    for name, kind in KINDS.items():
        if name in used:
            yield _Entry(kind.legend, kind=kind)
    if picture.shows_run:
        yield _Entry("way taken, steps numbered", colour=palette.TAKEN, thickness=palette.THICK)
        yield _Entry("not taken", colour=palette.QUIET_LINE, thickness=palette.THIN)
    standings = {box.stands for box in picture.boxes}
    for standing, stand in STANDS.items():
        if standing in standings:
            yield _Entry(stand.legend, stands=standing)


def _entry(entry: _Entry, left: int, top: int) -> Group:
    middle = top + ROW / 2
    rect = Rect(left, top + (ROW - SAMPLE_HEIGHT) // 2, entry.sample, SAMPLE_HEIGHT)
    if entry.stands:
        paths: tuple[Path, ...] = badge(entry.stands, rect.left + MARK_RADIUS, middle)
    elif entry.kind is None:
        line = polygon([(rect.left, middle), (rect.right, middle)])
        paths = (Path(line, line=entry.colour, thickness=entry.thickness, closed=False),)
    elif entry.kind.mark:
        paths = mark(entry.kind.mark, rect.left + MARK_RADIUS, middle, entry.kind.line)
    else:
        shape = outline(entry.kind.shape, rect)
        paths = (Path(shape, fill=entry.kind.fill, line=entry.kind.line, thickness=palette.PLAIN),)
    words = _lines(entry.words, palette.LEGEND, palette.INK, Rect(rect.right + 10, top + 8, 10_000, 0))
    return Group(entry.words, paths, tuple(words))


def _lines(content: str, style: Style, colour: str, at: Rect) -> Iterator[Text]:
    for index, line in enumerate(fit(content, style, at.width, HEADER_LINES)):
        across = width(line, style.size, style.bold)
        baseline = at.top + index * style.leading + (style.leading + round(style.size * 0.73)) // 2
        yield Text(line, at.left, baseline, across, style, colour)


def _rule(y: float, inner: int) -> Path:
    return Path(polygon([(MARGIN, y), (MARGIN + inner, y)]), line=palette.RULE, thickness=1, closed=False)
