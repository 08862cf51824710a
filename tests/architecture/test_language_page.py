"""The page of the language: its examples are one workspace, which runs; its tables are those of the code."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from pgs_compiler.checks import bounds, limits
from pgs_compiler.checks.responses import STATUSES
from pgs_compiler.compiler import Compilation, compile_program
from pgs_compiler.names import KINDS, MAX_NAME
from pgs_compiler.parse import _PARSERS
from pgs_compiler.parse.artifacts import MAX_ATTEMPTS
from pgs_compiler.parse.calls import MAX_ITEMS
from pgs_compiler.parse.conditions import OPERATORS
from pgs_compiler.parse.machines import MAX_ENTRIES, MAX_EVENTS, MAX_STATES
from pgs_compiler.parse.values import FORMS
from pgs_compiler.read import ReadLimits
from pgs_compiler.rules import RULES
from pgs_compiler.schemas.keywords import KEYWORDS
from pgs_compiler.schemas.paths import MAX_PATH, MAX_STEPS
from pgs_compiler.schemas.patterns import MAX_PATTERN, MAX_REPEAT
from pgs_compiler.schemas.values import MAX_PARTS
from pgs_compiler.workspace import open_workspace
from pgs_runtime import Actor, Runtime
from pgs_runtime.operate.state import load_state
from pgs_snapshot.exchange import write_snapshot
from pgs_snapshot.formats import FORMATS
from pgs_snapshot.limits import Limits
from pgs_snapshot.model import ExitKind, Semantics
from pgs_snapshot.values import Value
from tests.architecture.pages import blocks, code_in, page, rows, section

PAGE = page("language.md")
BLOCKS = list(blocks(PAGE))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's blocks as files."""
    root = tmp_path_factory.mktemp("library")
    for number, block in enumerate(BLOCKS):
        file = root / (block.file or f"protocols/{number}.yaml")
        file.parent.mkdir(parents=True, exist_ok=True)
        before = f"{file.read_text(encoding='utf-8')}---\n" if file.exists() else ""
        file.write_text(before + block.text, encoding="utf-8")
    (root / "src/shelves/__init__.py").touch()
    return root


@pytest.fixture(scope="module")
def compilation(workspace: Path) -> Compilation:
    """The page's workspace, compiled."""
    opened = open_workspace(workspace, ())
    assert opened.value is not None
    assert not opened.findings
    return compile_program(opened.value.project, workspace, opened.value.files)


def test_every_example_compiles_without_any_finding(compilation: Compilation) -> None:
    assert [finding.message for finding in compilation.findings] == []
    assert compilation.files is not None


def test_the_examples_run(workspace: Path, compilation: Compilation, tmp_path: Path) -> None:
    assert compilation.files is not None
    write_snapshot(workspace / "protocol_snapshot", compilation.files)
    desk = Actor("library::AC_DESK_V0", "dora", {"branch": "north"})
    member: Value = {"name": "Ada Byron", "card": "AB-123456", "tier": "SCHOLAR"}
    lend: dict[str, Value] = {"member_id": "M1", "book_id": "B1"}
    with Runtime.open(workspace, tmp_path / "data") as runtime:
        load_state(runtime, {"library::ST_MEMBERS_V0": {"M1": member}}, desk)
        ways: list[dict[str, Value]] = [{**lend, "note": 100 * "x"}, lend, lend, {**lend, "member_id": "M2"}]
        ends = [runtime.run("library::WF_LEND_V0", payload, desk) for payload in ways]
        several: dict[str, Value] = {"member_id": "M1", "books": ["B1", "B2", "B3"]}
        operator = Actor("core::AC_OPERATOR_V0", "ben", {})
        looped = runtime.run("library::WF_LEND_SEVERAL_V0", several, operator)
    assert (looped.exit, looped.result) == ("SOME_FAILED", {"exits": ["LENT_ALREADY", "COMPLETED", "COMPLETED"]})
    assert [end.exit for end in ends] == ["NOTE_TOO_LONG", "COMPLETED", "LENT_ALREADY", "UNKNOWN_MEMBER"]
    assert list(ends[1].result) == ["due"]


