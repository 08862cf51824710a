"""Mistakes in external effects, and in what a binding does about one in doubt."""

from __future__ import annotations

from collections.abc import Iterator

from yaml.nodes import MappingNode, Node, ScalarNode

from tests.compiler.mutants.documents import Corpus, Document, Edit, added, items, member, pairs, removed, replaced
from tests.compiler.mutants.kinds import Mutant, here, mistake


def _steps(corpus: Corpus) -> Iterator[tuple[Document, MappingNode]]:
    for contract in corpus.own("contract"):
        for step in items(contract.get("steps")):
            if isinstance(step, MappingNode) and member(step, "side_effect") is not None:
                yield contract, step


def _policies(corpus: Corpus, unknown: str) -> Iterator[tuple[Document, ScalarNode, MappingNode]]:
    """Bindings with the name of an effect and its policy."""
    for binding in corpus.own("binding"):
        for name, policy in pairs(binding.get("effects")):
            said = member(policy, "unknown")
            if isinstance(policy, MappingNode) and isinstance(said, ScalarNode) and said.value == unknown:
                yield binding, name, policy


def _lookups(corpus: Corpus) -> Iterator[tuple[Document, Node, Document, MappingNode]]:
    """Bindings with the name of a lookup, and where that is declared."""
    for binding, name, policy in _policies(corpus, "lookup"):
        said, effect = member(policy, "lookup"), corpus.find(name.value)
        operation = member(effect.get("operations"), str(getattr(said, "value", "")))
        if said is not None and isinstance(operation, MappingNode):
            yield binding, said, effect, operation


def _at(binding: Document, place: Node, effect: Document, edit: Edit) -> Mutant:
    """A mistake in an effect that is found in a binding."""
    return Mutant(effect, edit, binding.lines(place))


@mistake("C623")
def ask_for_what_an_effect_does_not_do(corpus: Corpus) -> Iterator[Mutant]:
    for contract, step in _steps(corpus):
        operation = member(step, "op")
        if operation is not None:
            yield here(contract, replaced(operation, "PURGE"), step)


@mistake("C625")
def leave_open_what_is_done_in_doubt(corpus: Corpus) -> Iterator[Mutant]:
    for binding in corpus.own("binding"):
        effects = binding.get("effects")
        if isinstance(effects, MappingNode) and len(effects.value) > 1:
            users = corpus.own("workflow")
            where = frozenset(at for workflow in users for at in workflow.lines(workflow.root))
            for index in range(len(effects.value)):
                yield Mutant(binding, removed(effects, index, binding.text), where)


@mistake("C629")
def ask_again_for_what_may_happen_twice(corpus: Corpus) -> Iterator[Mutant]:
    for binding, name, policy in _policies(corpus, "retry"):
        for index, (key, _) in enumerate(policy.value):
            if key.value == "at_least_once":
                yield here(binding, removed(policy, index, binding.text), name)
    for binding, name, policy in _policies(corpus, "lookup"):
        if not _keyed(corpus.find(name.value)):
            yield here(binding, replaced(policy, "{unknown: retry, attempts: 2}"), name)


def _keyed(effect: Document) -> bool:
    """Whether everything that an effect writes recognises keys, so that asking again does nothing twice."""
    writing = [op for _, op in pairs(effect.get("operations")) if getattr(member(op, "mode"), "value", "") == "write"]
    return all(member(op, "keyed") is not None for op in writing)


@mistake("C627")
def look_up_by_what_writes(corpus: Corpus) -> Iterator[Mutant]:
    for binding, said, effect, _ in _lookups(corpus):
        for name, operation in pairs(effect.get("operations")):
            mode = member(operation, "mode")
            if isinstance(mode, ScalarNode) and mode.value == "write":
                yield here(binding, replaced(said, name.value), said)


@mistake("C638")
def let_a_lookup_answer_what_the_effect_does_not(corpus: Corpus) -> Iterator[Mutant]:
    for binding, said, effect, operation in _lookups(corpus):
        outcomes = member(operation, "outcomes")
        if isinstance(outcomes, MappingNode):
            yield _at(binding, said, effect, added(outcomes, "PENDING: {}"))
        for name, outputs in pairs(outcomes):
            if isinstance(outputs, MappingNode) and name.value != "NOT_FOUND":
                for key, _ in outputs.value:
                    yield _at(binding, said, effect, replaced(key, f"{key.value}_of_it"))


@mistake("C638")
def let_a_lookup_take_what_the_effect_was_not_given(corpus: Corpus) -> Iterator[Mutant]:
    for binding, said, effect, operation in _lookups(corpus):
        inputs = member(operation, "inputs")
        if isinstance(inputs, MappingNode):
            yield _at(binding, said, effect, added(inputs, "asker: {type: string}"))


@mistake("C639")
def let_what_only_reads_recognise_keys(corpus: Corpus) -> Iterator[Mutant]:
    for effect in corpus.own("side_effect"):
        for _, operation in pairs(effect.get("operations")):
            mode = member(operation, "mode")
            if isinstance(operation, MappingNode) and isinstance(mode, ScalarNode) and mode.value == "read":
                yield here(effect, added(operation, "keyed: true"), operation)
