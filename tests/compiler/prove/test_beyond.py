"""Nothing is proven of a workflow in which something happens outside of its own points."""

from __future__ import annotations

from pathlib import Path

from pgs_compiler.compiler import compile_workspace
from pgs_compiler.waivers import Policy

INPUT = Path(__file__).parent / "beyond" / "input.yaml"


def test_an_assertion_about_a_workflow_that_calls_another_is_refused() -> None:
    (finding,) = compile_workspace(INPUT.parent, (INPUT,), Policy(runs=False)).findings
    assert (finding.code, finding.label) == ("D213", "not proven")
    assert finding.message == ("`shop::AS_ORDER_V0` is about a workflow with `call`, which nothing is proven of yet.")
    assert [related.label for related in finding.related] == ["`call` in `shop::WF_ORDER_V0`"]
