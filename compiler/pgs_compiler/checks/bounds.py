"""The most that one run can do stays within limits, whatever calls and loops multiply."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import EachNodeSyntax, Workflow
from pgs_compiler.elaborate.surfaces import Surface
from pgs_compiler.findings import Finding, Related

MAX_WORK = 1_000_000
"""Nodes, steps and operations of one run, each."""
MAX_CALLS = 32
"""Calls within each other."""


def check(workflow: Workflow, surface: Surface) -> Iterator[Finding]:
    name, bounds = workflow.header.name, surface.bounds
    counts = (("nodes", bounds.nodes), ("steps", bounds.steps), ("operations", bounds.effects))
    over = next(((what, count) for what, count in counts if count > MAX_WORK), None)
    if over is not None:
        loops = [node for node in workflow.nodes if isinstance(node, EachNodeSyntax)]
        yield Finding(
            "F556",
            f"One run of `{name}` can come to {over[1]:,} {over[0]}; the limit is {MAX_WORK:,}.",
            workflow.header.place,
            related=tuple(Related(node.id.place, f"up to {node.most} times") for node in loops),
        )
    elif surface.depth > MAX_CALLS:
        message = f"`{name}` has {surface.depth} calls within each other; the limit is {MAX_CALLS}."
        yield Finding("F556", message, workflow.header.place)
