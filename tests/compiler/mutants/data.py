"""Mistakes in the data that flows: references, inputs, types."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tests.compiler.mutants.documents import (
    At,
    Corpus,
    Document,
    added,
    dropped,
    edges,
    items,
    mappings,
    member,
    nodes,
    pairs,
    removed,
    replaced,
    rewritten,
    scalars,
    value_of,
)
from tests.compiler.mutants.kinds import Mutant, here, mistake

_OTHER = {"string": "boolean", "integer": "string", "boolean": "string", "array": "string", "object": "string"}


def _references(corpus: Corpus) -> Iterator[tuple[Document, ScalarNode]]:
    for document in corpus.own("workflow", "contract", "intent"):
        for value in scalars(document.root):
            if re.match(r"\$\.[a-z]", value.value):
                yield document, value


def _bound(document: Document) -> Iterator[MappingNode]:
    """Every node and step of a document that may bind inputs."""
    yield from nodes(document).values()
    yield from (step for step in items(document.get("steps")) if isinstance(step, MappingNode))


@mistake("T402")
def misspell_a_root(corpus: Corpus) -> Iterator[Mutant]:
    for document, place in _references(corpus):
        root = place.value.split(".")[1]
        yield here(document, rewritten(place, place.value.replace(root, root[:-1], 1)), place)


@mistake("T403", "T404", "C634")
def misspell_a_member(corpus: Corpus) -> Iterator[Mutant]:
    for document, place in _references(corpus):
        if place.value.count(".") > 1:
            yield here(document, rewritten(place, place.value + "_x"), place)


@mistake("T401", "T440")
def write_a_reference_that_is_none(corpus: Corpus) -> Iterator[Mutant]:
    for document, place in _references(corpus):
        yield here(document, replaced(place, f'"{place.value}..x"'), place)


@mistake("T407")
def leave_an_input_unbound(corpus: Corpus) -> Iterator[Mutant]:
    for document in corpus.own("workflow", "contract"):
        for holder in _bound(document):
            inputs = member(holder, "inputs")
            required = _required(corpus, holder)
            if isinstance(inputs, MappingNode) and len(inputs.value) > 1:
                for index, (key, _) in enumerate(inputs.value):
                    if key.value in required:
                        yield here(document, removed(inputs, index, document.text), holder)
            if isinstance(inputs, SequenceNode) and len(inputs.value) > 1:
                for index, item in enumerate(inputs.value):
                    if item.value.split(".")[-1] in required:
                        yield here(document, dropped(inputs, index, document.text), holder)


@mistake("T405")
def bind_an_input_that_nobody_declared(corpus: Corpus) -> Iterator[Mutant]:
    for document in corpus.own("workflow", "contract"):
        for holder in _bound(document):
            inputs = member(holder, "inputs")
            if isinstance(inputs, MappingNode):
                yield here(document, added(inputs, "surprise: 1"), inputs)


@mistake("T406", "T411", "T412", "T414", "T404")
def retype_an_input_of_a_contract(corpus: Corpus) -> Iterator[Mutant]:
    """Somebody binds it, or uses it: one of them does not fit any more."""
    for contract in corpus.own("contract"):
        for name, schema in pairs(contract.get("inputs")):
            kind = member(schema, "type")
            if isinstance(kind, ScalarNode):
                edit = replaced(schema, f"{{type: {_OTHER[kind.value]}}}")
                yield Mutant(contract, edit, frozenset(_uses(corpus, contract, name.value)))


def _uses(corpus: Corpus, contract: Document, name: str) -> Iterator[At]:
    """Where an input of a contract is bound, on the edges to it as well, or used."""
    for value in scalars(contract.root):
        if value.value.startswith(f"$.inputs.{name}"):
            yield from contract.lines(value)
    short = contract.name.partition("::")[2]
    for workflow in corpus.own("workflow"):
        every = nodes(workflow)
        for id, node in every.items():
            if _says(node, "contract", short):
                into = [place for other in every.values() for _, target, place in edges(other) if target == id]
                yield from workflow.lines(node, *into)


@mistake("T406", "T412", "T427", "C612")
def write_a_literal_of_another_type(corpus: Corpus) -> Iterator[Mutant]:
    """A word where an integer stood. In a table of a `$literal` each row may be of a type of its own."""
    for document in corpus.own("workflow", "contract"):
        for holder in _bound(document):
            for value in _plain(member(holder, "inputs")):
                if value.tag == "tag:yaml.org,2002:int":
                    yield here(document, replaced(value, "many"), value)


def _plain(node: Node | None) -> Iterator[ScalarNode]:
    tables = [value for mapping in mappings(node) for value in scalars(member(mapping, "$literal"))]
    yield from (value for value in scalars(node) if value not in tables)


@mistake("T406", "T412")
def write_a_word_that_an_enumeration_lacks(corpus: Corpus) -> Iterator[Mutant]:
    members = {word for entity in corpus.own("entity") for word in _words(entity)}
    for document in corpus.own("workflow", "contract"):
        for value in scalars(document.get("nodes") or document.get("steps")):
            if value.value in members and value.value.isupper() and _is_value(document, value):
                yield here(document, replaced(value, value.value + "X"), value)


def _words(entity: Document) -> Iterator[str]:
    for mapping in mappings(entity.root):
        yield from (item.value for item in items(member(mapping, "enum")) if isinstance(item, ScalarNode))


def _is_value(document: Document, wanted: ScalarNode) -> bool:
    """Whether a word stands for a value: bound directly to an input of an operation, or compared."""
    for mapping in mappings(document.root):
        for key, value in pairs(mapping):
            if value is wanted:
                return key.value in ("decision", "status", "kind", "to_status", "from_status", "denial_reason")
        for operator in ("eq", "ne"):
            if wanted in items(member(mapping, operator)):
                return True
    return False


@mistake("T408", "T414", "F517")
def make_a_required_field_optional(corpus: Corpus) -> Iterator[Mutant]:
    """Something that needs the field has it no longer on every way.

    One with a default it has all the same, and a workflow that is called may reject what it does not get.
    """
    for intent in corpus.own("intent"):
        for name, schema in pairs(intent.get("payload")):
            if isinstance(schema, MappingNode) and not {"optional", "default"} & set(_keys(value_of(schema))):
                uses = frozenset(_payload_uses(corpus, intent, name.value))
                if uses:
                    yield Mutant(intent, added(schema, "optional: true"), uses)


def _payload_uses(corpus: Corpus, intent: Document, name: str) -> Iterator[At]:
    short = intent.name.partition("::")[2]
    starts = [w for w in corpus.own("workflow") if any(_says(n, "intent", short) for n in nodes(w).values())]
    for document in (intent, *starts):
        called = {id(value) for node in nodes(document).values() if member(node, "call") for value in scalars(node)}
        for value in scalars(document.root):
            if id(value) not in called and f"{value.value}.".startswith(f"$.payload.{name}."):
                yield from document.lines(value)


def _says(node: MappingNode, key: str, word: str) -> bool:
    value = member(node, key)
    return isinstance(value, ScalarNode) and value.value == word


def _required(corpus: Corpus, holder: MappingNode) -> Sequence[str]:
    """The inputs that must be bound at a node or step."""
    declared: Node | None = None
    for key in ("contract", "transform"):
        if isinstance(name := member(holder, key), ScalarNode):
            declared = corpus.find(name.value).get("inputs")
    store, op = member(holder, "store"), member(holder, "op")
    if isinstance(store, ScalarNode) and isinstance(op, ScalarNode):
        effect = corpus.find(store.value).get("side_effect")
        assert isinstance(effect, ScalarNode)
        operations = corpus.find(effect.value).get("operations")
        declared = member(member(operations, op.value), "inputs")
    return [
        name.value for name, schema in pairs(declared) if not {"optional", "default"} & set(_keys(value_of(schema)))
    ]


def _keys(value: object) -> Sequence[str]:
    return list(value) if isinstance(value, dict) else ()
