"""Mistakes in the graphs of workflows."""

from __future__ import annotations

from collections.abc import Iterator

from yaml.nodes import MappingNode, ScalarNode

from tests.compiler.mutants.documents import (
    Corpus,
    Document,
    added,
    behind,
    edges,
    member,
    nodes,
    pairs,
    removed,
    replaced,
    scalars,
)
from tests.compiler.mutants.kinds import Mutant, here, mistake


def _nodes(corpus: Corpus) -> Iterator[tuple[Document, str, MappingNode, MappingNode]]:
    """Every node with edges: its workflow, name, itself and its `next`."""
    for workflow in corpus.own("workflow"):
        for name, node in nodes(workflow).items():
            following = member(node, "next")
            if isinstance(following, MappingNode):
                yield workflow, name, node, following


@mistake("F501")
def drop_an_edge(corpus: Corpus) -> Iterator[Mutant]:
    for workflow, _, node, following in _nodes(corpus):
        for index in range(len(following.value)):
            if len(following.value) > 1:
                yield here(workflow, removed(following, index, workflow.text), node)


@mistake("F502")
def add_an_impossible_edge(corpus: Corpus) -> Iterator[Mutant]:
    for workflow, name, node, following in _nodes(corpus):
        target = next(edges(node))[1]
        yield here(workflow, added(following, f"NEVER_HAPPENS: {target}"), following, nodes(workflow)[name])


@mistake("F503")
def point_an_edge_to_a_missing_node(corpus: Corpus) -> Iterator[Mutant]:
    for workflow, _, node, _ in _nodes(corpus):
        for _, target, place in edges(node):
            yield here(workflow, replaced(place, target + "_x"), place)


@mistake("F503")
def remove_an_exit(corpus: Corpus) -> Iterator[Mutant]:
    for workflow in corpus.own("workflow"):
        graph = workflow.get("nodes")
        for index, (name, node) in enumerate(pairs(graph)):
            if member(node, "exit") is not None and isinstance(graph, MappingNode):
                uses = [place for n in nodes(workflow).values() for _, to, place in edges(n) if to == name.value]
                yield here(workflow, removed(graph, index, workflow.text), *uses)


@mistake("F520", "F510")
def close_a_cycle(corpus: Corpus) -> Iterator[Mutant]:
    for workflow, name, node, _ in _nodes(corpus):
        start = workflow.get("start")
        for _, target, place in edges(node):
            if isinstance(start, ScalarNode) and name != start.value and target != name:
                # Any line of the cycle may tell of it.
                yield here(workflow, replaced(place, name), node)


@mistake("F521")
def add_a_node_that_nothing_reaches(corpus: Corpus) -> Iterator[Mutant]:
    for workflow in corpus.own("workflow"):
        graph = workflow.get("nodes")
        if isinstance(graph, MappingNode):
            yield here(workflow, added(graph, "lonely: {exit: COMPLETED, reason: LONELY}"), graph.value[0][0])


@mistake("F521")
def bypass_a_node(corpus: Corpus) -> Iterator[Mutant]:
    """The only edge into a node leads past it."""
    for workflow, _, node, _ in _nodes(corpus):
        all_nodes = nodes(workflow)
        ins = [to for each in all_nodes.values() for _, to, _ in edges(each)]
        for _, target, place in edges(node):
            further = [to for _, to, _ in edges(all_nodes[target])]
            if ins.count(target) == 1 and further:
                key = next(key for key, _ in pairs(workflow.get("nodes")) if key.value == target)
                yield here(workflow, replaced(place, further[-1]), key, all_nodes[target])


@mistake("F510", "F521")
def bypass_the_intent(corpus: Corpus) -> Iterator[Mutant]:
    for workflow in corpus.own("workflow"):
        start = workflow.get("start")
        first = [name for name, node in nodes(workflow).items() if member(node, "contract") is not None]
        if isinstance(start, ScalarNode):
            intent = next(key for key, _ in pairs(workflow.get("nodes")) if key.value == start.value)
            for name in first:
                yield here(workflow, replaced(start, name), start, intent, nodes(workflow)[start.value])


