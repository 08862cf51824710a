"""Mistakes in contracts, decisions, stores, bindings, admission and labels."""

from __future__ import annotations

from collections.abc import Iterator

from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from tests.compiler.mutants.documents import (
    Corpus,
    Document,
    added,
    dropped,
    items,
    member,
    nodes,
    pairs,
    removed,
    replaced,
)
from tests.compiler.mutants.kinds import Mutant, here, mistake


def _steps(corpus: Corpus) -> Iterator[tuple[Document, MappingNode]]:
    for contract in corpus.own("contract"):
        for step in items(contract.get("steps")):
            if isinstance(step, MappingNode):
                yield contract, step


@mistake("F530")
def drop_an_outcome_of_a_contract(corpus: Corpus) -> Iterator[Mutant]:
    for contract in corpus.own("contract"):
        outcomes = contract.get("outcomes")
        if isinstance(outcomes, MappingNode) and len(outcomes.value) > 1:
            for index in range(len(outcomes.value)):
                steps = contract.get("steps")
                edit = removed(outcomes, index, contract.text)
                yield here(contract, edit, outcomes, steps, *_keys(contract, "outcomes"))


@mistake("F532")
def widen_a_contract(corpus: Corpus) -> Iterator[Mutant]:
    for contract in corpus.own("contract"):
        outcomes = contract.get("outcomes")
        if isinstance(outcomes, MappingNode):
            yield here(contract, added(outcomes, "NEVER_HAPPENS: {}"), outcomes)


@mistake("F533")
def route_an_outcome_that_a_step_lacks(corpus: Corpus) -> Iterator[Mutant]:
    for contract, step in _steps(corpus):
        following = member(step, "next")
        if isinstance(following, MappingNode):
            yield here(contract, added(following, "NEVER_HAPPENS: continue"), following)


@mistake("F530", "F532", "F501", "F502", "F531", "F534")
def rename_where_a_step_ends(corpus: Corpus) -> Iterator[Mutant]:
    for contract, step in _steps(corpus):
        for _, to in pairs(member(step, "next")):
            if isinstance(to, ScalarNode) and to.value != "continue":
                yield here(
                    contract,
                    replaced(to, to.value + "_X"),
                    step,
                    contract.get("outcomes"),
                    *_keys(contract, "outcomes"),
                )


@mistake("F536")
def leave_a_decision_open(corpus: Corpus) -> Iterator[Mutant]:
    for contract, step in _steps(corpus):
        cases = member(step, "decide")
        if isinstance(cases, SequenceNode) and len(cases.value) > 1:
            yield here(contract, dropped(cases, len(cases.value) - 1, contract.text), step)


@mistake("F535")
def put_a_case_behind_otherwise(corpus: Corpus) -> Iterator[Mutant]:
    for contract, step in _steps(corpus):
        cases = member(step, "decide")
        if isinstance(cases, SequenceNode):
            when = cases.value[0].value[0][1]
            text = contract.text[when.start_mark.index : when.end_mark.index]
            blank = text[len(text.rstrip()) :]  # a block's end lies behind the white space that follows it
            yield here(contract, replaced(when, "otherwise" + blank), step)


@mistake("F531", "F534", "F530", "F532")
def cut_the_steps_off(corpus: Corpus) -> Iterator[Mutant]:
    """The first step ends the contract, so the second is never reached."""
    for contract in corpus.own("contract"):
        steps = contract.get("steps")
        if len(items(steps)) > 1 and isinstance(steps, SequenceNode):
            first = steps.value[0]
            if isinstance(first, MappingNode) and member(first, "next") is None:
                yield here(
                    contract,
                    added(first, "next: {SUCCESS: DONE}"),
                    steps,
                    contract.get("outcomes"),
                    *_keys(contract, "outcomes"),
                )


@mistake("C622", "C621")
def use_an_operation_that_a_store_does_not_allow(corpus: Corpus) -> Iterator[Mutant]:
    for contract, step in _steps(corpus):
        operation = member(step, "op")
        if operation is not None and member(step, "store") is not None:
            yield here(contract, replaced(operation, "PURGE"), step)


@mistake("C622", "T405", "T407", "C632")
def use_another_store(corpus: Corpus) -> Iterator[Mutant]:
    """A store of another side effect: it has no such operation."""
    for contract, step in _steps(corpus):
        store, operation = member(step, "store"), member(step, "op")
        if not isinstance(store, ScalarNode) or not isinstance(operation, ScalarNode):
            continue
        for other in corpus.own("store"):
            allowed = [item.value for item in items(other.get("operations"))]
            if operation.value not in allowed:
                yield here(contract, replaced(store, other.name.partition("::")[2]), step)


