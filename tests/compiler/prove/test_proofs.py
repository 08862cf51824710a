"""The checker confirms what the compiler has proven, and refuses whatever else is put in its place."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from pgs_snapshot.canonical import canonical
from pgs_snapshot.laws import Form
from pgs_snapshot.proofs import ProofRefused
from pgs_snapshot.snapshot import INDEX, PROOFS
from pgs_snapshot.values import Value
from tests.compiler.prove.forged import GRAPH, WORKFLOW, confirmed, proven, sealed_files, with_value

PROOF = json.loads(sealed_files()[PROOFS])
ASSERTIONS = sorted(path for path in sealed_files() if path.startswith("artifacts/assertion/"))
REQUIRES = {found["name"]: found["requires"] for found in (json.loads(sealed_files()[path]) for path in ASSERTIONS)}
FORMS = [REQUIRES[proof["assertion"]][proof["requirement"]]["form"] for proof in PROOF["assertions"]]
EDGES = [
    (number, outcome, edge["to"])
    for number, node in enumerate(json.loads(sealed_files()[GRAPH])["nodes"])
    for outcome, edge in node.get("next", {}).items()
]
NODES = [node["id"] for node in json.loads(sealed_files()[GRAPH])["nodes"]]


def changes(value: Any, where: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The value with one thing changed: each text, each number, each member and item left out or put in twice.

    Before each stands its kind: in which member of the whole, how deep, and what is done there.
    """
    match value:
        case str():
            yield (*where, "text"), value + "_"
        case int():
            yield (*where, "more"), value + 1
            yield (*where, "less"), value - 1
        case dict():
            for key, inner in value.items():
                name = "*" if where else key
                yield (*where, name, "without"), {name: item for name, item in value.items() if name != key}
                yield (*where, name, "besides"), {**value, f"{key}_": inner}
                yield from ((kind, {**value, key: changed}) for kind, changed in changes(inner, (*where, name)))
        case list():
            for index, inner in enumerate(value):
                yield (*where, "[]", "without"), value[:index] + value[index + 1 :]
                yield (*where, "[]", "again"), [*value, inner]
                for kind, changed in changes(inner, (*where, "[]")):
                    yield kind, [*value[:index], changed, *value[index + 1 :]]


def sampled(value: Any) -> Iterator[Any]:
    """Of each kind of change some, from the first place to the last; all where `make mutants` asks for all."""
    kinds: defaultdict[tuple[str, ...], list[Any]] = defaultdict(list)
    for kind, changed in changes(value):
        kinds[kind].append(changed)
    for found in kinds.values():
        most = len(found) if "PGS_EVERY_CHANGE" in os.environ else min(len(found), 4)
        yield from (found[number * (len(found) - 1) // max(1, most - 1)] for number in range(most))


def refused_changes(files: dict[str, bytes], number: int) -> int:
    """How many changes of a proof were tried, each of which is refused.

    The proof stands before all others, whose turn then does not come: the order of proofs says nothing.
    """
    proofs = json.loads(files[PROOFS])
    others = list(proofs["assertions"])
    proof = others.pop(number)

    def before(first: Any) -> dict[str, bytes]:
        return {**files, PROOFS: canonical({**proofs, "assertions": [first, *others]})}

    confirmed(before(proof))
    tried = 0
    for changed in sampled(proof):
        with pytest.raises(ProofRefused):
            confirmed(before(changed))
        tried += 1
    return tried


def test_the_program_has_a_requirement_of_every_form() -> None:
    assert len(FORMS) == sum(map(len, REQUIRES.values()))
    assert {*get_args(Form)} - {*FORMS} == {"distinct_actors"}


def test_every_proof_of_a_snapshot_is_confirmed() -> None:
    assert len(confirmed(sealed_files())) == len(FORMS)


@pytest.mark.parametrize("number", range(len(FORMS)), ids=FORMS)
def test_a_proof_with_one_thing_changed_is_refused(number: int) -> None:
    assert refused_changes(sealed_files(), number) > 10


def test_a_proof_that_is_missing_or_stands_twice_is_refused() -> None:
    first = PROOF["assertions"][0]
    for listed in (PROOF["assertions"][1:], [first, *PROOF["assertions"]], [first, first, *PROOF["assertions"][2:]]):
        with pytest.raises(ProofRefused, match="are not those"):
            confirmed({**sealed_files(), PROOFS: canonical({**PROOF, "assertions": listed})})


@pytest.mark.parametrize(("number", "outcome", "to"), EDGES)
def test_a_graph_with_another_edge_is_not_the_one_that_was_proven(number: int, outcome: str, to: str) -> None:
    files = sealed_files()
    for other in NODES:
        if other != to and NODES.index(other) > number:
            graph = json.loads(files[GRAPH])
            graph["nodes"][number]["next"][outcome]["to"] = other
            with pytest.raises(ProofRefused, match="other files"):
                confirmed({**files, GRAPH: canonical(graph)})
            with pytest.raises(ProofRefused, match="is not shown"):  # whatever the digests say
                confirmed(with_value(files, GRAPH, graph))


def test_an_assertion_about_more_workflows_than_were_proven_is_refused() -> None:
    index = json.loads(sealed_files()[INDEX])
    index["names"][WORKFLOW]["tags"] = []
    fewer = {**sealed_files(), INDEX: canonical(index)}
    with pytest.raises(ProofRefused, match="are not those"):
        confirmed(fewer)
    others = [proof for proof in PROOF["assertions"] if proof["workflow"] != WORKFLOW]
    rests = {name: rests for name, rests in PROOF["rests_on"].items() if name != WORKFLOW}
    nothing = {**fewer, PROOFS: canonical({"assertions": others, "rests_on": rests})}
    assert len(confirmed(nothing)) == len(others)
    with pytest.raises(ProofRefused, match="are not those"):
        confirmed({**nothing, INDEX: sealed_files()[INDEX]})


def test_proofs_in_no_known_form_are_refused() -> None:
    values: list[Value] = [[], {}, {"assertions": []}, {"assertions": [{}], "rests_on": {}}]
    for value in values:
        with pytest.raises(ProofRefused, match="holds no proofs"):
            confirmed({**sealed_files(), PROOFS: canonical(value)})


def test_a_snapshot_without_assertions_has_nothing_to_show() -> None:
    files = {path: data for path, data in sealed_files().items() if path not in ASSERTIONS}
    assert confirmed({**files, PROOFS: canonical({"assertions": [], "rests_on": {}})}) == ()


def test_the_compilation_has_no_findings() -> None:
    assert proven().findings == ()