@mistake("F511")
def let_a_refused_request_go_on(corpus: Corpus) -> Iterator[Mutant]:
    for workflow, _, node, _ in _nodes(corpus):
        targets = {outcome: (to, place) for outcome, to, place in edges(node)}
        if "NACK" in targets:
            _, place = targets["NACK"]
            yield here(workflow, replaced(place, targets["ACK"][0]), node)


@mistake("F511")
def reject_after_admission(corpus: Corpus) -> Iterator[Mutant]:
    for workflow, _, node, _ in _nodes(corpus):
        rejected = next(name for name, n in nodes(workflow).items() if _exit_kind(n) == "REJECTED")
        for outcome, _, place in edges(node):
            if outcome not in ("ACK", "NACK"):
                yield here(workflow, replaced(place, rejected), place)


@mistake("F541")
def emit_from_an_exit_that_keeps_nothing(corpus: Corpus) -> Iterator[Mutant]:
    for workflow in corpus.own("workflow"):
        for node in nodes(workflow).values():
            kind = member(node, "exit")
            if member(node, "emit") is not None and kind is not None:
                yield here(workflow, replaced(kind, "FAILED"), node)


@mistake("F540")
def call_two_kinds_of_exits_alike(corpus: Corpus) -> Iterator[Mutant]:
    for workflow in corpus.own("workflow"):
        exits = [node for node in nodes(workflow).values() if member(node, "exit") is not None]
        keys = [key for key, node in pairs(workflow.get("nodes")) if node in exits]
        for node in exits:
            reason = member(node, "reason")
            if isinstance(reason, ScalarNode) and not reason.value.startswith("$"):
                for other in exits:
                    if _exit_kind(other) not in (_exit_kind(node), "REJECTED") and member(other, "reason") is None:
                        yield here(workflow, replaced(reason, _exit_kind(other)), *keys, node, other)


@mistake("T403", "T408")
def use_a_result_from_another_branch(corpus: Corpus) -> Iterator[Mutant]:
    for workflow, name, node, _ in _nodes(corpus):
        references = [pair for pair in _references(node) if pair[1].startswith("$.results.")]
        others = [other for other, n in nodes(workflow).items() if member(n, "contract") is not None]
        for place, reference in references:
            for other in others:
                if name not in behind(workflow, other) or other == name:
                    own = reference.split(".")[2]
                    yield here(workflow, replaced(place, reference.replace(f".{own}.", f".{other}.")), place)


@mistake("T417", "T403", "T404", "T407", "T408", "T402")
def forget_what_an_edge_carries(corpus: Corpus) -> Iterator[Mutant]:
    for workflow, _, _, following in _nodes(corpus):
        for _, to in pairs(following):
            if (
                isinstance(to, MappingNode)
                and member(to, "with") is not None
                and isinstance(to.value[0][1], ScalarNode)
            ):
                target = nodes(workflow)[to.value[0][1].value]
                yield here(workflow, replaced(to, to.value[0][1].value), to, target)


def _references(node: MappingNode) -> Iterator[tuple[ScalarNode, str]]:
    for value in scalars(member(node, "inputs")):
        if value.value.startswith("$."):
            yield value, value.value


def _exit_kind(node: MappingNode) -> str:
    kind = member(node, "exit")
    return kind.value if isinstance(kind, ScalarNode) else ""


_SAID_NO = ("DENIED", "FAILED")


@mistake("A830", "A831", "A832", "A833", "T403", "T404", "T408", "F521", "T417")
def let_a_denial_go_on(corpus: Corpus) -> Iterator[Mutant]:
    """An outcome that ends in a denial goes where SUCCESS goes: an assertion knows the way, or a result is lacking."""
    assertions = frozenset(at for document in corpus.own("assertion") for at in document.lines(document.root))
    for workflow, _, node, _ in _nodes(corpus):
        all_nodes = nodes(workflow)
        success = next((to for outcome, to, _ in edges(node) if outcome == "SUCCESS"), None)
        for _, target, place in edges(node):
            ends = {_exit_kind(all_nodes[name]) for name in behind(workflow, target)} - {""}
            if success and target != success and ends <= {*_SAID_NO}:
                yield Mutant(workflow, replaced(place, success), assertions | workflow.lines(workflow.root))
