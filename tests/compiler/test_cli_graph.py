"""The command `pgs_compiler graph`: which format goes where, and what is drawn of what."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pgs_compiler.options import PICTURES
from tests.compiler.command import WORKFLOW, run


@pytest.mark.parametrize("format_", PICTURES)
def test_a_graph_is_drawn_in_every_format(shop: Path, format_: str) -> None:
    result = run("graph", "WF_ORDER_V0", "--format", format_)
    start = {"dot": b"digraph", "mermaid": b"---\n", "svg": b"<svg", "png": b"\x89PNG"}[format_]
    assert result.exit_code == 0
    assert result.stdout_bytes.startswith(start)


MACHINE = """\
machine: shop::SM_BASKET_V0
summary: A basket that is filled, paid or forgotten
initial: OPEN
actors: [AC_OPERATOR_V0]
events: {ADD: {}, PAY: {}}
states:
  OPEN:
    events: {ADD: OPEN, PAY: PAID}
    after: {P1D: FORGOTTEN}
  FORGOTTEN:
    events: {ADD: OPEN}
    ignore: [PAY]
  PAID: {final: true}
"""


@pytest.mark.parametrize("format_", PICTURES)
def test_a_machine_is_drawn_in_every_format(shop: Path, format_: str) -> None:
    (shop / "protocols" / "basket.yaml").write_text(MACHINE, encoding="utf-8")
    result = run("graph", "SM_BASKET_V0", "--format", format_)
    start = {"dot": b"digraph", "mermaid": b"---\n", "svg": b"<svg", "png": b"\x89PNG"}[format_]
    assert (result.exit_code, result.stdout_bytes[: len(start)]) == (0, start)


def test_a_machine_shows_its_states_and_what_leads_from_one_to_another(shop: Path) -> None:
    (shop / "protocols" / "basket.yaml").write_text(MACHINE, encoding="utf-8")
    drawn = run("graph", "shop::SM_BASKET_V0", "--format", "mermaid").stdout.splitlines()
    assert drawn[4:12] == [
        '  n0(["● OPEN<br/>begins here"])',
        '  n1(["● FORGOTTEN<br/>ignores PAY"])',
        '  n2(["◉ PAID<br/>final"])',
        '  n0 -->|"ADD"| n0',
        '  n0 -->|"PAY"| n2',
        '  n0 -->|"after P1D"| n1',
        '  n1 -->|"ADD"| n0',
        "  classDef final fill:#e8ecfb,stroke:#2f3f9e,color:#1b2430",
    ]
    laid_out = run("graph", "SM_BASKET_V0", "--format", "svg").stdout
    assert laid_out.count(">further up<") == 1  # a second OPEN, to which two arrows lead back


def test_a_graph_goes_to_a_file_in_the_format_of_its_ending(shop: Path) -> None:
    assert run("graph", "shop::WF_ORDER_V0", "--out", "order.svg").exit_code == 0
    assert (shop / "order.svg").read_bytes().startswith(b"<svg")
    assert run("graph", "WF_ORDER_V0", "--out", "no/such/folder.svg").exit_code == 14


def test_a_picture_takes_the_place_of_an_old_one_at_once_and_a_link_stays_one(shop: Path) -> None:
    (shop / "old.svg").write_text("old", encoding="utf-8")
    (shop / "old.svg").chmod(0o640)
    (shop / "link.svg").symlink_to("old.svg")
    assert run("graph", "WF_ORDER_V0", "--out", "link.svg").exit_code == 0
    assert (shop / "link.svg").is_symlink()
    assert (shop / "old.svg").read_bytes().startswith(b"<svg")
    assert (shop / "old.svg").stat().st_mode & 0o777 == 0o640
    assert not list(shop.glob(".*.new"))


def test_a_picture_that_does_not_fit_on_the_disk_leaves_the_old_one(shop: Path) -> None:
    (shop / "old.png").write_bytes(b"old")
    command = f'ulimit -f 1; trap "" XFSZ; exec {sys.executable} -m pgs_compiler graph WF_ORDER_V0 --out old.png'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (14, "")
    assert done.stderr.endswith("What was there before is as it was.\n")
    assert (shop / "old.png").read_bytes() == b"old"
    assert not list(shop.glob(".*.new"))


def test_a_picture_goes_into_a_pipe_that_has_a_name(shop: Path) -> None:
    os.mkfifo(shop / "pipe.svg")
    with subprocess.Popen(["cat", "pipe.svg"], stdout=subprocess.PIPE) as reader:
        assert run("graph", "WF_ORDER_V0", "--out", "pipe.svg").exit_code == 0
        drawn, _ = reader.communicate(timeout=60)
    assert drawn.startswith(b"<svg")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--out", "x.pdf"], "`x.pdf` does not end in .dot, .gv, .mermaid, .mmd, .svg, .png."),
        (["--out", "x"], "Name its format with `--format`."),
        (["--out", "x.svg", "--format", "png"], "`x.svg` is the name of svg, and `--format` says png."),
        (["--engine", "dot"], "`--engine dot` lays out svg and png, and this is mermaid."),
    ],
)
def test_a_picture_whose_format_is_not_clear_is_a_misuse(options: list[str], said: str, shop: Path) -> None:
    result = run("graph", "WF_ORDER_V0", *options)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert said in result.stderr
    assert [path.name for path in shop.iterdir() if path.suffix not in ("", ".yaml")] == []


def test_any_file_takes_the_format_that_is_named(shop: Path) -> None:
    assert run("graph", "WF_ORDER_V0", "--format", "svg", "--out", "order.txt").exit_code == 0
    assert (shop / "order.txt").read_bytes().startswith(b"<svg")


def _program(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a `dot` of our own, and nothing else, on the path."""
    file = folder / "dot"
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_graphviz_lays_out_where_it_is_asked_to(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, 'while read -r line; do echo "$line"; done; echo "$1"', monkeypatch)
    result = run("graph", "WF_ORDER_V0", "--engine", "dot", "--format", "svg")
    assert result.exit_code == 0
    assert result.stdout.startswith("digraph")
    assert result.stdout.endswith("-Tsvg\n")


@pytest.mark.parametrize(
    ("program", "said"), [("exit 3", "`dot` gave up with status 3."), (None, "`dot` is not installed.")]
)
def test_graphviz_that_is_missing_or_gives_up_is_said(
    program: str | None, said: str, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(tmp_path, program or "", monkeypatch)
    if program is None:
        (tmp_path / "dot").unlink()
    result = run("graph", "WF_ORDER_V0", "--engine", "dot", "--format", "png")
    assert result.exit_code == 1
    assert said in result.stderr


def test_a_workflow_that_is_not_there_or_not_alone_is_a_misuse(shop: Path) -> None:
    result = run("graph", "WF_ODER_V0")
    assert result.exit_code == 2
    assert "The workspace has no workflow or machine `WF_ODER_V0`. Is it `shop::WF_ORDER_V0`?" in result.stderr
    other = WORKFLOW.replace("shop::", "store::")
    (shop / "protocols" / "other.yaml").write_text(other, encoding="utf-8")
    several = (
        "The workspace has several workflows or machines `WF_ORDER_V0`. Write `shop::WF_ORDER_V0` or"
        " `store::WF_ORDER_V0`."
    )
    assert several in run("graph", "WF_ORDER_V0").stderr
    assert run("graph", "store::WF_ORDER_V0").exit_code == 0


def test_no_graph_is_drawn_of_what_has_errors(broken: Path) -> None:
    result = run("graph", "WF_ORDER_V0")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error[D201]" in result.stderr
