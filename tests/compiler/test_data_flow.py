"""Attacks on the flow of data: the program `orders`, wrong in one way each, and what is then told.

Each line of `data_flow.jsonl` has the edits and what is found: the code, what is marked, the message and the hint.
`python -m tests.compiler.test_data_flow` writes anew what is found, for you to judge what has changed.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TypedDict

import pytest

from pgs_compiler.compiler import compile_program
from pgs_compiler.findings import Finding
from pgs_compiler.project import Project
from pgs_compiler.source import SourceFile
from pgs_compiler.workspace import open_workspace

FILE = Path(__file__).with_name("data_flow.jsonl")
ORDERS = Path(__file__).parent / "programs" / "orders"


class Attack(TypedDict):
    """One way in which the program is wrong."""

    wrong: str
    edits: list[list[str]]
    found: list[str]


def attacks() -> list[Attack]:
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


@cache
def shipped() -> tuple[SourceFile, ...]:
    workspace = open_workspace(ORDERS, ()).value
    assert workspace is not None
    return tuple(file for file in workspace.files if file.path != "orders.yaml")


def told(attack: Attack) -> list[str]:
    """What the compiler finds in the program with the attack's edits."""
    text = (ORDERS / "orders.yaml").read_text(encoding="utf-8")
    for old, new in attack["edits"]:
        assert old in text, old
        text = text.replace(old, new, 1)
    files = [SourceFile("orders.yaml", text.encode()), *shipped()]
    return [_spoken(finding, text) for finding in compile_program(Project(), ORDERS, files).findings]


def _spoken(finding: Finding, text: str) -> str:
    place = finding.place
    assert place is not None
    lines = text.splitlines()[place.line - 1 : place.end_line]
    marked = lines[0][place.column - 1 : place.end_column - 1] if len(lines) == 1 else lines[0][place.column - 1 :]
    return " ".join(filter(None, (finding.code, f"at {marked}:", finding.message, finding.hint)))


@pytest.mark.parametrize("attack", attacks(), ids=lambda attack: attack["wrong"])
def test_what_is_wrong_in_one_way_is_told_once_and_so(attack: Attack) -> None:
    assert told(attack) == attack["found"]
    assert len(attack["found"]) == 1


if __name__ == "__main__":
    rows = [Attack(wrong=attack["wrong"], edits=attack["edits"], found=told(attack)) for attack in attacks()]
    FILE.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
