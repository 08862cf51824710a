"""A picture as a scene: measured, laid out, and given colours, weights and marks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pgs_snapshot.drawing import palette
from pgs_snapshot.drawing.font import width
from pgs_snapshot.drawing.kinds import KINDS
from pgs_snapshot.drawing.layers import Link, Size
from pgs_snapshot.drawing.layout import Layout, Point, Rect, lay_out
from pgs_snapshot.drawing.lettering import Style, fit
from pgs_snapshot.drawing.marks import MARK_RADIUS, badge, mark, outline
from pgs_snapshot.drawing.panels import MARGIN, header, legend
from pgs_snapshot.drawing.picture import Arrow, Box, Picture
from pgs_snapshot.drawing.scene import Group, Path, Scene, Stroke, Text, polygon, rounded
from pgs_snapshot.visible import visible

LEAST_WIDTH = 640
"""A narrower graph stands in the middle of a picture that has room for a title."""
BOX_TEXT, BOX_LINES = 250, 3
"""The pixels that a line of text in a box may take, and how many lines a name may have."""
OUTCOME_TEXT = 260
MAX_OUTCOMES = 6
"""Lines of one label; of more outcomes the last line counts those that are not listed."""
PAD_X, PAD_Y, LEAST_BOX = 18, 9, 120
MARK_ROOM = 2 * MARK_RADIUS + 10
HEAD_WIDTH, HEAD_HEIGHT = 10, 10
"""Of an arrow's head; one on the way is larger by half a line."""


@dataclass(frozen=True, slots=True)
class _Words:
    """Lines of text below each other, each in its style."""

    lines: tuple[tuple[str, Style], ...]

    @property
    def width(self) -> int:
        return max(width(line, style.size, style.bold) for line, style in self.lines)

    @property
    def height(self) -> int:
        return sum(style.leading for _, style in self.lines)


