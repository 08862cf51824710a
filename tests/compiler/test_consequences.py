"""One mistake gives one finding: what only follows from it is not told as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgs_compiler.compiler import compile_program
from pgs_compiler.project import Project
from pgs_compiler.source import SourceFile
from pgs_compiler.workspace import open_workspace

STORES = Path(__file__).parent / "programs" / "stores"


def codes(*edits: tuple[str, str]) -> list[str]:
    """What is found in the program `stores` with parts of its text exchanged."""
    workspace = open_workspace(STORES, ()).value
    assert workspace is not None
    text = (STORES / "stores.yaml").read_text(encoding="utf-8")
    for old, new in edits:
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    shipped = [file for file in workspace.files if file.path != "stores.yaml"]
    files = [SourceFile("stores.yaml", text.encode()), *shipped]
    return [finding.code for finding in compile_program(Project(), STORES, files).findings]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        # A wrong edge leaves nodes unreached, and what they would know unknown.
        ("ACK: put", "ACK: putt", "F503"),
        ("SUCCESS: done, CONFLICT", "SUCESS: done, CONFLICT", "F502"),
        ("CONFLICT: conflict, ", "", "F501"),
        ("start: admit", "start: admitt", "F503"),
        ("NACK: rejected", "NACK: conflict", "F511"),
        ("NACK: rejected", "NAK: rejected", "F502"),
        ("STALE: stale", "STALE: put", "F520"),
        # A step of which nothing is known: its outcomes, its outputs, what the contract gives.
        ("op: REGISTER\n", "op: REGSTER\n", "C622"),
        ("operations: [REGISTER]", "operations: [REGSTER]", "C621"),
        ("{ALREADY_EXISTS: continue}", "{ALREDY_EXISTS: continue}", "F533"),
        ("{NOT_FOUND: continue}", "{NOT_FUOND: continue}", "F533"),
        # A contract that contradicts itself.
        ("  STALE: {}\n", "  STAEL: {}\n", "F532"),
        ("  STALE: {}\n", "", "F530"),
        # A value with a mistake has no type to compare with.
        ("$.steps.line.n}", "$.steps.lien.n}", "T403"),
        ("data: $.inputs.thing", "data: $.inputs.thnig", "T404"),
        ("prefix: $.config.prefix", "prefix: $.config.perfix", "C634"),
        ("left: $.steps.register.outcome", "left: $.steps.regster.outcome", "T403"),
        # A misspelt key is not missing as well.
        ("start: admit", "strat: admit", "D201"),
        ("  - step: first", "  - stp: first", "D201"),
        ("summary: A thing\n", "sumary: A thing\n", "D201"),
        ("    transform: CT_COMPARE", "    transfrom: CT_COMPARE", "D216"),
        ("fields: {address", "feilds: {address", "D201"),
        # Without its binding a workflow has neither stores nor configuration.
        ("binding: RB_SHELF_V0\n", "", "C631"),
    ],
)
def test_a_mistake_is_told_once(old: str, new: str, code: str) -> None:
    assert codes((old, new)) == [code]


def test_two_mistakes_are_told_both() -> None:
    assert codes(("ACK: put", "ACK: putt"), ("$.steps.line.n}", "$.steps.lien.n}")) == ["F503", "T403"]


def test_a_wrong_edge_in_one_workflow_leaves_the_others_typed() -> None:
    """They stand in the same file."""
    other = """\
workflow: stores::WF_OTHER_V0
summary: Another workflow
start: admit
nodes:
  admit: {intent: IN_OTHER_V0, next: {ACK: done, NACK: rejected}}
  done: {exit: COMPLETED, result: {key: $.payload.kee}}
  rejected: {exit: REJECTED}
---
intent: stores::IN_OTHER_V0
summary: Ask for another
actors: [AC_OPERATOR_V0]
payload: {key: {type: string}}
---
"""
    first = "workflow: stores::WF_PUT_V0"
    assert codes((first, other + first), ("ACK: put", "ACK: putt")) == ["T404", "F503"]
