"""What is there for nothing: steps, arguments, outputs and clearances that nobody needs. All of it is warned of."""

from __future__ import annotations

from collections.abc import Iterator

from yaml.nodes import MappingNode, ScalarNode

from tests.compiler.mutants.documents import (
    Corpus,
    Edit,
    added,
    edges,
    items,
    member,
    nodes,
    pairs,
    replaced,
)
from tests.compiler.mutants.kinds import Mutant, here, mistake


@mistake("F570")
def compute_what_nobody_uses(corpus: Corpus) -> Iterator[Mutant]:
    for contract in corpus.own("contract"):
        for step in items(contract.get("steps")):
            gap = " " * step.start_mark.column
            inputs = f"{gap}inputs: {{prefix: X, data: 1}}"
            idle = f"step: idle\n{gap}transform: core::CT_GENERATE_ID_V0\n{inputs}\n{gap[2:]}- "
            start = step.start_mark.index
            yield here(contract, Edit(start, start, idle), step)


@mistake("F571")
def carry_what_nobody_uses(corpus: Corpus) -> Iterator[Mutant]:
    """The only edge into a node carries something."""
    for workflow in corpus.own("workflow"):
        targets = [target for node in nodes(workflow).values() for _, target, _ in edges(node)]
        for node in nodes(workflow).values():
            for _, to in pairs(member(node, "next")):
                if isinstance(to, ScalarNode) and targets.count(to.value) == 1:
                    yield here(workflow, replaced(to, f"{{to: {to.value}, with: {{idle: 1}}}}"), to)


@mistake("F572")
def give_what_nobody_uses(corpus: Corpus) -> Iterator[Mutant]:
    for contract in corpus.own("contract"):
        for _, outputs in pairs(contract.get("outcomes")):
            if isinstance(outputs, MappingNode):
                yield here(contract, _with(outputs, "idle: 1"), outputs)


@mistake("F572")
def decide_with_outputs_that_nobody_uses(corpus: Corpus) -> Iterator[Mutant]:
    for contract in corpus.own("contract"):
        for step in items(contract.get("steps")):
            for case in items(member(step, "decide")):
                if isinstance(case, MappingNode) and member(case, "outputs") is None:
                    yield here(contract, added(case, "outputs: {idle: 1}"), step)


@mistake("A809")
def clear_what_never_comes(corpus: Corpus) -> Iterator[Mutant]:
    """An event that is only heard gets nothing from a workflow, and so nothing is said of it."""
    every = [node for workflow in corpus.own("workflow") for node in nodes(workflow).values()]
    emitted = {name.value for node in every for name, _ in pairs(member(node, "emit"))}
    for document in corpus.own("store", "event"):
        used = document.kind == "store" or document.name.partition("::")[2] in emitted
        if used and document.get("clears") is None:
            keys = [key for key, _ in document.root.value]
            start = keys[1].start_mark.index
            yield here(document, Edit(start, start, "clears: [pii]\n"), keys[1])


def _with(mapping: MappingNode, pair: str) -> Edit:
    return added(mapping, pair) if mapping.value else replaced(mapping, f"{{{pair}}}")
