"""DOT: labels are literal text, whatever they hold."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from xml.etree import ElementTree

from hypothesis import given

from pgs_snapshot.drawing import dot
from pgs_snapshot.drawing.picture import Box, Picture, picture_of
from pgs_snapshot.visible import visible
from tests.snapshot.drawing.graphs import HOSTILE, REGISTER_ACTOR, SEEN_AGAIN, hostile_picture, texts

TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|->|[A-Za-z_][A-Za-z0-9_]*|[0-9]+(?:\.[0-9]+)?|[{}\[\]=])', re.DOTALL)
ATTRIBUTES = {
    *("label", "labelloc", "labeljust", "fontname", "fontsize", "fontcolor", "margin", "shape", "style"),
    *("fillcolor", "color", "penwidth", "weight"),
}


def tokens(text: str) -> list[str]:
    """DOT's tokens, as the grammar of its language defines them; there are no others."""
    found, at = [], 0
    while match := TOKEN.match(text, at):
        found.append(match[1])
        at = match.end()
    assert text[at:].strip() == ""
    return found


def split(raw: str) -> list[str]:
    """The lines of a label between its `\\n` and `\\l`."""
    lines, line, at = [], "", 0
    while at < len(raw):
        if raw[at] != "\\":
            line += raw[at]
            at += 1
            continue
        if raw[at + 1] in "nl":
            lines.append(html.unescape(line))
            line = ""
        else:
            assert raw[at + 1] in '\\"'
            line += raw[at + 1]
        at += 2
    return [*lines, html.unescape(line)]


@given(texts, texts)
def test_labels_come_back_as_they_were(label: str, detail: str) -> None:
    words = tokens(dot.draw(Picture("t", "", (Box("a", label, detail, "contract"),), ())))
    (raw,) = (words[at + 4] for at, word in enumerate(words) if word == "n0")
    assert split(raw[1:-1]) == [visible(label), visible(detail)]


def test_hostile_texts_set_no_attribute_and_make_no_node() -> None:
    words = tokens(dot.draw(hostile_picture()))
    assert {words[at - 1] for at, word in enumerate(words) if word == "="} <= ATTRIBUTES
    assert {word for word in words if re.fullmatch(r"n[0-9]+", word)} == {f"n{at}" for at in range(len(HOSTILE))}


def test_a_run_is_drawn_bold_with_the_outcome_taken_marked() -> None:
    lines = dot.draw(picture_of(REGISTER_ACTOR, SEEN_AGAIN)).splitlines()
    (taken,) = (line for line in lines if "ALREADY_EXISTS" in line)
    assert '"▸ ALREADY_EXISTS\\nSUCCESS"' in taken
    assert "penwidth=3.5" in taken


def test_graphviz_shows_hostile_texts_literally() -> None:
    program = shutil.which("dot")
    text = dot.draw(hostile_picture())
    if program is None:
        words = tokens(text)
        lines = {line for word in words if word.startswith('"') for line in split(word[1:-1])}
    else:
        done = subprocess.run([program, "-Tsvg"], input=text.encode(), capture_output=True, check=True)
        root = ElementTree.fromstring(done.stdout)  # noqa: S314
        lines = {element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")}
        assert not list(root.iter("{http://www.w3.org/2000/svg}a"))
    assert {visible(text) for text in HOSTILE if text} <= lines
