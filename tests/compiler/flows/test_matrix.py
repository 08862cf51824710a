"""`pgs_compiler flows`: where labelled data goes, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pgs_compiler.__main__ import cli
from pgs_compiler.compiler import compile_workspace
from pgs_compiler.flows.matrix import matrix
from pgs_compiler.render.flows import told
from tests.compiler.flows.programs import ROOT
from tests.compiler.flows.test_leaks import NODE, SHOP


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The shop, with one leak."""
    file = tmp_path / "shop.yaml"
    file.write_text(SHOP.replace(NODE, "\n      what: $.payload.email"), encoding="utf-8")
    return file


def flows(shop: Path, *options: str, workflow: str = "WF_ORDER_V0") -> Result:
    line = ["flows", workflow, str(shop), "--workspace", str(shop.parent), *options]
    return CliRunner(env={"COLUMNS": "80"}).invoke(cli, line)


def cells(shop: Path, *options: str) -> list[dict[str, Any]]:
    answer = flows(shop, *options, "--format", "json")
    assert answer.exit_code == 0, answer.output
    found: list[dict[str, Any]] = json.loads(answer.output)["cells"]
    return found


def test_every_cell_says_what_becomes_of_the_data_and_who_says_so(shop: Path) -> None:
    told_ = {
        (cell["source"], cell["sink"], cell["verdict"], cell.get("by", ""), cell["node"])
        for cell in cells(shop)
        if cell["source"] == "payload.email" and cell["sink"] not in ("trace", "CC_KEEP_V0 insert")
    }
    digest = "core::CT_GENERATE_ID_V0"
    assert told_ == {
        ("payload.email", "ST_BUYERS_V0 REGISTER", "cleared", "`ST_BUYERS_V0`", "keep"),
        ("payload.email", "ST_BUYERS_V0 REGISTER", "declassified", digest, "keep"),
        ("payload.email", "ST_AUDIT_V0 APPEND", "refused", "", "note"),
        ("payload.email", "ST_AUDIT_V0 APPEND", "declassified", digest, "note"),
        ("payload.email", "EV_ORDERED_V0", "declassified", digest, "done"),
        ("payload.email", "result of `done`", "declassified", digest, "done"),
    }


def test_decisions_and_keys_that_are_looked_up_are_listed(shop: Path) -> None:
    found = {(cell["source"], cell["sink"], cell["verdict"]) for cell in cells(shop)}
    assert ("payload.email", "CC_KEEP_V0 insert", "implicit") in found
    text = shop.read_text(encoding="utf-8").replace("inputs: [$.results.name.id]", "inputs: {id: $.payload.email}")
    shop.write_text(text, encoding="utf-8")
    assert ("payload.email", "ST_BUYERS_V0 RESOLVE", "asked") in {
        (cell["source"], cell["sink"], cell["verdict"]) for cell in cells(shop)
    }


def test_the_text_is_a_matrix_with_a_letter_for_what_happens(shop: Path) -> None:
    lines = flows(shop).output.splitlines()
    assert lines[0] == "shop::WF_ORDER_V0"
    heads, *rows = lines[2 : lines.index("", 2)]
    assert heads.split() == [str(number) for number in range(1, 8)]
    assert {tuple(row.split()[:2]): row.split()[2:] for row in rows} == {
        ("ST_BUYERS_V0.email", "pii"): [".", ".", ".", ".", ".", "h", "."],
        ("payload.email", "pii"): ["!d", "cd", ".", "d", "d", "dh", "i"],
        ("payload.friends[*].email", "pii"): [".", ".", ".", ".", ".", "h", "."],
        ("payload.illness", "pii"): [".", ".", ".", ".", ".", "h", "."],
        ("payload.note", "pii"): [".", ".", ".", ".", ".", "h", "."],
        ("actor.phone", "pii"): [".", ".", ".", ".", ".", "h", "."],
        ("config.token", "secret"): [".", ".", ".", ".", ".", "h", "."],
    }
    assert " 1  store ST_AUDIT_V0 APPEND" in lines
    assert "    refused: payload.email (pii)" in lines


def test_one_source_or_sink_is_told_with_every_hop(shop: Path) -> None:
    out = flows(shop, "--from", "payload.email", "--to", "ST_AUDIT_V0").output
    assert "payload.email (pii) to store ST_AUDIT_V0 APPEND at `note`, refused\n" in out
    hops = ["is labelled `pii` here", "`note` is given it", "`copy` is given it", "computes", "`append` is given it"]
    places = [out.index(hop) for hop in hops]
    assert places == sorted(places)
    assert "ST_BUYERS_V0" not in out
    assert flows(shop, "--ways").output.count(" to store ST_AUDIT_V0 APPEND at `note`") == 2


@pytest.mark.parametrize(
    "options", [("--from", "payload.e"), ("--to", "ST_AUDIT"), ("--from", "config", "--to", "EV_ORDERED_V0")]
)
def test_what_does_not_flow_is_said_with_what_does(shop: Path, options: tuple[str, ...]) -> None:
    answer = flows(shop, *options)
    assert answer.exit_code == 2
    assert "`payload.email`" in answer.output


def test_a_workflow_that_is_none_is_said(shop: Path) -> None:
    answer = flows(shop, workflow="WF_ORDR_V0")
    assert answer.exit_code == 2
    assert "`shop::WF_ORDER_V0`" in answer.output


def test_a_program_that_does_not_hold_for_another_reason_is_reported(shop: Path) -> None:
    shop.write_text(
        shop.read_text(encoding="utf-8").replace("$.results.name.id", "$.results.nmae.id", 1), encoding="utf-8"
    )
    answer = flows(shop)
    assert answer.exit_code == 1
    assert "T403" in answer.output


def test_the_flows_of_every_example_fit_into_eighty_columns() -> None:
    compilation = compile_workspace(ROOT)
    assert compilation.flows is not None
    for name, found in compilation.flows.workflows.items():
        text = told(matrix(name, found), 80, ways=True)
        assert max(map(len, text.splitlines())) <= 80, name
    governed = told(
        matrix("x", compilation.flows.workflows["ai_governance::WF_GOVERN_AGENT_ACTION_V0"]), 80, ways=False
    )
    assert "Nothing that is labelled" in governed