def test_every_block_is_yaml_or_a_file_of_python() -> None:
    assert {block.language for block in BLOCKS} == {"yaml", "python"}
    assert all(block.file for block in BLOCKS if block.language == "python")


def test_there_is_an_example_of_every_kind_that_compiles() -> None:
    shown = re.findall(r"^([a-z_]+): library::", "".join(block.text for block in BLOCKS), re.MULTILINE)
    assert set(shown) == set(_PARSERS)


def test_the_kinds_are_those_that_the_compiler_knows() -> None:
    told = {row[0].strip("`"): row[1].strip("`_") for row in rows(section(PAGE, "Files, documents, names"))}
    assert {kind: told[kind] for kind in _PARSERS} == {kind: KINDS[kind] for kind in _PARSERS}


@pytest.mark.parametrize(
    ("title", "known"),
    [
        ("Keywords", KEYWORDS),
        ("Formats", tuple(FORMATS)),
        ("Side effects", get_args(Semantics)),
        ("Workflows", get_args(ExitKind)),
    ],
)
def test_a_table_names_exactly_what_the_code_knows(title: str, known: tuple[str, ...]) -> None:
    named = [name for row in rows(section(PAGE, title)) for name in code_in(row[0])]
    assert set(known) <= set(named)
    if title in ("Keywords", "Formats"):
        assert sorted(named) == sorted(known)


def test_the_operators_are_those_of_the_language() -> None:
    cells = [row[0] for row in rows(section(PAGE, "Decisions"))]
    assert {code.partition(":")[0] for cell in cells for code in code_in(cell)} == set(OPERATORS)


def test_the_statuses_of_exits_are_those_that_are_checked() -> None:
    told = {kind: row[1] for row in rows(section(PAGE, "Ingress and egress")) for kind in code_in(row[0])}
    assert {kind: told[kind].partition(";")[0] for kind in STATUSES} == {
        kind: f"{statuses[0]} to {statuses[-1]}" for kind, statuses in STATUSES.items()
    }


def test_every_value_form_has_an_example() -> None:
    assert all(f"{{{form}:" in PAGE for form in FORMS)


def test_every_rule_that_is_mentioned_exists() -> None:
    assert set(re.findall(r"\b[SDNTFCP][0-9]{3}\b", PAGE)) <= set(RULES)


def test_the_limits_of_runs_are_those_of_the_code() -> None:
    told = {row[0].strip("`"): row[1].split(" ")[0].strip(",") for row in rows(section(PAGE, "Limits"))}
    for field in fields(Limits):
        assert told[field.name] == str(field.default)


def test_the_limits_of_sources_and_programs_are_those_of_the_code() -> None:
    told = {row[0]: row[1] for row in rows(section(PAGE, "Limits"))}
    read = ReadLimits()
    assert told["size"] == f"{read.size >> 20} MiB"
    assert told["mappings and lists within each other"] == str(read.depth)
    assert told["keys and values"] == f"{read.nodes:,}"
    assert told["one text"] == f"{read.scalar >> 10} KiB"
    assert told["findings before the reader stops"] == str(read.findings)
    assert told["a name behind the domain"] == f"{MAX_NAME} characters"
    assert told["a reference"] == f"{MAX_PATH} characters, {MAX_STEPS} steps"
    assert told["a pattern"] == f"{MAX_PATTERN} characters, counts up to {MAX_REPEAT}"
    assert told["parts of a schema, entities written out"] == str(MAX_PARTS)
    assert told["nodes of a workflow"] == str(limits.MAX_NODES)
    assert told["outcomes of a contract or node"] == str(limits.MAX_OUTCOMES)
    assert told["steps of a contract"] == str(limits.MAX_STEPS)
    assert told["states of a machine"] == str(MAX_STATES)
    assert told["events of a machine"] == str(MAX_EVENTS)
    assert told["entries of a state"] == str(MAX_ENTRIES)
    assert told["`max` of an `each`"] == f"{MAX_ITEMS:,}"
    assert told["calls within each other"] == str(bounds.MAX_CALLS)
    assert told["nodes, steps and operations of one run, each"] == f"{bounds.MAX_WORK:,}"
    assert f"with `attempts`, up to {MAX_ATTEMPTS}" in PAGE
