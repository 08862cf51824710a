"""Labelled data on its way to where nothing clears it, or where an assertion or a constitution does not let it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from yaml.nodes import MappingNode, Node, ScalarNode

from tests.compiler.mutants.documents import (
    Corpus,
    Document,
    Edit,
    added,
    items,
    mappings,
    member,
    nodes,
    pairs,
    replaced,
    scalars,
    value_of,
)
from tests.compiler.mutants.kinds import Mutant, here, mistake

_TEXT = {"type": "string"}


def _labelled(corpus: Corpus, workflow: Document) -> Iterator[str]:
    """Values that are labelled and surely there, as the workflow can write them."""
    for name, schema in pairs(_payload(corpus, workflow)):
        path = f"$.payload.{name.value}"
        if member(schema, "labels") is not None:
            yield f"{{$default: [{path}, none]}}" if member(schema, "optional") is not None else path
        entity = member(schema, "$ref")
        if isinstance(entity, ScalarNode):
            fields = pairs(corpus.find(entity.value).get("fields"))
            yield from (f"{path}.{field.value}" for field, inner in fields if member(inner, "labels") is not None)


def _payload(corpus: Corpus, workflow: Document) -> Node | None:
    names = (member(node, "intent") for node in nodes(workflow).values())
    return next(corpus.find(name.value).get("payload") for name in names if isinstance(name, ScalarNode))


@mistake("A804")
def answer_with_what_is_labelled(corpus: Corpus) -> Iterator[Mutant]:
    for workflow in corpus.own("workflow"):
        exits = [node for node in nodes(workflow).values() if _word(node, "exit") not in ("", "REJECTED")]
        named = Counter(_word(node, "reason") or _word(node, "exit") for node in exits)
        for node in exits:
            result = member(node, "result")
            alone = named[_word(node, "reason") or _word(node, "exit")] == 1
            for value in _labelled(corpus, workflow) if alone else ():
                if isinstance(result, MappingNode):
                    yield here(workflow, added(result, f"leaked: {value}"), node)
                elif result is None:
                    yield here(workflow, added(node, f"result: {{leaked: {value}}}"), node)


@mistake("A803")
def emit_what_is_labelled(corpus: Corpus) -> Iterator[Mutant]:
    for workflow in corpus.own("workflow"):
        for node in nodes(workflow).values():
            for event, bound in pairs(member(node, "emit")):
                declared = corpus.find(event.value)
                if declared.get("clears") is None:
                    texts = _texts(declared.get("fields"))
                    for value in _labelled(corpus, workflow):
                        yield from (here(workflow, edit, bound) for edit in _exchanged(workflow, bound, texts, value))


@mistake("A802")
def store_what_is_labelled(corpus: Corpus) -> Iterator[Mutant]:
    for workflow in corpus.own("workflow"):
        value = next(_labelled(corpus, workflow), None)
        for node in nodes(workflow).values():
            inputs = member(node, "inputs")
            if value is not None and inputs is not None and _word(node, "contract"):
                kept = _stored(corpus, corpus.find(_word(node, "contract")))
                yield from (here(workflow, edit, inputs) for edit in _exchanged(workflow, inputs, kept, value))


@mistake("A802", "A803", "A804", "A805")
def label_what_is_stored(corpus: Corpus) -> Iterator[Mutant]:
    """What comes with a request is labelled at last, and goes on to where that is not cleared."""
    for workflow in corpus.own("workflow"):
        stored: set[str] = set()
        for node in nodes(workflow).values():
            if _word(node, "contract"):
                kept = _stored(corpus, corpus.find(_word(node, "contract")))
                stored |= {value for name, value in _bound(workflow, member(node, "inputs")) if name in kept}
        for intent in corpus.own("intent"):
            payload = intent.get("payload")
            for name, schema in pairs(payload) if payload is _payload(corpus, workflow) else ():
                plain = isinstance(schema, MappingNode) and member(schema, "labels") is member(schema, "$ref") is None
                if plain and f"$.payload.{name.value}" in stored:
                    assert isinstance(schema, MappingNode)
                    yield Mutant(intent, added(schema, "labels: [pii]"), workflow.lines(workflow.root))


@mistake("A842")
def hand_a_label_to_what_an_assertion_keeps_it_from(corpus: Corpus) -> Iterator[Mutant]:
    """The store clears the label for other workflows, so that only the assertion says no."""
    for law in corpus.own("assertion"):
        kept_from = {_word(one, "store") for one in _selectors(law)} - {""}
        about = {place.value for place in scalars(law.get("applies_to"))}
        for workflow in corpus.own("workflow"):
            value = next(_labelled(corpus, workflow), None)
            if value is None or workflow.name.partition("::")[2] not in about:
                continue
            for node in nodes(workflow).values():
                inputs, contract = member(node, "inputs"), _word(node, "contract")
                steps = items(corpus.find(contract).get("steps")) if contract else ()
                if inputs is not None and any(_word(step, "store") in kept_from for step in steps):
                    texts = _texts(corpus.find(contract).get("inputs"))
                    edits = _exchanged(workflow, inputs, texts, value)
                    yield from (Mutant(workflow, edit, law.lines(law.root)) for edit in edits)


def _selectors(law: Document) -> Iterator[MappingNode]:
    """The mappings under `reaches` of what is said of labels."""
    for requirement in items(law.get("requires")):
        never = member(requirement, "never")
        if member(never, "label") is not None:
            yield from mappings(member(never, "reaches"))


@mistake("A855")
def trust_another_declassifier(corpus: Corpus) -> Iterator[Mutant]:
    for constitution in corpus.own("constitution"):
        for rule in items(constitution.get("rules")):
            for place in scalars(member(rule, "labels")):
                using = [found for found in corpus.own("contract") if place.value in found.text]
                lines = frozenset(at for found in using for at in found.lines(found.root))
                if place.value.startswith("CT_") and using:
                    yield Mutant(constitution, replaced(place, "CT_LOOKUP_V0"), lines)


def _stored(corpus: Corpus, contract: Document) -> Sequence[str]:
    """Inputs of a contract that are any text, and that a step writes as they are to a store that clears nothing."""
    found = []
    for step in items(contract.get("steps")):
        store = _word(step, "store")
        if store and corpus.find(store).get("clears") is None and _word(step, "op") not in ("READ", "RESOLVE"):
            given = [value for _, value in _bound(contract, member(step, "inputs"))]
            found += [name for name in _texts(contract.get("inputs")) if f"$.inputs.{name}" in given]
    return found


def _texts(fields: Node | None) -> Sequence[str]:
    return [name.value for name, schema in pairs(fields) if value_of(schema) == _TEXT]


def _bound(document: Document, bindings: Node | None) -> Iterator[tuple[str, str]]:
    """The names that are bound, each with the text of its value."""
    for name, value in pairs(bindings):
        yield name.value, document.text[value.start_mark.index : value.end_mark.index].strip()
    for item in items(bindings):
        if isinstance(item, ScalarNode):
            yield item.value.rpartition(".")[2], item.value


def _exchanged(document: Document, bindings: Node, names: Sequence[str], value: str) -> Iterator[Edit]:
    """The same bindings with another value under one of the names."""
    bound = dict(_bound(document, bindings))
    for name in names:
        if name in bound and bound[name] != value:
            written = ", ".join(f"{key}: {text}" for key, text in {**bound, name: value}.items())
            blank = document.text[bindings.start_mark.index : bindings.end_mark.index]
            yield replaced(bindings, f"{{{written}}}" + blank[len(blank.rstrip()) :])


def _word(node: Node, key: str) -> str:
    value = member(node, key)
    return value.value if isinstance(value, ScalarNode) else ""
