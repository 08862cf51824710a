"""Mistakes in what implements a transform or a side effect."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from yaml.nodes import MappingNode, Node

from tests.compiler.mutants.documents import At, Corpus, Document, items, member, replaced, scalars
from tests.compiler.mutants.kinds import Mutant, here, mistake

PACKAGES = Path(__file__).parent / "packages"
_IMPURE = PACKAGES / "acme" / "impure.py"
_PATH = "tests/compiler/mutants/packages/acme/impure.py"


def _implementations(corpus: Corpus, *kinds: str) -> Iterator[tuple[Document, Node]]:
    """Those of what the domain uses: what nobody uses is no part of the program."""
    used = {value.value for document in corpus.own() for value in scalars(document.root)}
    for document in corpus.documents:
        implementation = document.get("implementation")
        if document.kind in kinds and implementation is not None and document.name.partition("::")[2] in used:
            yield document, implementation


@mistake("C602", "A852")
def implement_outside_of_the_listed_packages(corpus: Corpus) -> Iterator[Mutant]:
    for document, place in _implementations(corpus, "transform", "side_effect"):
        yield here(document, replaced(place, "json:dumps"), place)


@mistake("C603")
def implement_in_a_module_that_there_is_not(corpus: Corpus) -> Iterator[Mutant]:
    for document, place in _implementations(corpus, "transform", "side_effect"):
        yield here(document, replaced(place, place.value.replace(":", "_x:")), place)


@mistake("C605")
def implement_by_a_function_that_there_is_not(corpus: Corpus) -> Iterator[Mutant]:
    for document, place in _implementations(corpus, "transform", "side_effect"):
        yield here(document, replaced(place, place.value + "_x"), place)


@mistake("C610", "C611", "C613", "C614", "C615", "C616", "C617", "C619")
def make_a_transform_impure(corpus: Corpus) -> Iterator[Mutant]:
    functions = [node for node in ast.parse(_IMPURE.read_text()).body if isinstance(node, ast.FunctionDef)]
    for document, place in _implementations(corpus, "transform"):
        for function in functions:
            assert function.end_lineno is not None
            body: frozenset[At] = frozenset((_PATH, line) for line in range(1, function.end_lineno + 1))
            yield Mutant(document, replaced(place, f"acme.impure:{function.name}"), body)


@mistake("C652", "C641", "C650", "C651")
def implement_by_another_function(corpus: Corpus) -> Iterator[Mutant]:
    all_ = [place.value for _, place in _implementations(corpus, "transform")]
    for document, place in _implementations(corpus, "transform"):
        if place.value.rpartition(":")[0] == all_[0].rpartition(":")[0]:
            continue
        yield Mutant(document, replaced(place, all_[0]), document.lines(document.root))


@mistake("C641", "C612")
def state_another_answer_in_an_example(corpus: Corpus) -> Iterator[Mutant]:
    for document, _ in _implementations(corpus, "transform"):
        for example in items(document.get("examples")):
            for value in scalars(member(example, "outputs")):
                if value.tag == "tag:yaml.org,2002:int":
                    yield here(document, replaced(value, str(int(value.value) + 1)), example)


@mistake("C640")
def keep_only_one_example(corpus: Corpus) -> Iterator[Mutant]:
    for document, _ in _implementations(corpus, "transform"):
        examples = document.get("examples")
        first = items(examples)[0]
        if examples is not None and isinstance(first, MappingNode) and first.flow_style:
            text = document.text[first.start_mark.index : first.end_mark.index]
            yield here(document, replaced(examples, f"[{text}]\n"), document.root)
