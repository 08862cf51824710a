"""Words of the language that are checked in full, and that this version does not run yet: they are not compiled."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import (
    CallNodeSyntax,
    Contract,
    ContractNodeSyntax,
    EachNodeSyntax,
    EffectStepSyntax,
    SideEffect,
    WaitNodeSyntax,
    Workflow,
)
from pgs_compiler.findings import Finding, Place
from pgs_compiler.names import CORE
from pgs_compiler.program import Program

UNRUN = ("wait", "undo", "concurrent", "external")


def check(program: Program) -> Iterator[Finding]:
    for side_effect in program.of(SideEffect):
        if side_effect.semantics == "external" and side_effect.header.domain != CORE:
            yield _finding("external", side_effect.semantics_place)
    for contract in program.of(Contract):
        for step in contract.steps:
            if isinstance(step, EffectStepSyntax) and step.side_effect.text.startswith(f"{CORE}::"):
                yield _finding("external", step.side_effect.place)
    for workflow in program.of(Workflow):
        for node in workflow.nodes:
            if isinstance(node, WaitNodeSyntax):
                yield _finding("wait", node.place)
            if isinstance(node, EachNodeSyntax) and node.concurrent is not None:
                yield _finding("concurrent", node.concurrent.place)
            if isinstance(node, ContractNodeSyntax | CallNodeSyntax) and node.undo is not None:
                yield _finding("undo", node.undo.place)


def _finding(word: str, place: Place) -> Finding:
    return Finding(
        "D213",
        f"`{word}` is checked, and this version does not run it yet.",
        place,
        "not compiled",
    )