@mistake("C621")
def allow_an_operation_that_there_is_not(corpus: Corpus) -> Iterator[Mutant]:
    for store in corpus.own("store"):
        for operation in items(store.get("operations")):
            yield here(store, replaced(operation, operation.value + "_ALL"), operation)


@mistake("C622", "C621")
def forbid_an_operation_in_use(corpus: Corpus) -> Iterator[Mutant]:
    for store in corpus.own("store"):
        operations = store.get("operations")
        if not isinstance(operations, SequenceNode) or len(operations.value) < 2:
            continue
        for index, operation in enumerate(operations.value):
            uses = [
                (contract, step)
                for contract, step in _steps(corpus)
                if _says(step, "store", store.name.partition("::")[2]) and _says(step, "op", operation.value)
            ]
            if uses:
                where = frozenset(at for contract, step in uses for at in contract.lines(step))
                yield Mutant(store, dropped(operations, index, store.text), where)


@mistake("C632")
def leave_a_store_unbound(corpus: Corpus) -> Iterator[Mutant]:
    for binding in corpus.own("binding"):
        stores = binding.get("stores")
        if isinstance(stores, MappingNode) and len(stores.value) > 1:
            users = [w for w in corpus.own("workflow") if _says(w.root, "binding", binding.name.partition("::")[2])]
            where = frozenset(at for w in users for at in w.lines(w.root)) | binding.lines(binding.root)
            for index in range(len(stores.value)):
                yield Mutant(binding, removed(stores, index, binding.text), where)


@mistake("C631", "C625")
def forget_the_binding(corpus: Corpus) -> Iterator[Mutant]:
    for workflow in corpus.own("workflow"):
        for index, (key, _) in enumerate(workflow.root.value):
            if key.value == "binding":
                yield here(workflow, removed(workflow.root, index, workflow.text), workflow.root)


@mistake("A801")
def take_a_clearance_away(corpus: Corpus) -> Iterator[Mutant]:
    for document in corpus.own("store"):
        for index, (key, _) in enumerate(document.root.value):
            if key.value == "clears":
                yield here(document, removed(document.root, index, document.text), document.root)


@mistake("F512")
def start_two_workflows_with_one_intent(corpus: Corpus) -> Iterator[Mutant]:
    workflows = list(corpus.own("workflow"))
    for workflow in workflows:
        for node in nodes(workflow).values():
            intent = member(node, "intent")
            for other in workflows:
                if isinstance(intent, ScalarNode) and other is not workflow:
                    theirs = next(v for n in nodes(other).values() if (v := member(n, "intent")) is not None)
                    where = workflow.lines(intent, workflow.root) | other.lines(theirs, other.root)
                    yield Mutant(workflow, replaced(intent, str(theirs.value)), where)


@mistake("T412", "T406", "T403", "T404", "D212")
def compare_what_cannot_be_compared(corpus: Corpus) -> Iterator[Mutant]:
    for contract, step in _steps(corpus):
        for case in items(member(step, "decide")):
            for _, when in pairs(case):
                for operator, operands in pairs(when):
                    if operator.value in ("le", "lt", "ge", "gt") and isinstance(operands, SequenceNode):
                        yield here(contract, replaced(operands.value[1], "[]"), step)


@mistake("D212")
def misspell_an_operator(corpus: Corpus) -> Iterator[Mutant]:
    for contract, step in _steps(corpus):
        for case in items(member(step, "decide")):
            for _, when in pairs(case):
                for operator, _ in pairs(when):
                    yield here(contract, replaced(operator, operator.value + "x"), step)


@mistake("D205", "D203")
def end_in_a_way_that_there_is_not(corpus: Corpus) -> Iterator[Mutant]:
    for workflow in corpus.own("workflow"):
        for node in nodes(workflow).values():
            kind = member(node, "exit")
            if isinstance(kind, ScalarNode):
                yield here(workflow, replaced(kind, kind.value[:-1]), kind)


def _says(node: MappingNode, key: str, word: str) -> bool:
    value = member(node, key)
    return isinstance(value, ScalarNode) and value.value == word


def _keys(document: Document, name: str) -> list[ScalarNode]:
    return [key for key, _ in document.root.value if key.value == name]