def compose(picture: Picture) -> Scene:
    """Everything to be painted for a picture.

    Raises:
        TooLarge: more than a picture can show.
    """
    words = [_words(box) for box in picture.boxes]
    layout = _lay_out(picture, words)
    inner = max(layout.width, LEAST_WIDTH)
    top = header(picture, inner)
    layout = layout.moved(MARGIN + (inner - layout.width) // 2, top.height)
    bottom = legend(picture, inner, top.height + layout.height)
    boxes = zip(picture.boxes, words, layout.boxes, strict=True)
    groups = (
        *top.groups,
        *_arrows(picture, layout),
        *(_label(arrow, rect, picture.shows_run) for arrow, rect in zip(picture.arrows, layout.labels, strict=True)),
        *(_box(box, lines, rect, picture.shows_run) for box, lines, rect in boxes),
        *bottom.groups,
    )
    height = top.height + layout.height + bottom.height
    return Scene(visible(picture.title), inner + 2 * MARGIN, height, groups)


def _words(box: Box) -> _Words:
    label = ((line, palette.LABEL) for line in fit(box.label, palette.LABEL, BOX_TEXT, BOX_LINES))
    detail = ((line, palette.DETAIL) for line in fit(box.detail, palette.DETAIL, BOX_TEXT, BOX_LINES))
    return _Words((*label, *detail))


def _lay_out(picture: Picture, words: Sequence[_Words]) -> Layout:
    sizes: list[Size] = []
    for box, lines in zip(picture.boxes, words, strict=True):
        room = MARK_ROOM if KINDS[box.kind].mark else 0
        sizes.append(_even(max(lines.width + room + 2 * PAD_X, LEAST_BOX), lines.height + 2 * PAD_Y))
    number = {box.id: index for index, box in enumerate(picture.boxes)}
    links = [
        Link(number[arrow.source], number[arrow.target], _label_size(arrow), arrow.main) for arrow in picture.arrows
    ]
    return lay_out(sizes, links)


def _even(across: int, down: int) -> Size:
    return Size(across + across % 2, down + down % 2)


def _label_size(arrow: Arrow) -> Size:
    """Room for whichever outcome a run may take, so that no run moves a box."""
    style = palette.OUTCOME_TAKEN
    widest = max(width(_one_line(outcome), style.size, style.bold) for outcome in (*arrow.outcomes, _rest(arrow)))
    return _even(widest + 12, min(len(arrow.outcomes), MAX_OUTCOMES) * style.leading + 4)


def _one_line(outcome: str) -> str:
    (line,) = fit(outcome, palette.OUTCOME_TAKEN, OUTCOME_TEXT, 1)
    return line


def _rest(arrow: Arrow) -> str:
    more = len(arrow.outcomes) - MAX_OUTCOMES + 1
    return f"and {more} more" if more > 1 else ""


def _listed(arrow: Arrow) -> list[str]:
    """The outcomes that a label shows; the one taken is always among them."""
    rest = _rest(arrow)
    if not rest:
        return list(arrow.outcomes)
    shown = list(arrow.outcomes[: MAX_OUTCOMES - 1])
    if arrow.taken and arrow.taken not in shown:
        shown[-1] = arrow.taken
    return [*shown, rest]


def _arrows(picture: Picture, layout: Layout) -> Iterator[Group]:
    """The arrows, those on the way last: they cover what they share with others."""
    drawn = zip(picture.arrows, layout.routes, strict=True)
    for arrow, route in sorted(drawn, key=lambda pair: bool(pair[0].taken)):
        colour, thickness = palette.ARROW, palette.PLAIN
        if arrow.taken:
            colour, thickness = palette.TAKEN, palette.THICK
        elif picture.shows_run:
            colour, thickness = palette.QUIET_LINE, palette.THIN
        title = visible(f"{arrow.source} → {arrow.target}: {', '.join(arrow.outcomes)}")
        yield Group(title, tuple(_arrow(route, colour, thickness)))


def _arrow(route: Sequence[Point], colour: str, thickness: float) -> Iterator[Path]:
    tip = route[-1]
    height = HEAD_HEIGHT + thickness / 2
    half = HEAD_WIDTH / 2 + thickness / 2
    end = tip.y - height / 2
    yield Path(tuple(_line(route[:-1], (tip.x, end))), line=colour, thickness=thickness, closed=False)
    head = polygon([(tip.x - half, tip.y - height), (tip.x + half, tip.y - height), (tip.x, tip.y)])
    yield Path(head, fill=colour)


def _line(route: Sequence[Point], end: tuple[float, float]) -> Iterator[Stroke]:
    at = route[0]
    yield ("M", (at.x, at.y))
    for to in route[1:]:
        if to.x == at.x:
            yield ("L", (to.x, to.y))
        else:
            middle = (at.y + to.y) / 2
            yield ("C", (at.x, middle, to.x, middle, to.x, to.y))
        at = to
    yield ("L", end)


def _label(arrow: Arrow, rect: Rect, shows_run: bool) -> Group:
    lines = [
        (_one_line(outcome), palette.OUTCOME_TAKEN if outcome == arrow.taken else palette.OUTCOME)
        for outcome in _listed(arrow)
    ]
    quiet = palette.QUIET_TEXT if shows_run else palette.INK
    colours = [palette.TAKEN if style.bold else quiet for _, style in lines]
    ground = Path(rounded(rect.left, rect.top, rect.width, rect.height, 4), fill=palette.WHITE)
    texts = _texts(lines, colours, rect.left + rect.width // 2, rect.top + 2)
    return Group(visible(", ".join(arrow.outcomes)), (ground,), tuple(texts))


def _box(box: Box, words: _Words, rect: Rect, shows_run: bool) -> Group:
    kind = KINDS[box.kind]
    quiet = shows_run and not box.visited
    line = palette.QUIET_LINE if quiet else kind.line
    ink = palette.QUIET_TEXT if quiet else palette.INK
    thickness = palette.THIN if quiet else palette.THICK - 1 if shows_run else palette.PLAIN
    fill = palette.WHITE if quiet else kind.fill
    paths = [Path(outline(kind.shape, rect), fill=fill, line=line, thickness=thickness)]
    room = MARK_ROOM if kind.mark else 0
    if kind.mark:
        colour = palette.QUIET_TEXT if quiet else kind.line
        paths += mark(kind.mark, rect.left + PAD_X + MARK_RADIUS, rect.top + rect.height / 2, colour)
    middle = rect.left + (rect.width + room) // 2
    texts = [*_texts(words.lines, [ink] * len(words.lines), middle, rect.top + (rect.height - words.height) // 2)]
    if box.visited:
        ground, number = _badge(box.step, rect)
        paths.append(ground)
        texts.append(number)
    paths += badge(box.stands, rect.right - 2, rect.top + 1)
    return Group(visible(f"{box.label}: {box.detail}"), tuple(paths), tuple(texts))


def _badge(step: int, rect: Rect) -> tuple[Path, Text]:
    """The step's number upon the box's upper left corner."""
    style = palette.STEP
    across = width(str(step), style.size, style.bold)
    wide = max(across + 10, 20)
    left, top = rect.left - wide // 2 + 2, rect.top - 9
    ground = Path(rounded(left, top, wide, 20, 10), fill=palette.TAKEN, line=palette.WHITE, thickness=1.5)
    return ground, Text(str(step), left + (wide - across) // 2, top + 14, across, style, palette.WHITE)


def _texts(lines: Iterable[tuple[str, Style]], colours: Iterable[str], middle: int, top: int) -> Iterator[Text]:
    """Lines around the x `middle`, the first one's room beginning at `top`."""
    for (line, style), colour in zip(lines, colours, strict=True):
        across = width(line, style.size, style.bold)
        # Capitals are 0.73 em high: so the line stands in the middle of its room.
        baseline = top + (style.leading + round(style.size * 0.73)) // 2
        yield Text(line, middle - across // 2, baseline, across, style, colour)
        top += style.leading
