"""What is proven of labels agrees with where the compiler follows them, in every program that there is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from pgs_compiler.checks import Checked
from pgs_compiler.compiler import compile_workspace
from pgs_compiler.flows import Flows
from pgs_compiler.prove.carried import Material
from pgs_compiler.prove.labels import Labels
from pgs_compiler.prove.points import Unfolded
from pgs_compiler.prove.requirements import Witness, decide, subject
from pgs_compiler.prove.selected import linked
from pgs_compiler.prove.unfolding import unfold
from pgs_snapshot.laws import Requirement, Selector
from pgs_snapshot.model import EffectStep, ExitNode, OperationStep

ROOT = Path(__file__).parents[3]
PROGRAMS = [ROOT, *(path.parent for path in sorted((ROOT / "tests/compiler/programs").glob("*/pgs.yaml")))]
COMES = ("refused", "cleared", "asked")
"""What flows says of data that is given to a place as it is."""


@cache
def program(folder: Path) -> tuple[Checked, Flows]:
    compilation = compile_workspace(folder)
    assert compilation.checked is not None
    assert compilation.flows is not None
    return compilation.checked, compilation.flows


def takers(about: Unfolded) -> Iterator[tuple[str, Selector]]:
    """What data can be given to in a workflow, as flows calls it, and as a selector."""
    for point in about.points:
        step, node = about.step_at(point), about.node_at(point)
        if isinstance(step, OperationStep):
            yield (
                f"{step.store.partition('::')[2]} {step.operation}",
                Selector("store", step.store, None, step.operation),
            )
        if isinstance(step, EffectStep):
            name = f"{step.side_effect.partition('::')[2]} {step.operation}"
            yield name, Selector("side_effect", step.side_effect, None, step.operation)
        if isinstance(node, ExitNode) and not point.undo:
            yield from ((event.partition("::")[2], Selector("event", event)) for event in node.emit)
            if about.ended(point) and len(node.names) == 1:
                yield f"result of `{node.id}`", Selector("exit", node.names[0])


@pytest.mark.parametrize("folder", PROGRAMS, ids=lambda path: path.name)
def test_no_label_comes_where_it_was_proven_not_to_come(folder: Path) -> None:
    checked, flows = program(folder)
    contracts = {name: typed.contract for name, typed in checked.contracts.items()}
    parts = linked(checked.program, checked.graphs, contracts, checked.intents)
    full = {name: unfold(parts, graph) for name, graph in checked.graphs.items()}
    known = {name: found for name, found in full.items() if found is not None}
    assert known.keys() == full.keys()

    @cache
    def labels(label: str) -> Labels:
        return Labels(Material(checked.program), label, list(known.values()))

    for name, about in known.items():
        flat = unfold(parts, checked.graphs[name], flat=True)
        assert flat is not None
        ours = subject(about, flat, labels)
        arrivals = flows.workflows[name].arrivals
        for label in checked.program.labels:
            for sink, selector in sorted(set(takers(about)), key=str):
                comes = any(a.mark.word == label and a.sink.name == sink and a.verdict in COMES for a in arrivals)
                answer = decide(ours, Requirement("label", "a:1", (selector,), names=(label,)))
                assert isinstance(answer, Witness) == (not comes), (name, sink, label, answer)
