"""Mistakes in the text, the keys and the names of declarations."""

from __future__ import annotations

import re
from collections.abc import Iterator

from yaml.nodes import MappingNode, Node, ScalarNode

from tests.compiler.mutants.documents import (
    Corpus,
    Document,
    Edit,
    Pair,
    added,
    before,
    items,
    mappings,
    member,
    nodes,
    pairs,
    removed,
    replaced,
    scalars,
)
from tests.compiler.mutants.kinds import Mutant, here, mistake

_NAME = re.compile(r"([a-z_]+::)?[A-Z]{2}_[A-Z0-9_]+_V[0-9]+")
_REQUIRED = {
    "workflow": ("start", "nodes"),
    "contract": ("steps", "outcomes"),
    "store": ("side_effect", "entity", "operations"),
    "intent": ("actors", "payload"),
    "event": ("fields",),
}


def _own_words(document: Document) -> Iterator[tuple[MappingNode, int, Pair]]:
    """The keys that the language gives a meaning: of documents, nodes, steps, operations and schemas."""
    for index, pair in enumerate(document.root.value):
        yield document.root, index, pair
    inner: list[Node] = [*nodes(document).values(), *items(document.get("steps"))]
    inner += [operation for _, operation in pairs(document.get("operations"))]
    for holder in inner:
        for index, pair in enumerate(pairs(holder)):
            assert isinstance(holder, MappingNode)
            yield holder, index, pair


def _schemas(document: Document) -> Iterator[MappingNode]:
    """The schemas of fields."""
    inputs = ("inputs",) if document.kind in ("contract", "transform") else ()
    for key in ("fields", "payload", "attributes", *inputs):
        for _, schema in pairs(document.get(key)):
            if isinstance(schema, MappingNode):
                yield schema


@mistake("D201", "D214", "D216", "D202")
def misspell_a_key(corpus: Corpus) -> Iterator[Mutant]:
    for document in corpus.own():
        for _, _, (key, _) in _own_words(document):
            yield here(document, replaced(key, key.value[:-1] + key.value[-1] * 2), key)


@mistake("S104")
def write_a_key_twice(corpus: Corpus) -> Iterator[Mutant]:
    for document in corpus.own():
        for holder, _, (key, value) in _own_words(document):
            if isinstance(value, ScalarNode) and holder is not document.root:
                yield here(document, added(holder, f"{key.value}: x"), key)


@mistake("D202", "D216", "C631")
def leave_a_required_key_out(corpus: Corpus) -> Iterator[Mutant]:
    for document in corpus.own(*_REQUIRED):
        for index, (key, _) in enumerate(document.root.value):
            if key.value in _REQUIRED[document.kind]:
                yield here(document, removed(document.root, index, document.text), document.root.value[0][0])


@mistake("N302")
def refer_to_what_nobody_declares(corpus: Corpus) -> Iterator[Mutant]:
    for document in corpus.own():
        own = document.root.value[0][1]
        for value in scalars(document.root):
            if value is not own and _NAME.fullmatch(value.value) and not _quoted(document, value):
                yield here(document, replaced(value, value.value[:-1] + "9"), value)


@mistake("D206", "N302")
def refer_to_the_wrong_kind(corpus: Corpus) -> Iterator[Mutant]:
    for document in corpus.own():
        own = document.root.value[0][1]
        for value in scalars(document.root):
            if value is not own and re.fullmatch(r"(CC|IN|ST|EN|CT|CS|RB)_[A-Z0-9_]+_V\d+", value.value):
                yield here(document, replaced(value, "EV" + value.value[2:]), value)


@mistake("D206")
def declare_under_the_wrong_prefix(corpus: Corpus) -> Iterator[Mutant]:
    for document in corpus.own():
        name = document.root.value[0][1]
        yield here(document, replaced(name, re.sub("::[A-Z]+_", "::XX_", name.value)), name)


@mistake("N301")
def declare_a_name_twice(corpus: Corpus) -> Iterator[Mutant]:
    for document in corpus.own("entity", "event", "actor"):
        key, name = document.root.value[0]
        fields = "enum: [X]" if document.kind == "entity" else "fields: {x: {type: string}}"
        body = "" if document.kind == "actor" else fields + "\n"
        twin = before(document, f"{key.value}: {name.value}\nsummary: The same once more\n{body}")
        yield here(document, twin, key)


@mistake("T421", "T420")
def misspell_a_word_of_a_schema(corpus: Corpus) -> Iterator[Mutant]:
    for document in corpus.own():
        for schema in _schemas(document):
            for key, _ in schema.value:
                yield here(document, replaced(key, key.value + "x"), key)


@mistake("T422")
def misspell_a_type(corpus: Corpus) -> Iterator[Mutant]:
    for document in corpus.own():
        for schema in _schemas(document):
            if isinstance(kind := member(schema, "type"), ScalarNode):
                yield here(document, replaced(kind, kind.value[:-1]), kind)


@mistake("T425", "T423")
def cross_the_bounds_of_a_schema(corpus: Corpus) -> Iterator[Mutant]:
    for document in corpus.own():
        for schema in _schemas(document):
            for most, least in (("maxLength", "minLength"), ("minimum", "maximum")):
                if isinstance(bound := member(schema, most), ScalarNode) and member(schema, least) is None:
                    other = int(bound.value) + (1 if least.startswith("min") else -1)
                    yield here(document, added(schema, f"{least}: {other}"), schema)


@mistake("N305")
def carry_a_label_that_nobody_knows(corpus: Corpus) -> Iterator[Mutant]:
    for document in corpus.own():
        for schema in _schemas(document):
            for label in items(member(schema, "labels")):
                yield here(document, replaced(label, "personal"), label)


@mistake("S105")
def write_an_ambiguous_scalar(corpus: Corpus) -> Iterator[Mutant]:
    for document in corpus.own():
        summary = document.get("summary")
        if summary is not None:
            yield here(document, replaced(summary, "yes"), summary)


@mistake("S106")
def use_an_anchor(corpus: Corpus) -> Iterator[Mutant]:
    for document in corpus.own():
        for holder in list(mappings(document.root))[1:]:
            if holder.flow_style:
                start = holder.start_mark.index
                yield here(document, Edit(start, start, "&a "), holder)


@mistake("S103", "S104", "S114", "S105")
def tear_a_bracket_off(corpus: Corpus) -> Iterator[Mutant]:
    """What follows may be read as anything, so any line of the file from there on may tell."""
    for document in corpus.own():
        for holder in mappings(document.root):
            if holder.flow_style:
                end = holder.end_mark.index
                lines = range(holder.start_mark.line + 1, document.text.count("\n") + 2)
                where = frozenset((document.path, line) for line in lines)
                yield Mutant(document, Edit(end - 1, end, ""), where)


def _quoted(document: Document, value: ScalarNode) -> bool:
    return document.text[value.start_mark.index] in "\"'"
