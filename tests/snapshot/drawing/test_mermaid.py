"""Mermaid: labels are literal text, whatever they hold."""

from __future__ import annotations

import re

import yaml
from hypothesis import given

from pgs_snapshot.drawing import mermaid
from pgs_snapshot.drawing.picture import Box, Picture, picture_of
from pgs_snapshot.visible import visible
from tests.snapshot.drawing.graphs import HOSTILE, REGISTER_ACTOR, SEEN_AGAIN, hostile_picture, texts

TEXT = r'"(?:[A-Za-z0-9_ ]|#[0-9]+;|<br/>|[▶✔⊖✘⚠▸])*"'
STATEMENTS = (
    rf"n[0-9]+(?:\[{TEXT}\]|\{{\{{{TEXT}\}}\}}|\(\[{TEXT}\]\))",
    rf"n[0-9]+ (?:-->|==>)\|{TEXT}\| n[0-9]+",
    r"classDef \w+ fill:#\w{6},stroke:#\w{6},color:#\w{6}",
    r"class n[0-9]+(?:,n[0-9]+)* \w+",
    r"linkStyle [0-9]+(?:,[0-9]+)* stroke:#\w{6},stroke-width:3.5px",
)
LINE = re.compile("  (?:" + "|".join(STATEMENTS) + ")")


def shown(label: str) -> list[str]:
    return [re.sub(r"#([0-9]+);", lambda code: chr(int(code[1])), line) for line in label.split("<br/>")]


def lines(picture: Picture) -> list[str]:
    first, title, second, kind, *rest = mermaid.draw(picture).splitlines()
    assert (first, second, kind) == ("---", "---", "flowchart TD")
    assert re.fullmatch(r'title: "[ !$\x27-\x5b\x5d-\x5f\x61-\x7e]*(?:\\.[ !$\x27-\x5b\x5d-\x5f\x61-\x7e]*)*"', title)
    return rest


@given(texts, texts)
def test_labels_come_back_as_they_were(label: str, detail: str) -> None:
    (box, *_) = lines(Picture("t", "", (Box("a", label, detail, "contract"),), ()))
    assert LINE.fullmatch(box)
    assert shown(box[6:-2]) == [visible(label), visible(detail)]


@given(texts)
def test_the_title_comes_back_as_it_was(title: str) -> None:
    line = mermaid.draw(Picture(title, "", (Box("a", "a", "A", "contract"),), ())).splitlines()[1]
    assert yaml.safe_load(line) == {"title": visible(title)}


def test_hostile_texts_make_no_statement() -> None:
    found = lines(hostile_picture())
    assert [line for line in found if not LINE.fullmatch(line)] == []
    assert len(found) == len(HOSTILE) + len(HOSTILE) - 1 + 5


def test_the_word_that_closes_blocks_is_never_written() -> None:
    assert not re.search(r"\bend\b", mermaid.draw(hostile_picture()).partition("flowchart")[2], re.IGNORECASE)


def test_a_run_is_drawn_bold_with_the_outcome_taken_marked() -> None:
    text = mermaid.draw(picture_of(REGISTER_ACTOR, SEEN_AGAIN))
    assert '  n2 ==>|"▸ ALREADY_EXISTS<br/>SUCCESS"| n3\n' in text
    assert '  n2 -->|"CONFLICT"| n5\n' in text
