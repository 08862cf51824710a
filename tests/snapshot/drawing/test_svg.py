"""The SVG: well-formed, closed in itself, and with every text as it was."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given

from pgs_snapshot.drawing import svg
from pgs_snapshot.drawing.picture import Box, Picture, picture_of
from pgs_snapshot.visible import visible
from tests.snapshot.drawing.graphs import HOSTILE, REGISTER_ACTOR, SEEN_AGAIN, hostile_picture, texts

NAMESPACE = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "rect", "g", "path", "text"}
ATTRIBUTES = {
    *(
        "role",
        "width",
        "height",
        "viewBox",
        "font-family",
        "{http://www.w3.org/XML/1998/namespace}space",
        "fill",
    ),
    *("d", "stroke", "stroke-width", "stroke-linejoin"),
    *("x", "y", "font-size", "font-weight", "textLength", "lengthAdjust"),
}


def parsed(picture: Picture) -> ElementTree.Element:
    return ElementTree.fromstring(svg.draw(picture))  # noqa: S314


@given(texts, texts)
def test_texts_come_back_exactly(label: str, detail: str) -> None:
    root = parsed(Picture(label, "", (Box("a", label, detail, "contract"),), ()))
    titles = [title.text or "" for title in root.iter(f"{NAMESPACE}title")]
    assert titles[0] == visible(label)
    assert visible(f"{label}: {detail}") in titles


def test_hostile_texts_stay_text() -> None:
    root = parsed(hostile_picture())
    assert {element.tag.removeprefix(NAMESPACE) for element in root.iter()} == ELEMENTS
    assert {name for element in root.iter() for name in element.attrib} == ATTRIBUTES
    titles = [title.text or "" for title in root.iter(f"{NAMESPACE}title")]
    assert {visible(f"{text}: {text}") for text in HOSTILE} <= set(titles)


def test_it_refers_to_nothing_outside() -> None:
    text = svg.draw(picture_of(REGISTER_ACTOR, SEEN_AGAIN))
    assert text.count("//") == 1
    assert "url(" not in text


def test_every_line_of_text_is_held_to_the_width_that_was_measured() -> None:
    lines = list(parsed(picture_of(REGISTER_ACTOR)).iter(f"{NAMESPACE}text"))
    assert {"name_actor", "CC_REGISTER_ACTOR_V0", "ALREADY_EXISTS"} <= {line.text for line in lines}
    assert all(int(line.attrib["textLength"]) > 0 for line in lines)


def test_the_same_picture_gives_the_same_text() -> None:
    assert svg.draw(picture_of(REGISTER_ACTOR)) == svg.draw(picture_of(REGISTER_ACTOR))
